import fc from 'fast-check';
import { vi } from 'vitest';
import { importSuccess } from '../../src/api/condition.ts';
import { settle } from '../fakes/clock.ts';
import { createRandom } from '../fakes/random.ts';
import { allCommands, followSome, sources } from './commands/index.ts';
import {
  type Checked,
  checkAtRest,
  checkInTheEnd,
  checkSeen,
  isHeldUp,
  isSeen,
  questionMs,
} from './invariants.ts';
import { createModel, disturb, isReachable, isSound, spell } from './model.ts';
import { createObserver, demand, type Observer } from './observer.ts';
import { createTraffic, type Traffic } from './traffic.ts';
import { createWorld, imageOf, namespace, password, type World } from './world.ts';

const minuteMs = 60_000;
const images = [0, 1, 2, 3].map(imageOf);
const truths = new Set<string>(images.map(({ manifest }) => manifest.digest));

/** The world and what looks at it, as commands use them. */
export type Run = {
  readonly world: World;
  readonly observer: Observer;
  readonly traffic: Traffic;
  /** By the clock that never jumps. */
  readonly nowMs: () => number;
  /** Lets everything happen that takes no time, and checks everything that can be checked then. */
  readonly atRest: () => Promise<void>;
  /** Tags that somebody wants looked at are looked at without any time passing, where nothing stands in the way. */
  readonly expectSeen: (tags: readonly (readonly [string, string])[]) => Promise<void>;
  /** Whoever was refused for lack of the right password is not any more. */
  readonly expectAccess: () => Promise<void>;
  /** Ends the program and starts it again, at rest, or after that many turns of the event loop of whatever goes on. */
  readonly restart: (awayMs: number, turns: number | undefined) => Promise<void>;
};

/** Objects that no API would take; they must be in nobody's way. */
const plantBrokenStreams = async (world: World): Promise<void> => {
  const stream = { apiVersion: 'image.openshift.io/v1', kind: 'ImageStream' };
  const annotations = { 'imagestreams.dev/refresh-interval': 'often', 'imagestreams.dev/rollbacks': '{' };
  const from = { kind: 'DockerImage', name: ':::' };
  const tags = [{ name: 'bad', from, importPolicy: { scheduled: true } }];
  await world.plant({ ...stream, metadata: { namespace, name: 'broken', annotations }, spec: { tags } });
};

const createRun = (checked: Checked): Run => {
  const { model, world, observer } = checked;
  const traffic = createTraffic(world);
  const nowMs = world.clock.monotonic;
  const areHostsSound = (): boolean =>
    ['public.example', 'other.example', 'private.example'].every((host) => isSound(model, host, nowMs()));

  const startQuietly = async (awayMs: number): Promise<void> => {
    // What is under way has its last try behind it.
    await world.clock.advance(20_000);
    await world.rest();
    await world.kill();
    traffic.look();
    traffic.restarted();
    await world.clock.advance(awayMs);
    const asked = world.wire.requests.length;
    const written = world.store.writes.length;
    await world.start();
    await world.rest();
    if (!areHostsSound()) return;
    const requests = world.wire.requests.slice(asked).map(({ method, path }) => `${method} ${path}`);
    demand(requests.length === 0, 2, () => `a start asked ${requests.join()}`);
    const writes = world.store.writes.slice(written).map(({ verb, key }) => `${verb} ${key.name}`);
    demand(writes.length === 0, 2, () => `a start wrote: ${writes.join()}`);
  };

  const crash = async (turns: number, awayMs: number): Promise<void> => {
    const passing = world.clock.advance(6 * minuteMs);
    await settle(turns);
    await world.kill();
    traffic.look();
    traffic.restarted();
    await passing;
    await world.clock.advance(awayMs);
    await world.start();
  };

  return {
    world,
    observer,
    traffic,
    nowMs,
    atRest: async () => {
      await world.rest();
      traffic.look();
      await checkAtRest(checked);
    },
    expectSeen: async (tags) => {
      await world.rest();
      observer.look();
      const due = tags.filter(([name, tag]) => {
        const stream = model.streams.get(name);
        const wish = stream?.tags.get(tag)?.wish;
        const isFree = stream !== undefined && !isHeldUp(model, stream, nowMs());
        return isFree && wish !== undefined && isReachable(model, wish, password, nowMs());
      });
      const seen = await Promise.all(due.map(([name, tag]) => isSeen(checked, name, tag)));
      // An answer for what the spec was before may still be waited for.
      if (seen.includes(false)) await world.clock.advance(questionMs);
      observer.look();
      for (const [name, tag] of due) await checkSeen(checked, name, tag);
    },
    expectAccess: async () => {
      await world.rest();
      if (model.password !== password) return;
      for (const [name, stream] of model.streams) {
        if (stream.isSuspended || isHeldUp(model, stream, nowMs())) continue;
        const lists = (await world.get(name))?.status?.tags ?? [];
        const refused = lists.filter(
          ({ tag, conditions }) =>
            stream.tags.has(tag) &&
            conditions?.some(({ type, reason }) => type === importSuccess && reason === 'Unauthorized'),
        );
        demand(
          refused.length === 0,
          7,
          () => `${name}:${refused[0]?.tag} is refused with the right password`,
        );
      }
    },
    restart: (awayMs, turns) => (turns === undefined ? startQuietly(awayMs) : crash(turns, awayMs)),
  };
};

/** Sets everything right and waits longer than any delay. */
const calm = async ({ model, world }: Checked, run: Run): Promise<void> => {
  for (const host of ['public.example', 'other.example', 'private.example']) {
    world.wire.set(host, 'up');
    model.hosts.set(host, 'up');
  }
  world.ledger.state = 'up';
  model.password = password;
  run.traffic.allowTries();
  await world.setPassword(password);
  const quietMs = Math.max(run.nowMs(), ...model.quietUntilMs.values());
  disturb(model, quietMs, () => true);
  await world.clock.advance(quietMs - run.nowMs() + 66 * minuteMs);
};

const runOnce = async (
  commands: Iterable<fc.AsyncCommand<ReturnType<typeof createModel>, Run>>,
): Promise<void> => {
  const random = createRandom(1);
  const chance = vi.spyOn(Math, 'random').mockImplementation(() => random());
  const world = createWorld();
  try {
    const model = createModel();
    const checked = { model, world, observer: createObserver(world, truths) };
    const run = createRun(checked);
    for (const { host, repository, tag } of sources) {
      world.wire.push(host, repository, tag, imageOf(0));
      model.upstream.set(spell({ host, repository, tag }), images[0]?.manifest.digest ?? '');
    }
    for (const tag of ['1.0', '1.1', '1.2', '2.0', 'latest'])
      world.wire.push('public.example', 'repo-s3', tag, imageOf(1));
    await plantBrokenStreams(world);
    await world.start();
    await followSome(model, run);
    await fc.asyncModelRun(() => ({ model, real: run }), commands);
    await calm(checked, run);
    await run.atRest();
    await checkInTheEnd(checked);
  } finally {
    chance.mockRestore();
    await world.end();
  }
};

/** Histories of that many events at most, from a seed. */
export const checkHistories = (options: {
  readonly seed: number;
  readonly runs: number;
  readonly length: number;
}): Promise<void> =>
  fc.assert(
    fc.asyncProperty(fc.commands(allCommands, { maxCommands: options.length, size: 'max' }), runOnce),
    { seed: options.seed, numRuns: options.runs },
  );
