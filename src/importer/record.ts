import { isDeepStrictEqual } from 'node:util';
import { decorateImageStream } from '../api/defaults.ts';
import type {
  ImageStream,
  ImageStreamStatus,
  NamedTagEventList,
  TagEventCause,
  TagReference,
} from '../api/image-stream.ts';
import { defaultMaxBytes, fitIntoBudget, type ToldRevision } from '../api/object-budget.ts';
import {
  isHeld,
  observeRepository,
  observeTag,
  repositoryFingerprint,
  tagFingerprint,
} from '../api/pending.ts';
import { type ReferenceFacts, settleReferences } from '../api/settle-references.ts';
import { settleRollbacks } from '../api/settle-rollbacks.ts';
import { withStreamConditions } from '../api/stream-conditions.ts';
import { addTagFailure, failureConditions } from '../api/tag-failure.ts';
import {
  addEventWhileHeld,
  addTagEvent,
  endHold,
  findTag,
  latestTagEvent,
  putTag,
  setTagConditions,
  sortedByTag,
} from '../api/tag-history.ts';
import { updateTrackingTags } from '../api/tag-tracking.ts';
import { formatTime } from '../lib/clock.ts';
import type { PlannedFor } from './plan.ts';
import type { ImportResults, RepositoryResult, TagResult } from './run.ts';
import type { ImageOutcome } from './types.ts';

export type RecordOptions = {
  /** Milliseconds since the epoch. */
  readonly nowMs: number;
  /** Entries that the history of one tag may hold. */
  readonly historyLimit: number;
  /** What sinks of change events were told; default: there is nobody to tell. */
  readonly toldRevision?: ToldRevision | undefined;
  /** Bytes of the whole object as JSON; default 1 MiB. */
  readonly maxBytes?: number;
  /** Where tags may point that no registry is asked for; undefined: whoever wrote the spec has resolved them. */
  readonly references?: ReferenceFacts | undefined;
};

type Succeeded = Extract<ImageOutcome, { readonly ok: true }>;

/** What is the same for everything that one import writes. */
type Recording = { readonly now: string };

/** Adds what was found to a tag's history; where it is held, only what is new to it. */
const addImage = (
  stream: ImageStream,
  tag: string,
  event: { readonly outcome: Succeeded; readonly generation: number; readonly cause: TagEventCause },
  { now }: Recording,
): ImageStreamStatus => {
  const { outcome, generation, cause } = event;
  const { image, sourceDigest } = outcome;
  const add = isHeld(stream, tag) ? addEventWhileHeld : addTagEvent;
  const added = add(stream.status ?? {}, tag, {
    created: now,
    dockerImageReference: image.dockerImageReference ?? '',
    image: image.metadata.name,
    generation,
    sourceDigest,
    cause,
  });
  return setTagConditions(added, tag, []);
};

/** The request that the plan saw is answered, not one that came while the import ran. */
const answering = <Observed extends { readonly requestedAt?: string }>(
  observed: Observed,
  { requestedAt }: PlannedFor,
): Observed => {
  const { requestedAt: _, ...rest } = observed;
  return { ...rest, ...(requestedAt === undefined ? {} : { requestedAt }) } as Observed;
};

const observe = (status: ImageStreamStatus, list: NamedTagEventList): ImageStreamStatus =>
  isDeepStrictEqual(findTag(status, list.tag), list) ? status : putTag(status, list);

const recordTag = (stream: ImageStream, result: TagResult, recording: Recording): ImageStream => {
  const { planned, outcome } = result;
  const tag = stream.spec?.tags?.find(({ name }) => name === planned.tag);
  const before = stream.status ?? {};
  // The spec or the history has moved on while the import ran: what came of it answers a question that nobody asks any more.
  if (tag === undefined || tagFingerprint(tag) !== planned.fingerprint) return stream;
  if (latestTagEvent(before, tag.name)?.revision !== planned.revision) return stream;
  const generation = tag.generation || stream.metadata.generation || 0;
  const status =
    outcome === 'unchanged'
      ? setTagConditions(before, tag.name, [])
      : outcome.ok
        ? addImage(stream, tag.name, { outcome, generation, cause: planned.cause }, recording)
        : addTagFailure(before, tag.name, { status: outcome.status, generation, ...recording });
  const succeeded = outcome === 'unchanged' || outcome.ok;
  const observed = answering(observeTag(stream, tag, { succeeded }), planned);
  const found = findTag(status, tag.name) ?? { tag: tag.name };
  const list = isHeld(stream, tag.name) ? found : endHold(found);
  return { ...stream, status: observe(status, { ...list, observed }) };
};

/** Records in a stream with the spec and the list of one tag only: among hundreds, each would be searched for and sorted in anew. */
const recordAlone = (
  stream: ImageStream,
  only: { readonly spec: TagReference | undefined; readonly list: NamedTagEventList | undefined },
  record: (alone: ImageStream) => ImageStream,
): NamedTagEventList | undefined => {
  const { spec, list } = only;
  const alone = {
    ...stream,
    spec: { ...stream.spec, tags: spec === undefined ? [] : [spec] },
    status: { ...stream.status, tags: list === undefined ? [] : [list] },
  };
  return record(alone).status?.tags?.[0];
};

/** What becomes of the list of a tag; the same where nothing does. */
type Recorded = { readonly tag: string; readonly list: NamedTagEventList | undefined };

