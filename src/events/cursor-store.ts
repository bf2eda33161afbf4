import type { ChangeCursor, SinkCursor } from '../api/change-cursor.ts';
import type { Stored } from '../api/meta.ts';
import { changeCursors } from '../api/resources.ts';
import { isStoreError } from '../store/errors.ts';
import type { ObjectKey, Store } from '../store/store.ts';

type Identity = { readonly uid: string; readonly namespace: string; readonly name: string };

/** Cursors of sinks that cannot keep them themselves: one small object per stream, an entry per sink. */
export type CursorStore = {
  /** Every stream that the sink was told of. */
  readonly list: (
    sink: string,
    signal: AbortSignal,
  ) => AsyncIterable<Identity & { readonly cursor: SinkCursor }>;
  /** As it is stored now. */
  readonly read: (stream: Identity, sink: string, signal: AbortSignal) => Promise<SinkCursor>;
  /** As it was last read or written. */
  readonly peek: (stream: Identity, sink: string, signal: AbortSignal) => Promise<SinkCursor>;
  /** Writes what `change` makes of it; it is asked again when somebody else was quicker. Undefined from it: nothing is written. */
  readonly write: (
    stream: Identity,
    sink: string,
    change: (cursor: SinkCursor) => SinkCursor | undefined,
    signal: AbortSignal,
  ) => Promise<void>;
  /** Removes the entry, and the object with the last one that belongs to a sink that is there. */
  readonly remove: (stream: Identity, sink: string, signal: AbortSignal) => Promise<void>;
};

const pageSize = 500;
const maxConflicts = 10;

const entryOf = (object: ChangeCursor | undefined, sink: string): SinkCursor =>
  object?.sinks?.find(({ name }) => name === sink) ?? { name: sink };

const withEntry = (object: ChangeCursor, entry: SinkCursor): ChangeCursor => ({
  ...object,
  sinks: [...(object.sinks ?? []).filter(({ name }) => name !== entry.name), entry],
});

const keyOf = ({ uid, namespace }: Identity): ObjectKey => ({ namespace, name: uid });

const newObject = ({ uid, namespace, name }: Identity): ChangeCursor => ({
  apiVersion: `${changeCursors.group}/${changeCursors.version}`,
  kind: changeCursors.kind,
  metadata: { namespace, name: uid },
  stream: { name, uid },
});

/** The namespace goes, and the cursors in it: there is nothing left to remember. */
const isGone = (error: unknown): boolean =>
  isStoreError(error, 'not-found') || isStoreError(error, 'forbidden');

/** Objects as last read or written, and writes that are tried again on what somebody else wrote. */
const createObjects = (store: Store) => {
  const cache = new Map<string, Stored<ChangeCursor> | undefined>();

  const get = async (stream: Identity, signal: AbortSignal) => {
    const object = await store.get(changeCursors, keyOf(stream), signal);
    cache.set(stream.uid, object);
    return object;
  };
  const cached = async (stream: Identity, signal: AbortSignal) =>
    cache.has(stream.uid) ? cache.get(stream.uid) : get(stream, signal);

  const put = (object: ChangeCursor, signal: AbortSignal): Promise<Stored<ChangeCursor>> =>
    object.metadata.resourceVersion === undefined
      ? store.create(changeCursors, object, {}, signal)
      : store.update(changeCursors, object, {}, signal);

  /** Tries again on what somebody else wrote meanwhile. */
  const settle = async (
    stream: Identity,
    attempt: (object: Stored<ChangeCursor> | undefined) => Promise<Stored<ChangeCursor> | undefined>,
    signal: AbortSignal,
  ): Promise<void> => {
    for (let conflicts = 0; ; conflicts += 1) {
      const object = await cached(stream, signal);
      try {
        cache.set(stream.uid, await attempt(object));
        return;
      } catch (error) {
        cache.delete(stream.uid);
        const isRace = isStoreError(error, 'conflict') || isStoreError(error, 'already-exists');
        if (isGone(error) && (object === undefined || (await get(stream, signal)) === undefined)) return;
        if (!isRace || conflicts >= maxConflicts) throw error;
      }
    }
  };

  return { cache, get, cached, put, settle };
};

/** Keeps cursors in a store; `sinks` are the names of those that are there, whose entries hold an object. */
export const createCursorStore = (store: Store, sinks: readonly string[]): CursorStore => {
  const { cache, get, cached, put, settle } = createObjects(store);
  return {
    list: async function* (sink, signal) {
      let continueToken: string | undefined;
      do {
        const page = await store.list(changeCursors, { limit: pageSize, continueToken }, signal);
        for (const object of page.items) {
          const cursor = object.sinks?.find(({ name }) => name === sink);
          cache.set(object.stream.uid, object);
          const namespace = object.metadata.namespace ?? '';
          if (cursor !== undefined) yield { ...object.stream, namespace, cursor };
        }
        continueToken = page.continueToken;
      } while (continueToken !== undefined);
    },
    read: async (stream, sink, signal) => entryOf(await get(stream, signal), sink),
    peek: async (stream, sink, signal) => entryOf(await cached(stream, signal), sink),
    write: (stream, sink, change, signal) =>
      settle(
        stream,
        async (object) => {
          const entry = change(entryOf(object, sink));
          return entry === undefined ? object : put(withEntry(object ?? newObject(stream), entry), signal);
        },
        signal,
      ),
    remove: async (stream, sink, signal) => {
      await settle(
        stream,
        async (object) => {
          if (object === undefined) return undefined;
          const left = (object.sinks ?? []).filter(({ name }) => name !== sink);
          if (left.some(({ name }) => sinks.includes(name))) return put({ ...object, sinks: left }, signal);
          const { uid, resourceVersion } = object.metadata;
          await store.delete(changeCursors, keyOf(stream), { uid, resourceVersion }, signal);
          return undefined;
        },
        signal,
      );
      if (cache.get(stream.uid) === undefined) cache.delete(stream.uid);
    },
  };
};
