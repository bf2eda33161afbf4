import type { ImageStream } from '../api/image-stream.ts';
import { failureOf, repositorySlot } from '../api/import-failure.ts';
import { importableTags } from '../api/pending.ts';
import { foundFailures } from '../api/repository-tags.ts';
import type { Status } from '../api/status.ts';
import { isRefreshed, nextSlot } from '../importer/index.ts';
import type { Clock } from '../lib/clock.ts';
import { formatKey, parseKey } from '../runtime/index.ts';
import type { ObjectKey } from '../store/store.ts';
import { attemptAfter, delayAfter, isCredentialFailure, isFinal, soonestOf } from './failure-class.ts';

/** Share of a delay that is random: what failed together shall not come back together. */
const jitter = 0.3;

/** `dueMs` is of the monotonic clock, and infinite for a refresh that failed: its schedule tries again. */
type Retry = {
  readonly attempt: number;
  readonly reason: string;
  readonly dueMs: number;
  /** As of {@link Failure}. */
  readonly digest?: string | undefined;
};

/** A try that failed. */
export type Failure = {
  readonly status: Status;
  /** As of {@link Retries.secretsOf}, before it. */
  readonly secrets: number;
  /** The schedule of the tag tries again: here it only waits for another secret. */
  readonly isRefresh: boolean;
  /** It was one of the tries that are made here. */
  readonly isRetry: boolean;
  /** What the tag was found at, where it was the image there that could not be had. */
  readonly digest?: string | undefined;
};

/**
 * When failed tags are tried again: after a delay that grows with each failure, by the class of the failure.
 *
 * Nothing of it is stored. After a restart, or a pause, a tag that failed before waits for a slot in the delay that it had come to, by
 * how long its condition says that it fails: neither is a reason to ask, nor to wait for longer (DECISIONS.md, 11).
 */
export type Retries = {
  /** Stands for the secrets of a namespace as they are now; taken before a try, and given when it {@link failed}. */
  readonly secretsOf: (namespace: string) => number;
  /** The secrets of a namespace are other ones now. */
  readonly secretsChanged: (namespace: string) => void;
  /** A try of the tag failed: where secrets changed meanwhile, it is made again at once. */
  readonly failed: (key: ObjectKey, tag: string, failure: Failure) => void;
  /** A try of the tag went well. */
  readonly succeeded: (key: ObjectKey, tag: string) => void;
  /** Looks at a stream: gives slots to failed tags that have none yet, and forgets tags that are gone or mended. */
  readonly observe: (key: ObjectKey, stream: ImageStream | undefined) => void;
  /** Makes the failed tags of a stream due that other credentials may mend; answers whether there are any. */
  readonly hurry: (key: ObjectKey) => boolean;
  /** Namespaces with failed tags that other credentials may mend; each may come more than once. */
  readonly awaitingCredentials: () => Iterable<string>;
  /** Whether it is this image that a tag could not be given, and that is tried again later. */
  readonly awaits: (key: ObjectKey, tag: string, digest: string) => boolean;
  /** When a tag that failed is tried again, in milliseconds since the epoch. */
  readonly atMs: (key: ObjectKey, tag: string) => number | undefined;
  /** The tags that are due now, and the delay until the next one is, in milliseconds; undefined: none waits. */
  readonly due: (key: ObjectKey) => { readonly tags: readonly string[]; readonly nextMs: number | undefined };
};

/** What of a stream is asked of registries: its importable tags, and the repository. */
const slotsOf = (stream: ImageStream): readonly string[] => [
  ...importableTags(stream).map(({ name }) => name),
  ...(stream.spec?.dockerImageRepository ? [repositorySlot] : []),
];

/** A failure as the status tells it; `since`: RFC 3339, where it says that. */
type KnownFailure = {
  readonly reason: string;
  readonly since?: string | null | undefined;
  readonly isRefresh: boolean;
};

/** Why a slot is tried again, and whether its schedule does that. Tags that a listing found are tried again with their repository. */
const knownFailure = (stream: ImageStream, slot: string): KnownFailure | undefined => {
  const { reason, lastTransitionTime: since } = failureOf(stream, slot) ?? {};
  if (reason !== undefined) return { reason, since, isRefresh: isRefreshed(stream, slot) };
  if (slot !== repositorySlot) return undefined;
  const found = soonestOf(foundFailures(stream));
  return found && { reason: found.reason ?? '', since: found.lastTransitionTime, isRefresh: false };
};

/** Retries by stream and tag; a stream without any takes no room. */
const createTable = () => {
  const byStream = new Map<string, Map<string, Retry>>();
  return {
    entries: (): Iterable<readonly [string, ReadonlyMap<string, Retry>]> => byStream,
    of: (key: ObjectKey): ReadonlyMap<string, Retry> => byStream.get(formatKey(key)) ?? new Map(),
    set: (key: ObjectKey, tag: string, retry: Retry): void => {
      const retries = byStream.get(formatKey(key)) ?? new Map<string, Retry>();
      byStream.set(formatKey(key), retries.set(tag, retry));
    },
    forget: (key: ObjectKey, tag: string): void => {
      const retries = byStream.get(formatKey(key));
      retries?.delete(tag);
      if (retries?.size === 0) byStream.delete(formatKey(key));
    },
  };
};

