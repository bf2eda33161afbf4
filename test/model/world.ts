import type { ChangeEvent } from '../../src/api/change-event.ts';
import { events, secrets } from '../../src/api/core.ts';
import type { ImageStream } from '../../src/api/image-stream.ts';
import type { Stored } from '../../src/api/meta.ts';
import { imageStreams } from '../../src/api/resources.ts';
import { createImageStreamStorage } from '../../src/apiserver/resources/image-stream.ts';
import { createManualClock, settle } from '../fakes/clock.ts';
import { createRecordingLogger } from '../fakes/logger.ts';
import { anImage } from '../fakes/registry/content.ts';
import { aRestContext } from '../fakes/rest-context.ts';
import { MemoryStore } from '../fakes/store.ts';
import { streamPortsOf } from '../fakes/stream-ports.ts';
import { createLedger } from './ledger.ts';
import { type Program, startProgram } from './program.ts';
import { createWire } from './wire.ts';

export const namespace = 'team';
export const password = 'right';
const never = new AbortController().signal;

/** One revision of a stream. */
export type StreamChange = {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly stream: Stored<ImageStream>;
};

/** Images by number, of which some are the same for all: pushing 0, 1, 0 moves a tag there and back. */
export const imageOf = (number: number) => anImage({ format: 'oci', name: `image ${number}` });

/** Everything around the program: registries, the store, users, sinks and time. */
export const createWorld = () => {
  // Nothing here does I/O.
  const clock = createManualClock(undefined, 3);
  const wire = createWire(clock, {
    'public.example': undefined,
    'other.example': undefined,
    'private.example': { alice: password },
  });
  const store = new MemoryStore(clock.now);
  const logger = createRecordingLogger();
  const ledger = createLedger();
  const published: ChangeEvent[] = [];
  const log: StreamChange[] = [];
  const writtenByUser = new Set<string>();
  const stop = new AbortController();
  let program: Program | undefined;

  const follow = async (): Promise<void> => {
    for await (const event of store.watch(imageStreams, { fromRevision: '0' }, stop.signal))
      if (event.type !== 'BOOKMARK') log.push({ type: event.type, stream: event.object });
  };
  const followed = follow();

  const storage = createImageStreamStorage(streamPortsOf(store, clock));
  const context = aRestContext();
  const asUser = async (work: () => Promise<unknown>): Promise<void> => {
    const written = (await work()) as Stored<ImageStream> | { readonly object: Stored<ImageStream> };
    const { metadata } = 'object' in written ? written.object : written;
    writtenByUser.add(metadata.resourceVersion);
  };

  return {
    clock,
    wire,
    store,
    logger,
    ledger,
    published,
    log,
    isByUser: ({ stream }: StreamChange): boolean => writtenByUser.has(stream.metadata.resourceVersion),
    program: () => program,
    start: async (): Promise<void> => {
      const publish = (changes: readonly ChangeEvent[]): void => void published.push(...changes);
      program = await startProgram({
        store,
        clock,
        logger,
        sockets: wire.sockets,
        sinks: [ledger.sink],
        publish,
      });
    },
    kill: async (): Promise<void> => {
      await program?.kill();
      program = undefined;
    },
    end: async (): Promise<void> => {
      await program?.kill();
      stop.abort(new Error('the test is over'));
      await followed;
    },
    /** Lets everything happen that takes no time. */
    rest: () => settle(10),
    create: (stream: ImageStream) => asUser(() => storage.create(stream, namespace, context)),
    /** What cannot come in by the API: a broken object of an older version, say. */
    plant: (stream: ImageStream) => asUser(() => store.create(imageStreams, stream, {}, never)),
    update: (name: string, change: (old: ImageStream) => ImageStream) =>
      asUser(() => storage.update({ namespace, name }, (old) => change(old as ImageStream), context)),
    remove: async (name: string): Promise<void> => {
      const deleted = await store.delete(imageStreams, { namespace, name }, {}, never);
      writtenByUser.add(deleted.metadata.resourceVersion);
    },
    get: (name: string) => store.get(imageStreams, { namespace, name }, never),
    events: async () => (await store.list(events, {}, never)).items,
    /** Gives the namespace a pull secret for the private registry, or takes it away. */
    setPassword: async (text: string | undefined): Promise<void> => {
      const key = { namespace, name: 'pull' };
      if ((await store.get(secrets, key, never)) !== undefined) await store.delete(secrets, key, {}, never);
      if (text === undefined) return;
      const auths = { 'private.example': { username: 'alice', password: text } };
      const data = { '.dockerconfigjson': Buffer.from(JSON.stringify({ auths })).toString('base64') };
      const type = 'kubernetes.io/dockerconfigjson';
      await store.create(secrets, { apiVersion: 'v1', kind: 'Secret', metadata: key, type, data }, {}, never);
    },
  };
};

/** What {@link createWorld} makes. */
export type World = ReturnType<typeof createWorld>;
