import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ConfigMap, configMaps, namespaces } from '../../src/api/core.ts';
import type { ImageStream } from '../../src/api/image-stream.ts';
import type { KubernetesObject, Stored } from '../../src/api/meta.ts';
import { imageStreams, images } from '../../src/api/resources.ts';
import type { StoreErrorCode } from '../../src/store/errors.ts';
import { parseFieldSelector } from '../../src/store/field-selector.ts';
import { parseLabelSelector } from '../../src/store/label-selector.ts';
import type {
  DeleteOptions,
  ListOptions,
  ListResult,
  Store,
  WatchEvent,
  WatchOptions,
} from '../../src/store/store.ts';
import { checkProgram, storePrograms } from './store-model.ts';

/** A driver ready for one test: empty, and thrown away afterwards. */
export type StoreUnderTest = {
  readonly store: Store;
  readonly close: () => Promise<void>;
  /** Forgets the changes up to a revision; where missing, what follows from compaction is not tested. */
  readonly compact?: (revision: string) => Promise<void>;
};

/** What drivers may differ in. */
export type StoreCapabilities = {
  /** Create keeps a status that it is given; a cluster drops it. */
  readonly createKeepsStatus: boolean;
  /** Any name is taken; a cluster only takes names of its own rules. */
  readonly takesAnyName: boolean;
  /** `StoreUnderTest.compact` is there. */
  readonly compacts: boolean;
  /** Revisions move with our writes alone; a cluster has other writers. */
  readonly isOnlyWriter: boolean;
  /** A watch sends bookmarks as often as it is asked to, and refuses to wait for revisions that may never come. */
  readonly watchesAsAsked: boolean;
};

const signal = AbortSignal.timeout(600_000);

export const aStream = (
  name: string,
  more: Partial<Omit<ImageStream, 'metadata'>> & { metadata?: Partial<ImageStream['metadata']> } = {},
): ImageStream => ({
  apiVersion: 'image.openshift.io/v1',
  kind: 'ImageStream',
  ...more,
  metadata: { name, namespace: 'shop', ...more.metadata },
});

const aConfigMap = (name: string, data: Record<string, string> = {}, namespace = 'shop'): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace },
  data,
});

const statusOf = (repository: string) => ({ dockerImageRepository: repository });

/** A spec of so many bytes and some. */
const withText = (bytes: number): NonNullable<ImageStream['spec']> => ({
  tags: [{ name: 'a', annotations: { text: 'x'.repeat(bytes) } }],
});

const refused = (code: StoreErrorCode) => expect.objectContaining({ name: 'StoreError', code });

const namesOf = (objects: readonly KubernetesObject[]): readonly string[] =>
  objects.map(({ metadata: { namespace, name } }) =>
    namespace === undefined ? name : `${namespace}/${name}`,
  );

/** `ADDED shop/a`, `BOOKMARK`. */
const summary = (event: WatchEvent<KubernetesObject>): string =>
  event.type === 'BOOKMARK' ? event.type : `${event.type} ${event.object.metadata.name}`;

/**
 * What every driver of the `Store` port does, whatever it stands on.
 *
 * Called by the test of each driver; `createStore` gives a fresh one.
 */
