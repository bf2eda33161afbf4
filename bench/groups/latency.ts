import { setTimeout as sleep } from 'node:timers/promises';
import { percentile } from '../../test/e2e/load/measure.ts';
import { type Bench, type Group, inTurns, runsOf, sized } from '../bench.ts';
import { type BareClient, createBareClient } from '../latency/bare.ts';
import { createObserver, type Observer, type Seen } from '../latency/observer.ts';
import { addApp, bareEvents, connectTo, nameOf, openScene, type Scene } from '../latency/scene.ts';
import { sharedNowMs } from '../shared-time.ts';

/** Of design.md §8. */
const maxRatio = 1.5;

/** Refreshes fall anywhere in their second: before a tag moves again, its last move must have been seen. */
const leastSecondsBetween = 3;

type Move = Seen & { readonly sinceMs: number };

/** How long moves took to stand everywhere, and in each place, in milliseconds. */
const tookOf = ({ sinceMs, eventMs, patchedMs }: Move): number => Math.max(eventMs, patchedMs) - sinceMs;

/** Moves one app after the other, by the clock and not by the answers: who is slow gets the same load. */
const moveAtRate = async (
  {
    apps,
    perSecond,
    seconds,
  }: { readonly apps: number; readonly perSecond: number; readonly seconds: number },
  move: (index: number) => Promise<Move>,
  signal: AbortSignal,
): Promise<readonly Move[]> => {
  const began = sharedNowMs();
  const moves: Promise<Move>[] = [];
  for (let index = 0; index < perSecond * seconds; index += 1) {
    const dueMs = (index * 1000) / perSecond - (sharedNowMs() - began);
    if (dueMs > 1) await sleep(dueMs, undefined, { signal });
    moves.push(move(index % apps));
  }
  return Promise.all(moves);
};

/** Moves a tag at the registry and waits until our server has followed; counted from the HEAD that told it. */
const createOurMove = ({ registry }: Scene, observer: Observer) => {
  /** By digest; made by whoever comes first, the HEAD or the one who moved the tag: messages of one read come before what awaits them goes on. */
  const heads = new Map<string, PromiseWithResolvers<number>>();
  const headOf = (digest: string): PromiseWithResolvers<number> => {
    const head = heads.get(digest) ?? Promise.withResolvers<number>();
    heads.set(digest, head);
    return head;
  };
  registry.onHead((digest, atMs) => headOf(digest).resolve(atMs));
  return async (index: number): Promise<Move> => {
    const digest = await registry.move(nameOf(index), 'main');
    const head = headOf(digest);
    const [seen, sinceMs] = await Promise.all([observer.arrival(digest), head.promise]);
    heads.delete(digest);
    return { ...seen, sinceMs };
  };
};

const createBareMove =
  ({ registry }: Scene, client: BareClient) =>
  async (index: number): Promise<Move> =>
    client.follow(index, await registry.move(`bare-${nameOf(index)}`, 'main'));

/** Moves a second that the bare client gets done when it is asked for more than it can. */
const saturationOf = async (
  { apps, seconds }: { readonly apps: number; readonly seconds: number },
  move: (index: number) => Promise<Move>,
): Promise<number> => {
  const workers = Math.min(apps, 16);
  const end = sharedNowMs() + seconds * 1000;
  let done = 0;
  const work = async (index: number): Promise<void> => {
    for (; sharedNowMs() < end; done += 1) await move(index);
  };
  await Promise.all(Array.from({ length: workers }, (_, index) => work(index)));
  return done / seconds;
};

type Sides = {
  readonly ours: (index: number) => Promise<Move>;
  readonly bare: (index: number) => Promise<Move>;
};

