import { describe, expect, it } from 'vitest';
import { imageStreams } from '../../../src/api/resources.ts';
import { aStream, refused, type StoreCapabilities, type StoreScene, signal, statusOf } from './scene.ts';

/** What every driver does about delete, and any write that is a dry run. */
export const testDeletes = (scene: StoreScene, capabilities: StoreCapabilities): void => {
  const { create, get, remove, newest } = scene;

  describe('delete', () => {
    it('answers the object as it was', async () => {
      const created = await create(aStream('app'));
      expect(await remove('app')).toEqual(created);
      expect(await get('app')).toBeUndefined();
      await expect(remove('app')).rejects.toEqual(refused('not-found'));
    });

    it('gives the name free for another object', async () => {
      const first = await create(aStream('app'));
      await remove('app');
      const second = await create(aStream('app'));
      expect(second.metadata.uid).not.toBe(first.metadata.uid);
      expect(Number(second.metadata.resourceVersion)).toBeGreaterThan(Number(first.metadata.resourceVersion));
    });

    it('holds uid and resourceVersion against what is stored', async () => {
      const created = await create(aStream('app'));
      const updated = await scene.store.update(
        imageStreams,
        { ...created, spec: { dockerImageRepository: 'a' } },
        {},
        signal,
      );
      const key = { namespace: 'shop', name: 'app' };
      const { uid, resourceVersion } = updated.metadata;
      const attempt = (options: { uid?: string; resourceVersion?: string }) =>
        scene.store.delete(imageStreams, key, options, signal);
      await expect(attempt({ uid: 'other' })).rejects.toEqual(refused('conflict'));
      await expect(attempt({ resourceVersion: created.metadata.resourceVersion })).rejects.toEqual(
        refused('conflict'),
      );
      expect(await attempt({ uid, resourceVersion })).toEqual(updated);
    });

    it('marks an object with finalizers, which goes with the last of them', async () => {
      const created = await create(aStream('app', { metadata: { finalizers: ['example.com/one'] } }));
      const marked = await remove('app');
      expect(marked.metadata.deletionTimestamp).toMatch(/Z$/);
      expect(marked.metadata.generation).toBe(2);
      expect(marked.metadata.uid).toBe(created.metadata.uid);
      expect(await get('app')).toEqual(marked);
      expect(await remove('app')).toEqual(marked);

      const emptied = { ...marked, metadata: { ...marked.metadata, finalizers: [] } };
      await scene.store.update(imageStreams, emptied, {}, signal);
      expect(await get('app')).toBeUndefined();
    });

    it('holds an object for the sake of its dependants, as long and for what is asked', async () => {
      const finalizersOf = async () => (await get('app'))?.metadata.finalizers;
      await create(aStream('app', { metadata: { finalizers: ['example.com/one'] } }));
      await remove('app', { propagation: 'Orphan' });
      expect(await finalizersOf()).toEqual(['example.com/one', 'orphan']);
      await remove('app', { propagation: 'Foreground' });
      expect(await finalizersOf()).toEqual(['example.com/one', 'foregroundDeletion']);
      await remove('app');
      expect(await finalizersOf()).toEqual(['example.com/one', 'foregroundDeletion']);
      await remove('app', { propagation: 'Background' });
      expect(await finalizersOf()).toEqual(['example.com/one']);
      await create(aStream('bare'));
      await remove('bare', { propagation: 'Background' });
      expect(await get('bare')).toBeUndefined();
    });

    it('lets no finalizer be added to a marked object, nor the mark be taken away', async () => {
      await create(aStream('app', { metadata: { finalizers: ['example.com/one'] } }));
      const marked = await remove('app');
      const { deletionTimestamp, ...metadata } = marked.metadata;
      await expect(
        scene.store.update(
          imageStreams,
          {
            ...marked,
            metadata: { ...marked.metadata, finalizers: ['example.com/one', 'example.com/two'] },
          },
          {},
          signal,
        ),
      ).rejects.toEqual(refused('invalid'));
      const updated = await scene.store.update(
        imageStreams,
        { ...marked, metadata: { ...metadata, labels: { a: 'b' } } },
        {},
        signal,
      );
      expect(updated.metadata).toMatchObject({ deletionTimestamp, labels: { a: 'b' } });
    });
  });

  describe('dry run', () => {
    const dryRun = { dryRun: true };

    it('answers as if it had written, and keeps nothing', async () => {
      const planned = await scene.store.create(imageStreams, aStream('app'), dryRun, signal);
      expect(planned.metadata).toMatchObject({ name: 'app', generation: 1 });
      expect(await get('app')).toBeUndefined();

      const created = await create(aStream('app'));
      const before = await newest();
      const changed = { ...created, spec: { dockerImageRepository: 'a' }, status: statusOf('a') };
      expect(await scene.store.update(imageStreams, changed, dryRun, signal)).toMatchObject({
        metadata: { generation: 2 },
        spec: { dockerImageRepository: 'a' },
      });
      expect((await scene.store.updateStatus(imageStreams, changed, dryRun, signal)).status).toEqual(
        statusOf('a'),
      );
      await scene.store.replace(imageStreams, changed, dryRun, signal);
      await scene.store.delete(imageStreams, { namespace: 'shop', name: 'app' }, dryRun, signal);
      expect(await get('app')).toEqual(created);
      if (capabilities.isOnlyWriter) expect(await newest()).toBe(before);
    });

    it('refuses what a write would be refused', async () => {
      const created = await create(aStream('app'));
      await expect(scene.store.create(imageStreams, aStream('app'), dryRun, signal)).rejects.toEqual(
        refused('already-exists'),
      );
      const old = { ...created, metadata: { ...created.metadata, resourceVersion: '1' } };
      await expect(scene.store.update(imageStreams, old, dryRun, signal)).rejects.toEqual(
        refused('conflict'),
      );
      await expect(
        scene.store.delete(imageStreams, { namespace: 'shop', name: 'none' }, dryRun, signal),
      ).rejects.toEqual(refused('not-found'));
    });
  });
};
