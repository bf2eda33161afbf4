import { importSuccess } from '../api/condition.ts';
import type { ImageStream } from '../api/image-stream.ts';
import { importableTags } from '../api/pending.ts';
import type { Status } from '../api/status.ts';
import { findTag } from '../api/tag-history.ts';
import { nextSlot } from '../importer/index.ts';
import { type Backoff, exponentialBackoff } from '../lib/backoff.ts';
import type { Clock } from '../lib/clock.ts';
import { formatKey, parseKey } from '../runtime/index.ts';
import type { ObjectKey } from '../store/store.ts';

const minuteMs = 60_000;

/** What may be over in a moment: outages, time-outs, limits. */
const soon = exponentialBackoff({ baseMs: 10_000, maxMs: 10 * minuteMs, jitter: 0.3 });
/** What somebody has to mend: credentials, missing tags, certificates, broken images. Registries ban clients that hammer. */
const seldom = exponentialBackoff({ baseMs: minuteMs, maxMs: 60 * minuteMs, jitter: 0.3 });

const transient: ReadonlySet<string> = new Set([
  'TooManyRequests',
  'ServiceUnavailable',
  'Timeout',
  'InternalError',
]);

/** Reasons of failures that no retry mends: only another spec does. */
const final: ReadonlySet<string> = new Set(['Invalid']);

/** Reasons of failures that other credentials may mend. */
const credential: ReadonlySet<string> = new Set(['Unauthorized', 'Forbidden', 'NotFound']);

const backoffOf = (reason: string): Backoff => (transient.has(reason) ? soon : seldom);

type Retry = { readonly attempt: number; readonly reason: string; readonly dueMs: number };

/**
 * When failed tags are tried again: after a delay that grows with each failure, by the class of the failure.
 *
 * Nothing of it is stored. After a restart a tag that failed before waits for a slot in the longest delay of its class, so that a
 * restart is no reason to ask (DECISIONS.md, 11).
 */
export type Retries = {
  /** Stands for the secrets of a namespace as they are now; taken before a try, and given when it {@link failed}. */
  readonly secretsOf: (namespace: string) => number;
  /** The secrets of a namespace are other ones now. */
  readonly secretsChanged: (namespace: string) => void;
  /** A try of the tag failed, that was made with these secrets: where they changed meanwhile, it is made again at once. */
  readonly failed: (key: ObjectKey, tag: string, status: Status, secrets: number) => void;
  /** A try of the tag went well. */
  readonly succeeded: (key: ObjectKey, tag: string) => void;
  /** Looks at a stream: gives slots to failed tags that have none yet, and forgets tags that are gone or mended. */
  readonly observe: (key: ObjectKey, stream: ImageStream | undefined) => void;
  /** Makes the failed tags of a stream due that other credentials may mend; answers whether there are any. */
  readonly hurry: (key: ObjectKey) => boolean;
  /** Namespaces with failed tags that other credentials may mend; each may come more than once. */
  readonly awaitingCredentials: () => Iterable<string>;
  /** When a tag that failed is tried again, in milliseconds since the epoch. */
  readonly atMs: (key: ObjectKey, tag: string) => number | undefined;
  /** The tags that are due now, and the delay until the next one is, in milliseconds; undefined: none waits. */
  readonly due: (key: ObjectKey) => { readonly tags: readonly string[]; readonly nextMs: number | undefined };
};

/** Stands for `spec.dockerImageRepository` among the tags, none of which has an empty name. */
export const repositorySlot = '';

/** What of a stream is asked of registries: its importable tags, and the repository. */
const slotsOf = (stream: ImageStream): readonly string[] => [
  ...importableTags(stream).map(({ name }) => name),
  ...(stream.spec?.dockerImageRepository ? [repositorySlot] : []),
];

const failureReason = (stream: ImageStream, slot: string): string | undefined => {
  const holder = slot === repositorySlot ? stream.status?.repository : findTag(stream.status, slot);
  return holder?.conditions?.find(({ type, status }) => type === importSuccess && status === 'False')?.reason;
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

/** Where a tag that failed before the program started is put: a slot in the longest delay of its class. */
const slotAfterStart = (key: ObjectKey, tag: string, reason: string, nowMs: number): Retry => {
  const intervalMs = transient.has(reason) ? 10 * minuteMs : 60 * minuteMs;
  const reference = `${formatKey(key)}:${tag}`;
  const dueMs = nextSlot({ reference, importMode: 'Legacy', credentialClass: '', intervalMs }, nowMs);
  return { attempt: 1, reason, dueMs };
};

export const createRetries = (clock: Clock): Retries => {
  const table = createTable();
  const secretChanges = new Map<string, number>();
  const secretsOf = (namespace: string): number => secretChanges.get(namespace) ?? 0;

  return {
    secretsOf,
    secretsChanged: (namespace) => void secretChanges.set(namespace, secretsOf(namespace) + 1),
    failed: (key, tag, status, secrets) => {
      const reason = status.reason ?? 'InternalError';
      if (final.has(reason)) return table.forget(key, tag);
      if (credential.has(reason) && secrets !== secretsOf(key.namespace))
        return table.set(key, tag, { attempt: 0, reason, dueMs: clock.now() });
      const attempt = (table.of(key).get(tag)?.attempt ?? 0) + 1;
      const askedMs = (status.details?.retryAfterSeconds ?? 0) * 1000;
      const dueMs = clock.now() + Math.max(backoffOf(reason)(attempt), askedMs);
      table.set(key, tag, { attempt, reason, dueMs });
    },
    succeeded: table.forget,
    observe: (key, stream) => {
      const slots = new Set(stream === undefined ? [] : slotsOf(stream));
      for (const tag of table.of(key).keys()) if (!slots.has(tag)) table.forget(key, tag);
      if (stream === undefined) return;
      for (const tag of slots) {
        const reason = failureReason(stream, tag);
        if (reason === undefined) table.forget(key, tag);
        else if (!final.has(reason) && !table.of(key).has(tag))
          table.set(key, tag, slotAfterStart(key, tag, reason, clock.now()));
      }
    },
    hurry: (key) => {
      const mendable = [...table.of(key)].filter(([, { reason }]) => credential.has(reason));
      for (const [tag, retry] of mendable) table.set(key, tag, { ...retry, attempt: 0, dueMs: clock.now() });
      return mendable.length > 0;
    },
    awaitingCredentials: function* () {
      for (const [key, retries] of table.entries())
        if ([...retries.values()].some(({ reason }) => credential.has(reason))) yield parseKey(key).namespace;
    },
    atMs: (key, tag) => table.of(key).get(tag)?.dueMs,
    due: (key) => {
      const now = clock.now();
      const retries = [...table.of(key)];
      const waiting = retries.filter(([, { dueMs }]) => dueMs > now).map(([, { dueMs }]) => dueMs - now);
      return {
        tags: retries.filter(([, { dueMs }]) => dueMs <= now).map(([tag]) => tag),
        nextMs: waiting.length === 0 ? undefined : Math.min(...waiting),
      };
    },
  };
};
