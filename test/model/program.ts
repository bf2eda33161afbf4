import type { ChangeEvent } from '../../src/api/change-event.ts';
import { createControllers, type EventSink } from '../../src/controllers/index.ts';
import { createImporter } from '../../src/importer/index.ts';
import type { Clock } from '../../src/lib/clock.ts';
import { createRegistryClient } from '../../src/oci/index.ts';
import type { Sockets } from '../../src/oci/transport/undici.ts';
import type { Store } from '../../src/store/store.ts';
import { settle } from '../fakes/clock.ts';
import { controllersOn } from '../fakes/controllers.ts';
import type { RecordingLogger } from '../fakes/logger.ts';

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
  const common = controllersOn({ store, clock, logger });
  const controllers = createControllers({
    ...common,
    importer: createImporter({ client, clock }),
    settings: { ...common.settings, historyLimit: 1000, importWorkers: 16 },
    publish,
    sinks,
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
