import type { ImageStream, ImageStreamStatus } from '../api/image-stream.ts';
import { repositorySlot } from '../api/import-failure.ts';
import type { Stored } from '../api/meta.ts';
import type { ToldRevision } from '../api/object-budget.ts';
import { imageStreams } from '../api/resources.ts';
import type { Status } from '../api/status.ts';
import { isSuspended } from '../api/suspension.ts';
import {
  type DueTag,
  type Importer,
  type ImportPlan,
  type ImportResults,
  isNothing,
  isRefreshed,
  type Keychains,
  parseSource,
  planImports,
  recordImports,
  runImports,
} from '../importer/index.ts';
import type { Clock } from '../lib/clock.ts';
import { done, formatKey, type Lister, type Reconcile, requeue } from '../runtime/index.ts';
import { isStoreError } from '../store/errors.ts';
import type { ObjectKey, Store } from '../store/store.ts';
import type { DueTags } from './due-tags.ts';
import type { OnController } from './events.ts';
import { soonestOf } from './failure-class.ts';
import type { KeepImage } from './keep-image.ts';
import type { Pause } from './pause.ts';
import type { References } from './references.ts';
import type { Retries } from './retries.ts';

export type ImageStreamSettings = {
  /** Entries that the history of one tag may hold. */
  readonly historyLimit: number;
  /** Tags of a repository to import at most; 0: all. */
  readonly maxTagsPerRepository: number;
};

export type ImageStreamPorts = {
  readonly streams: Lister<Stored<ImageStream>>;
  readonly store: Store;
  readonly keepImage: KeepImage;
  readonly importer: Importer;
  readonly keychains: Keychains;
  readonly clock: Clock;
  readonly dueTags: DueTags;
  readonly retries: Retries;
  readonly references: Pick<References, 'factsFor'>;
  readonly pause: Pick<Pause, 'reason'>;
  /** What sinks of change events were told. */
  readonly toldRevision?: ToldRevision | undefined;
  readonly settings: ImageStreamSettings;
  readonly onEvent: OnController;
};

/** Why a tag is looked at again after a failure. */
const retryCause = { type: 'Schedule', by: 'retry' } as const;

/** How often a status is recorded anew on top of what somebody else wrote meanwhile. */
const maxConflicts = 5;

const nothing: ImportResults = { tags: [], repository: undefined };

/**
 * What was written last, until the cache has it: a reconciler that runs again before that must not work on the state from before.
 */
const createOwnWrites = (streams: Lister<Stored<ImageStream>>) => {
  const writes = new Map<string, { readonly over: string; readonly stream: Stored<ImageStream> }>();
  return {
    read: (key: ObjectKey): Stored<ImageStream> | undefined => {
      const cached = streams.get(key);
      const own = writes.get(formatKey(key));
      if (own !== undefined && own.over === cached?.metadata.resourceVersion) return own.stream;
      writes.delete(formatKey(key));
      return cached;
    },
    wrote: (key: ObjectKey, stream: Stored<ImageStream>): void => {
      const over = streams.get(key)?.metadata.resourceVersion;
      if (over !== undefined) writes.set(formatKey(key), { over, stream });
    },
  };
};

/** Stores the images of one outcome, entries of a list before the list. One that cannot be stored fails its own tag alone. */
const storeImages = async (
  keepImage: KeepImage,
  results: ImportResults,
  signal: AbortSignal,
): Promise<ImportResults> => {
  const settle = async <Outcome extends ImportResults['tags'][number]['outcome']>(
    outcome: Outcome,
  ): Promise<Outcome> => {
    if (outcome === 'unchanged' || !outcome.ok) return outcome;
    for (const image of [...outcome.manifests, outcome.image]) {
      const status = await keepImage(image, signal);
      if (status !== undefined) return { ok: false, status, tag: outcome.tag } as unknown as Outcome;
    }
    return outcome;
  };
  const tags = await Promise.all(
    results.tags.map(async (result) => ({ ...result, outcome: await settle(result.outcome) })),
  );
  const { repository } = results;
  if (repository === undefined || !repository.outcome.ok) return { tags, repository };
  const found = await Promise.all(repository.outcome.images.map(settle));
  return { tags, repository: { ...repository, outcome: { ...repository.outcome, images: found } } };
};

