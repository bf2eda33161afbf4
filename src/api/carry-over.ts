import { repositoryCheckAnnotation } from './annotations.ts';
import { importSuccess, type TagEventCondition } from './condition.ts';
import { applyImageStreamDefaults } from './defaults.ts';
import type {
  ImageStream,
  ImageStreamSpec,
  ImageStreamStatus,
  NamedTagEventList,
  ObservedTag,
  TagEvent,
  TagReference,
} from './image-stream.ts';
import { defaultMaxBytes, fitIntoBudget } from './object-budget.ts';
import { isImportable, isRepositoryPending, isTagPending, observeRepository, observeTag } from './pending.ts';
import { findTag, highestRevision } from './tag-history.ts';

/*
 * How a stream of another cluster becomes one of this one, history and all: so that nothing of it is news here, and nothing is to be
 * imported that was not to be imported there.
 */

/** Where a stream is carried over to. */
export type Destination = {
  readonly namespace: string;
  /** `metadata.generation` that the stream will have once its spec is written. */
  readonly generation: number;
  /** What a stream that stood there before says of its tags: no revision of theirs is used again. */
  readonly status?: ImageStreamStatus | undefined;
  /** RFC 3339. */
  readonly now: string;
};

/** What is to be written: the status before the spec, or the spec would be pending in between. */
export type CarriedStream = {
  readonly spec: ImageStreamSpec;
  readonly status: ImageStreamStatus;
  /** Tags that were to be imported where they come from, and are here; the repository by its name. */
  readonly pending: readonly string[];
};

const failureOf = (list: NamedTagEventList | undefined): TagEventCondition | undefined =>
  list?.conditions?.find(({ type }) => type === importSuccess);

/** A tag of the stream's own namespace goes along with it. */
const relocated = (tag: TagReference, from: string | undefined, to: string): TagReference =>
  tag.from?.namespace !== undefined && tag.from.namespace === from
    ? { ...tag, from: { ...tag.from, namespace: to } }
    : tag;

/**
 * Whether a tag was to be imported where it comes from: our own status says so itself; else by the generations of OpenShift, where a tag
 * without image and failure was never tried.
 */
const wasPending = (source: ImageStream, tag: TagReference): boolean => {
  if (!isImportable(tag)) return false;
  const list = findTag(source.status, tag.name);
  if (list?.observed?.fingerprint !== undefined) return isTagPending(source, tag);
  const [latest] = list?.items ?? [];
  const failure = failureOf(list);
  if (latest === undefined && failure === undefined) return true;
  return (tag.generation ?? 0) > Math.max(latest?.generation ?? 0, failure?.generation ?? 0);
};

/** Whether the newest image of a tag came from what its spec says. */
const wasImported = ({ spec, status }: ImageStream, name: string): boolean => {
  const list = findTag(status, name);
  const [latest] = list?.items ?? [];
  if (latest === undefined) return false;
  const generation = spec?.tags?.find((tag) => tag.name === name)?.generation ?? 0;
  return list?.observed?.imported ?? (failureOf(list) === undefined || latest.generation >= generation);
};

/** Numbers the entries after whatever the tag had here before; entries that are numbered already stay so where that is possible. */
const numbered = (items: readonly TagEvent[], before: number): readonly TagEvent[] => {
  const keeps = before === 0 && items.every(({ revision }) => revision !== undefined);
  return items.map((item, index) => ({
    ...item,
    revision: keeps ? (item.revision ?? 0) : before + items.length - index,
    cause: { type: 'Migration' },
  }));
};

const observedOf = (
  list: NamedTagEventList,
  fingerprint: ObservedTag | undefined,
): ObservedTag | undefined => {
  const { lastRevision } = list.observed ?? {};
  const observed = {
    ...fingerprint,
    ...(lastRevision === undefined ? {} : { lastRevision }),
    ...(failureOf(list) === undefined ? {} : { migrated: true }),
  };
  return Object.keys(observed).length === 0 ? undefined : observed;
};

/** What was observed last carries the generation that its tag will have, or it would count as older than its spec. */
const atGeneration = (list: NamedTagEventList, generation: number): NamedTagEventList => {
  const [latest, ...older] = list.items ?? [];
  return {
    ...list,
    ...(latest === undefined ? {} : { items: [{ ...latest, generation }, ...older] }),
    ...(list.conditions === undefined
      ? {}
      : { conditions: list.conditions.map((condition) => ({ ...condition, generation })) }),
  };
};

