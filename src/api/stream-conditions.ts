import { isDeepStrictEqual } from 'node:util';
import { tagFilterAnnotation } from './annotations.ts';
import { type Condition, setCondition } from './condition.ts';
import { danglingTags } from './dangling-tags.ts';
import type { ImageStream, TagReference } from './image-stream.ts';
import { failureIn, failureOf } from './import-failure.ts';
import {
  hasImageOfSpec,
  importableTags,
  isImportable,
  isRepositoryPending,
  isTagPending,
} from './pending.ts';
import { notPermittedReason } from './reference-grants.ts';
import { isSuspended, whySuspended } from './suspension.ts';
import { trackedTag } from './tag-tracking.ts';

/** What a condition says, before it is known when it began to. */
type Verdict = Pick<Condition, 'type' | 'status' | 'reason' | 'message'>;

/** Names that one message holds; more would make each change of one of many tags a change of the message. */
const namedAtMost = 5;

/** `v1 (NotFound), v2 (Timeout) and 3 more`: what and why, without words that differ from one try to the next. */
const listed = (
  entries: readonly { readonly name: string; readonly reason?: string | undefined }[],
): string => {
  const names = entries
    .slice(0, namedAtMost)
    .map(({ name, reason }) => (reason ? `${name} (${reason})` : name))
    .join(', ');
  return entries.length > namedAtMost ? `${names} and ${entries.length - namedAtMost} more` : names;
};

const hasNoTags = ({ spec, status }: ImageStream): boolean =>
  (spec?.tags ?? []).length === 0 && (status?.tags ?? []).length === 0;

/** The repository as one more thing to import, where the spec names one that was not listed yet. */
const missingRepository = (stream: ImageStream): readonly { name: string; reason: string | undefined }[] => {
  const name = stream.spec?.dockerImageRepository ?? '';
  if (name === '' || stream.status?.repository?.imported === true) return [];
  const failure = isRepositoryPending(stream) ? undefined : failureIn(stream.status?.repository?.conditions);
  return [{ name, reason: failure?.reason }];
};

const reasonOf = (stream: ImageStream, tag: TagReference): string | undefined =>
  isTagPending(stream, tag) ? undefined : failureOf(stream, tag.name)?.reason;

/** Tags that point at another stream and could not be given what they point at, whatever they had before. */
const refusedReferences = (stream: ImageStream): readonly { name: string; reason: string | undefined }[] =>
  (stream.spec?.tags ?? []).flatMap((tag) => {
    if (isImportable(tag) || trackedTag(stream, tag) !== undefined) return [];
    const failure = failureOf(stream, tag.name);
    return failure === undefined ? [] : [{ name: tag.name, reason: failure.reason }];
  });

/** Every importable tag has an image of what its spec says now, and every tag that points at another one has its image. */
const ready = (stream: ImageStream): Verdict => {
  const tags = importableTags(stream).filter((tag) => !hasImageOfSpec(stream, tag));
  const missing = [
    ...tags.map((tag) => ({ name: tag.name, reason: reasonOf(stream, tag) })),
    ...missingRepository(stream),
  ];
  const failed = missing.filter(({ reason }) => reason !== undefined);
  const verdict = (status: Condition['status'], reason: string, message: string): Verdict => ({
    type: 'Ready',
    status,
    reason,
    message,
  });
  const refused = refusedReferences(stream);
  const dangling = danglingTags(stream)
    .filter(({ name }) => refused.every((one) => one.name !== name))
    .map(({ name, target }) => ({ name, reason: `points at ${target}` }));
  const absent = [...failed, ...refused, ...dangling];
  if (absent.length > 0) {
    const isForbidden = refused.some(({ reason }) => reason === notPermittedReason);
    const ofReferences = isForbidden ? notPermittedReason : 'ReferenceNotFound';
    const reason = failed.length > 0 ? 'ImportFailed' : ofReferences;
    return verdict('False', reason, `no image for ${listed(absent)}`);
  }
  if (missing.length > 0)
    return verdict('False', 'ImportPending', `waiting for the import of ${listed(missing)}`);
  if (hasNoTags(stream)) return verdict('False', 'NoTags', 'the stream has no tags');
  return verdict('True', 'Imported', 'every tag has the image that its spec asks for');
};

