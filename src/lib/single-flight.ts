/**
 * Makes callers with the same key share one running promise; a finished one is forgotten at once, it is no cache.
 *
 * The shared work gets a signal of its own, aborted when the last caller that waits for it has gone away, so that one
 * caller's cancellation neither fails the others nor leaves work behind that nobody wants.
 */
export const createSingleFlight = <Value>() => {
  type Flight = { readonly promise: Promise<Value>; readonly abort: AbortController; waiting: number };
  const flights = new Map<string, Flight>();

  const start = (key: string, work: (signal: AbortSignal) => Promise<Value>): Flight => {
    const abort = new AbortController();
    const promise = work(abort.signal).finally(() => {
      if (flights.get(key) === flight) flights.delete(key);
    });
    // Every caller may have left before it fails: the failure is then nobody's.
    promise.catch(() => undefined);
    const flight: Flight = { promise, abort, waiting: 0 };
    flights.set(key, flight);
    return flight;
  };

  return async (
    key: string,
    work: (signal: AbortSignal) => Promise<Value>,
    signal: AbortSignal,
  ): Promise<Value> => {
    signal.throwIfAborted();
    const flight = flights.get(key) ?? start(key, work);
    flight.waiting += 1;
    const { promise: left, reject: leave } = Promise.withResolvers<never>();
    const onAbort = (): void => leave(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      return await Promise.race([flight.promise, left]);
    } finally {
      signal.removeEventListener('abort', onAbort);
      flight.waiting -= 1;
      if (flight.waiting === 0 && flights.get(key) === flight) {
        flights.delete(key);
        flight.abort.abort(new Error('no caller waits any more'));
      }
    }
  };
};
