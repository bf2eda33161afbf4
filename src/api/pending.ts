import { hash } from 'node:crypto';
import {
  importRequestedAtAnnotation,
  insecureRepositoryAnnotation,
  preferArchAnnotation,
  preferOsAnnotation,
} from './annotations.ts';
import type {
  ImageStream,
  ImportMode,
  ObservedRepository,
  ObservedTag,
  TagReference,
} from './image-stream.ts';
import { rollbacksOf } from './rollback.ts';
import { tagFilterOf } from './tag-filter.ts';
import { findTag } from './tag-history.ts';
import { isOn } from './toggle-annotation.ts';

/** How a tag's lists are imported; an empty or absent mode is the default, `Legacy`. */
export const importModeOf = (tag: Pick<TagReference, 'importPolicy'>): ImportMode =>
  tag.importPolicy?.importMode === 'PreserveOriginal' ? 'PreserveOriginal' : 'Legacy';

/** The platform that a `Legacy` import of a tag prefers, as its annotations say. */
export const preferredPlatform = (
  tag: Pick<TagReference, 'annotations'> | undefined,
): { readonly preferArch: string | undefined; readonly preferOs: string | undefined } => ({
  preferArch: tag?.annotations?.[preferArchAnnotation] || undefined,
  preferOs: tag?.annotations?.[preferOsAnnotation] || undefined,
});

/** Whether a registry is asked for a tag: it points at a container image and is more than a reference. */
export const isImportable = (tag: TagReference): boolean =>
  tag.from?.kind === 'DockerImage' && tag.reference !== true;

/** The importable tags of a stream. */
export const importableTags = (stream: ImageStream): readonly TagReference[] =>
  (stream.spec?.tags ?? []).filter(isImportable);

/** In one call: made for every tag of every stream at a start, where `createHash` takes two and a half times as long. */
const digestOf = (fields: readonly unknown[]): string => hash('sha256', JSON.stringify(fields)).slice(0, 16);

const sourceFingerprint = (tag: TagReference): string => {
  const { preferArch, preferOs } = preferredPlatform(tag);
  const { kind = '', namespace = '', name = '' } = tag.from ?? {};
  const isInsecure = tag.importPolicy?.insecure === true;
  return digestOf([
    kind,
    namespace,
    name,
    importModeOf(tag),
    isInsecure,
    tag.reference === true,
    preferArch,
    preferOs,
  ]);
};

/** The part of a fingerprint that says where an image comes from, without the generation. */
const sourcePart = (fingerprint: string | undefined): string | undefined => fingerprint?.split('.')[0];

/**
 * Stands for the fields of a spec tag that an import depends on: source, mode, insecure, reference, platform, generation. Policies that
 * change nothing about the image (scheduled, reference policy, other annotations) are left out.
 */
export const tagFingerprint = (tag: TagReference): string =>
  `${sourceFingerprint(tag)}.${tag.generation ?? ''}`;

/** Stands for what an import of `spec.dockerImageRepository` depends on; what comes after the point for which of its tags count. */
export const repositoryFingerprint = (stream: ImageStream): string => {
  const source = digestOf([
    stream.spec?.dockerImageRepository ?? '',
    isOn(stream, insecureRepositoryAnnotation),
  ]);
  const filter = tagFilterOf(stream);
  return filter === undefined ? source : `${source}.${digestOf([filter])}`;
};

/** Whether request `a` came after request `b`. Texts that are no times count as newer when they differ: better once too often. */
const isNewer = (a: string, b: string | undefined): boolean => {
  if (b === undefined) return true;
  if (a === b) return false;
  const [timeA, timeB] = [Date.parse(a), Date.parse(b)];
  return Number.isNaN(timeA) || Number.isNaN(timeB) || timeA > timeB;
};

/** The newest import request for a tag: the annotation on the stream, or on the spec tag. */
export const importRequestOf = (stream: ImageStream, tag?: TagReference): string | undefined => {
  const ofStream = stream.metadata.annotations?.[importRequestedAtAnnotation];
  const ofTag = tag?.annotations?.[importRequestedAtAnnotation];
  if (ofStream === undefined || ofTag === undefined) return ofStream ?? ofTag;
  return isNewer(ofTag, ofStream) ? ofTag : ofStream;
};

const isRequestPending = (request: string | undefined, answered: string | undefined): boolean =>
  request !== undefined && isNewer(request, answered);

/** Whether the rollback that a tag is held by is asked for no more: the tag is to follow its source again. */
const isResumed = (stream: ImageStream, tag: string): boolean =>
  findTag(stream.status, tag)?.rollback?.held === true && rollbacksOf(stream)?.has(tag) === false;

