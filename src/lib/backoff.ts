/** How long to wait before try number `attempt` (1, 2, 3…), in milliseconds. */
export type Backoff = (attempt: number) => number;

/**
 * Doubles from `baseMs` up to `maxMs`.
 *
 * `jitter` is the share of each delay that is random (0 to 1, default 0): without it, callers that failed together come back together.
 */
export const exponentialBackoff =
  (options: {
    readonly baseMs: number;
    readonly maxMs: number;
    readonly jitter?: number;
    readonly random?: () => number;
  }): Backoff =>
  (attempt) => {
    const { baseMs, maxMs, jitter = 0, random = Math.random } = options;
    const delayMs = Math.min(maxMs, baseMs * 2 ** Math.min(attempt - 1, 52));
    return delayMs * (1 - jitter * random());
  };
