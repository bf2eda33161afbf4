import { insecureRepositoryAnnotation, scheduledAnnotation } from './api/annotations.ts';
import type { Explanation } from './api/explanation.ts';
import type { ImageStream, TagReference } from './api/image-stream.ts';
import { failureOf, repositorySlot } from './api/import-failure.ts';
import type { Stored } from './api/meta.ts';
import { isHeld, isImportable } from './api/pending.ts';
import { refreshInterval } from './api/refresh-interval.ts';
import { repositoryProblems } from './api/schedule-problems.ts';
import { failure } from './api/status.ts';
import { isSuspended, whySuspended } from './api/suspension.ts';
import { parseTagFilter, tagFilterOf } from './api/tag-filter.ts';
import { findTag, latestTagEvent } from './api/tag-history.ts';
import { trackedTag } from './api/tag-tracking.ts';
import { isOn } from './api/toggle-annotation.ts';
import type { ExtraRoute } from './apiserver/server.ts';
import {
  type ImportContext,
  type Importer,
  type IntervalSettings,
  type Keychains,
} from './importer/index.ts';
import { formatTime } from './lib/clock.ts';
import { formatDuration } from './lib/duration.ts';
import type { ObjectKey } from './store/store.ts';

/** What explanations are made from. */
export type WhyPorts = {
  readonly getStream: (key: ObjectKey) => Stored<ImageStream> | undefined;
  readonly importer: Pick<Importer, 'explain' | 'placesOf'>;
  readonly keychains: Keychains;
  /** When a tag is refreshed next; undefined: not on a schedule. As of `retryAtMs`. */
  readonly refreshAtMs: (key: ObjectKey, tag: string) => number | undefined;
  /** When a tag that failed is tried again, in milliseconds since the epoch; the repository of a stream is the empty tag. */
  readonly retryAtMs: (key: ObjectKey, tag: string) => number | undefined;
  /** Why no stream is refreshed of itself; undefined: nobody has paused that. */
  readonly pausedBecause: () => string | undefined;
  readonly intervals: IntervalSettings;
};

/** Explains the tags of a stream, or one of them; undefined: there is no such stream or tag. */
export type Why = (
  key: ObjectKey,
  tag: string | undefined,
  signal: AbortSignal,
) => Promise<readonly Explanation[] | undefined>;

const stateOfTag = (stream: ImageStream, name: string): string => {
  const current = latestTagEvent(stream.status, name);
  if (current === undefined) return 'no image yet';
  const state = `${current.image} since ${current.created ?? '?'}`;
  if (!isHeld(stream, name)) return state;
  const by = findTag(stream.status, name)?.rollback?.by;
  const who = by === undefined ? '' : ` by ${by}`;
  return `${state}; rolled back${who}, and held until its source has a new image or "imagestreams rollback ${stream.metadata.name}:${name} --resume"`;
};

const stateOfRepository = (stream: ImageStream): string => {
  const { status } = stream;
  if (status?.repository?.imported !== true) return 'not listed yet';
  const tags = (status.tags ?? []).filter(({ items }) => (items ?? []).length > 0).length;
  const { leftOut = 0 } = status.repository;
  const filter = tagFilterOf(stream);
  if (tags === 0 && filter !== undefined) return `listed; no tag passes ${filter}`;
  return `listed; ${tags} tags have an image${leftOut === 0 ? '' : `, ${leftOut} were left out`}`;
};

const stateOf = (stream: ImageStream, name: string): string => {
  const failed = failureOf(stream, name);
  const stands = name === repositorySlot ? stateOfRepository(stream) : stateOfTag(stream, name);
  return failed === undefined ? stands : `${stands}; ${failed.reason ?? 'failed'}: ${failed.message ?? ''}`;
};

type Source = { readonly from: string; readonly insecure: boolean };

/** Where a tag is imported from; a tag that only its repository names is imported with that. */
const sourceOf = (stream: ImageStream, name: string, spec: TagReference | undefined): Source | undefined => {
  const repository = stream.spec?.dockerImageRepository;
  const insecure = isOn(stream, insecureRepositoryAnnotation);
  if (name === repositorySlot) return repository ? { from: repository, insecure } : undefined;
  if (spec !== undefined)
    return isImportable(spec)
      ? { from: spec.from?.name ?? '', insecure: spec.importPolicy?.insecure === true }
      : undefined;
  return repository ? { from: `${repository}:${name}`, insecure } : undefined;
};

/** What a tag that no registry is asked about stands for. */
const unasked = (stream: ImageStream, spec: TagReference | undefined): string => {
  if (spec?.reference === true) return 'only a reference: it is never imported';
  if (spec?.from === undefined) return 'no source: images are put there by hand';
  const { kind, name = '' } = spec.from;
  if (trackedTag(stream, spec) !== undefined) return `follows ${kind} ${name}; ask about that`;
  if (kind !== 'ImageStreamTag') return `a copy of ${kind} ${name}`;
  const again = `imagestreams tag ${name} ${stream.metadata.name}:${spec.name}`;
  return `a copy of ${kind} ${name} as it was when that was set: tags of other streams are not followed; "${again}" copies it again`;
};

const tagsOf = (stream: ImageStream): readonly string[] => [
  ...(stream.spec?.dockerImageRepository ? [repositorySlot] : []),
  ...(stream.spec?.tags ?? []).map(({ name }) => name),
];

