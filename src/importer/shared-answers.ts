import type { Clock } from '../lib/clock.ts';
import { createSingleFlight } from '../lib/single-flight.ts';
import { createWeightedCache } from '../lib/weighted-cache.ts';
import { RegistryError } from '../oci/errors.ts';

type Answer<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly error: RegistryError };

export type SharedAnswersOptions<Value> = {
  readonly clock: Clock;
  /** Answers are kept up to so much weight in all. */
  readonly maxWeight: number;
  readonly weigh: (value: Value) => number;
};

/** What the refusal of a registry weighs, whatever answers weigh. */
const refusalWeight = 1;

/**
 * Answers equal questions once: those asked while one is under way share it, and whoever is content with an answer from some time on
 * (`freshSince`, milliseconds since the epoch) gets the last one, if it was asked for since. A registry's refusal is an answer too.
 *
 * So the refreshes of many streams that fall on one slot cost one request, however long it takes to get round to the last of them.
 */
export const createSharedAnswers = <Value>({ clock, maxWeight, weigh }: SharedAnswersOptions<Value>) => {
  type Kept = { readonly askedAtMs: number; readonly answer: Answer<Value> };
  const kept = createWeightedCache<Kept>(maxWeight);
  const flight = createSingleFlight<Value>();

  const keep = (key: string, askedAtMs: number, answer: Answer<Value>): void =>
    kept.set(key, { askedAtMs, answer }, answer.ok ? weigh(answer.value) : refusalWeight);

  const ask = async (key: string, work: () => Promise<Value>) => {
    const askedAtMs = clock.now();
    try {
      const value = await work();
      keep(key, askedAtMs, { ok: true, value });
      return value;
    } catch (error) {
      if (error instanceof RegistryError) keep(key, askedAtMs, { ok: false, error });
      throw error;
    }
  };

  return async (
    question: {
      readonly key: string;
      readonly freshSince: number | undefined;
      readonly hurry?: AbortSignal | undefined;
    },
    work: (signal: AbortSignal, hurry: AbortSignal) => Promise<Value>,
    signal: AbortSignal,
  ): Promise<Value> => {
    const { key, hurry, freshSince = Number.POSITIVE_INFINITY } = question;
    const last = kept.get(key);
    // An answer from the future was kept before the clock was set back: it says nothing of how fresh it is.
    if (last === undefined || last.askedAtMs < freshSince || last.askedAtMs > clock.now()) {
      return flight(key, (inner, shared) => ask(key, () => work(inner, shared)), signal, hurry);
    }
    if (last.answer.ok) return last.answer.value;
    throw last.answer.error;
  };
};
