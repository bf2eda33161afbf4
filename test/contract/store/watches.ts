import { describe, expect, it } from 'vitest';
import { configMaps } from '../../../src/api/core.ts';
import type { ImageStream } from '../../../src/api/image-stream.ts';
import type { Stored } from '../../../src/api/meta.ts';
import { imageStreams } from '../../../src/api/resources.ts';
import { parseLabelSelector } from '../../../src/store/label-selector.ts';
import type { WatchEvent } from '../../../src/store/store.ts';
import {
  aConfigMap,
  aStream,
  refused,
  type StoreCapabilities,
  type StoreScene,
  signal,
  summary,
} from './scene.ts';

/** What every driver does about watch. */
export const testWatches = (scene: StoreScene, capabilities: StoreCapabilities): void => {
  const { create, remove, newest, watch } = scene;

  describe('watch', () => {
    it('sends what happened after a revision, then what happens', async () => {
      const from = await newest();
      const a = await create(aStream('a'));
      const { take } = watch({ fromRevision: from });
      const early = await take(1);
      expect(early).toEqual([{ type: 'ADDED', object: a }]);

      const changed = await scene.store.update(
        imageStreams,
        { ...a, spec: { dockerImageRepository: 'x' } },
        {},
        signal,
      );
      await scene.store.create(configMaps, aConfigMap('noise'), {}, signal);
      await create(aStream('b', { metadata: { namespace: 'other' } }));
      await remove('a');
      const late = await take(3);
      expect(late.map(summary)).toEqual(['MODIFIED a', 'ADDED b', 'DELETED a']);
      expect(late[0]).toEqual({ type: 'MODIFIED', object: changed });
    });

    it('sends the last state of what is deleted, with the revision of the delete', async () => {
      const created = await create(aStream('a', { spec: { dockerImageRepository: 'x' } }));
      const { take } = watch({ fromRevision: created.metadata.resourceVersion });
      await remove('a');
      const [event] = await take(1);
      const revision = event?.type === 'DELETED' ? event.object.metadata.resourceVersion : '';
      expect(event).toEqual({
        type: 'DELETED',
        object: { ...created, metadata: { ...created.metadata, resourceVersion: revision } },
      });
      expect(Number(revision)).toBeGreaterThan(Number(created.metadata.resourceVersion));
    });

    it('keeps to a namespace', async () => {
      const from = await newest();
      await create(aStream('a', { metadata: { namespace: 'other' } }));
      const { take } = watch({ fromRevision: from, namespace: 'shop' });
      await create(aStream('b'));
      expect((await take(1)).map(summary)).toEqual(['ADDED b']);
    });

    it.each([{ when: 'over the log' }, { when: 'live' }])(
      'shows $when what enters and leaves a selection',
      async ({ when }) => {
        const fromRevision = await newest();
        const { take, next } = watch({ fromRevision, labels: parseLabelSelector('on=yes') });
        const pending = when === 'live' ? next() : undefined;
        const label = (object: Stored<ImageStream>, on: string, more: ImageStream['spec'] = {}) =>
          scene.store.update(
            imageStreams,
            { ...object, spec: more, metadata: { ...object.metadata, labels: { on } } },
            {},
            signal,
          );
        const off = await create(aStream('a', { metadata: { labels: { on: 'no' } } }));
        const on = await label(off, 'yes');
        const changed = await label(on, 'yes', { dockerImageRepository: 'x' });
        const left = await label(changed, 'no', { dockerImageRepository: 'y' });
        const back = await label(left, 'yes', { dockerImageRepository: 'z' });
        await remove('a');
        await create(aStream('end', { metadata: { labels: { on: 'yes' } } }));

        const first = pending === undefined ? [] : [(await pending).value as WatchEvent<ImageStream>];
        const events = [...first, ...(await take(6 - first.length))];
        const { resourceVersion } = left.metadata;
        expect(events.map(summary)).toEqual([
          'ADDED a',
          'MODIFIED a',
          'DELETED a',
          'ADDED a',
          'DELETED a',
          'ADDED end',
        ]);
        expect(events.slice(0, 4)).toEqual([
          { type: 'ADDED', object: on },
          { type: 'MODIFIED', object: changed },
          { type: 'DELETED', object: { ...changed, metadata: { ...changed.metadata, resourceVersion } } },
          { type: 'ADDED', object: back },
        ]);
      },
    );

    it('shows an object go when its last finalizer does', async () => {
      const created = await create(aStream('a', { metadata: { finalizers: ['example.com/one'] } }));
      const { take } = watch({ fromRevision: created.metadata.resourceVersion });
      const marked = await remove('a');
      const emptied = { ...marked, metadata: { ...marked.metadata, finalizers: [] } };
      await scene.store.update(imageStreams, emptied, {}, signal);
      expect((await take(2)).map(summary)).toEqual(['MODIFIED a', 'DELETED a']);
    });

    it('sends nothing for writes that change nothing', async () => {
      const created = await create(aStream('a'));
      const { take } = watch({ fromRevision: created.metadata.resourceVersion });
      await scene.store.update(imageStreams, created, {}, signal);
      await scene.store.create(imageStreams, aStream('b'), { dryRun: true }, signal);
      await create(aStream('c'));
      expect((await take(1)).map(summary)).toEqual(['ADDED c']);
    });

    it('neither repeats nor leaves out anything between the log and live', async () => {
      const from = await newest();
      const total = 60;
      const writer = async (): Promise<void> => {
        for (let number = 0; number < total; number += 1) await create(aStream(`s${number}`));
      };
      const writing = writer();
      const readers = Array.from({ length: 5 }, async (_, reader) => {
        for (let pause = 0; pause < reader * 10; pause += 1) await newest();
        return (await watch({ fromRevision: from }).take(total)).map(summary);
      });
      const expected = Array.from({ length: total }, (_, number) => `ADDED s${number}`);
      for (const events of await Promise.all(readers)) expect(events).toEqual(expected);
      await writing;
    });

    it.runIf(capabilities.watchesAsAsked)(
      'sends bookmarks with the newest revision while nothing happens',
      async () => {
        const from = await newest();
        const { take } = watch({ fromRevision: from, bookmarkIntervalMs: 20 });
        const [first] = await take(1);
        expect(first).toMatchObject({ type: 'BOOKMARK' });
        const other = await scene.store.create(configMaps, aConfigMap('noise'), {}, signal);
        let bookmark = first;
        while (
          bookmark?.type === 'BOOKMARK' &&
          Number(bookmark.resourceVersion) < Number(other.metadata.resourceVersion)
        )
          [bookmark] = await take(1);
        expect(bookmark).toEqual({ type: 'BOOKMARK', resourceVersion: other.metadata.resourceVersion });
        const { take: resumed } = watch({ fromRevision: other.metadata.resourceVersion });
        await create(aStream('a'));
        expect((await resumed(1)).map(summary)).toEqual(['ADDED a']);
      },
    );

    it.runIf(capabilities.watchesAsAsked)('refuses a revision that does not exist yet', async () => {
      await expect(watch({ fromRevision: '999999999' }).take(1)).rejects.toEqual(refused('future-revision'));
    });

    it('refuses a revision that is none', async () => {
      await expect(watch({ fromRevision: 'yesterday' }).take(1)).rejects.toEqual(refused('invalid'));
    });

    it('ends quietly when its signal is aborted', async () => {
      const { next, stop } = watch({ fromRevision: await newest() });
      const pending = next();
      stop();
      expect(await pending).toEqual({ done: true, value: undefined });
    });

    it('ends at once when its signal is aborted already', async () => {
      const { take, stop } = watch({ fromRevision: await newest() });
      stop();
      expect(await take(1)).toEqual([]);
    });
  });
};