/** Both sides with so many apps at each, all of them settled; apps that are there already stay. */
const createSides = async (bench: Bench, scene: Scene) => {
  const { ourApi, bareApi, redis } = scene;
  const watch = async (api: Scene['ourApi'], events: string): Promise<Observer> =>
    createObserver({ api, redis: connectTo(bench, redis), events }, bench.signal);
  const ourObserver = await watch(ourApi, '{imagestreams}:events');
  const bareObserver = await watch(bareApi, bareEvents);
  const ourMove = createOurMove(scene, ourObserver);
  let apps = 0;
  return async (wanted: number): Promise<Sides> => {
    for (; apps < wanted; apps += 1) {
      const first = ourObserver.arrival(await scene.registry.move(nameOf(apps), 'main'));
      await addApp(scene, apps);
      await first;
    }
    const client = await createBareClient(bench, scene, {
      redis: connectTo(bench, redis),
      observer: bareObserver,
      apps,
    });
    return { ours: ourMove, bare: createBareMove(scene, client) };
  };
};

const appsFor = (perSecond: number): number => Math.max(10, Math.ceil(perSecond * leastSecondsBetween));

/** Rows of one rate: both sides in turns. */
const measureRate = async (
  bench: Bench,
  sides: Sides,
  {
    label,
    perSecond,
    seconds,
    count,
  }: {
    readonly label: string;
    readonly perSecond: number;
    readonly seconds: number;
    /** Runs. */
    readonly count: number;
  },
): Promise<void> => {
  const load = { apps: appsFor(perSecond), perSecond, seconds };
  const runs = { ours: [] as (readonly Move[])[], floor: [] as (readonly Move[])[] };
  const run = async (into: (readonly Move[])[], move: Sides['ours']): Promise<number> => {
    into.push(await moveAtRate(load, move, bench.signal));
    return 0;
  };
  await inTurns(bench, count, {
    ours: () => run(runs.ours, sides.ours),
    floor: () => run(runs.floor, sides.bare),
    isWarm: true,
  });
  const timesOf = (of: readonly (readonly Move[])[], share: number, stage: (move: Move) => number) =>
    of.slice(-count).map((moves) => percentile(moves.map(stage), share));
  const row = (name: string, share: number, stage: (move: Move) => number, target?: number): void =>
    bench.row({
      name: `latency, ${label}: ${name}`,
      unit: 'ms',
      values: timesOf(runs.ours, share, stage),
      floors: timesOf(runs.floor, share, stage),
      ...(target === undefined || bench.size === 'smoke' ? {} : { target }),
    });
  row('to status, p50', 0.5, ({ statusMs, sinceMs }) => statusMs - sinceMs);
  row('to event, p50', 0.5, ({ eventMs, sinceMs }) => eventMs - sinceMs);
  row('to workload, p50', 0.5, ({ patchedMs, sinceMs }) => patchedMs - sinceMs);
  row('p50', 0.5, tookOf);
  row('p99', 0.99, tookOf, maxRatio);
};

/** From a HEAD that tells of a new digest to status, event and patched Deployment, beside a client that does the same writes and nothing else. */
export const latencyGroup: Group = {
  name: 'latency',
  run: async (bench) => {
    const scene = await openScene(bench);
    const settle = await createSides(bench, scene);
    const rates = sized(bench, { smoke: [5], normal: [1, 10] });
    const seconds = sized(bench, { smoke: 1, normal: 20, full: 60 });
    const sides = await settle(appsFor(Math.max(...rates)));
    const warmUp = { apps: 10, perSecond: 5, seconds: Math.min(seconds, 4) };
    for (const move of [sides.ours, sides.bare]) await moveAtRate(warmUp, move, bench.signal);
    for (const perSecond of rates)
      await measureRate(bench, sides, {
        label: `${perSecond} moves/s`,
        perSecond,
        seconds,
        count: runsOf(bench, 'long'),
      });
    if (bench.size === 'smoke') return;
    const saturation = await saturationOf({ apps: 16, seconds: 5 }, sides.bare);
    bench.row({ name: 'latency, the bare client at its limit', unit: 'moves/s', values: [saturation] });
    const perSecond = Math.max(1, Math.floor(saturation / 2));
    const label = `half of that, ${perSecond} moves/s`;
    // Of shorter runs but more of them: one pause of either garbage collector makes the slowest hundredth of a run.
    await measureRate(bench, await settle(appsFor(perSecond)), {
      label,
      perSecond,
      seconds: seconds / 2,
      count: runsOf(bench, 'short'),
    });
  },
};
