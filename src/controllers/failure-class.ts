import { exponentialBackoff } from '../lib/backoff.ts';

const minuteMs = 60_000;

/** What may be over in a moment: outages, time-outs, limits. */
const soon = exponentialBackoff({ baseMs: 10_000, maxMs: 10 * minuteMs });
/** What somebody has to mend: credentials, missing tags, certificates, broken images. Registries ban clients that hammer. */
const seldom = exponentialBackoff({ baseMs: minuteMs, maxMs: 60 * minuteMs });

const transient: ReadonlySet<string> = new Set([
  'TooManyRequests',
  'ServiceUnavailable',
  'Timeout',
  'InternalError',
]);

/** Whether it may be over in a moment. */
export const isTransient = (reason: string): boolean => transient.has(reason);

const credential: ReadonlySet<string> = new Set(['Unauthorized', 'Forbidden', 'NotFound']);

/** Whether no retry mends a failure of this reason: only another spec does. */
export const isFinal = (reason: string): boolean => reason === 'Invalid';

/** Whether other credentials may mend it. */
export const isCredentialFailure = (reason: string): boolean => credential.has(reason);

/** How long to wait before try number `attempt` (1, 2, 3…) after a failure of this reason, in milliseconds. */
export const delayAfter = (reason: string, attempt: number): number =>
  (transient.has(reason) ? soon : seldom)(attempt);

/** Which try is next of what has failed for `failingMs`, had it been tried after each {@link delayAfter}. */
export const attemptAfter = (reason: string, failingMs: number): number =>
  1 + Math.floor(Math.log2(1 + Math.max(0, failingMs) / delayAfter(reason, 1)));

/** The longest that it becomes. */
export const longestDelayAfter = (reason: string): number => delayAfter(reason, 53);

/** Of several failures that are tried again together, the one that is tried again first. */
export const soonestOf = <Failure extends { readonly reason?: string | undefined }>(
  failures: readonly Failure[],
): Failure | undefined => {
  const rank = ({ reason = 'InternalError' }: Failure): number =>
    isFinal(reason) ? Number.POSITIVE_INFINITY : longestDelayAfter(reason);
  return failures.toSorted((a, b) => Math.sign(rank(a) - rank(b)) || 0)[0];
};
