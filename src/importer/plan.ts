import { insecureRepositoryAnnotation } from '../api/annotations.ts';
import type { ImageStream, TagEventCause, TagReference } from '../api/image-stream.ts';
import {
  hasImageOfSpec,
  importableTags,
  importModeOf,
  importRequestOf,
  isRepositoryPending,
  isTagPending,
  isWholeRepositoryPending,
  preferredPlatform,
  repositoryFingerprint,
  settledDigests,
  tagFingerprint,
} from '../api/pending.ts';
import { knownTags } from '../api/repository-tags.ts';
import type { Status } from '../api/status.ts';
import { tagFilterOf } from '../api/tag-filter.ts';
import { findTag, latestTagEvent } from '../api/tag-history.ts';
import { isOn } from '../api/toggle-annotation.ts';
import type { ImageImport, Listing, RepositoryImport, ResolveOutcome } from './types.ts';

/** What a plan was made for; results that come back when the spec has moved on are told by it. */
export type PlannedFor = {
  readonly fingerprint: string;
  /** The import request that this import answers. */
  readonly requestedAt: string | undefined;
  /** Why, for the history. */
  readonly cause: TagEventCause;
};

/** One tag to bring up to date. */
export type TagImport = PlannedFor & {
  readonly tag: string;
  /** Newest revision of the tag's history; undefined: none. */
  readonly revision: number | undefined;
  readonly request: ImageImport;
  /** Where there are any: ask first (HEAD), and fetch only when the source is at none of these digests. */
  readonly unlessAt: readonly string[];
  /** What the source was found to be at just now: with it nothing needs to be asked first. */
  readonly resolved?: ResolveOutcome | undefined;
};

export type RepositoryToImport = PlannedFor & {
  readonly request: RepositoryImport;
  /** That a listing failed just now: nothing is asked. */
  readonly failed?: Status | undefined;
};

/** What a stream needs of registries now. */
export type ImportPlan = {
  readonly tags: readonly TagImport[];
  readonly repository: RepositoryToImport | undefined;
};

/** Why a tag is looked at although nothing of its spec changed: a slot, a retry or a hint came up. */
export type DueTag = {
  readonly cause: TagEventCause;
  /** As of {@link TagImport}. */
  readonly resolved?: ResolveOutcome | undefined;
  /** The same for `spec.dockerImageRepository`: the tags that it was just found to have. */
  readonly listed?: Listing | Status | undefined;
  /** Since when the answers of registries will do, in milliseconds since the epoch: when the source was asked. */
  readonly sinceMs?: number | undefined;
};

/** What a plan depends on besides the stream itself. */
export type PlanFacts = {
  readonly due?: ReadonlyMap<string, DueTag>;
  /** The same for `spec.dockerImageRepository`. */
  readonly repositoryDue?: DueTag | undefined;
  /** Tags of a repository to import at most; 0: all. */
  readonly maxTags: number;
};

/** A changed spec is its own reason; without a change it was a request. */
const causeOfPending = (fingerprint: string, observed: string | undefined): TagEventCause => ({
  type: fingerprint === observed ? 'Request' : 'Spec',
});

const requestOf = (tag: TagReference): ImageImport => ({
  from: tag.from?.name ?? '',
  insecure: tag.importPolicy?.insecure === true,
  importMode: importModeOf(tag),
  ...preferredPlatform(tag),
});

const planTag = (stream: ImageStream, tag: TagReference, due: DueTag | undefined): readonly TagImport[] => {
  const fingerprint = tagFingerprint(tag);
  const isPending = isTagPending(stream, tag);
  const cause = isPending
    ? causeOfPending(fingerprint, findTag(stream.status, tag.name)?.observed?.fingerprint)
    : due?.cause;
  if (cause === undefined) return [];
  const isAtSpec = hasImageOfSpec(stream, tag);
  const current = latestTagEvent(stream.status, tag.name);
  return [
    {
      tag: tag.name,
      revision: current?.revision,
      request: requestOf(tag),
      fingerprint,
      requestedAt: importRequestOf(stream, tag),
      // A tag that never got the image of its spec still owes it, whatever made us look again.
      cause: isPending || isAtSpec ? cause : { type: 'Spec' },
      unlessAt: isPending || !isAtSpec ? [] : settledDigests(stream, tag.name),
      resolved: isPending ? undefined : due?.resolved,
    },
  ];
};

const planRepository = (stream: ImageStream, facts: PlanFacts): RepositoryToImport | undefined => {
  const from = stream.spec?.dockerImageRepository;
  if (!from) return undefined;
  const fingerprint = repositoryFingerprint(stream);
  const cause = isRepositoryPending(stream)
    ? causeOfPending(fingerprint, stream.status?.repository?.fingerprint)
    : facts.repositoryDue?.cause;
  if (cause === undefined) return undefined;
  const insecure = isOn(stream, insecureRepositoryAnnotation);
  const filter = tagFilterOf(stream);
  // What was found for another filter, or before somebody asked, does not do.
  const listed = isRepositoryPending(stream) ? undefined : facts.repositoryDue?.listed;
  return {
    request: {
      from,
      insecure,
      importMode: 'Legacy',
      maxTags: facts.maxTags,
      ...(filter === undefined ? {} : { filter }),
      ...(isWholeRepositoryPending(stream) ? {} : { known: knownTags(stream) }),
      ...(listed !== undefined && 'tags' in listed ? { listing: listed } : {}),
    },
    fingerprint,
    requestedAt: importRequestOf(stream),
    cause,
    ...(listed !== undefined && !('tags' in listed) ? { failed: listed } : {}),
  };
};

/**
 * What of a stream is to be imported now, and why: pending tags (their spec is not what was observed, or an import was requested),
 * those that `facts` says are due, and the repository. Only tags that point at a registry count; a reference that cannot be parsed is
 * planned like any other, and its import says what is wrong with it.
 */
export const planImports = (stream: ImageStream, facts: PlanFacts): ImportPlan => ({
  tags: importableTags(stream).flatMap((tag) => planTag(stream, tag, facts.due?.get(tag.name))),
  repository: planRepository(stream, facts),
});

export const isNothing = (plan: ImportPlan): boolean =>
  plan.tags.length === 0 && plan.repository === undefined;