/** What has an image that could not be brought up to date; tags of a repository count also without an image. */
const staleOf = (
  stream: ImageStream,
): readonly { readonly name: string; readonly reason?: string | undefined }[] => {
  const spec = new Map((stream.spec?.tags ?? []).map((tag) => [tag.name, tag]));
  const followsRepository = !!stream.spec?.dockerImageRepository;
  const tags = (stream.status?.tags ?? []).flatMap((list) => {
    const tag = spec.get(list.tag);
    const failure = failureIn(list.conditions);
    const counts = tag === undefined ? followsRepository : hasImageOfSpec(stream, tag);
    return failure !== undefined && counts ? [{ name: list.tag, reason: failure.reason }] : [];
  });
  const { repository } = stream.status ?? {};
  const listing = failureIn(repository?.conditions);
  return followsRepository && repository?.imported === true && listing !== undefined
    ? [...tags, { name: stream.spec?.dockerImageRepository ?? '', reason: listing.reason }]
    : tags;
};

/** The last refresh of everything that has an image went well. */
const fresh = (stream: ImageStream): Verdict => {
  const stale = staleOf(stream);
  const type = 'Fresh';
  if (stale.length > 0) {
    return { type, status: 'False', reason: 'RefreshFailed', message: `could not refresh ${listed(stale)}` };
  }
  const hasImage = (stream.status?.tags ?? []).some(({ items }) => (items ?? []).length > 0);
  return hasImage
    ? { type, status: 'True', reason: 'UpToDate', message: 'the last refresh of every tag went well' }
    : { type, status: 'Unknown', reason: 'NoImages', message: 'no tag has an image yet' };
};

/** Only where tags of a repository were left out. */
const complete = ({ status }: ImageStream): readonly Verdict[] => {
  const leftOut = status?.repository?.leftOut ?? 0;
  if (leftOut === 0) return [];
  const message = `${leftOut} tags of the repository were left out, for the limit of tags or of an object's size: filter them by the annotation ${tagFilterAnnotation}, or raise --max-tags-per-repository`;
  return [{ type: 'Complete', status: 'False', reason: 'TooManyTags', message }];
};

/** Only while the stream is suspended. */
const suspended = (stream: ImageStream): readonly Verdict[] =>
  isSuspended(stream)
    ? [{ type: 'Suspended', status: 'True', reason: 'Annotation', message: whySuspended }]
    : [];

const ownTypes = ['Ready', 'Fresh', 'Complete', 'Suspended'];

/**
 * The stream with what its conditions have to say of it: `Ready`, `Fresh` and, where tags were left out, `Complete`, where it is
 * suspended, `Suspended`; and with `status.observedGeneration`. Conditions of other types stay. The stream that was given when nothing changes.
 *
 * @see design decision 18
 */
export const withStreamConditions = (stream: ImageStream, now: string): ImageStream => {
  const { generation = 0 } = stream.metadata;
  const current = stream.status?.conditions ?? [];
  const verdicts = [ready(stream), fresh(stream), ...complete(stream), ...suspended(stream)];
  const types = new Set(verdicts.map(({ type }) => type));
  const kept = current.filter(({ type }) => types.has(type) || !ownTypes.includes(type));
  const conditions = verdicts.reduce<readonly Condition[]>(
    (list, verdict) =>
      setCondition(list, { ...verdict, observedGeneration: generation, lastTransitionTime: now }),
    kept,
  );
  const status = { ...stream.status, observedGeneration: generation, conditions };
  return isDeepStrictEqual(status, stream.status) ? stream : { ...stream, status };
};