const registryOf = (from: string): string => {
  const parsed = parseSource(from);
  return parsed.ok ? parsed.source.reference.registry : '';
};

/** What came of a plan, for which stream, and which secrets it was tried with. */
type Tried = {
  readonly stream: ImageStream;
  readonly results: ImportResults;
  readonly secrets: number;
};

type Outcome = ImportResults['tags'][number]['outcome'] | NonNullable<ImportResults['repository']>['outcome'];

/** Why something is tried again: it failed, or some of the tags that a listing found did. */
const failureOf = (outcome: Outcome): Status | undefined => {
  if (outcome === 'unchanged') return undefined;
  if (!outcome.ok) return outcome.status;
  const found = 'images' in outcome ? outcome.images : [];
  return soonestOf(found.flatMap((image) => (image.ok ? [] : [image.status])));
};

/** Tells retries and metrics how the tries went. */
const report = (key: ObjectKey, { stream, results, secrets }: Tried, ports: ImageStreamPorts): void => {
  const { retries, onEvent } = ports;
  const { repository } = results;
  const tries = [
    ...results.tags.map(({ planned, outcome }) => ({ slot: planned.tag, planned, outcome })),
    ...(repository === undefined ? [] : [{ slot: repositorySlot, ...repository }]),
  ];
  for (const { slot, planned, outcome } of tries) {
    const isFailure = outcome !== 'unchanged' && !outcome.ok;
    const status = failureOf(outcome);
    const resolved = 'resolved' in planned && planned.resolved?.ok === true ? planned.resolved : undefined;
    // An image that cannot be had is no matter of the question whether the tag has moved, which others may share.
    const isRefresh = isFailure && resolved === undefined && isRefreshed(stream, slot);
    const isRetry = planned.cause.by === retryCause.by;
    if (status === undefined) retries.succeeded(key, slot);
    else retries.failed(key, slot, { status, secrets, isRefresh, isRetry, digest: resolved?.digest });
    const isScheduled = planned.cause.type === 'Schedule';
    const reason = isFailure ? (outcome.status.reason ?? 'InternalError') : undefined;
    onEvent({ type: 'import', registry: registryOf(planned.request.from), isScheduled, reason });
  }
};

/** What is due of itself; nothing of a stream that is to be left alone, whose retries find new slots when that is over. */
const dueTagsOf = (
  key: ObjectKey,
  isHalted: boolean,
  { dueTags, retries }: ImageStreamPorts,
): ReadonlyMap<string, DueTag> => {
  if (isHalted) {
    dueTags.take(key);
    return new Map();
  }
  const retried = retries.due(key).tags.map((tag): [string, DueTag] => [tag, { cause: retryCause }]);
  return new Map([...retried, ...dueTags.take(key)]);
};

/** What somebody asked for: of a stream that was suspended while it was asked about, nothing else counts. */
const withoutScheduled = ({ tags, repository }: ImportResults): ImportResults => ({
  tags: tags.filter(({ planned }) => planned.cause.type !== 'Schedule'),
  repository: repository?.planned.cause.type === 'Schedule' ? undefined : repository,
});

/** Since when the answers of registries will do: what was just found out for one stream is not asked again for the next. */
const freshSince = (due: ReadonlyMap<string, DueTag>): number | undefined => {
  const times = [...due.values()].flatMap(({ sinceMs }) => (sinceMs === undefined ? [] : [sinceMs]));
  return times.length === 0 ? undefined : Math.min(...times);
};

