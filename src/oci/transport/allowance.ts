import { type Backoff, exponentialBackoff } from '../../lib/backoff.ts';
import type { Clock } from '../../lib/clock.ts';
import { createPace } from './pace.ts';
import { parseQuota, type Quota } from './rate-limit.ts';
import { allowedPerSecond, retryAfterOf } from './retry-after.ts';
import type { RegistryResponse } from './send.ts';

/** What a host allows, for people. Times are milliseconds since the epoch. */
export type AllowanceState = {
  /** What the rate is limited to, where it is. */
  readonly perSecond: number | undefined;
  /** No request leaves before; `undefined`: there is no pause. */
  readonly pausedUntilMs: number | undefined;
  /** What the host said last of its quota. */
  readonly quota: (Omit<Quota, 'resetMs'> & { readonly resetsAtMs: number | undefined }) | undefined;
  /** When the host last asked for less. */
  readonly refusal: { readonly status: number; readonly atMs: number } | undefined;
};

/** What a host allows, as its answers tell: a pause that it asks for, the rest of a quota, and a pace that it bears. */
export type Allowance = {
  /** Milliseconds until a pause ends; none: not above 0. */
  readonly pauseMs: () => number;
  /** Milliseconds until the next request may leave: the pause, or the rest of the pace's gap. */
  readonly holdMs: () => number;
  /** A request leaves; answers its number, for {@link Allowance.learn}. */
  readonly leave: () => number;
  /** Takes in an answer. `others`: how many requests are under way, which the host has not counted yet. */
  readonly learn: (response: RegistryResponse, number: number, others: number) => void;
  /** Whether nothing would be forgotten with it but what the host said of its quota. */
  readonly isUnlimited: () => boolean;
  readonly state: () => AllowanceState;
};

/** Pauses after a 429 that does not say how long. */
const pauseBackoff: Backoff = exponentialBackoff({ baseMs: 1_000, maxMs: 60_000 });

/** The rest of a quota that a host announced. */
const createQuotaMeter = (clock: Clock) => {
  let quota:
    | { readonly told: Quota; readonly resetAtMs: number | undefined; readonly left: number }
    | undefined;
  return {
    /** `others`: requests under way, which the host has not counted yet. */
    told: (told: Quota, others: number): void => {
      const resetAtMs = told.resetMs === undefined ? undefined : clock.monotonic() + told.resetMs;
      quota = { told, resetAtMs, left: told.remaining - others };
    },
    leave: (): void => {
      if (quota !== undefined) quota = { ...quota, left: quota.left - 1 };
    },
    /** Until when there is nothing left. */
    spentUntilMs: (): number =>
      quota !== undefined && quota.left <= 0
        ? (quota.resetAtMs ?? Number.NEGATIVE_INFINITY)
        : Number.NEGATIVE_INFINITY,
    state: (epochMs: number): AllowanceState['quota'] => {
      if (quota === undefined) return undefined;
      const { told, resetAtMs } = quota;
      const { remaining, limit, windowMs } = told;
      const resetsAtMs = resetAtMs === undefined ? undefined : Math.round(epochMs + resetAtMs);
      return { remaining, limit, windowMs, resetsAtMs };
    },
  };
};

/** A host that has said nothing yet. All times inside are monotonic. */
export const createAllowance = (options: {
  readonly clock: Clock;
  readonly maxPerSecond: number;
}): Allowance => {
  const { clock } = options;
  const pace = createPace(options.maxPerSecond);
  const quota = createQuotaMeter(clock);
  let pausedUntilMs = Number.NEGATIVE_INFINITY;
  let refusal: { readonly status: number; readonly atMs: number } | undefined;
  /** Refusals one after the other; those of requests that were under way together are one. */
  let strikes = 0;
  let leaves = 0;
  /** Number of the last request that had left when the host last refused one. */
  let refusedUpTo = 0;

  const pauseEndMs = (): number => Math.max(pausedUntilMs, quota.spentUntilMs());

  const refuse = (response: RegistryResponse, isNew: boolean): void => {
    const nowMs = clock.monotonic();
    const { status } = response;
    const askedMs = retryAfterOf(response, clock.now());
    if (status === 503 && askedMs === undefined) return;
    refusal = { status, atMs: nowMs };
    refusedUpTo = leaves;
    if (isNew && status === 429) strikes += 1;
    pausedUntilMs = Math.max(pausedUntilMs, nowMs + (askedMs ?? pauseBackoff(strikes)));
    if (status !== 429) return;
    const allowed = allowedPerSecond(response);
    if (allowed !== undefined) pace.cap(allowed);
    if (isNew) pace.slowDown(nowMs, pausedUntilMs);
  };

  return {
    pauseMs: () => pauseEndMs() - clock.monotonic(),
    holdMs: () => Math.max(pauseEndMs(), pace.nextMs(clock.monotonic())) - clock.monotonic(),
    leave: () => {
      pace.leave(clock.monotonic());
      quota.leave();
      leaves += 1;
      return leaves;
    },
    learn: (response, number, others) => {
      const told = parseQuota(response, clock.now());
      if (told !== undefined) quota.told(told, others);
      const { status } = response;
      const isNew = number > refusedUpTo;
      if (status === 429 || status === 503) refuse(response, isNew);
      else if (status < 500 && isNew) strikes = 0;
    },
    isUnlimited: () => strikes === 0 && pace.perSecond(clock.monotonic()) === undefined,
    state: () => {
      const epochMs = clock.now() - clock.monotonic();
      const isPaused = pauseEndMs() > clock.monotonic();
      return {
        perSecond: pace.perSecond(clock.monotonic()),
        pausedUntilMs: isPaused ? Math.round(epochMs + pauseEndMs()) : undefined,
        quota: quota.state(epochMs),
        refusal: refusal && { ...refusal, atMs: Math.round(epochMs + refusal.atMs) },
      };
    },
  };
};
