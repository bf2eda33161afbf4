import { describe, expect, it } from 'vitest';
import { createManualClock } from '../../test/fakes/clock.ts';
import { aRestContext } from '../../test/fakes/rest-context.ts';
import { MemoryStore } from '../../test/fakes/store.ts';
import { namespaces } from '../api/core.ts';
import type { Importer } from '../importer/types.ts';
import { createCatalog } from './catalog.ts';
import { createStorages, ensureDefaultNamespace } from './storages.ts';

const noImporter: Importer = {
  importImage: () => Promise.reject(new Error('not asked for')),
  importRepository: () => Promise.reject(new Error('not asked for')),
  resolve: () => Promise.reject(new Error('not asked for')),
};

const portsOf = (store: MemoryStore) => ({
  store,
  importer: noImporter,
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
      ['apps', ['deployments', 'replicasets']],
      [
        'image.openshift.io',
        ['images', 'imagestreamimages', 'imagestreamimports', 'imagestreams', 'imagestreamtags', 'imagetags'],
      ],
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
