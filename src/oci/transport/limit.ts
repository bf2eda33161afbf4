import { createGate, type Gate, type GateOptions } from './gate.ts';
import type { Layer } from './send.ts';

/**
 * Gives each registry host one gate, whoever asks: at most `concurrency` requests in flight, interactive ones first. After a 429,
 * or a 503 that says how long, no further request leaves for that host until the pause is over; requests that would wait longer
 * than `maxPauseWaitMs` fail at once as `rate-limited`. Other hosts do not notice.
 */
export const withLimit = (options: GateOptions): Layer => {
  const gates = new Map<string, Gate>();
  return (next) => async (request, signal) => {
    signal.throwIfAborted();
    const { host } = request.url;
    const gate = gates.get(host) ?? createGate(options);
    gates.set(host, gate);
    try {
      return await gate.send(next, request, signal);
    } finally {
      // Hosts that were seen once cost no memory.
      if (gate.isIdle() && gates.get(host) === gate) gates.delete(host);
    }
  };
};