const runPlan = async (
  plan: ImportPlan,
  { namespace, due }: { readonly namespace: string; readonly due: ReadonlyMap<string, DueTag> },
  ports: ImageStreamPorts,
  signal: AbortSignal,
): Promise<ImportResults> => {
  if (isNothing(plan)) return nothing;
  const planned = [...plan.tags, ...(plan.repository === undefined ? [] : [plan.repository])];
  const isScheduled = planned.every(({ cause }) => cause.type === 'Schedule');
  const keychain = await ports.keychains(namespace, signal);
  const context = isScheduled
    ? ({ keychain, caller: namespace, priority: 'scheduled', freshSince: freshSince(due) } as const)
    : ({ keychain, caller: namespace, priority: 'interactive' } as const);
  return storeImages(ports.keepImage, await runImports(ports.importer, plan, context, signal), signal);
};

/** Writes what the import changed of the status; nothing where it changed nothing. */
const writeStatus = async (
  stream: Stored<ImageStream>,
  record: (stream: ImageStream) => ImageStreamStatus,
  store: Store,
  signal: AbortSignal,
): Promise<Stored<ImageStream> | undefined> => {
  const { namespace = '', name, uid } = stream.metadata;
  let current = stream;
  for (let attempt = 1; ; attempt++) {
    const status = record(current);
    if (status === current.status) return undefined;
    try {
      return await store.updateStatus(imageStreams, { ...current, status }, {}, signal);
    } catch (error) {
      if (isStoreError(error, 'not-found')) return undefined;
      if (!isStoreError(error, 'conflict') || attempt === maxConflicts) throw error;
      const newest = await store.get(imageStreams, { namespace, name }, signal);
      // Deleted, or deleted and made anew: what was fetched was not asked for by the one that stands there now.
      if (newest?.metadata.uid !== uid) return undefined;
      current = newest;
    }
  }
};

/**
 * Imports what a stream's spec asks for and its status lacks, and what is due. Level-based; writes status only (DECISIONS.md, 6), and
 * nothing where nothing changed.
 *
 * A tag that fails is not a failure of the reconciler: it becomes a condition, and is tried again when {@link Retries} says.
 */
export const createImageStreamReconciler = (ports: ImageStreamPorts): Reconcile => {
  const { streams, store, clock, dueTags, retries, settings } = ports;
  const ownWrites = createOwnWrites(streams);
  const isHalted = (stream: ImageStream): boolean =>
    isSuspended(stream) || ports.pause.reason() !== undefined;
  return async (key, signal) => {
    const stream = ownWrites.read(key);
    const isLeftAlone = stream !== undefined && isHalted(stream);
    retries.observe(key, isLeftAlone ? undefined : stream);
    if (stream === undefined || stream.metadata.deletionTimestamp !== undefined) {
      dueTags.take(key);
      return done;
    }
    const due = dueTagsOf(key, isLeftAlone, ports);
    const plan = planImports(stream, {
      due,
      maxTags: settings.maxTagsPerRepository,
      repositoryDue: due.get(repositorySlot),
    });
    try {
      // Counted before they are read: what changes later is another try.
      const secrets = retries.secretsOf(key.namespace);
      const results = await runPlan(plan, { namespace: key.namespace, due }, ports, signal);
      report(key, { stream, results, secrets }, ports);
      const references = await ports.references.factsFor(stream, signal);
      const { historyLimit } = settings;
      const { toldRevision } = ports;
      const record = (current: ImageStream): ImageStreamStatus => {
        const counting = isHalted(current) ? withoutScheduled(results) : results;
        return recordImports(current, counting, {
          nowMs: clock.now(),
          historyLimit,
          toldRevision,
          references,
        });
      };
      const written = await writeStatus(stream, record, store, signal);
      if (written !== undefined) ownWrites.wrote(key, written);
    } catch (error) {
      dueTags.putBack(key, due);
      throw error;
    }
    if (isLeftAlone) return done;
    const { tags, nextMs } = retries.due(key);
    if (tags.length > 0) return requeue(0);
    return nextMs === undefined ? done : requeue(nextMs);
  };
};
