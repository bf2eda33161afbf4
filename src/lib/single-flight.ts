/**
 * Makes callers with the same key share one running promise; a finished one is forgotten at once, it is no cache.
 *
 * The shared work gets a signal of its own, aborted when the last caller that waits for it has gone away, so that one
 * caller's cancellation neither fails the others nor leaves work behind that nobody wants. And it gets a second signal, aborted once a
 * caller waits for it who is in a hurry: whoever started it may not have been.
 */
export const createSingleFlight = <Value>() => {
  type Flight = {
    readonly promise: Promise<Value>;
    readonly abort: AbortController;
    readonly hurry: AbortController;
    waiting: number;
  };
  type Work = (signal: AbortSignal, hurry: AbortSignal) => Promise<Value>;
  const flights = new Map<string, Flight>();

  const start = (key: string, work: Work, hurry: AbortController): Flight => {
    const abort = new AbortController();
    const promise = work(abort.signal, hurry.signal).finally(() => {
      if (flights.get(key) === flight) flights.delete(key);
    });
    // Every caller may have left before it fails: the failure is then nobody's.
    promise.catch(() => undefined);
    const flight: Flight = { promise, abort, hurry, waiting: 0 };
    flights.set(key, flight);
    return flight;
  };

  return async (
    key: string,
    work: Work,
    signal: AbortSignal,
    /** Aborted where the caller is in a hurry, or once it is. */
    hurry?: AbortSignal,
  ): Promise<Value> => {
    signal.throwIfAborted();
    const shared = flights.get(key)?.hurry ?? new AbortController();
    const onHurry = (): void => shared.abort();
    if (hurry?.aborted === true) onHurry();
    else hurry?.addEventListener('abort', onHurry, { once: true });
    const flight = flights.get(key) ?? start(key, work, shared);
    flight.waiting += 1;
    const { promise: left, reject: leave } = Promise.withResolvers<never>();
    const onAbort = (): void => leave(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      return await Promise.race([flight.promise, left]);
    } finally {
      signal.removeEventListener('abort', onAbort);
      hurry?.removeEventListener('abort', onHurry);
      flight.waiting -= 1;
      if (flight.waiting === 0 && flights.get(key) === flight) {
        flights.delete(key);
        flight.abort.abort(new Error('no caller waits any more'));
      }
    }
  };
};