/** The stream with the lists that `record` gave; itself where none is another. */
const withRecorded = <Result>(
  stream: ImageStream,
  results: readonly Result[],
  record: (result: Result, listOf: (tag: string) => NamedTagEventList | undefined) => Recorded,
): ImageStream => {
  const lists = new Map(stream.status?.tags?.map((list) => [list.tag, list]));
  let hasChanged = false;
  for (const result of results) {
    const { tag, list } = record(result, (name) => lists.get(name));
    if (list === undefined || list === lists.get(tag)) continue;
    lists.set(tag, list);
    hasChanged = true;
  }
  return hasChanged
    ? { ...stream, status: { ...stream.status, tags: sortedByTag([...lists.values()]) } }
    : stream;
};

/** What came of the tags that the spec names. */
const recordTags = (
  stream: ImageStream,
  results: readonly TagResult[],
  recording: Recording,
): ImageStream => {
  const specs = new Map(stream.spec?.tags?.map((tag) => [tag.name, tag]));
  return withRecorded(stream, results, (result, listOf) => {
    const { tag } = result.planned;
    const only = { spec: specs.get(tag), list: listOf(tag) };
    return { tag, list: recordAlone(stream, only, (alone) => recordTag(alone, result, recording)) };
  });
};

const recordFound = (
  stream: ImageStream,
  outcome: ImageOutcome,
  cause: TagEventCause,
  recording: Recording,
): ImageStream => {
  const { tag } = outcome;
  const generation = stream.metadata.generation ?? 0;
  const status = outcome.ok
    ? addImage(stream, tag, { outcome, generation, cause }, recording)
    : addTagFailure(stream.status ?? {}, tag, { status: outcome.status, generation, ...recording });
  return { ...stream, status };
};

/** Tags that a listing found stand in status alone; where the spec names a tag, the spec says where it comes from. */
const recordAllFound = (
  stream: ImageStream,
  outcomes: readonly ImageOutcome[],
  cause: TagEventCause,
  recording: Recording,
): ImageStream => {
  const inSpec = new Set(stream.spec?.tags?.map(({ name }) => name));
  const found = outcomes.filter(({ tag }) => !inSpec.has(tag));
  return withRecorded(stream, found, (outcome, listOf) => {
    const { tag } = outcome;
    const only = { spec: undefined, list: listOf(tag) };
    return { tag, list: recordAlone(stream, only, (alone) => recordFound(alone, outcome, cause, recording)) };
  });
};

const recordRepository = (
  stream: ImageStream,
  { planned, outcome }: RepositoryResult,
  recording: Recording,
): ImageStream => {
  if (!stream.spec?.dockerImageRepository || repositoryFingerprint(stream) !== planned.fingerprint) {
    return stream;
  }
  const previous = stream.status?.repository;
  if (!outcome.ok) {
    const generation = stream.metadata.generation ?? 0;
    const conditions = failureConditions(previous?.conditions, {
      status: outcome.status,
      generation,
      ...recording,
    });
    const kept = previous?.leftOut === undefined ? {} : { leftOut: previous.leftOut };
    const observed = observeRepository(stream, {
      succeeded: false,
      conditions: [...conditions],
      ...kept,
    });
    return { ...stream, status: { ...stream.status, repository: answering(observed, planned) } };
  }
  const leftOut = outcome.additionalTags.length;
  const observed = observeRepository(stream, { succeeded: true, ...(leftOut === 0 ? {} : { leftOut }) });
  const listed = { ...stream, status: { ...stream.status, repository: answering(observed, planned) } };
  return recordAllFound(listed, outcome.images, planned.cause, recording);
};

/** Tags of a repository for which there was no room stand nowhere: they count with those that were left out by number. */
const countLeftOut = (stream: ImageStream, refusedTags: readonly string[]): ImageStream => {
  const inSpec = new Set(stream.spec?.tags?.map(({ name }) => name));
  const missing = refusedTags.filter((tag) => !inSpec.has(tag)).length;
  const { repository } = stream.status ?? {};
  if (missing === 0 || repository === undefined) return stream;
  const leftOut = (repository.leftOut ?? 0) + missing;
  return { ...stream, status: { ...stream.status, repository: { ...repository, leftOut } } };
};

/**
 * The status of a stream after an import: histories, conditions of tags and of the stream, what was observed, rollbacks, tags that track
 * other tags; within the history limit and the size budget. The status that was given, itself, when nothing changed: then nothing is to be written.
 *
 * Only ever adds: a failure keeps the last good image, and a listing that lacks a tag takes none away. `stream` may be newer than the
 * one the plan was made for; results for a spec or a history that has moved on since are dropped, and planned again.
 */
export const recordImports = (
  stream: ImageStream,
  results: ImportResults,
  { nowMs, historyLimit, toldRevision, maxBytes = defaultMaxBytes, references }: RecordOptions,
): ImageStreamStatus => {
  const now = formatTime(nowMs);
  const recording: Recording = { now };
  // What was asked for while the import ran goes first: results for the history before it are dropped.
  const settled = settleReferences(settleRollbacks(stream, recording), references, now);
  const withTags = recordTags(settled, results.tags, recording);
  const recorded =
    results.repository === undefined ? withTags : recordRepository(withTags, results.repository, recording);
  const tracked = updateTrackingTags(settleRollbacks(recorded, recording), stream);
  const budget = { historyLimit, toldRevision, maxBytes, now };
  const { stream: cut, refusedTags } = fitIntoBudget(tracked, stream, budget);
  const fitted = countLeftOut(cut, refusedTags);
  // Where no server of ours takes the writes, nobody else computes where the images of the stream are.
  const status = decorateImageStream(withStreamConditions(fitted, now)).status ?? {};
  return stream.status !== undefined && isDeepStrictEqual(status, stream.status) ? stream.status : status;
};
