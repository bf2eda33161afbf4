import { clearTimeout, setTimeout } from 'node:timers';

/** A signal that is aborted with another, or by itself, until it is released. */
export type LinkedSignal = {
  readonly signal: AbortSignal;
  readonly abort: (reason: unknown) => void;
  /** To be called once nobody waits for the signal any more: the other one forgets it, and it is not aborted after that. */
  readonly release: () => void;
};

/**
 * Follows `parent` for as long as some work takes. What `AbortSignal.any` gives is let go by the garbage collector alone: thousands of
 * them, as many requests make, stop the program for tens of milliseconds when it comes to them.
 */
export const linkSignal = (parent: AbortSignal): LinkedSignal => {
  const own = new AbortController();
  const follow = (): void => own.abort(parent.reason);
  if (parent.aborted) follow();
  else parent.addEventListener('abort', follow, { once: true });
  return {
    signal: own.signal,
    abort: (reason) => own.abort(reason),
    release: () => parent.removeEventListener('abort', follow),
  };
};

/** A {@link LinkedSignal} that is aborted after `timeoutMs`, too, if it was not released before. */
export type LimitedSignal = Omit<LinkedSignal, 'abort'> & {
  /** Whether it was aborted because the time was over, and not with the other signal. */
  readonly isOver: () => boolean;
};

/** Follows `parent`, for `timeoutMs` at most; its reason is a `TimeoutError` then, as that of `AbortSignal.timeout`. */
export const limitSignal = (parent: AbortSignal, timeoutMs: number): LimitedSignal => {
  const { signal, abort, release } = linkSignal(parent);
  let isOver = false;
  const timer = setTimeout(() => {
    isOver = !signal.aborted;
    abort(new DOMException(`not done within ${timeoutMs} ms`, 'TimeoutError'));
  }, timeoutMs);
  // What waits keeps the program running, not the limit of its wait.
  timer.unref();
  return {
    signal,
    isOver: () => isOver,
    release: () => {
      clearTimeout(timer);
      release();
    },
  };
};