export const testStore = (
  name: string,
  createStore: () => Promise<StoreUnderTest>,
  capabilities: StoreCapabilities,
): void => {
  describe(`${name} as a store`, () => {
    let driver: StoreUnderTest;
    let store: Store;
    const watches: AbortController[] = [];

    beforeEach(async () => {
      driver = await createStore();
      store = driver.store;
    });
    afterEach(async () => {
      for (const watch of watches.splice(0)) watch.abort();
      await driver.close();
    });

    const create = (object: ImageStream): Promise<Stored<ImageStream>> =>
      store.create(imageStreams, object, {}, signal);
    const get = (stream: string, namespace = 'shop'): Promise<Stored<ImageStream> | undefined> =>
      store.get(imageStreams, { namespace, name: stream }, signal);
    const remove = (stream: string, options: DeleteOptions = {}): Promise<Stored<ImageStream>> =>
      store.delete(imageStreams, { namespace: 'shop', name: stream }, options, signal);
    const newest = async (): Promise<string> => (await store.list(imageStreams, {}, signal)).resourceVersion;

    /** All pages from those options on. */
    const pagesFrom = async (options: ListOptions): Promise<readonly ListResult<ImageStream>[]> => {
      const page = await store.list(imageStreams, options, signal);
      if (page.continueToken === undefined) return [page];
      return [page, ...(await pagesFrom({ ...options, continueToken: page.continueToken }))];
    };

    /** Starts a watch; `take(n)` reads the next events of it. */
    const watch = (options: WatchOptions) => {
      const stop = new AbortController();
      watches.push(stop);
      const events = store.watch(imageStreams, options, stop.signal)[Symbol.asyncIterator]();
      const take = async (count: number): Promise<readonly WatchEvent<ImageStream>[]> => {
        const taken: WatchEvent<ImageStream>[] = [];
        while (taken.length < count) {
          const { done, value } = await events.next();
          if (done === true) break;
          taken.push(value);
        }
        return taken;
      };
      return { take, next: () => events.next(), stop: () => stop.abort() };
    };

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
        await store.create(configMaps, aConfigMap('app', { color: 'red' }), {}, signal);
        expect((await get('app', 'other'))?.metadata.namespace).toBe('other');
        expect(await store.get(configMaps, { namespace: 'shop', name: 'app' }, signal)).toMatchObject({
          kind: 'ConfigMap',
          data: { color: 'red' },
        });
      });

      it('stores objects without a namespace', async () => {
        const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'lone' } };
        const created = await store.create(namespaces, object, {}, signal);
        expect(created.metadata).not.toHaveProperty('namespace');
        expect(await store.get(namespaces, { namespace: '', name: 'lone' }, signal)).toEqual(created);
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
        const read = store.get(imageStreams, { namespace: 'shop', name: 'app' }, AbortSignal.abort(reason));
        await expect(read).rejects.toBe(reason);
      });
    });

    describe('update', () => {
      it('writes all but the status and moves the revision on', async () => {
        const created = await create(aStream('app'));
        const marked = await store.updateStatus(
          imageStreams,
          { ...created, status: statusOf('here') },
          {},
          signal,
        );
        const updated = await store.update(
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
        const labelled = await store.update(
          imageStreams,
          { ...created, metadata: { ...created.metadata, labels: { a: 'b' } } },
          {},
          signal,
        );
        expect(labelled.metadata.generation).toBe(1);
        const changed = await store.update(
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
        const updated = await store.update(
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
        expect(await store.update(imageStreams, reordered, {}, signal)).toEqual(created);
        if (capabilities.isOnlyWriter) expect(await newest()).toBe(before);
      });

      it('refuses an object that has changed since it was read', async () => {
        const created = await create(aStream('app'));
        await store.update(imageStreams, { ...created, spec: { dockerImageRepository: 'a' } }, {}, signal);
        const late = store.update(
          imageStreams,
          { ...created, spec: { dockerImageRepository: 'b' } },
          {},
          signal,
        );
        await expect(late).rejects.toEqual(refused('conflict'));
        await expect(store.update(imageStreams, created, {}, signal)).rejects.toEqual(refused('conflict'));
      });

      it('lets one of many concurrent updates win', async () => {
        const created = await create(aStream('app'));
        const results = await Promise.allSettled(
          Array.from({ length: 20 }, (_, writer) =>
            store.update(
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
        const update = (object: ImageStream) => store.update(imageStreams, object, {}, signal);
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
        const updated = await store.updateStatus(
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
        const marked = await store.updateStatus(
          imageStreams,
          { ...created, status: statusOf('here') },
          {},
          signal,
        );
        expect(await store.updateStatus(imageStreams, { ...marked, spec: {} }, {}, signal)).toEqual(marked);
      });

      it('refuses an object that has changed since it was read', async () => {
        const created = await create(aStream('app'));
        await store.updateStatus(imageStreams, { ...created, status: statusOf('a') }, {}, signal);
        await expect(
          store.updateStatus(imageStreams, { ...created, status: statusOf('b') }, {}, signal),
        ).rejects.toEqual(refused('conflict'));
      });
    });

    describe('replace', () => {
      it('writes spec and status together', async () => {
        const created = await create(aStream('app'));
        const replaced = await store.replace(
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
        await store.replace(imageStreams, { ...created, status: statusOf('a') }, {}, signal);
        await expect(
          store.replace(imageStreams, { ...created, status: statusOf('b') }, {}, signal),
        ).rejects.toEqual(refused('conflict'));
      });
    });

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
        expect(Number(second.metadata.resourceVersion)).toBeGreaterThan(
          Number(first.metadata.resourceVersion),
        );
      });

      it('holds uid and resourceVersion against what is stored', async () => {
        const created = await create(aStream('app'));
        const updated = await store.update(
          imageStreams,
          { ...created, spec: { dockerImageRepository: 'a' } },
          {},
          signal,
        );
        const key = { namespace: 'shop', name: 'app' };
        const { uid, resourceVersion } = updated.metadata;
        const attempt = (options: { uid?: string; resourceVersion?: string }) =>
          store.delete(imageStreams, key, options, signal);
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
        await store.update(imageStreams, emptied, {}, signal);
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
          store.update(
            imageStreams,
            {
              ...marked,
              metadata: { ...marked.metadata, finalizers: ['example.com/one', 'example.com/two'] },
            },
            {},
            signal,
          ),
        ).rejects.toEqual(refused('invalid'));
        const updated = await store.update(
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
        const planned = await store.create(imageStreams, aStream('app'), dryRun, signal);
        expect(planned.metadata).toMatchObject({ name: 'app', generation: 1 });
        expect(await get('app')).toBeUndefined();

        const created = await create(aStream('app'));
        const before = await newest();
        const changed = { ...created, spec: { dockerImageRepository: 'a' }, status: statusOf('a') };
        expect(await store.update(imageStreams, changed, dryRun, signal)).toMatchObject({
          metadata: { generation: 2 },
          spec: { dockerImageRepository: 'a' },
        });
        expect((await store.updateStatus(imageStreams, changed, dryRun, signal)).status).toEqual(
          statusOf('a'),
        );
        await store.replace(imageStreams, changed, dryRun, signal);
        await store.delete(imageStreams, { namespace: 'shop', name: 'app' }, dryRun, signal);
        expect(await get('app')).toEqual(created);
        if (capabilities.isOnlyWriter) expect(await newest()).toBe(before);
      });

      it('refuses what a write would be refused', async () => {
        const created = await create(aStream('app'));
        await expect(store.create(imageStreams, aStream('app'), dryRun, signal)).rejects.toEqual(
          refused('already-exists'),
        );
        const old = { ...created, metadata: { ...created.metadata, resourceVersion: '1' } };
        await expect(store.update(imageStreams, old, dryRun, signal)).rejects.toEqual(refused('conflict'));
        await expect(
          store.delete(imageStreams, { namespace: 'shop', name: 'none' }, dryRun, signal),
        ).rejects.toEqual(refused('not-found'));
      });
    });

    describe('list', () => {
      it('gives the objects of a namespace or of all, in order, with a revision', async () => {
        const empty = await store.list(imageStreams, {}, signal);
        expect(empty.items).toEqual([]);
        for (const name of ['b', 'a', 'c']) await create(aStream(name));
        const last = await create(aStream('a', { metadata: { namespace: 'art' } }));
        await store.create(configMaps, aConfigMap('a'), {}, signal);

        const all = await store.list(imageStreams, {}, signal);
        expect(namesOf(all.items)).toEqual(['art/a', 'shop/a', 'shop/b', 'shop/c']);
        expect(all).not.toHaveProperty('continueToken');
        expect(Number(all.resourceVersion)).toBeGreaterThanOrEqual(Number(last.metadata.resourceVersion));
        expect(Number(all.resourceVersion)).toBeGreaterThan(Number(empty.resourceVersion));
        const one = await store.list(imageStreams, { namespace: 'shop' }, signal);
        expect(namesOf(one.items)).toEqual(['shop/a', 'shop/b', 'shop/c']);
      });

      it('selects by labels and fields', async () => {
        await create(aStream('a', { metadata: { labels: { tier: 'front' } } }));
        await create(aStream('b', { metadata: { labels: { tier: 'back' } } }));
        await create(aStream('c', { spec: { dockerImageRepository: 'quay.io/a/b' } }));
        const select = async (labels: string, fields = '') => {
          const selection = { labels: parseLabelSelector(labels), fields: parseFieldSelector(fields) };
          const { items } = await store.list(imageStreams, selection, signal);
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
        const first = await store.list(imageStreams, { limit: 2 }, signal);
        expect(namesOf(first.items)).toEqual(['shop/a', 'shop/b']);
        expect(first.remainingItemCount).toBe(3);

        const d = await get('d');
        await remove('c');
        await create(aStream('c', { spec: { dockerImageRepository: 'new' } }));
        await store.update(
          imageStreams,
          { ...aStream('d'), metadata: { ...d?.metadata, name: 'd' } },
          {},
          signal,
        );
        await store.update(
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
          await create(
            aStream(name, { metadata: { labels: { odd: String(name === 'a' || name === 'c') } } }),
          );
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
        await store.update(imageStreams, { ...a, spec: { dockerImageRepository: 'new' } }, {}, signal);
        await remove('b');
        const past = await store.list(imageStreams, { exactRevision: b.metadata.resourceVersion }, signal);
        expect(past).toEqual({ items: [a, b], resourceVersion: b.metadata.resourceVersion });
        const before = await store.list(imageStreams, { exactRevision: a.metadata.resourceVersion }, signal);
        expect(before.items).toEqual([a]);
      });

      it('refuses revisions and tokens that mean nothing', async () => {
        const list = (options: ListOptions) => store.list(imageStreams, options, signal);
        await expect(list({ exactRevision: '999999999' })).rejects.toEqual(refused('future-revision'));
        await expect(list({ exactRevision: 'yesterday' })).rejects.toEqual(refused('invalid'));
        await expect(list({ limit: 1, continueToken: 'token' })).rejects.toEqual(refused('invalid'));
      });
    });

    describe('what is compacted', () => {
      const compact = async (revision: string): Promise<void> => {
        await driver.compact?.(revision);
      };

      it.runIf(capabilities.compacts)(
        'is expired for lists, pages and watches; what came after stays',
        async () => {
          const a = await create(aStream('a'));
          await create(aStream('b'));
          const first = await store.list(imageStreams, { limit: 1 }, signal);
          const changed = await store.update(
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
            store.list(imageStreams, { exactRevision: a.metadata.resourceVersion }, signal),
          ).rejects.toEqual(expired);
          await expect(
            store.list(imageStreams, { limit: 1, continueToken: first.continueToken }, signal),
          ).rejects.toEqual(expired);
          await expect(watch({ fromRevision: a.metadata.resourceVersion }).take(1)).rejects.toEqual(expired);

          const { take } = watch({ fromRevision: changed.metadata.resourceVersion });
          expect((await take(2)).map(summary)).toEqual(['DELETED b', 'ADDED c']);
          const kept = await store.list(
            imageStreams,
            { exactRevision: changed.metadata.resourceVersion },
            signal,
          );
          expect(namesOf(kept.items)).toEqual(['shop/a', 'shop/b']);
          expect((await store.list(imageStreams, {}, signal)).items).toEqual([changed, c]);
        },
      );
    });

    describe('watch', () => {
      it('sends what happened after a revision, then what happens', async () => {
        const from = await newest();
        const a = await create(aStream('a'));
        const { take } = watch({ fromRevision: from });
        const early = await take(1);
        expect(early).toEqual([{ type: 'ADDED', object: a }]);

        const changed = await store.update(
          imageStreams,
          { ...a, spec: { dockerImageRepository: 'x' } },
          {},
          signal,
        );
        await store.create(configMaps, aConfigMap('noise'), {}, signal);
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
            store.update(
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
        await store.update(imageStreams, emptied, {}, signal);
        expect((await take(2)).map(summary)).toEqual(['MODIFIED a', 'DELETED a']);
      });

      it('sends nothing for writes that change nothing', async () => {
        const created = await create(aStream('a'));
        const { take } = watch({ fromRevision: created.metadata.resourceVersion });
        await store.update(imageStreams, created, {}, signal);
        await store.create(imageStreams, aStream('b'), { dryRun: true }, signal);
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
          const other = await store.create(configMaps, aConfigMap('noise'), {}, signal);
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
        await expect(watch({ fromRevision: '999999999' }).take(1)).rejects.toEqual(
          refused('future-revision'),
        );
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

    it('agrees with a simple model about any program of writes', async () => {
      let run = 0;
      await fc.assert(
        fc.asyncProperty(storePrograms, async (program) => {
          run += 1;
          const options = { namespace: `run${run}`, isAtomic: capabilities.createKeepsStatus };
          await checkProgram(store, program, options, signal);
        }),
        { numRuns: 30 },
      );
    });

    describe('odd objects', () => {
      it('refuses an object that is too large, and keeps what was there', async () => {
        const created = await create(aStream('app'));
        const large = { ...created, spec: withText(4_000_000) };
        await expect(store.update(imageStreams, large, {}, signal)).rejects.toEqual(refused('too-large'));
        await expect(create({ ...large, metadata: { ...large.metadata, name: 'other' } })).rejects.toEqual(
          refused('too-large'),
        );
        expect(await get('app')).toEqual(created);
      });

      it('takes an object of 1 MiB', async () => {
        const spec = withText(1024 * 1024);
        const created = await create(aStream('app', { spec }));
        expect((await get('app'))?.spec).toMatchObject(spec);
        expect(created.spec).toMatchObject(spec);
      });

      it('keeps texts of every kind', async () => {
        const annotations = {
          quotes: `'"\\`,
          controls: '\u0000\n\t',
          emoji: '🦭 naïve',
          sql: "'; DROP TABLE objects; --",
        };
        await create(aStream('app', { metadata: { annotations } }));
        expect((await get('app'))?.metadata.annotations).toEqual(annotations);
      });

      it('gives back what it was given when that is changed later', async () => {
        const labels = { a: '1' };
        const object = aStream('app', { metadata: { labels } });
        const created = await create(object);
        labels.a = '2';
        expect(created.metadata.labels).toEqual({ a: '1' });
        expect((await get('app'))?.metadata.labels).toEqual({ a: '1' });
      });

      it('drops members that are undefined', async () => {
        const created = await create({ ...aStream('app'), spec: undefined } as unknown as ImageStream);
        expect(created).not.toHaveProperty('spec');
      });

      it.runIf(capabilities.takesAnyName)('treats names of JavaScript as any other', async () => {
        const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty'];
        for (const name of names) {
          const data = JSON.parse(`{"${name}":"value"}`) as Record<string, string>;
          await store.create(
            configMaps,
            { ...aConfigMap(name, data), metadata: { name, namespace: name, labels: data } },
            {},
            signal,
          );
        }
        const { items } = await store.list(configMaps, {}, signal);
        expect(items.map(({ metadata }) => metadata.name)).toEqual(names.toSorted());
        for (const name of names) {
          const stored = await store.get(configMaps, { namespace: name, name }, signal);
          expect(Object.entries(stored?.data ?? {})).toEqual([[name, 'value']]);
          const selected = await store.list(
            configMaps,
            { labels: parseLabelSelector('constructor=value') },
            signal,
          );
          expect(selected.items.map(({ metadata }) => metadata.name)).toEqual(['constructor']);
        }
        expect(
          await store.get(configMaps, { namespace: 'valueOf', name: 'valueOf' }, signal),
        ).toBeUndefined();
      });

      it('names images by their digest', async () => {
        const name = `sha256:${'0f'.repeat(32)}`;
        const image = { apiVersion: 'image.openshift.io/v1', kind: 'Image', metadata: { name } };
        const created = await store.create(images, image, {}, signal);
        expect(created.metadata.name).toBe(name);
        expect((await store.list(images, {}, signal)).items).toEqual([created]);
      });
    });
  });
};
