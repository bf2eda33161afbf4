import { createGate, type Gate, type GateOptions, type GateState } from './gate.ts';
import type { Layer } from './send.ts';

/** The gate of one host, as it is now. */
export type HostGate = GateState & { readonly host: string };

/** The gates of all hosts. */
export type Gates = {
  readonly layer: Layer;
  /** The hosts that were asked last. */
  readonly states: () => readonly HostGate[];
};

/** Hosts whose gates are kept although nothing is under way there: for whoever wants to see them. */
const maxIdleGates = 100;

/**
 * Gives each registry host one gate, whoever asks. After a 429, or a 503 that says how long, no further request leaves for that
 * host until the pause is over; requests that would wait longer than `maxPauseWaitMs` fail at once as `rate-limited`. Other hosts do
 * not notice.
 */
export const createGates = (options: GateOptions): Gates => {
  const gates = new Map<string, Gate>();

  const gateOf = (host: string): Gate => {
    const gate = gates.get(host) ?? createGate(options);
    // The last that was asked is the last in the map.
    gates.delete(host);
    gates.set(host, gate);
    return gate;
  };

  const forgetIdle = (): void => {
    for (const [host, gate] of gates) {
      if (gates.size <= maxIdleGates) return;
      if (gate.isIdle()) gates.delete(host);
    }
  };

  return {
    layer: (next) => async (request, signal) => {
      signal.throwIfAborted();
      try {
        return await gateOf(request.url.host).send(next, request, signal);
      } finally {
        forgetIdle();
      }
    },
    states: () => [...gates].map(([host, gate]) => ({ host, ...gate.state() })),
  };
};
