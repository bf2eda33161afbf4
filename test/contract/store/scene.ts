import { afterEach, beforeEach, expect } from 'vitest';
import type { ConfigMap } from '../../../src/api/core.ts';
import type { ImageStream } from '../../../src/api/image-stream.ts';
import type { KubernetesObject, Stored } from '../../../src/api/meta.ts';
import { imageStreams } from '../../../src/api/resources.ts';
import type { StoreErrorCode } from '../../../src/store/errors.ts';
import type {
  DeleteOptions,
  ListOptions,
  ListResult,
  Store,
  WatchEvent,
  WatchOptions,
} from '../../../src/store/store.ts';

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

export const signal = AbortSignal.timeout(600_000);

export const aStream = (
  name: string,
  more: Partial<Omit<ImageStream, 'metadata'>> & { metadata?: Partial<ImageStream['metadata']> } = {},
): ImageStream => ({
  apiVersion: 'image.openshift.io/v1',
  kind: 'ImageStream',
  ...more,
  metadata: { name, namespace: 'shop', ...more.metadata },
});

export const aConfigMap = (
  name: string,
  data: Record<string, string> = {},
  namespace = 'shop',
): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace },
  data,
});

export const statusOf = (repository: string) => ({ dockerImageRepository: repository });

/** A spec of so many bytes and some. */
export const withText = (bytes: number): NonNullable<ImageStream['spec']> => ({
  tags: [{ name: 'a', annotations: { text: 'x'.repeat(bytes) } }],
});

export const refused = (code: StoreErrorCode) => expect.objectContaining({ name: 'StoreError', code });

export const namesOf = (objects: readonly KubernetesObject[]): readonly string[] =>
  objects.map(({ metadata: { namespace, name } }) =>
    namespace === undefined ? name : `${namespace}/${name}`,
  );

/** `ADDED shop/a`, `BOOKMARK`. */
export const summary = (event: WatchEvent<KubernetesObject>): string =>
  event.type === 'BOOKMARK' ? event.type : `${event.type} ${event.object.metadata.name}`;

/** A fresh driver for each test of a `describe`, and what the tests do with it all the time. */
export const createStoreScene = (createStore: () => Promise<StoreUnderTest>) => {
  let driver: StoreUnderTest;
  const watches: AbortController[] = [];

  beforeEach(async () => {
    driver = await createStore();
  });
  afterEach(async () => {
    for (const watch of watches.splice(0)) watch.abort();
    await driver.close();
  });

  const store = (): Store => driver.store;
  const create = (object: ImageStream): Promise<Stored<ImageStream>> =>
    store().create(imageStreams, object, {}, signal);
  const get = (stream: string, namespace = 'shop'): Promise<Stored<ImageStream> | undefined> =>
    store().get(imageStreams, { namespace, name: stream }, signal);
  const remove = (stream: string, options: DeleteOptions = {}): Promise<Stored<ImageStream>> =>
    store().delete(imageStreams, { namespace: 'shop', name: stream }, options, signal);
  const newest = async (): Promise<string> => (await store().list(imageStreams, {}, signal)).resourceVersion;

  /** All pages from those options on. */
  const pagesFrom = async (options: ListOptions): Promise<readonly ListResult<ImageStream>[]> => {
    const page = await store().list(imageStreams, options, signal);
    if (page.continueToken === undefined) return [page];
    return [page, ...(await pagesFrom({ ...options, continueToken: page.continueToken }))];
  };

  /** Starts a watch; `take(n)` reads the next events of it. */
  const watch = (options: WatchOptions) => {
    const stop = new AbortController();
    watches.push(stop);
    const events = store().watch(imageStreams, options, stop.signal)[Symbol.asyncIterator]();
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

  return {
    get store() {
      return store();
    },
    compact: async (revision: string): Promise<void> => driver.compact?.(revision),
    create,
    get,
    remove,
    newest,
    pagesFrom,
    watch,
  };
};

export type StoreScene = ReturnType<typeof createStoreScene>;
