import { secrets } from '../../src/api/core.ts';
import type { ImageStream, TagEvent } from '../../src/api/image-stream.ts';
import { imageStreams } from '../../src/api/resources.ts';
import { createManualClock } from '../fakes/clock.ts';
import { createRecordingLogger } from '../fakes/logger.ts';
import { createRandom } from '../fakes/random.ts';
import { anImage } from '../fakes/registry/content.ts';
import { MemoryStore } from '../fakes/store.ts';
import { createLedger } from './ledger.ts';
import { startProgram } from './program.ts';
import { createWire, type HostState } from './wire.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
/** Time for the first import of everything. */
const settingUpMs = 10 * minuteMs;
const never = new AbortController().signal;
const intervals = [15, 30, 60];
const hostCount = 10;
const namespaceCount = 10;
/** The last host wants a login; namespaces log in as one of two users. */
const privateHost = `h${hostCount - 1}.example`;
const passwords = { alice: 'a', bob: 'b' };

/** An image repository that is followed. */
export type Followed = {
  readonly host: string;
  readonly name: string;
  readonly intervalMs: number;
  /** What stood there and since when, the oldest first. */
  readonly values: { readonly atMs: number; readonly digest: string }[];
  /** Streams that follow it, and as whom. */
  readonly streams: { readonly namespace: string; readonly name: string; readonly user: string }[];
};

export type Outage = {
  readonly host: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly kind: 'down' | 'hanging' | 'limited';
};

export type DaysOptions = {
  readonly streams: number;
  readonly sources: number;
  readonly hours: number;
  readonly seed: number;
  /** Mean time between two moves of a source. */
  readonly meanMs: number;
  readonly outageMs: number;
  /** Requests under way per host at most; few, so that the gate has work. */
  readonly concurrency: number;
};

const userOf = (host: string, namespace: string): string =>
  host !== privateHost ? '' : Number(namespace.slice(1)) % 2 === 0 ? 'alice' : 'bob';

const createSources = ({ streams, sources }: DaysOptions): readonly Followed[] => {
  const all = Array.from(
    { length: sources },
    (_, index): Followed => ({
      host: `h${index % hostCount}.example`,
      name: `app${index}`,
      intervalMs: (intervals[Math.floor(index / hostCount) % intervals.length] ?? 15) * minuteMs,
      values: [],
      streams: [],
    }),
  );
  for (let index = 0; index < streams; index += 1) {
    const source = all[index % sources];
    const namespace = `n${Math.floor(index / 7) % namespaceCount}`;
    if (source !== undefined)
      source.streams.push({ namespace, name: `s${index}`, user: userOf(source.host, namespace) });
  }
  return all;
};

const streamOf = (source: Followed, { namespace, name }: Followed['streams'][number]): ImageStream => ({
  apiVersion: 'image.openshift.io/v1',
  kind: 'ImageStream',
  metadata: {
    namespace,
    name,
    annotations: { 'imagestreams.dev/refresh-interval': `${source.intervalMs / minuteMs}m` },
  },
  spec: {
    tags: [
      {
        name: 'main',
        generation: 1,
        from: { kind: 'DockerImage', name: `${source.host}/${source.name}:main` },
        importPolicy: { scheduled: true },
      },
    ],
  },
});

const pullSecretOf = (namespace: string) => {
  const username = userOf(privateHost, namespace) as keyof typeof passwords;
  const auths = { [privateHost]: { username, password: passwords[username] } };
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { namespace, name: 'pull' },
    type: 'kubernetes.io/dockerconfigjson',
    data: { '.dockerconfigjson': Buffer.from(JSON.stringify({ auths })).toString('base64') },
  };
};

/** Everything that happens, by time: moves as a Poisson process for each source, which ends early enough for the last to be found. */
const planMoves = (sources: readonly Followed[], { hours, seed, meanMs }: DaysOptions) => {
  const random = createRandom(seed);
  const lastMs = hours * hourMs - 2 * Math.max(...sources.map(({ intervalMs }) => intervalMs));
  return sources
    .flatMap((source) => {
      const moves: { readonly atMs: number; readonly source: Followed }[] = [];
      for (let atMs = 0; ; ) {
        atMs += -Math.log(1 - random()) * meanMs;
        if (atMs > lastMs) return moves;
        moves.push({ atMs, source });
      }
    })
    .toSorted((a, b) => a.atMs - b.atMs);
};

/** Each of another kind, on a host of its own, one after the other. */
const planOutages = ({ hours, outageMs }: DaysOptions): readonly Outage[] =>
  (['down', 'limited', 'hanging'] as const).map((kind, index) => {
    const fromMs = ((index + 1) / 5) * hours * hourMs;
    return { kind, host: `h${index}.example`, fromMs, toMs: fromMs + outageMs };
  });

const stateOf = ({ kind, toMs }: Outage): HostState =>
  kind === 'limited' ? { limitedUntilMs: settingUpMs + toMs } : kind;

/** Lets days pass over streams whose sources move and whose registries fail. */
export const simulateDays = async (options: DaysOptions) => {
  const clock = createManualClock(undefined, 3);
  const hosts = Array.from({ length: hostCount }, (_, index) => `h${index}.example`);
  const wire = createWire(
    clock,
    Object.fromEntries(hosts.map((host) => [host, host === privateHost ? passwords : undefined])),
    20,
  );
  const store = new MemoryStore(clock.now);
  const ledger = createLedger();
  const sources = createSources(options);
  const outages = planOutages(options);
  let images = 0;
  const move = (source: Followed): void => {
    const image = anImage({ format: 'oci', name: `image ${(images += 1)}` });
    wire.push(source.host, source.name, 'main', image);
    source.values.push({ atMs: clock.monotonic() - settingUpMs, digest: image.manifest.digest });
  };
  for (const source of sources) move(source);
  for (let index = 0; index < namespaceCount; index += 1)
    await store.create(secrets, pullSecretOf(`n${index}`), {}, never);
  const program = await startProgram({
    store,
    clock,
    logger: createRecordingLogger(),
    sockets: wire.sockets,
    sinks: [ledger.sink],
    publish: () => undefined,
    concurrency: options.concurrency,
  });
  for (const source of sources)
    for (const stream of source.streams)
      await store.create(imageStreams, streamOf(source, stream), {}, never);

  // Time begins when everything is imported.
  await clock.advance(settingUpMs);
  wire.requests.length = 0;
  const happenings = [
    ...planMoves(sources, options).map(({ atMs, source }) => ({ atMs, happen: () => move(source) })),
    ...outages.map((outage) => ({
      atMs: outage.fromMs,
      happen: () => wire.set(outage.host, stateOf(outage)),
    })),
    ...outages.map(({ host, toMs }) => ({ atMs: toMs, happen: () => wire.set(host, 'up') })),
  ].toSorted((a, b) => a.atMs - b.atMs);
  for (const { atMs, happen } of happenings) {
    await clock.advance(settingUpMs + atMs - clock.monotonic());
    happen();
  }
  await clock.advance(settingUpMs + options.hours * hourMs - clock.monotonic());
  await program.kill();
  const histories = new Map<string, readonly TagEvent[]>();
  for (const { metadata, status } of (await store.list(imageStreams, {}, never)).items)
    histories.set(`${metadata.namespace}/${metadata.name}`, status?.tags?.[0]?.items?.toReversed() ?? []);
  return { sources, outages, histories, wire, hosts, told: ledger.told };
};

/** What {@link simulateDays} resolves to. */
export type Days = Awaited<ReturnType<typeof simulateDays>>;
