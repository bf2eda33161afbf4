import { isDeepStrictEqual } from 'node:util';
import { eventId } from '../../src/api/change-event.ts';
import type { ImageStream, TagEvent } from '../../src/api/image-stream.ts';
import type { Stored } from '../../src/api/meta.ts';
import { changedPaths } from '../e2e/refresh/change-log.ts';
import type { StreamChange, World } from './world.ts';

/** Something that must never happen did. */
export class Violation extends Error {
  override readonly name = 'Violation';
}

/** @throws {Violation} that names the invariant of ARCHITECTURE.md and what broke it. */
export const demand: (holds: boolean, invariant: number, what: () => string) => asserts holds = (
  holds,
  invariant,
  what,
) => {
  if (!holds) throw new Violation(`invariant ${invariant}: ${what()}`);
};

type Entries = Map<number, TagEvent>;
export type Histories = ReadonlyMap<string, ReadonlyMap<string, Entries>>;

const stripped = ({ metadata, spec }: Stored<ImageStream>): unknown => {
  const { resourceVersion: _r, managedFields: _m, ...rest } = metadata;
  return { metadata: rest, spec };
};

/** What a write of a status is for: digests, classes of errors, and what of the spec was observed. */
const essence = ({ status }: Stored<ImageStream>): unknown => ({
  observedGeneration: status?.observedGeneration,
  repository: { ...status?.repository, conditions: classesOf(status?.repository?.conditions) },
  conditions: classesOf(status?.conditions),
  tags: status?.tags?.map(({ tag, items, conditions, observed, rollback }) => ({
    tag,
    items: items?.map(({ image, sourceDigest, revision, generation }) => [
      image,
      sourceDigest,
      revision,
      generation,
    ]),
    conditions: classesOf(conditions),
    observed,
    rollback,
  })),
});

type AnyCondition = {
  readonly type: string;
  readonly status: string;
  readonly reason?: string | undefined;
  readonly generation?: number | null | undefined;
};

/** The generation says which spec it is about. */
const classesOf = (conditions: readonly AnyCondition[] = []) =>
  conditions.map(({ type, status, reason, generation }) => [type, status, reason, generation]);

/** Looks at every revision of every stream as it was written, and remembers every entry of every history. */
export const createObserver = (world: World, truths: ReadonlySet<string>) => {
  const histories = new Map<string, Map<string, Entries>>();
  const gone = new Set<string>();
  const newest = new Map<string, Stored<ImageStream>>();
  let seen = 0;

  const checkWrite = (change: StreamChange, before: Stored<ImageStream>): void => {
    if (world.isByUser(change)) return;
    const where = change.stream.metadata.name;
    demand(
      isDeepStrictEqual(stripped(change.stream), stripped(before)),
      10,
      () => `a controller wrote more than the status of ${where}`,
    );
    demand(
      !isDeepStrictEqual(essence(change.stream), essence(before)),
      10,
      () =>
        `the status of ${where} was written although nothing changed: ${changedPaths(before.status, change.stream.status).join()}`,
    );
  };

  const checkKept = ({ stream }: StreamChange, before: Stored<ImageStream>): void => {
    const tags = new Map(stream.status?.tags?.map(({ tag, items }) => [tag, items ?? []]));
    for (const { tag, items } of before.status?.tags ?? []) {
      const kept = tags.get(tag)?.map(({ revision }) => revision) ?? [];
      const lost = (items ?? []).filter(({ revision }) => !kept.includes(revision));
      const what = `${stream.metadata.name}:${tag}`;
      demand(lost.length === 0, 1, () => `${what} lost revision ${lost[0]?.revision}`);
      const isForward = (kept[0] ?? 0) >= (items?.[0]?.revision ?? 0);
      demand(isForward, 1, () => `${what} went back to revision ${kept[0]}`);
    }
  };

  const remember = ({ stream }: StreamChange): void => {
    const tags = histories.get(stream.metadata.uid) ?? new Map<string, Entries>();
    histories.set(stream.metadata.uid, tags);
    for (const { tag, items } of stream.status?.tags ?? []) {
      const entries = tags.get(tag) ?? new Map<number, TagEvent>();
      tags.set(tag, entries);
      for (const item of items ?? []) {
        for (const digest of [item.image, item.sourceDigest ?? item.image])
          demand(
            truths.has(digest),
            8,
            () => `${stream.metadata.name}:${tag} has ${digest}, which no bytes have`,
          );
        const { revision = 0 } = item;
        const known = entries.get(revision);
        const isSame = known === undefined || known.image === item.image;
        demand(isSame, 4, () => `revision ${revision} of ${stream.metadata.name}:${tag} was used twice`);
        entries.set(revision, item);
      }
    }
  };

  return {
    histories: histories as Histories,
    /** Of one tag, the oldest first. */
    entriesOf: (uid: string, tag: string): readonly TagEvent[] =>
      [...(histories.get(uid)?.get(tag) ?? [])].toSorted(([a], [b]) => a - b).map(([, entry]) => entry),
    /** The ids of the events that the history of each tag stands for, the oldest first. A stream that is gone took its history along. */
    toldIds: (): readonly { readonly ids: readonly string[]; readonly isGone: boolean }[] =>
      [...histories].flatMap(([uid, tags]) =>
        [...tags].map(([tag, entries]) => ({
          ids: [...entries.keys()].toSorted((a, b) => a - b).map((revision) => eventId(uid, tag, revision)),
          isGone: gone.has(uid),
        })),
      ),
    /** Looks at what was written since the last time. */
    look: (): void => {
      for (const change of world.log.slice(seen)) {
        const { uid } = change.stream.metadata;
        const before = newest.get(uid);
        if (change.type === 'MODIFIED' && before !== undefined) {
          checkWrite(change, before);
          checkKept(change, before);
        }
        if (change.type === 'DELETED') gone.add(uid);
        else remember(change);
        newest.set(uid, change.stream);
      }
      seen = world.log.length;
    },
  };
};

export type Observer = ReturnType<typeof createObserver>;
