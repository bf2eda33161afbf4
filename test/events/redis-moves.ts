import { Redis } from 'ioredis';
import { expect } from 'vitest';
import type { ChangeEvent } from '../../src/api/change-event.ts';
import { createRedisSink } from '../../src/events/redis.ts';
import { parseRedisUrl } from '../../src/events/redis-url.ts';
import { MemoryStore } from '../fakes/store.ts';
import type { RedisServer } from '../setup/redis.ts';
import { createStream, historiesIn, historiesOf, moveTag, startPublisher, until } from './program.ts';

/** A sink on a test server. */
export const redisSinkOn = (
  url: string,
  options: { epoch?: number; maxLength?: number; prefix?: string } = {},
) => {
  const parsed = parseRedisUrl(url);
  if ('problem' in parsed) throw new Error(parsed.problem);
  const { epoch = 1, maxLength = 100_000, prefix = 'imagestreams' } = options;
  return createRedisSink({ target: parsed.target, ca: undefined, prefix, maxLength, epoch: () => epoch });
};

/** Everything in the stream of events. */
export const readEvents = async (url: string, prefix = 'imagestreams'): Promise<readonly ChangeEvent[]> => {
  const client = new Redis(url);
  try {
    const entries = await client.xrange(`{${prefix}}:events`, '-', '+');
    return entries.map(([, fields]) => JSON.parse(fields[fields.indexOf('data') + 1] ?? '') as ChangeEvent);
  } finally {
    client.disconnect();
  }
};

/** A generator of random numbers that gives the same ones each time. */
const createRandom = (seed: number) => {
  let state = seed;
  return (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
};

/**
 * Moves tags while publishers are killed between a script that was sent and its answer; two run all the time, each on its own view of the
 * store. In the end every entry of every history must stand in the stream once, in its order.
 */
export const survivesKills = async (
  redis: RedisServer,
  { moves, kills, streams }: { readonly moves: number; readonly kills: number; readonly streams: number },
): Promise<void> => {
  const store = new MemoryStore(Date.now);
  const names = Array.from({ length: streams }, (_, index) => `s${index}`);
  for (const name of names) await createStream(store, name);
  const start = () => {
    const sink = redisSinkOn(redis.url);
    return { sink, ...startPublisher(store, sink) };
  };
  const programs = [start(), start()];
  const random = createRandom(1);
  let killed = 0;
  const killOne = async (): Promise<void> => {
    const victim = killed % programs.length;
    killed += 1;
    await redis.cutAnswerOf('XADD');
    programs[victim]?.sink.close();
    await programs[victim]?.kill();
    programs[victim] = start();
  };
  let killing: Promise<void> = Promise.resolve();
  for (let move = 0; move < moves; move += 1) {
    await moveTag(store, names[random(streams)] ?? '', `t${random(3)}`, random(50));
    // Moves to the image that a tag has already are none; the histories say how many there were.
    if (killed < kills && move % Math.floor(moves / kills) === 0) {
      await killing;
      killing = killOne();
    }
  }
  await killing;
  // Those that the moves were too quick for.
  while (killed < kills) {
    const last = killOne();
    await moveTag(store, names[0] ?? '', 't0', 100 + killed);
    await last;
  }
  const expected = await historiesIn(store);
  const total = Object.values(expected).flat().length;
  await until(async () => (await readEvents(redis.url)).length >= total, 'everything told', 60_000);
  const events = await readEvents(redis.url);
  for (const { sink, kill } of programs) {
    await kill();
    sink.close();
  }
  expect(killed).toBe(kills);
  expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
  expect(historiesOf(events)).toEqual(expected);
};
