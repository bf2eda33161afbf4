import { demand } from './observer.ts';
import type { World } from './world.ts';

const minuteMs = 60_000;
/** Less than the shortest delay between two tries. */
const oneTryMs = 5_000;
/** Requests to one host that may be under way when it asks for a pause. */
const underWay = 10;

/** Looks at every request, as the registries saw them. */
export const createTraffic = ({ wire }: World) => {
  const pauses = new Map<string, { readonly sinceMs: number; readonly untilMs: number; count: number }>();
  /** By method and path: whether a tag moved is asked for all streams, its image for one, and each question has delays of its own. */
  const refusals = new Map<string, number[]>();
  /** Paths that nobody follows any more. */
  const abandoned = new Set<string>();
  let seen = 0;

  const checkPause = (host: string, atMs: number, status: number): void => {
    const pause = pauses.get(host);
    if (pause !== undefined && atMs < pause.untilMs) {
      pause.count += 1;
      const isUnderWay = atMs === pause.sinceMs && pause.count <= underWay;
      demand(
        isUnderWay,
        5,
        () => `${host} was asked ${(pause.untilMs - atMs) / 1000} s before its pause ended`,
      );
      return;
    }
    const state = wire.state(host);
    if (status === 429 && typeof state === 'object')
      pauses.set(host, { sinceMs: atMs, untilMs: state.limitedUntilMs, count: 1 });
  };

  const checkRefusal = (question: string, atMs: number): void => {
    const times = refusals.get(question) ?? [];
    refusals.set(question, times);
    const last = times.at(-1);
    // One try may be two requests, without and with credentials, which the gate keeps apart after a 429.
    if (last !== undefined && atMs - last <= oneTryMs) return;
    // The delays double from a minute to an hour, less what chance takes off them.
    const leastMs = 0.7 * Math.min(60, 2 ** (times.length - 1)) * minuteMs;
    const gapMs = last === undefined ? Number.POSITIVE_INFINITY : atMs - last;
    demand(
      gapMs >= leastMs,
      7,
      () => `try ${times.length + 1} of ${question} came ${gapMs / 1000} s after a refusal`,
    );
    times.push(atMs);
  };

  return {
    /** Looks at what was asked since the last time. */
    look: (): void => {
      for (const { host, method, path, atMs, status } of wire.requests.slice(seen)) {
        checkPause(host, atMs, status);
        if (status === 401) checkRefusal(`${method} ${path}`, atMs);
        demand(!abandoned.has(path), 9, () => `${path} was asked for although its stream is gone`);
      }
      seen = wire.requests.length;
      for (const path of wire.hanging())
        demand(!abandoned.has(path), 9, () => `${path} is waited for although its stream is gone`);
    },
    /** What was refused may be asked anew: a secret, a spec or a wish changed, or the program was started. */
    allowTries: (): void => refusals.clear(),
    /** Another program, which was asked for no pause yet. */
    restarted: (): void => {
      refusals.clear();
      pauses.clear();
    },
    abandon: (path: string): void => void abandoned.add(path),
    adopt: (path: string): void => void abandoned.delete(path),
  };
};

export type Traffic = ReturnType<typeof createTraffic>;
