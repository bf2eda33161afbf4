import PQueue from 'p-queue';
import type { Clock } from '../../lib/clock.ts';
import { hurryOf } from '../hurry.ts';
import { type Allowance, type AllowanceState, createAllowance } from './allowance.ts';
import { FairQueue, interactivePriority, type Turn } from './fair-queue.ts';
import { type RegistryRequest, type RegistryResponse, requestError, type Send } from './send.ts';

/** How much a registry host is asked. */
export type GateOptions = {
  /** Requests in flight. */
  readonly concurrency: number;
  /** Requests per second; `Infinity`: as fast as answers come. */
  readonly maxPerSecond: number;
  /** How long a request waits for a pause to end before it fails as `rate-limited`. */
  readonly maxPauseWaitMs: number;
  readonly clock: Clock;
};

/** What a gate does now. */
export type GateState = AllowanceState & {
  readonly concurrency: number;
  readonly inFlight: number;
  /** Requests that wait, by caller. */
  readonly waiting: readonly { readonly caller: string; readonly requests: number }[];
};

/** What all requests to one host pass through. */
export type Gate = {
  readonly send: (next: Send, request: RegistryRequest, signal: AbortSignal) => Promise<RegistryResponse>;
  readonly state: () => GateState;
  /** Whether nothing is under way and nothing would be forgotten with it but what the host said of its quota. */
  readonly isIdle: () => boolean;
};

const createCounts = () => {
  const counts = new Map<string, number>();
  return {
    add: (caller: string, change: 1 | -1): void => {
      const count = (counts.get(caller) ?? 0) + change;
      if (count === 0) counts.delete(caller);
      else counts.set(caller, count);
    },
    list: (): GateState['waiting'] => [...counts].map(([caller, requests]) => ({ caller, requests })),
  };
};

/** Calls back once there is a hurry that there was not before; returns what ends that. */
const onHurry = (hurry: AbortSignal | undefined, moveUp: () => void): (() => void) => {
  if (hurry?.aborted !== true) hurry?.addEventListener('abort', moveUp, { once: true });
  return () => hurry?.removeEventListener('abort', moveUp);
};

const throwIfPaused = (request: RegistryRequest, pauseMs: number): void => {
  if (pauseMs <= 0) return;
  const problem = `the registry asked for a pause, which ends in ${Math.ceil(pauseMs / 1000)} s`;
  throw requestError(request, 'rate-limited', problem, {
    fault: 'paused',
    retryAfterMs: Math.ceil(pauseMs),
  });
};

/**
 * Stops or starts a queue as the host allows it at that moment, and wakes it when that changes by itself. During a pause that nobody
 * should wait for the queue runs: its requests fail at once.
 */
const createRegulator = ({
  queue,
  allowance,
  maxPauseWaitMs,
  clock,
}: Pick<GateOptions, 'maxPauseWaitMs' | 'clock'> & {
  readonly queue: PQueue<FairQueue, Turn>;
  readonly allowance: Allowance;
}): (() => void) => {
  let alarm: AbortController | undefined;

  const wakeAfter = async (ms: number): Promise<void> => {
    const own = new AbortController();
    alarm = own;
    try {
      await clock.sleep(Math.ceil(ms), own.signal);
    } catch {
      return; // another alarm is set, or nobody waits any more
    }
    regulate();
  };

  const regulate = (): void => {
    alarm?.abort();
    alarm = undefined;
    const holdMs = allowance.holdMs();
    if (holdMs <= 0 || allowance.pauseMs() > maxPauseWaitMs) {
      queue.start();
      return;
    }
    queue.pause();
    if (queue.size > 0) void wakeAfter(holdMs);
  };

  return regulate;
};

/**
 * Lets requests through: so many at a time, at the pace that the host bears, and none while it wants a pause. Who waits goes by turns
 * ({@link FairQueue}), and what is decided about it only when a request may leave: whoever comes during a pause is not too late.
 */
export const createGate = ({ concurrency, maxPauseWaitMs, maxPerSecond, clock }: GateOptions): Gate => {
  const queue = new PQueue<FairQueue, Turn>({ concurrency, queueClass: FairQueue });
  const allowance = createAllowance({ clock, maxPerSecond });
  const waiting = createCounts();
  const regulate = createRegulator({ queue, allowance, maxPauseWaitMs, clock });
  /** Requests between entering and leaving; the queue itself counts one that has just ended. */
  let inside = 0;
  let inFlight = 0;
  let numbers = 0;

  const pass = async (next: Send, request: RegistryRequest, signal: AbortSignal) => {
    throwIfPaused(request, allowance.pauseMs());
    const number = allowance.leave();
    inFlight += 1;
    regulate();
    try {
      const response = await next(request, signal);
      allowance.learn(response, number, inFlight - 1);
      return response;
    } finally {
      inFlight -= 1;
      // Before the queue goes on by itself: the answer may have been that it must not.
      regulate();
    }
  };

  const send: Gate['send'] = async (next, request, signal) => {
    const { caller = '' } = request.access;
    const hurry = hurryOf(request.access);
    const urgency = hurry?.aborted === true ? 'interactive' : 'scheduled';
    const id = `request ${(numbers += 1)}`;
    let isWaiting = true;
    const endWait = (): void => {
      if (isWaiting) waiting.add(caller, -1);
      isWaiting = false;
    };
    const forgetHurry = onHurry(hurry, () => {
      if (isWaiting && !signal.aborted) queue.setPriority(id, interactivePriority);
    });
    inside += 1;
    waiting.add(caller, 1);
    try {
      const answer = queue.add(
        () => {
          endWait();
          return pass(next, request, signal);
        },
        { signal, caller, urgency, id },
      );
      if (queue.size > 0) regulate();
      return await answer;
    } finally {
      forgetHurry();
      endWait();
      inside -= 1;
      regulate();
    }
  };

  return {
    send,
    state: () => ({ ...allowance.state(), concurrency, inFlight, waiting: waiting.list() }),
    isIdle: () => inside === 0 && allowance.isUnlimited() && allowance.pauseMs() <= 0,
  };
};