const never = Number.POSITIVE_INFINITY;

/** One that is not on a schedule any more has to be tried again here. */
const needsSlot = (known: Retry | undefined, { reason, isRefresh }: KnownFailure): boolean =>
  !isFinal(reason) && (known === undefined || (known.dueMs === never && !isRefresh));

/** Where a tag that failed before the program started is put: a slot in the delay that it had come to. */
const slotAfterStart = (key: ObjectKey, tag: string, failure: KnownFailure, clock: Clock): Retry => {
  const { reason, since, isRefresh } = failure;
  if (isRefresh) return { attempt: 1, reason, dueMs: never };
  const nowMs = clock.now();
  const sinceMs = Date.parse(since ?? '');
  const attempt = attemptAfter(reason, Number.isNaN(sinceMs) ? never : nowMs - sinceMs);
  const intervalMs = delayAfter(reason, attempt);
  const reference = `${formatKey(key)}:${tag}`;
  const slotMs = nextSlot({ reference, importMode: 'Legacy', credentialClass: '', intervalMs }, nowMs);
  return { attempt, reason, dueMs: clock.monotonic() + slotMs - nowMs };
};

/** Which of them are due now, and when the next one is. */
const dueAt = (retries: readonly (readonly [string, Retry])[], nowMs: number): ReturnType<Retries['due']> => {
  const waiting = retries
    .filter(([, { dueMs }]) => dueMs > nowMs && dueMs !== never)
    .map(([, { dueMs }]) => dueMs - nowMs);
  return {
    tags: retries.filter(([, { dueMs }]) => dueMs <= nowMs).map(([tag]) => tag),
    nextMs: waiting.length === 0 ? undefined : Math.min(...waiting),
  };
};

export const createRetries = (clock: Clock): Retries => {
  const table = createTable();
  const secretChanges = new Map<string, number>();
  const secretsOf = (namespace: string): number => secretChanges.get(namespace) ?? 0;

  return {
    secretsOf,
    secretsChanged: (namespace) => void secretChanges.set(namespace, secretsOf(namespace) + 1),
    failed: (key, tag, { status, secrets, isRefresh, isRetry, digest }) => {
      const reason = status.reason ?? 'InternalError';
      if (isFinal(reason)) return table.forget(key, tag);
      if (isCredentialFailure(reason) && secrets !== secretsOf(key.namespace))
        return table.set(key, tag, { attempt: 0, reason, dueMs: clock.monotonic() });
      const before = table.of(key).get(tag);
      const attempt = (before?.attempt ?? 0) + 1;
      const askedMs = (status.details?.retryAfterSeconds ?? 0) * 1000;
      const delayMs = delayAfter(reason, attempt) * (1 - jitter * Math.random());
      // A retry goes on with what it was about: an image that could not be had, else what the schedule asks anyhow.
      const isOfImage = isRetry && before?.digest !== undefined;
      const dueMs = isRefresh && !isOfImage ? never : clock.monotonic() + Math.max(delayMs, askedMs);
      table.set(key, tag, { attempt, reason, dueMs, digest: digest ?? before?.digest });
    },
    succeeded: table.forget,
    observe: (key, stream) => {
      const slots = new Set(stream === undefined ? [] : slotsOf(stream));
      for (const tag of table.of(key).keys()) if (!slots.has(tag)) table.forget(key, tag);
      if (stream === undefined) return;
      for (const tag of slots) {
        const failure = knownFailure(stream, tag);
        if (failure === undefined) table.forget(key, tag);
        else if (needsSlot(table.of(key).get(tag), failure))
          table.set(key, tag, slotAfterStart(key, tag, failure, clock));
      }
    },
    hurry: (key) => {
      const mendable = [...table.of(key)].filter(([, { reason }]) => isCredentialFailure(reason));
      for (const [tag, retry] of mendable)
        table.set(key, tag, { ...retry, attempt: 0, dueMs: clock.monotonic() });
      return mendable.length > 0;
    },
    awaitingCredentials: function* () {
      for (const [key, retries] of table.entries())
        if ([...retries.values()].some(({ reason }) => isCredentialFailure(reason)))
          yield parseKey(key).namespace;
    },
    awaits: (key, tag, digest) => {
      const retry = table.of(key).get(tag);
      return retry?.digest === digest && retry.dueMs !== never;
    },
    atMs: (key, tag) => {
      const dueMs = table.of(key).get(tag)?.dueMs;
      return dueMs === undefined || dueMs === never ? undefined : clock.now() + dueMs - clock.monotonic();
    },
    due: (key) => dueAt([...table.of(key)], clock.monotonic()),
  };
};
