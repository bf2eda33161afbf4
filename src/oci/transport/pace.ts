/** How fast requests leave for one host, and how that changes when it refuses some. All times are monotonic milliseconds. */
export type Pace = {
  /** When the next request may leave. */
  readonly nextMs: (nowMs: number) => number;
  /** A request leaves. */
  readonly leave: (nowMs: number) => void;
  /** The host has had too much: half as fast from `fromMs` on. */
  readonly slowDown: (nowMs: number, fromMs: number) => void;
  /** The host says how much it allows. */
  readonly cap: (perSecond: number) => void;
  /** Requests per second; `undefined`: as fast as answers come. */
  readonly perSecond: (nowMs: number) => number | undefined;
};

/** However often a host refuses: it is asked at least so often, else nobody would find out that it has recovered. */
const minPerSecond = 1;
/** How long it takes to get back from half of what was too much to all of it; after three times as long there is no limit any more. */
const recoveryMs = 60_000;

/** Requests of the last whole second, and of this one. */
const createMeter = () => {
  let second = Number.NEGATIVE_INFINITY;
  let count = 0;
  let before = 0;
  const roll = (nowMs: number): void => {
    const now = Math.floor(nowMs / 1000);
    if (now === second) return;
    before = now === second + 1 ? count : 0;
    second = now;
    count = 0;
  };
  return {
    add: (nowMs: number): void => {
      roll(nowMs);
      count += 1;
    },
    perSecond: (nowMs: number): number => {
      roll(nowMs);
      return Math.max(count, before);
    },
  };
};

/**
 * Additive increase, multiplicative decrease: nobody publishes what a registry really allows, and it differs a thousandfold between
 * them. Until a host refuses something it is asked as fast as it answers, up to `maxPerSecond`; then half as fast as that was, and
 * faster by and by until it refuses again or the limit has no meaning any more.
 */
export const createPace = (maxPerSecond: number): Pace => {
  const meter = createMeter();
  let ceiling = maxPerSecond;
  /** What was too much last, and since when it is crept back to. */
  let tooMuch: { readonly perSecond: number; readonly sinceMs: number } | undefined;
  let lastMs = Number.NEGATIVE_INFINITY;

  const learned = (nowMs: number): number => {
    if (tooMuch === undefined) return Number.POSITIVE_INFINITY;
    const recovered = 0.5 + Math.max(0, nowMs - tooMuch.sinceMs) / (2 * recoveryMs);
    if (recovered < 2) return Math.max(minPerSecond, tooMuch.perSecond * recovered);
    tooMuch = undefined;
    return Number.POSITIVE_INFINITY;
  };
  const limit = (nowMs: number): number => Math.min(ceiling, learned(nowMs));

  return {
    nextMs: (nowMs) => {
      const perSecond = limit(nowMs);
      return perSecond === Number.POSITIVE_INFINITY ? nowMs : Math.max(nowMs, lastMs + 1000 / perSecond);
    },
    leave: (nowMs) => {
      meter.add(nowMs);
      lastMs = nowMs;
    },
    slowDown: (nowMs, fromMs) => {
      tooMuch = { perSecond: Math.min(limit(nowMs), Math.max(1, meter.perSecond(nowMs))), sinceMs: fromMs };
    },
    cap: (perSecond) => {
      ceiling = Math.min(maxPerSecond, Math.max(minPerSecond, perSecond));
    },
    perSecond: (nowMs) => {
      const perSecond = limit(nowMs);
      return perSecond === Number.POSITIVE_INFINITY ? undefined : perSecond;
    },
  };
};
