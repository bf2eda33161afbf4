import type { ChangeEvent } from '../../src/api/change-event.ts';
import { type Event, events, type Secret, secrets } from '../../src/api/core.ts';
import type { ImageStream, TagReference } from '../../src/api/image-stream.ts';
import { imageStreams } from '../../src/api/resources.ts';
import { findTag } from '../../src/api/tag-history.ts';
import {
  type ControllerEvent,
  type ControllersOptions,
  createControllers,
  createPullSecrets,
  createStoreWorkloads,
  type ReferenceMode,
  workloadKinds,
} from '../../src/controllers/index.ts';
import { createEventRecorder, eventTtlMs } from '../../src/events/kubernetes.ts';
import { noteOfChange } from '../../src/events/note.ts';
import { createImporter, createKeychains } from '../../src/importer/index.ts';
import { RegistryError } from '../../src/oci/errors.ts';
import type { Access, RegistryClient, Repository } from '../../src/oci/types.ts';
import { createManualClock, eventually, settle } from './clock.ts';
import { createRecordingLogger } from './logger.ts';
import { createFakeRegistry } from './registry-client.ts';
import { MemoryStore } from './store.ts';

const never = new AbortController().signal;
export const minuteMs = 60_000;
export const intervalMs = 15 * minuteMs;
export const repository = 'quay.example/team/app';

export const tag = (
  name: string,
  from = `${repository}:${name}`,
  change: Partial<TagReference> = {},
): TagReference => ({
  name,
  from: { kind: 'DockerImage', name: from },
  generation: 1,
  ...change,
});
export const scheduled = (
  name: string,
  from?: string,
  annotations: Record<string, string> = {},
): TagReference => tag(name, from, { importPolicy: { scheduled: true }, annotations });
export const every = (interval: string) => ({ 'imagestreams.dev/refresh-interval': interval });

export const aStream = (name: string, tags: readonly TagReference[], namespace = 'team'): ImageStream => ({
  apiVersion: 'image.openshift.io/v1',
  kind: 'ImageStream',
  metadata: { namespace, name },
  spec: { tags },
});

export const aPullSecret = (registry: string, namespace = 'team'): Secret => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { namespace, name: 'pull' },
  type: 'kubernetes.io/dockerconfigjson',
  data: {
    '.dockerconfigjson': Buffer.from(
      JSON.stringify({ auths: { [registry]: { username: 'alice', password: 'secret' } } }),
    ).toString('base64'),
  },
});

/** A registry of which one host answers only who has credentials. */
const guarded = (client: RegistryClient, host: string): RegistryClient => {
  const check = (place: Repository, access: Access): void => {
    if (place.registry === host && access.keychain(place).length === 0)
      throw new RegistryError('unauthorized', `GET ${host}: unauthorized`, { status: 401 });
  };
  return {
    ...client,
    resolve: async (reference, access, signal) => {
      const answer = await client.resolve(reference, access, signal);
      check(reference, access);
      return answer;
    },
    getManifest: async (reference, access, signal) => {
      const answer = await client.getManifest(reference, access, signal);
      check(reference, access);
      return answer;
    },
  };
};

const running: AbortController[] = [];

/** Stops what the tests have started; for `afterEach`. */
export const stopAll = (): void => {
  for (const stop of running.splice(0)) stop.abort(new Error('the test is over'));
};

/** What controllers need besides an importer, over a store that holds everything; what they tell nobody hears. */
export const controllersOn = ({
  store,
  clock,
  logger,
}: Pick<ControllersOptions, 'store' | 'clock' | 'logger'>) =>
  ({
    store,
    clock,
    logger,
    keychains: createKeychains({
      listSecrets: async (namespace, signal) => (await store.list(secrets, { namespace }, signal)).items,
      readShared: async () => [],
      onProblem: () => undefined,
    }),
    pullSecrets: createPullSecrets({ store, clock, logger, onEvent: () => undefined }),
    settings: {
      historyLimit: 20,
      maxTagsPerRepository: 500,
      intervals: { defaultMs: intervalMs, floorMs: 1_000 },
      importWorkers: 8,
      importRequestTtlMs: 10 * minuteMs,
      eventTtlMs,
      triggersPerMinute: 0,
    },
    references: 'unrestricted',
    targets: { workloads: workloadKinds, builds: [], access: createStoreWorkloads(store) },
    recordEvent: createEventRecorder(store),
    noteOfChange,
    onRuntime: () => undefined,
    onEvent: () => undefined,
    onTrigger: () => undefined,
  }) satisfies Omit<ControllersOptions, 'importer' | 'publish'>;

/** The controllers over a store in memory and a fake registry, by a manual clock. */
export const startControllers = (references: ReferenceMode = 'unrestricted') => {
  const clock = createManualClock();
  const store = new MemoryStore(clock.now);
  const logger = createRecordingLogger();
  const registry = createFakeRegistry();
  const told: ControllerEvent[] = [];
  const published: ChangeEvent[] = [];
  const client = guarded(registry, 'private.example');

  /** A program on the store as it is; stops as the real one does. */
  const start = async () => {
    const stop = new AbortController();
    running.push(stop);
    const controllers = createControllers({
      ...controllersOn({ store, clock, logger }),
      importer: createImporter({ client, clock }),
      references,
      pauseNamespace: 'ops',
      publish: (changes) => published.push(...changes),
      onEvent: (event) => told.push(event),
    });
    const ended = controllers.run(stop.signal);
    await eventually(() => controllers.hasSynced(), 'the first lists');
    await settle(60);
    return {
      controllers,
      stop: async () => {
        stop.abort(new Error('stopped'));
        await ended;
      },
    };
  };

  const create = (stream: ImageStream) => store.create(imageStreams, stream, {}, never);
  const get = async (name: string, namespace = 'team') => {
    const stream = await store.get(imageStreams, { namespace, name }, never);
    if (stream === undefined) throw new Error(`${name} is not there`);
    return stream;
  };
  const itemsOf = async (name: string, tagName: string) =>
    findTag((await get(name)).status, tagName)?.items ?? [];
  const failureOf = async (name: string, tagName: string) =>
    findTag((await get(name)).status, tagName)?.conditions?.[0]?.reason;
  const imported = (name: string, ...tags: readonly string[]) =>
    eventually(async () => {
      const counts = await Promise.all(tags.map(async (one) => (await itemsOf(name, one)).length));
      return counts.every((count) => count > 0);
    }, `the import of ${name}`);
  const asked = (what = '') => registry.asked().filter((call) => call.includes(what));
  const forget = (): void => {
    registry.calls.length = 0;
    store.writes.length = 0;
  };
  const statusWrites = () =>
    store.writes.filter(
      ({ resource, verb }) => resource.startsWith('imagestreams') && verb === 'updateStatus',
    );
  const storedEvents = async (): Promise<readonly Event[]> => (await store.list(events, {}, never)).items;
  const remove = (name: string) => store.delete(imageStreams, { namespace: 'team', name }, {}, never);
  let serial = 0;
  /** Another image under a tag. */
  const push = (tagName: string, place = repository) => {
    serial += 1;
    return registry.addImage(place, { config: { author: `push ${serial}` } }, tagName);
  };
  const state = { clock, store, logger, registry, told, published };
  const actions = { start, create, get, remove, push, forget };
  const questions = { itemsOf, failureOf, imported, asked, statusWrites, storedEvents };
  return { ...state, ...actions, ...questions };
};
