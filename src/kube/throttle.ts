import PQueue from 'p-queue';

/** What goes first when requests have to wait: results, then everything else. */
export type Priority = 'status' | 'other';

const ranks: Readonly<Record<Priority, number>> = { status: 1, other: 0 };

export type ThrottleOptions = {
  /** Requests per second on average. */
  readonly perSecond: number;
  /** Requests under way at a time. */
  readonly concurrency: number;
};

/** Sends a request when its turn has come. */
export type Throttle = <Result>(
  priority: Priority,
  send: () => Promise<Result>,
  signal: AbortSignal,
) => Promise<Result>;

/** Tenths of a second, so that what waits goes out evenly and not in one burst each second. */
const slicesPerSecond = 10;

/** Waits for nothing: for the lease, which all else depends on. */
export const noThrottle: Throttle = (_priority, send) => send();

/** Keeps one program from crowding an API server. */
export const createThrottle = ({ perSecond, concurrency }: ThrottleOptions): Throttle => {
  const queue = new PQueue({
    concurrency,
    interval: 1000 / slicesPerSecond,
    intervalCap: Math.max(1, Math.round(perSecond / slicesPerSecond)),
  });
  return async (priority, send, signal) => {
    signal.throwIfAborted();
    return queue.add(send, { priority: ranks[priority], signal });
  };
};
