import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createManualClock } from '../../test/fakes/clock.ts';
import { createFakeImporter } from '../../test/fakes/importer.ts';
import { aRestContext } from '../../test/fakes/rest-context.ts';
import { MemoryStore } from '../../test/fakes/store.ts';
import { namespaces } from '../api/core.ts';
import { imageStreams } from '../api/resources.ts';
import { openEmbeddedStore } from '../store/index.ts';
import { createCatalog } from './catalog.ts';
import { createStorages, ensureDefaultNamespace } from './storages.ts';

const portsOf = (store: MemoryStore) => ({
  store,
  importer: createFakeImporter({}),
  keychains: () => Promise.resolve(() => []),
  clock: createManualClock(),
  historyLimit: 20,
  maxTagsPerRepository: 500,
});

const { signal } = new AbortController();

describe('createStorages', () => {
  it('serves every resource once, by group', () => {
    const { groupVersions } = createCatalog(createStorages(portsOf(new MemoryStore())));
    const served = groupVersions.map(({ group, storages }) => [
      group,
      storages.map(({ resource }) => resource.plural).toSorted(),
    ]);
    expect(served).toEqual([
      ['', ['configmaps', 'events', 'namespaces', 'secrets']],
      ['apps', ['daemonsets', 'deployments', 'replicasets', 'statefulsets']],
      ['batch', ['cronjobs']],
      [
        'image.openshift.io',
        [
          'images',
          'imagestreamimages',
          'imagestreamimports',
          'imagestreammappings',
          'imagestreams',
          'imagestreamtags',
          'imagetags',
        ],
      ],
      ['imagestreams.dev', ['changecursors', 'imagestreamgrants']],
      ['authorization.k8s.io', ['selfsubjectaccessreviews', 'selfsubjectrulesreviews']],
      ['authentication.k8s.io', ['selfsubjectreviews']],
    ]);
  });

  it('empties a namespace that is deleted', async () => {
    const store = new MemoryStore();
    const storages = createStorages(portsOf(store));
    const find = (plural: string) => storages.find(({ resource }) => resource.plural === plural);
    const context = aRestContext();
    const named = (apiVersion: string, kind: string, name: string) => ({
      apiVersion,
      kind,
      metadata: { name },
    });
    await find('namespaces')?.create?.(named('v1', 'Namespace', 'dev'), '', context);
    await find('configmaps')?.create?.(named('v1', 'ConfigMap', 'c'), 'dev', context);
    await find('configmaps')?.create?.(named('v1', 'ConfigMap', 'c'), 'other', context);
    await find('namespaces')?.delete?.({ namespace: '', name: 'dev' }, {}, context);
    expect((await store.list(namespaces, {}, signal)).items).toEqual([]);
    const left = await find('configmaps')?.list?.({}, context);
    expect(left?.items.map(({ metadata }) => metadata.namespace)).toEqual(['other']);
  });

  it('keeps nothing of a dry run', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'storages-'));
    const clock = createManualClock();
    const store = openEmbeddedStore({ file: join(directory, 'store.db'), clock });
    try {
      await ensureDefaultNamespace(store, signal);
      const storages = createStorages({ ...portsOf(new MemoryStore()), store });
      const find = (plural: string) => storages.find(({ resource }) => resource.plural === plural);
      const context = aRestContext({ dryRun: true });
      const from = { kind: 'DockerImage', name: 'registry.example/app:1' };
      const group = { apiVersion: 'image.openshift.io/v1' };
      const tag = {
        ...group,
        kind: 'ImageStreamTag',
        metadata: { name: 'app:v1' },
        tag: { name: 'v1', from },
      };
      const spec = { import: true, images: [{ from, to: { name: 'v1' } }] };
      const request = { ...group, kind: 'ImageStreamImport', metadata: { name: 'app' }, spec };
      const created = await find('imagestreamtags')?.create?.(tag, 'default', context);
      expect(created).toMatchObject({ tag: { name: 'v1', generation: 1 } });
      const answered = await find('imagestreamimports')?.create?.(request, 'default', context);
      expect(answered).toMatchObject({ status: { import: { spec: { tags: [{ name: 'v1' }] } } } });
      expect((await store.list(imageStreams, {}, signal)).items).toEqual([]);
    } finally {
      await store.close();
      rmSync(directory, { recursive: true });
    }
  });

  it('lists no replica sets, at the revision of the store', async () => {
    const store = new MemoryStore();
    await ensureDefaultNamespace(store, signal);
    const replicaSets = createStorages(portsOf(store)).find(
      ({ resource }) => resource.plural === 'replicasets',
    );
    expect(await replicaSets?.list?.({ namespace: 'default' }, aRestContext())).toEqual({
      items: [],
      resourceVersion: '1',
    });
    expect(replicaSets).not.toHaveProperty('create');
  });
});

describe('ensureDefaultNamespace', () => {
  it('makes the namespace once', async () => {
    const store = new MemoryStore();
    await ensureDefaultNamespace(store, signal);
    await ensureDefaultNamespace(store, signal);
    expect(store.writes).toHaveLength(1);
    expect(await store.get(namespaces, { namespace: '', name: 'default' }, signal)).toMatchObject({
      kind: 'Namespace',
      status: { phase: 'Active' },
    });
  });
});