const hasTag = (stream: ImageStream, tag: string): boolean =>
  tagsOf(stream).includes(tag) || findTag(stream.status, tag) !== undefined;

/** Why nothing is asked of itself; undefined: everything is. */
const haltedBecause = (stream: ImageStream, { pausedBecause }: WhyPorts): string | undefined =>
  pausedBecause() ?? (isSuspended(stream) ? whySuspended : undefined);

const nextOf = (key: ObjectKey, name: string, ports: WhyPorts): Explanation['next'] => {
  const retryMs = ports.retryAtMs(key, name);
  if (retryMs !== undefined) return { at: formatTime(retryMs), why: 'retry' };
  const refreshMs = ports.refreshAtMs(key, name);
  return refreshMs === undefined ? undefined : { at: formatTime(refreshMs), why: 'refresh' };
};

/** How often a tag, or the repository, is refreshed, and what is wrong with what the stream says about that. */
const refreshOf = (
  stream: ImageStream,
  name: string,
  { intervals }: Pick<WhyPorts, 'intervals'>,
): Explanation['refresh'] => {
  const spec = stream.spec?.tags?.find((tag) => tag.name === name);
  const isRepository = name === repositorySlot;
  const isScheduled = isRepository
    ? isOn(stream, scheduledAnnotation)
    : spec?.importPolicy?.scheduled === true;
  const ofRepository = isRepository ? repositoryProblems(stream) : [];
  if (!isScheduled && ofRepository.length === 0) return undefined;
  const { intervalMs, problem } = refreshInterval(stream, spec, intervals);
  const filter = isRepository ? tagFilterOf(stream) : undefined;
  return {
    every: formatDuration(intervalMs),
    ...(filter === undefined ? {} : { filter }),
    problems: [...ofRepository, ...(problem === undefined ? [] : [problem])],
  };
};

/** Explains where the images of streams come from, and why they do not. Asks no registry. */
export const createWhy = (ports: WhyPorts): Why => {
  const explainTag = (
    key: ObjectKey,
    stream: Stored<ImageStream>,
    tag: string,
    context: ImportContext,
  ): Explanation => {
    const spec = stream.spec?.tags?.find(({ name }) => name === tag);
    const source = sourceOf(stream, tag, spec);
    const wanted = tag === repositorySlot ? 'tags' : 'tag';
    const known = source && ports.importer.explain(source, context, wanted);
    const state = stateOf(stream, tag);
    if (source === undefined)
      return { tag, state: `${state}; ${unasked(stream, spec)}`, places: [], attempts: [], gates: [] };
    if (known === undefined) return { tag, state, places: [], attempts: [], gates: [] };
    const refresh = refreshOf(stream, tag, ports);
    // What others who follow the same repository asked is no answer to why this one does not.
    if (tag === repositorySlot && !parseTagFilter(tagFilterOf(stream)).ok)
      return {
        tag,
        state,
        places: [],
        attempts: [],
        gates: [],
        ...(refresh === undefined ? {} : { refresh }),
      };
    const halted = haltedBecause(stream, ports);
    const explained = { tag, state, ...known, ...(refresh === undefined ? {} : { refresh }) };
    if (halted !== undefined) return { ...explained, halted };
    const next = nextOf(key, tag, ports);
    return { ...explained, ...(next === undefined ? {} : { next }) };
  };

  return async (key, tag, signal) => {
    const stream = ports.getStream(key);
    if (stream === undefined || (tag !== undefined && !hasTag(stream, tag))) return undefined;
    const keychain = await ports.keychains(key.namespace, signal);
    const context: ImportContext = { keychain, caller: key.namespace, priority: 'interactive' };
    return (tag === undefined ? tagsOf(stream) : [tag]).map((name) => explainTag(key, stream, name, context));
  };
};

const refuse = (reason: 'BadRequest' | 'NotFound', message: string) => {
  const status = { kind: 'Status', apiVersion: 'v1', metadata: {}, ...failure(reason, message) };
  return { status: status.code ?? 500, contentType: 'application/json', body: `${JSON.stringify(status)}\n` };
};

/** Where explanations are asked for. */
export const whyPath = '/apis/imagestreams.dev/v1/why';

/** Answers a question in the form of a request: `?namespace=NS&stream=NAME[&tag=TAG]`; a list of explanations as JSON. */
export const answerWhy = async (why: Why, query: URLSearchParams, signal: AbortSignal) => {
  const namespace = query.get('namespace') ?? 'default';
  const name = query.get('stream');
  if (name === null) return refuse('BadRequest', 'stream: the name of an image stream is required');
  const tag = query.get('tag') ?? undefined;
  const explanations = await why({ namespace, name }, tag, signal);
  if (explanations === undefined) {
    const what = tag === undefined ? `image stream "${name}"` : `tag "${tag}" in the image stream "${name}"`;
    return refuse('NotFound', `there is no ${what} in the namespace "${namespace}"`);
  }
  return { contentType: 'application/json', body: `${JSON.stringify({ items: explanations })}\n` };
};

/** `GET /apis/imagestreams.dev/v1/why`: see {@link answerWhy}. */
export const createWhyRoute = (why: Why): ExtraRoute => ({
  path: whyPath,
  isPublic: false,
  handle: ({ query }, signal) => answerWhy(why, query, signal),
});
