import { describe, expect, it } from 'vitest';
import { createSingleFlight } from './single-flight.ts';

const never = new AbortController().signal;

/** Work that ends when it is told to, and the hurry that it was told of. */
const held = () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  let hurry: AbortSignal | undefined;
  const work = (_signal: AbortSignal, told: AbortSignal): Promise<string> => {
    hurry = told;
    return promise;
  };
  return { work, resolve, isHurried: () => hurry?.aborted };
};

describe('createSingleFlight', () => {
  it('tells work that is under way when somebody in a hurry joins', async () => {
    const flight = createSingleFlight<string>();
    const { work, resolve, isHurried } = held();
    const first = flight('key', work, never);
    expect(isHurried()).toBe(false);
    const second = flight('key', work, never, AbortSignal.abort());
    expect(isHurried()).toBe(true);
    resolve('done');
    expect(await Promise.all([first, second])).toEqual(['done', 'done']);
  });

  it('tells it as well when one that waits gets into a hurry, and forgets who has left', async () => {
    const flight = createSingleFlight<string>();
    const { work, resolve, isHurried } = held();
    const [early, late, stop] = [new AbortController(), new AbortController(), new AbortController()];
    const left = flight('key', work, stop.signal, early.signal);
    const stays = flight('key', work, never, late.signal);
    stop.abort('left');
    await expect(left).rejects.toBe('left');
    early.abort();
    expect(isHurried()).toBe(false);
    late.abort();
    expect(isHurried()).toBe(true);
    resolve('done');
    expect(await stays).toBe('done');
  });

  it('is in a hurry from the beginning where the first caller is', async () => {
    const flight = createSingleFlight<string>();
    const { work, resolve, isHurried } = held();
    const only = flight('key', work, never, AbortSignal.abort());
    expect(isHurried()).toBe(true);
    resolve('done');
    await only;
  });
});
