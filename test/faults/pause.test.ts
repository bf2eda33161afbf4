import { afterEach, expect, it } from 'vitest';
import { createImporter } from '../../src/importer/index.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { anonymous, createRegistryClient } from '../../src/oci/index.ts';
import { anImage, type FakeRegistry, startFakeRegistry } from '../fakes/registry/index.ts';
import { never } from '../fakes/send.ts';

/** The promise about 429 with nothing made up: real sockets, real time, two hosts. */

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

const tags = Array.from({ length: 20 }, (_, index) => `v${index}`);

/** A registry, and when each of its requests came. */
const start = async () => {
  const registry = await startFakeRegistry();
  cleanups.push(registry.stop);
  for (const tag of tags) registry.add('app', anImage({ name: tag }), tag);
  const arrivals: number[] = [];
  registry.intercept(() => {
    arrivals.push(performance.now());
    return undefined;
  });
  return { registry, arrivals };
};

it('a 429 with Retry-After: 2 holds its host for two seconds, whoever asks, and no other host', async () => {
  const [limited, other] = [await start(), await start()];
  const forgive = limited.registry.intercept(() => ({
    kind: 'answer',
    status: 429,
    headers: { 'retry-after': '2' },
  }));
  const client = createRegistryClient({ concurrency: 2 });
  cleanups.push(() => client.close());
  const importer = createImporter({ client, clock: systemClock });
  const ask = ({ host }: FakeRegistry, tag: string, index: number) => {
    const priority = index % 2 === 0 ? ('interactive' as const) : ('scheduled' as const);
    const context = { keychain: anonymous, caller: `ns${index % 5}`, priority };
    return importer.resolve({ from: `${host}/app:${tag}`, insecure: true }, context, never);
  };
  const first = ask(limited.registry, 'v0', 0);
  await expect.poll(() => limited.registry.requests.length).toBe(1);
  forgive();

  // Few of them: behind the pause the gate goes on slowly.
  const held = tags.slice(1, 4).map((tag, index) => ask(limited.registry, tag, index));
  const free = await Promise.all(tags.map((tag, index) => ask(other.registry, tag, index)));
  // All of the other host is done while the pause lasts: nothing of the limited one has left.
  expect(free.every(({ ok }) => ok)).toBe(true);
  expect(other.arrivals).toHaveLength(tags.length);
  expect(limited.registry.requests).toHaveLength(1);

  const outcomes = await Promise.all([first, ...held]);
  expect(outcomes.every(({ ok }) => ok)).toBe(true);
  const [refused, ...later] = limited.arrivals;
  expect(later).toHaveLength(4);
  expect(Math.min(...later)).toBeGreaterThanOrEqual((refused ?? Number.NaN) + 2_000);
});
