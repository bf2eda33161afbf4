import type { ChangeEvent } from '../../src/api/change-event.ts';
import type { ImageStream } from '../../src/api/image-stream.ts';
import { imageStreams } from '../../src/api/resources.ts';
import { addTagEvent } from '../../src/api/tag-history.ts';
import type { EventSink, SinkEvent } from '../../src/controllers/index.ts';
import type { SinkPublisher } from '../../src/controllers/sink-publisher.ts';
import { createSinkPublishers } from '../../src/controllers/sink-publishers.ts';
import { type Clock, systemClock } from '../../src/lib/clock.ts';
import { createInformer, runManager } from '../../src/runtime/index.ts';
import type { Store } from '../../src/store/store.ts';
import { createRecordingLogger } from '../fakes/logger.ts';

const never = new AbortController().signal;

/** One program that tells one sink of the streams in a store, until it is killed. */
export const startPublisher = (
  store: Store,
  sink: EventSink,
  clock: Clock = systemClock,
): {
  readonly publisher: SinkPublisher;
  readonly told: readonly SinkEvent[];
  readonly logger: ReturnType<typeof createRecordingLogger>;
  readonly kill: () => Promise<void>;
} => {
  const stop = new AbortController();
  const logger = createRecordingLogger();
  const told: SinkEvent[] = [];
  const shared = { clock, logger, onEvent: () => undefined };
  const streams = createInformer<ImageStream>({ ...shared, store, resource: imageStreams });
  const { publishers, sources } = createSinkPublishers({
    ...shared,
    store,
    sinks: [sink],
    streams,
    onSink: (event) => void told.push(event),
  });
  const [publisher] = publishers;
  if (publisher === undefined) throw new Error('there is no publisher');
  const ended = runManager(
    { clock, logger, sources: [streams, ...sources], runnables: publishers },
    stop.signal,
  );
  return {
    publisher,
    told,
    logger,
    kill: async () => {
      stop.abort(new Error('killed'));
      await ended;
    },
  };
};

/** Makes a stream without tags. */
export const createStream = (store: Store, name: string): Promise<unknown> =>
  store.create(
    imageStreams,
    { apiVersion: 'image.openshift.io/v1', kind: 'ImageStream', metadata: { namespace: 'team', name } },
    {},
    never,
  );

/** A digest that says which one it is. */
export const digestOf = (number: number): string => `sha256:${number.toString(16).padStart(64, '0')}`;

/** Writes the status of a stream. */
export const changeStatus = async (
  store: Store,
  name: string,
  change: (status: NonNullable<ImageStream['status']>) => NonNullable<ImageStream['status']>,
): Promise<void> => {
  const stream = await store.get(imageStreams, { namespace: 'team', name }, never);
  if (stream === undefined) throw new Error(`there is no stream ${name}`);
  await store.updateStatus(imageStreams, { ...stream, status: change(stream.status ?? {}) }, {}, never);
};

/** Moves a tag of a stream to the image of that number. */
export const moveTag = (store: Store, name: string, tag: string, number: number): Promise<void> =>
  changeStatus(store, name, (status) =>
    addTagEvent(status, tag, {
      created: '2026-01-01T00:00:00Z',
      dockerImageReference: `r.example/app@${digestOf(number)}`,
      image: digestOf(number),
      generation: 1,
      cause: { type: 'Schedule' },
    }),
  );

/** What the histories of all streams say, as `stream:tag` to revisions in order. */
export const historiesIn = async (store: Store): Promise<Readonly<Record<string, readonly number[]>>> =>
  Object.fromEntries(
    (await store.list(imageStreams, {}, never)).items.flatMap((stream) =>
      (stream.status?.tags ?? []).map(({ tag, items }) => [
        `${stream.metadata.name}:${tag}`,
        (items ?? []).map(({ revision = 0 }) => revision).toReversed(),
      ]),
    ),
  );

/** The same of events, in the order in which they were told. */
export const historiesOf = (events: readonly ChangeEvent[]): Readonly<Record<string, readonly number[]>> => {
  const told: Record<string, number[]> = {};
  for (const { stream, tag, revision } of events) (told[`${stream}:${tag}`] ??= []).push(revision);
  return told;
};

/** Waits in real time: what is waited for happens in other processes. */
export const until = async (
  holds: () => boolean | Promise<boolean>,
  what: string,
  limitMs = 20_000,
): Promise<void> => {
  const giveUpAt = performance.now() + limitMs;
  while (!(await holds())) {
    if (performance.now() > giveUpAt) throw new Error(`${what} did not come to hold within ${limitMs} ms`);
    await systemClock.sleep(10, never);
  }
};

/** A clock on which time goes by faster, so that pauses that are meant for servers take a test no time. */
export const createHastyClock = (factor = 50): Clock => ({
  now: () => systemClock.now(),
  monotonic: () => systemClock.monotonic() * factor,
  sleep: (ms, signal) => systemClock.sleep(ms / factor, signal),
});