/** A stream where it comes from and as it will be, and which of its tags are still to be imported. */
type Move = {
  readonly source: ImageStream;
  readonly target: ImageStream;
  readonly due: ReadonlySet<string>;
  readonly destination: Destination;
};

/** Where the history of a tag begins that goes on after revision `before` of the stream that stood there; undefined: at 1. */
const startAfter = (before: number, { status }: Destination, tag: string): number | undefined => {
  const standing = findTag(status, tag);
  return (standing?.items ?? []).length > 0 ? standing?.firstRevision : before + 1;
};

const carryList = (
  { source, target, due, destination }: Move,
  list: NamedTagEventList,
): NamedTagEventList => {
  const { items, observed: _observed, firstRevision: own, ...rest } = list;
  const before = highestRevision(destination.status ?? {}, list.tag);
  const start = before === 0 ? own : startAfter(before, destination, list.tag);
  const carried = {
    ...rest,
    ...(start === undefined ? {} : { firstRevision: start }),
    items: [...numbered(items ?? [], before)],
  };
  const tag = due.has(list.tag) ? undefined : target.spec?.tags?.find(({ name }) => name === list.tag);
  const seen = tag && observeTag(target, tag, { succeeded: wasImported(source, list.tag) });
  const observed = observedOf(list, seen);
  return {
    ...(tag === undefined ? carried : atGeneration(carried, destination.generation)),
    ...(observed === undefined ? {} : { observed }),
  };
};

/** What was seen of the repository that a stream follows; undefined where it is still to be listed. */
const carryRepository = (source: ImageStream, target: ImageStream): ImageStreamStatus['repository'] => {
  if (!source.spec?.dockerImageRepository) return undefined;
  const { repository } = source.status ?? {};
  if (repository === undefined) {
    // OpenShift lists a repository once, and notes that it did.
    const wasListed = !!source.metadata.annotations?.[repositoryCheckAnnotation];
    return wasListed ? observeRepository(target, { succeeded: true }) : undefined;
  }
  if (isRepositoryPending(source)) return undefined;
  const { imported = false, leftOut, conditions } = repository;
  return observeRepository(target, {
    succeeded: imported,
    ...(leftOut === undefined ? {} : { leftOut }),
    ...(conditions === undefined ? {} : { conditions }),
  });
};

/** Every list that the stream has, and one for each tag that follows another and has no image yet: nothing is to be done for it either. */
const listsOf = ({ source, target, due }: Move): readonly NamedTagEventList[] => {
  const lists = source.status?.tags ?? [];
  const known = new Set(lists.map(({ tag }) => tag));
  const silent = (target.spec?.tags ?? []).filter(({ name }) => !known.has(name) && !due.has(name));
  return [...lists, ...silent.map(({ name }) => ({ tag: name }))];
};

/**
 * The spec and status to write for a stream of another cluster, as {@link Destination} asks. Times and order of the history stay; its
 * entries get revisions and the cause `Migration`; tags that were imported, or tried, there count as observed here.
 */
export const carryOver = (given: ImageStream, destination: Destination): CarriedStream => {
  const { namespace, generation, now } = destination;
  const source = applyImageStreamDefaults(given);
  const own = source.spec?.tags ?? [];
  const tags = own.map((tag) => ({ ...relocated(tag, source.metadata.namespace, namespace), generation }));
  const spec: ImageStreamSpec = { ...source.spec, tags };
  const target = { ...source, metadata: { ...source.metadata, namespace, generation }, spec, status: {} };
  const due = new Set(own.filter((tag) => wasPending(source, tag)).map(({ name }) => name));
  const move: Move = { source, target, due, destination };
  const { lastDeletedRevision } = source.status ?? {};
  const repository = carryRepository(source, target);
  const whole: ImageStream = {
    ...target,
    status: {
      tags: listsOf(move).map((list) => carryList(move, list)),
      ...(repository === undefined ? {} : { repository }),
      ...(lastDeletedRevision === undefined ? {} : { lastDeletedRevision }),
    },
  };
  // How long histories may be is up to the server; that the object fits is not.
  const budget = { historyLimit: Number.POSITIVE_INFINITY, maxBytes: defaultMaxBytes, now };
  const { status = {} } = fitIntoBudget(whole, whole, budget).stream;
  const unlisted = spec.dockerImageRepository && repository === undefined ? [spec.dockerImageRepository] : [];
  return { spec, status, pending: [...due, ...unlisted] };
};