/**
 * Whether a tag stays on the image that it was rolled back to, whatever of its history its source has. A spec tag that names another
 * source now is not held: it asks for something else.
 */
export const isHeld = (stream: ImageStream, name: string): boolean => {
  const list = findTag(stream.status, name);
  if (list?.rollback?.held !== true || isResumed(stream, name)) return false;
  const tag = stream.spec?.tags?.find((candidate) => candidate.name === name);
  if (tag === undefined || !isImportable(tag)) return true;
  return sourcePart(list.observed?.fingerprint) === sourceFingerprint(tag);
};

/**
 * Digests at which the source of a tag has nothing new: what the newest image was found at or, while the tag is held, any of its
 * history.
 */
export const settledDigests = (stream: ImageStream, tag: string): readonly string[] => {
  const items = findTag(stream.status, tag)?.items ?? [];
  const digests = isHeld(stream, tag)
    ? items.flatMap(({ sourceDigest, image }) => [sourceDigest, image])
    : [items[0]?.sourceDigest];
  return digests.flatMap((digest) => (digest ? [digest] : []));
};

/**
 * Whether a spec tag was never observed as it is now: it was not tried yet, its import-relevant fields changed, an import was requested
 * since, or it is to follow its source again after a rollback. A stream that was exported from OpenShift has generations and history but nothing observed, and is pending.
 */
export const isTagPending = (stream: ImageStream, tag: TagReference): boolean => {
  const observed = findTag(stream.status, tag.name)?.observed;
  return (
    observed?.fingerprint !== tagFingerprint(tag) ||
    isRequestPending(importRequestOf(stream, tag), observed.requestedAt) ||
    isResumed(stream, tag.name)
  );
};

/** Whether `spec.dockerImageRepository` is set and was never listed as it is now, or a request came since. */
export const isRepositoryPending = (stream: ImageStream): boolean => {
  if (!stream.spec?.dockerImageRepository) return false;
  const observed = stream.status?.repository;
  return (
    observed?.fingerprint !== repositoryFingerprint(stream) ||
    isRequestPending(importRequestOf(stream), observed.requestedAt)
  );
};

/** Whether the repository that the spec names now was listed, with whatever filter. */
export const hasListedRepository = (stream: ImageStream): boolean => {
  const observed = stream.status?.repository;
  return (
    observed?.imported === true &&
    sourcePart(observed.fingerprint) === sourcePart(repositoryFingerprint(stream))
  );
};

/** Whether every tag of the repository is to be fetched, not only those that are not known yet: it is another one, or somebody asked. */
export const isWholeRepositoryPending = (stream: ImageStream): boolean =>
  !hasListedRepository(stream) ||
  isRequestPending(importRequestOf(stream), stream.status?.repository?.requestedAt);

/**
 * What to remember of a spec tag after an import or a try. `imported` stays true through failures for as long as the source stays the
 * same: then the newest image is still what the spec asks for.
 */
export const observeTag = (
  stream: ImageStream,
  tag: TagReference,
  { succeeded }: { readonly succeeded: boolean },
): ObservedTag => {
  const previous = findTag(stream.status, tag.name)?.observed;
  const fingerprint = tagFingerprint(tag);
  const isSameSource = sourcePart(previous?.fingerprint) === sourcePart(fingerprint);
  const requestedAt = importRequestOf(stream, tag);
  return {
    fingerprint,
    imported: succeeded || (isSameSource && previous?.imported === true),
    ...(requestedAt === undefined ? {} : { requestedAt }),
    ...(previous?.lastRevision === undefined ? {} : { lastRevision: previous.lastRevision }),
  };
};

/** Whether the newest image of a tag came from what its spec says now, whatever later refreshes did. */
export const hasImageOfSpec = (stream: ImageStream, tag: TagReference): boolean => {
  const list = findTag(stream.status, tag.name);
  return (
    list?.items?.[0] !== undefined &&
    list.observed?.imported === true &&
    sourcePart(list.observed.fingerprint) === sourceFingerprint(tag)
  );
};

/** What to remember of `spec.dockerImageRepository` after it was listed, or could not be. */
export const observeRepository = (
  stream: ImageStream,
  outcome: Pick<ObservedRepository, 'leftOut' | 'conditions'> & { readonly succeeded: boolean },
): ObservedRepository => {
  const { succeeded, ...rest } = outcome;
  const requestedAt = importRequestOf(stream);
  return {
    fingerprint: repositoryFingerprint(stream),
    imported: succeeded || hasListedRepository(stream),
    ...(requestedAt === undefined ? {} : { requestedAt }),
    ...rest,
  };
};
