import type { ChangeEvent } from '../../src/api/change-event.ts';
import { secrets } from '../../src/api/core.ts';
import {
  createControllers,
  createPullSecrets,
  createStoreWorkloads,
  type EventSink,
  workloadKinds,
} from '../../src/controllers/index.ts';
import { createEventRecorder, eventTtlMs } from '../../src/events/kubernetes.ts';
import { noteOfChange } from '../../src/events/note.ts';
import { createImporter, createKeychains } from '../../src/importer/index.ts';
import type { Clock } from '../../src/lib/clock.ts';
import { createRegistryClient } from '../../src/oci/index.ts';
import type { Sockets } from '../../src/oci/transport/undici.ts';
import type { Store } from '../../src/store/store.ts';
import { settle } from '../fakes/clock.ts';
import type { RecordingLogger } from '../fakes/logger.ts';

const minuteMs = 60_000;

export type ProgramOptions = {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: RecordingLogger;
  readonly sockets: Sockets;
  readonly sinks: readonly EventSink[];
  readonly publish: (events: readonly ChangeEvent[]) => void;
  /** Requests in flight per registry host. Default 10. */
  readonly concurrency?: number;
};

/** The whole program but its API and its command line, with the real registry client on a network in memory. */
export type Program = {
  /** Scheduled tags in its index. */
  readonly scheduledTags: () => number;
  /** Ends it wherever it is, as a crash would: nothing is finished first. */
  readonly kill: () => Promise<void>;
};

/** Starts the program on a store as it is. */
export const startProgram = async (options: ProgramOptions): Promise<Program> => {
  const { store, clock, logger, sockets, sinks, publish, concurrency } = options;
  const client = createRegistryClient({ clock, sockets, concurrency });
  const stop = new AbortController();
  const controllers = createControllers({
    store,
    importer: createImporter({ client, clock }),
    keychains: createKeychains({
      listSecrets: async (namespace, signal) => (await store.list(secrets, { namespace }, signal)).items,
      readShared: async () => [],
      onProblem: () => undefined,
    }),
    pullSecrets: createPullSecrets({ store, clock, logger, onEvent: () => undefined }),
    clock,
    logger,
    settings: {
      historyLimit: 1000,
      maxTagsPerRepository: 500,
      intervals: { defaultMs: 15 * minuteMs, floorMs: 1_000 },
      importWorkers: 16,
      importRequestTtlMs: 10 * minuteMs,
      eventTtlMs,
      triggersPerMinute: 0,
    },
    references: 'unrestricted',
    targets: { workloads: workloadKinds, builds: [], access: createStoreWorkloads(store) },
    recordEvent: createEventRecorder(store),
    noteOfChange,
    publish,
    sinks,
    onRuntime: () => undefined,
    onEvent: () => undefined,
    onTrigger: () => undefined,
  });
  const ended = controllers.run(stop.signal);
  while (!controllers.hasSynced()) await settle(1);
  return {
    scheduledTags: controllers.scheduledTags,
    kill: async () => {
      stop.abort(new Error('killed'));
      await ended;
      await client.close();
    },
  };
};
