import { describe, expect, it } from 'vitest';
import { configMaps } from '../../../src/api/core.ts';
import { imageStreams } from '../../../src/api/resources.ts';
import { parseFieldSelector } from '../../../src/store/field-selector.ts';
import { parseLabelSelector } from '../../../src/store/label-selector.ts';
import type { ListOptions } from '../../../src/store/store.ts';
import {
  aConfigMap,
  aStream,
  namesOf,
  refused,
  type StoreCapabilities,
  type StoreScene,
  signal,
  summary,
} from './scene.ts';

/** What every driver does about list, and what is left of the past. */
export const testLists = (scene: StoreScene, capabilities: StoreCapabilities): void => {
  const { create, get, remove, pagesFrom, watch } = scene;

  describe('list', () => {
    it('gives the objects of a namespace or of all, in order, with a revision', async () => {
      const empty = await scene.store.list(imageStreams, {}, signal);
      expect(empty.items).toEqual([]);
      for (const name of ['b', 'a', 'c']) await create(aStream(name));
      const last = await create(aStream('a', { metadata: { namespace: 'art' } }));
      await scene.store.create(configMaps, aConfigMap('a'), {}, signal);

      const all = await scene.store.list(imageStreams, {}, signal);
      expect(namesOf(all.items)).toEqual(['art/a', 'shop/a', 'shop/b', 'shop/c']);
      expect(all).not.toHaveProperty('continueToken');
      expect(Number(all.resourceVersion)).toBeGreaterThanOrEqual(Number(last.metadata.resourceVersion));
      expect(Number(all.resourceVersion)).toBeGreaterThan(Number(empty.resourceVersion));
      const one = await scene.store.list(imageStreams, { namespace: 'shop' }, signal);
      expect(namesOf(one.items)).toEqual(['shop/a', 'shop/b', 'shop/c']);
    });

    it('selects by labels and fields', async () => {
      await create(aStream('a', { metadata: { labels: { tier: 'front' } } }));
      await create(aStream('b', { metadata: { labels: { tier: 'back' } } }));
      await create(aStream('c', { spec: { dockerImageRepository: 'quay.io/a/b' } }));
      const select = async (labels: string, fields = '') => {
        const selection = { labels: parseLabelSelector(labels), fields: parseFieldSelector(fields) };
        const { items } = await scene.store.list(imageStreams, selection, signal);
        return items.map(({ metadata }) => metadata.name);
      };
      expect(await select('tier')).toEqual(['a', 'b']);
      expect(await select('tier=back')).toEqual(['b']);
      expect(await select('tier!=back')).toEqual(['a', 'c']);
      expect(await select('tier notin (front,back)')).toEqual(['c']);
      expect(await select('', 'metadata.name=c')).toEqual(['c']);
      expect(await select('', 'metadata.name!=c')).toEqual(['a', 'b']);
      expect(await select('tier', 'metadata.name=c')).toEqual([]);
      expect(await select('', 'metadata.namespace=shop,metadata.name=a')).toEqual(['a']);
      expect(await select('', 'spec.dockerImageRepository=quay.io/a/b')).toEqual(['c']);
    });

    it('gives pages of one snapshot, whatever is written meanwhile', async () => {
      for (const name of ['a', 'b', 'c', 'd', 'e']) await create(aStream(name));
      const first = await scene.store.list(imageStreams, { limit: 2 }, signal);
      expect(namesOf(first.items)).toEqual(['shop/a', 'shop/b']);
      expect(first.remainingItemCount).toBe(3);

      const d = await get('d');
      await remove('c');
      await create(aStream('c', { spec: { dockerImageRepository: 'new' } }));
      await scene.store.update(
        imageStreams,
        { ...aStream('d'), metadata: { ...d?.metadata, name: 'd' } },
        {},
        signal,
      );
      await scene.store.update(
        imageStreams,
        {
          ...aStream('d', { spec: { dockerImageRepository: 'new' } }),
          metadata: { ...d?.metadata, name: 'd' },
        },
        {},
        signal,
      );
      await remove('e');
      await create(aStream('bb'));

      const rest = await pagesFrom({ limit: 2, continueToken: first.continueToken });
      expect(rest.map(({ items }) => namesOf(items))).toEqual([['shop/c', 'shop/d'], ['shop/e']]);
      expect(rest.flatMap(({ items }) => items).map(({ spec }) => spec)).toEqual([
        undefined,
        undefined,
        undefined,
      ]);
      expect(rest.map(({ resourceVersion }) => resourceVersion)).toEqual(
        rest.map(() => first.resourceVersion),
      );
      expect(rest.at(-1)).not.toHaveProperty('continueToken');
      expect(rest.at(-1)).not.toHaveProperty('remainingItemCount');
    });

    it('goes on after a page of a selection, without counting what remains', async () => {
      for (const name of ['a', 'b', 'c', 'd'])
        await create(aStream(name, { metadata: { labels: { odd: String(name === 'a' || name === 'c') } } }));
      const pages = await pagesFrom({ limit: 1, labels: parseLabelSelector('odd=true') });
      expect(pages.flatMap(({ items }) => namesOf(items))).toEqual(['shop/a', 'shop/c']);
      for (const page of pages) {
        expect(page.items.length).toBeLessThanOrEqual(1);
        expect(page).not.toHaveProperty('remainingItemCount');
      }
    });

    it('reads one revision exactly', async () => {
      const a = await create(aStream('a'));
      const b = await create(aStream('b'));
      await scene.store.update(imageStreams, { ...a, spec: { dockerImageRepository: 'new' } }, {}, signal);
      await remove('b');
      const past = await scene.store.list(
        imageStreams,
        { exactRevision: b.metadata.resourceVersion },
        signal,
      );
      expect(past).toEqual({ items: [a, b], resourceVersion: b.metadata.resourceVersion });
      const before = await scene.store.list(
        imageStreams,
        { exactRevision: a.metadata.resourceVersion },
        signal,
      );
      expect(before.items).toEqual([a]);
    });

    it('refuses revisions and tokens that mean nothing', async () => {
      const list = (options: ListOptions) => scene.store.list(imageStreams, options, signal);
      await expect(list({ exactRevision: '999999999' })).rejects.toEqual(refused('future-revision'));
      await expect(list({ exactRevision: 'yesterday' })).rejects.toEqual(refused('invalid'));
      await expect(list({ limit: 1, continueToken: 'token' })).rejects.toEqual(refused('invalid'));
    });
  });

  describe('what is compacted', () => {
    const compact = async (revision: string): Promise<void> => {
      await scene.compact(revision);
    };

    it.runIf(capabilities.compacts)(
      'is expired for lists, pages and watches; what came after stays',
      async () => {
        const a = await create(aStream('a'));
        await create(aStream('b'));
        const first = await scene.store.list(imageStreams, { limit: 1 }, signal);
        const changed = await scene.store.update(
          imageStreams,
          { ...a, spec: { dockerImageRepository: 'x' } },
          {},
          signal,
        );
        await remove('b');
        const c = await create(aStream('c'));
        await compact(changed.metadata.resourceVersion);

        const expired = refused('expired');
        await expect(
          scene.store.list(imageStreams, { exactRevision: a.metadata.resourceVersion }, signal),
        ).rejects.toEqual(expired);
        await expect(
          scene.store.list(imageStreams, { limit: 1, continueToken: first.continueToken }, signal),
        ).rejects.toEqual(expired);
        await expect(watch({ fromRevision: a.metadata.resourceVersion }).take(1)).rejects.toEqual(expired);

        const { take } = watch({ fromRevision: changed.metadata.resourceVersion });
        expect((await take(2)).map(summary)).toEqual(['DELETED b', 'ADDED c']);
        const kept = await scene.store.list(
          imageStreams,
          { exactRevision: changed.metadata.resourceVersion },
          signal,
        );
        expect(namesOf(kept.items)).toEqual(['shop/a', 'shop/b']);
        expect((await scene.store.list(imageStreams, {}, signal)).items).toEqual([changed, c]);
      },
    );
  });
};
