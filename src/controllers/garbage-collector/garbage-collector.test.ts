import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { eventually } from '../../../test/fakes/clock.ts';
import { createRecordingLogger } from '../../../test/fakes/logger.ts';
import { configMaps, secrets } from '../../api/core.ts';
import type { KubernetesObject, OwnerReference, Stored } from '../../api/meta.ts';
import type { Propagation } from '../../api/owner-references.ts';
import { apiVersionOf, type Resource } from '../../api/resource.ts';
import { images } from '../../api/resources.ts';
import { systemClock } from '../../lib/clock.ts';
import { type EmbeddedStore, openEmbeddedStore } from '../../store/index.ts';
import { createGarbageCollector } from './index.ts';

const { signal } = new AbortController();
const namespace = 'shop';

describe('the garbage collector', () => {
  let directory: string;
  let store: EmbeddedStore;
  let stop: AbortController;
  let running: Promise<void>;

  const start = (): void => {
    stop = new AbortController();
    const collector = createGarbageCollector({
      store,
      resources: [configMaps, secrets, images],
      clock: systemClock,
      logger: createRecordingLogger(),
      onRuntime: () => undefined,
    });
    running = collector.run(stop.signal);
  };
  const halt = async (): Promise<void> => {
    stop.abort(new Error('stopped'));
    await running;
  };
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'collector-'));
    store = openEmbeddedStore({ file: join(directory, 'db'), clock: systemClock });
    start();
  });
  afterEach(async () => {
    await halt();
    await store.close();
    rmSync(directory, { recursive: true });
  });

  type Meta = {
    readonly owners?: readonly OwnerReference[];
    readonly finalizers?: readonly string[];
    readonly in?: string;
  };
  const create = (
    resource: Resource,
    name: string,
    { owners = [], finalizers = [], in: place = namespace }: Meta = {},
  ) =>
    store.create<KubernetesObject>(
      resource,
      {
        apiVersion: apiVersionOf(resource),
        kind: resource.kind,
        metadata: {
          name,
          ...(resource.namespaced ? { namespace: place } : {}),
          ...(owners.length === 0 ? {} : { ownerReferences: [...owners] }),
          ...(finalizers.length === 0 ? {} : { finalizers: [...finalizers] }),
        },
      },
      {},
      signal,
    );
  const map = (name: string, meta?: Meta) => create(configMaps, name, meta);
  const referenceTo = (
    { apiVersion, kind, metadata: { name, uid } }: Stored<KubernetesObject>,
    blockOwnerDeletion = false,
  ): OwnerReference => ({ apiVersion, kind, name, uid, blockOwnerDeletion });
  const find = (name: string, resource: Resource = configMaps, place = namespace) =>
    store.get(resource, { namespace: resource.namespaced ? place : '', name }, signal);
  const remove = (name: string, propagation?: Propagation) =>
    store.delete(configMaps, { namespace, name }, { propagation }, signal);
  const exists = async (...names: readonly string[]): Promise<readonly string[]> => {
    const found = await Promise.all(names.map((name) => find(name)));
    return names.filter((_, index) => found[index] !== undefined);
  };
  const becomes = (names: readonly string[], expected: readonly string[]) =>
    eventually(
      async () => (await exists(...names)).join() === expected.join(),
      `only ${expected.join()} is left`,
    );
  /** Everything that was to be done when this was called is done: what is dangling by then has gone. */
  const settled = async (): Promise<void> => {
    const nobody = { apiVersion: 'v1', kind: 'ConfigMap', name: 'nobody', uid: 'none' };
    for (const name of ['canary-1', 'canary-2']) {
      await map(name, { owners: [nobody] });
      await becomes([name], []);
    }
  };

  it('deletes what an object owned after it, down to the last', async () => {
    const owner = await map('owner');
    const child = await map('child', { owners: [referenceTo(owner)] });
    await create(secrets, 'grandchild', { owners: [referenceTo(child)] });
    await map('stranger');
    await remove('owner', 'Background');
    await becomes(['owner', 'child', 'stranger'], ['stranger']);
    await eventually(async () => (await find('grandchild', secrets)) === undefined, 'the grandchild is gone');
  });

  it('deletes an object only when none of its owners is left, and forgets those that are gone', async () => {
    const [one, two] = [await map('one'), await map('two')];
    await map('child', { owners: [referenceTo(one), referenceTo(two)] });
    await remove('one');
    await eventually(
      async () => (await find('child'))?.metadata.ownerReferences?.length === 1,
      'the first owner is forgotten',
    );
    await remove('two');
    await becomes(['child'], []);
  });

  it('collects what has never had its owner, also one of another uid or namespace', async () => {
    const owner = await map('owner');
    const elsewhere = await map('owner', { in: 'elsewhere' });
    await map('dangling', { owners: [{ ...referenceTo(owner), uid: 'another' }] });
    await map('crossing', { owners: [{ ...referenceTo(elsewhere), name: 'owner' }] });
    await becomes(['owner', 'dangling', 'crossing'], ['owner']);
  });

  it('leaves alone what is owned by a kind that it does not know, or that its own scope cannot name', async () => {
    await map('foreign', { owners: [{ apiVersion: 'example.com/v1', kind: 'Gizmo', name: 'g', uid: 'g' }] });
    const owner = await map('owner');
    await create(images, 'sha256:a', { owners: [referenceTo(owner)] });
    await remove('owner');
    await settled();
    expect(await exists('foreign')).toEqual(['foreign']);
    expect(await find('sha256:a', images)).toBeDefined();
  });

  it('lets an object that is deleted in the foreground wait for those that block it', async () => {
    const owner = await map('owner');
    await map('held', { owners: [referenceTo(owner, true)], finalizers: ['example.com/hold'] });
    await map('free', { owners: [referenceTo(owner)] });
    await remove('owner', 'Foreground');
    await becomes(['owner', 'held', 'free'], ['owner', 'held']);
    await settled();
    const held = await find('held');
    expect(held?.metadata.deletionTimestamp).toBeDefined();
    expect((await find('owner'))?.metadata.finalizers).toEqual(['foregroundDeletion']);
    if (held === undefined) return;
    await store.update(configMaps, { ...held, metadata: { ...held.metadata, finalizers: [] } }, {}, signal);
    await becomes(['owner', 'held', 'free'], []);
  });

  it('waits for what a blocking object blocks on in turn', async () => {
    const owner = await map('owner');
    const child = await map('child', { owners: [referenceTo(owner, true)] });
    await map('grandchild', { owners: [referenceTo(child, true)], finalizers: ['example.com/hold'] });
    await remove('owner', 'Foreground');
    await eventually(
      async () => (await find('grandchild'))?.metadata.deletionTimestamp !== undefined,
      'the grandchild is to go',
    );
    await settled();
    expect(await exists('owner', 'child', 'grandchild')).toEqual(['owner', 'child', 'grandchild']);
  });

  it('lets dependants go on without an owner that orphans them', async () => {
    const owner = await map('owner');
    await map('child', { owners: [referenceTo(owner, true)] });
    await remove('owner', 'Orphan');
    await becomes(['owner', 'child'], ['child']);
    await settled();
    expect((await find('child'))?.metadata.ownerReferences).toBeUndefined();
  });

  it('finishes after a restart what was begun or happened before', async () => {
    const owner = await map('owner');
    await map('child', { owners: [referenceTo(owner, true)] });
    const other = await map('other');
    await map('orphan', { owners: [referenceTo(other)] });
    const gone = await map('gone');
    await map('left', { owners: [referenceTo(gone)] });
    await halt();
    await remove('owner', 'Foreground');
    await remove('other', 'Orphan');
    await remove('gone');
    start();
    await becomes(['owner', 'child', 'other', 'orphan', 'gone', 'left'], ['orphan']);
  });
});
