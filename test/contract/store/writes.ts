import { describe, expect, it } from 'vitest';
import { configMaps, namespaces } from '../../../src/api/core.ts';
import type { ImageStream } from '../../../src/api/image-stream.ts';
import { imageStreams } from '../../../src/api/resources.ts';
import {
  aConfigMap,
  aStream,
  refused,
  type StoreCapabilities,
  type StoreScene,
  signal,
  statusOf,
} from './scene.ts';

/** What every driver does about create, get, update, updateStatus and replace. */
export const testWrites = (scene: StoreScene, capabilities: StoreCapabilities): void => {
  const { create, get, remove, newest } = scene;

  describe('create', () => {
    it('gives an object its uid, time, generation and revision', async () => {
      const created = await create(aStream('app', { spec: { dockerImageRepository: 'quay.io/a/b' } }));
      expect(created.metadata).toMatchObject({ name: 'app', namespace: 'shop', generation: 1 });
      expect(created.metadata.uid).toMatch(/^[0-9a-f-]{36}$/);
      expect(created.metadata.creationTimestamp).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
      expect(created.metadata.resourceVersion).toMatch(/^[1-9]\d*$/);
      expect(created.spec).toMatchObject({ dockerImageRepository: 'quay.io/a/b' });
      expect(await get('app')).toEqual(created);
    });

    it('takes none of these from the caller', async () => {
      const created = await create(
        aStream('app', {
          metadata: {
            uid: 'mine',
            generation: 7,
            creationTimestamp: '2001-01-01T00:00:00Z',
            deletionTimestamp: '2001-01-01T00:00:00Z',
          },
        }),
      );
      expect(created.metadata.uid).not.toBe('mine');
      expect(created.metadata.generation).toBe(1);
      expect(created.metadata.creationTimestamp).not.toBe('2001-01-01T00:00:00Z');
      expect(created.metadata).not.toHaveProperty('deletionTimestamp');
    });

    it('refuses a name that is taken', async () => {
      const created = await create(aStream('app'));
      await expect(create(aStream('app', { spec: { dockerImageRepository: 'other' } }))).rejects.toEqual(
        refused('already-exists'),
      );
      expect(await get('app')).toEqual(created);
    });

    it('keeps names apart by namespace and resource', async () => {
      await create(aStream('app'));
      await create(aStream('app', { metadata: { namespace: 'other' } }));
      await scene.store.create(configMaps, aConfigMap('app', { color: 'red' }), {}, signal);
      expect((await get('app', 'other'))?.metadata.namespace).toBe('other');
      expect(await scene.store.get(configMaps, { namespace: 'shop', name: 'app' }, signal)).toMatchObject({
        kind: 'ConfigMap',
        data: { color: 'red' },
      });
    });

    it('stores objects without a namespace', async () => {
      const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'lone' } };
      const created = await scene.store.create(namespaces, object, {}, signal);
      expect(created.metadata).not.toHaveProperty('namespace');
      expect(await scene.store.get(namespaces, { namespace: '', name: 'lone' }, signal)).toEqual(created);
    });

    it('lets one of many concurrent creates of a name win', async () => {
      const results = await Promise.allSettled(
        Array.from({ length: 20 }, (_, writer) =>
          create(aStream('app', { metadata: { labels: { writer: String(writer) } } })),
        ),
      );
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    });

    it.runIf(capabilities.createKeepsStatus)('keeps the status that it is given', async () => {
      const created = await create(aStream('app', { status: statusOf('here') }));
      expect(created.status).toEqual(statusOf('here'));
    });
  });

  describe('get', () => {
    it('answers undefined for what is not there', async () => {
      expect(await get('app')).toBeUndefined();
    });

    it('rejects with the reason of an aborted signal', async () => {
      const reason = new Error('enough');
      const read = scene.store.get(
        imageStreams,
        { namespace: 'shop', name: 'app' },
        AbortSignal.abort(reason),
      );
      await expect(read).rejects.toBe(reason);
    });
  });

  describe('update', () => {
    it('writes all but the status and moves the revision on', async () => {
      const created = await create(aStream('app'));
      const marked = await scene.store.updateStatus(
        imageStreams,
        { ...created, status: statusOf('here') },
        {},
        signal,
      );
      const updated = await scene.store.update(
        imageStreams,
        { ...marked, spec: { dockerImageRepository: 'quay.io/a/b' }, status: statusOf('elsewhere') },
        {},
        signal,
      );
      expect(updated.spec).toMatchObject({ dockerImageRepository: 'quay.io/a/b' });
      expect(updated.status).toEqual(statusOf('here'));
      expect(Number(updated.metadata.resourceVersion)).toBeGreaterThan(
        Number(marked.metadata.resourceVersion),
      );
      expect(await get('app')).toEqual(updated);
    });

    it('counts changes of the spec in generation, and no others', async () => {
      const created = await create(aStream('app'));
      const labelled = await scene.store.update(
        imageStreams,
        { ...created, metadata: { ...created.metadata, labels: { a: 'b' } } },
        {},
        signal,
      );
      expect(labelled.metadata.generation).toBe(1);
      const changed = await scene.store.update(
        imageStreams,
        { ...labelled, spec: { dockerImageRepository: 'quay.io/a/b' } },
        {},
        signal,
      );
      expect(changed.metadata.generation).toBe(2);
    });

    it('keeps uid, times and generation whatever it is given', async () => {
      const created = await create(aStream('app'));
      const { uid, creationTimestamp } = created.metadata;
      const { resourceVersion } = created.metadata;
      const updated = await scene.store.update(
        imageStreams,
        aStream('app', {
          metadata: { resourceVersion, generation: 9, creationTimestamp: '2001-01-01T00:00:00Z' },
        }),
        {},
        signal,
      );
      expect(updated.metadata).toMatchObject({ uid, creationTimestamp, generation: 1 });
    });

    it('writes nothing when nothing changes', async () => {
      const created = await create(aStream('app', { metadata: { labels: { a: '1', b: '2' } } }));
      const reordered = { ...created, metadata: { ...created.metadata, labels: { b: '2', a: '1' } } };
      const before = await newest();
      expect(await scene.store.update(imageStreams, reordered, {}, signal)).toEqual(created);
      if (capabilities.isOnlyWriter) expect(await newest()).toBe(before);
    });

    it('refuses an object that has changed since it was read', async () => {
      const created = await create(aStream('app'));
      await scene.store.update(
        imageStreams,
        { ...created, spec: { dockerImageRepository: 'a' } },
        {},
        signal,
      );
      const late = scene.store.update(
        imageStreams,
        { ...created, spec: { dockerImageRepository: 'b' } },
        {},
        signal,
      );
      await expect(late).rejects.toEqual(refused('conflict'));
      await expect(scene.store.update(imageStreams, created, {}, signal)).rejects.toEqual(
        refused('conflict'),
      );
    });

    it('lets one of many concurrent updates win', async () => {
      const created = await create(aStream('app'));
      const results = await Promise.allSettled(
        Array.from({ length: 20 }, (_, writer) =>
          scene.store.update(
            imageStreams,
            { ...created, spec: { dockerImageRepository: `r${writer}` } },
            {},
            signal,
          ),
        ),
      );
      expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
      expect(results.filter(({ status }) => status === 'rejected')).toContainEqual(
        expect.objectContaining({ reason: refused('conflict') }),
      );
    });

    it('refuses an object that is not there, was made anew, or has no revision', async () => {
      const created = await create(aStream('app'));
      const update = (object: ImageStream) => scene.store.update(imageStreams, object, {}, signal);
      await expect(update(aStream('app'))).rejects.toEqual(refused('invalid'));
      await remove('app');
      await expect(update(created)).rejects.toEqual(refused('not-found'));
      await create(aStream('app'));
      await expect(update(created)).rejects.toEqual(refused('conflict'));
    });
  });

  describe('updateStatus', () => {
    it('writes the status alone', async () => {
      const created = await create(aStream('app', { spec: { dockerImageRepository: 'quay.io/a/b' } }));
      const updated = await scene.store.updateStatus(
        imageStreams,
        {
          ...created,
          metadata: { ...created.metadata, labels: { a: 'b' } },
          spec: { dockerImageRepository: 'elsewhere' },
          status: statusOf('here'),
        },
        {},
        signal,
      );
      const { resourceVersion } = updated.metadata;
      expect(updated).toEqual({
        ...created,
        metadata: { ...created.metadata, resourceVersion },
        status: statusOf('here'),
      });
      expect(resourceVersion).not.toBe(created.metadata.resourceVersion);
    });

    it('writes nothing when the status stays', async () => {
      const created = await create(aStream('app'));
      const marked = await scene.store.updateStatus(
        imageStreams,
        { ...created, status: statusOf('here') },
        {},
        signal,
      );
      expect(await scene.store.updateStatus(imageStreams, { ...marked, spec: {} }, {}, signal)).toEqual(
        marked,
      );
    });

    it('refuses an object that has changed since it was read', async () => {
      const created = await create(aStream('app'));
      await scene.store.updateStatus(imageStreams, { ...created, status: statusOf('a') }, {}, signal);
      await expect(
        scene.store.updateStatus(imageStreams, { ...created, status: statusOf('b') }, {}, signal),
      ).rejects.toEqual(refused('conflict'));
    });
  });

  describe('replace', () => {
    it('writes spec and status together', async () => {
      const created = await create(aStream('app'));
      const replaced = await scene.store.replace(
        imageStreams,
        { ...created, spec: { dockerImageRepository: 'quay.io/a/b' }, status: statusOf('here') },
        {},
        signal,
      );
      expect(replaced).toMatchObject({
        metadata: { generation: 2 },
        spec: { dockerImageRepository: 'quay.io/a/b' },
        status: statusOf('here'),
      });
      expect(await get('app')).toEqual(replaced);
    });

    it('refuses an object that has changed since it was read', async () => {
      const created = await create(aStream('app'));
      await scene.store.replace(imageStreams, { ...created, status: statusOf('a') }, {}, signal);
      await expect(
        scene.store.replace(imageStreams, { ...created, status: statusOf('b') }, {}, signal),
      ).rejects.toEqual(refused('conflict'));
    });
  });
};
