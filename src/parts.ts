import { secrets } from './api/core.ts';
import type { Config } from './config.ts';
import {
  type Controllers,
  createControllers,
  type EventSink,
  type ReferenceMode,
} from './controllers/index.ts';
import { createFeed, type Feed } from './events/feed.ts';
import { createEventRecorder, eventTtlMs } from './events/kubernetes.ts';
import { noteOfChange } from './events/note.ts';
import { createImporter, createKeychains, type Keychains } from './importer/index.ts';
import type { Clock } from './lib/clock.ts';
import type { Logger } from './lib/logger.ts';
import { createMetrics } from './observability/metrics.ts';
import { createOperatorCredentials, createRegistryClient } from './oci/index.ts';
import { type RegistryAccess, readRegistryAccess } from './registry-access.ts';
import type { Store } from './store/store.ts';

/** What every mode is made of. */
export type PartsOptions = {
  readonly config: Config;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly version: string;
  /** What programs with credentials inherit. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Where change events go besides Kubernetes Events and the feed: `sinks.ts` opens them. Default none. */
  readonly sinks?: readonly EventSink[];
};

/** The credentials for every namespace: only what the settings name, since whoever may create a stream can read with them. */
const createSharedCredentials = ({ config, clock, logger, env }: PartsOptions) =>
  createOperatorCredentials({
    env,
    clock,
    onProblem: (problem) => logger.warn({ problem }, 'credentials cannot be used'),
    pullSecrets: config.globalPullSecret === '' ? [] : [config.globalPullSecret],
    dockerConfigs: config.dockerConfig,
    providers:
      config.imageCredentialProviderConfig === ''
        ? undefined
        : {
            configFile: config.imageCredentialProviderConfig,
            binDir: config.imageCredentialProviderBinDir,
          },
  });

const createPullSecrets = (store: Store, options: PartsOptions): Keychains =>
  createKeychains({
    listSecrets: async (namespace, signal) => (await store.list(secrets, { namespace }, signal)).items,
    readShared: createSharedCredentials(options),
    onProblem: ({ namespace, message }) =>
      options.logger.warn({ namespace, problem: message }, 'pull secret cannot be read'),
  });

/** How registries are reached; what a file says and this program does not do is logged. */
export const readAccess = async ({ config, logger }: PartsOptions): Promise<RegistryAccess['options']> => {
  const { options, notes } = await readRegistryAccess(config);
  for (const note of notes) logger.info({ note }, 'part of a registries configuration is ignored');
  return options;
};

/** Makes the parts that work on the objects of a store, wired to each other. Free `client` at the end. */
export const createParts = (
  store: Store,
  options: PartsOptions & { readonly references: ReferenceMode },
  access: RegistryAccess['options'],
) => {
  const { config, clock, logger } = options;
  const metrics = createMetrics(clock);
  const client = createRegistryClient({
    ...access,
    clock,
    onRequest: metrics.onRequest,
    allowLoopback: !config.denyLoopbackRegistries,
    trustedRealms: config.trustedRealm,
    concurrency: config.registryConcurrency,
    maxPerSecond: config.registryRate === 0 ? undefined : config.registryRate,
    userAgent: `imagestreams/${options.version}`,
  });
  metrics.watchGates(client.gates);
  const importer = createImporter({ client, clock });
  const keychains = createPullSecrets(store, options);
  const feed: Feed = createFeed({ listStreams: () => controllers.streams.list(), clock });
  const controllers: Controllers = createControllers({
    store,
    importer,
    keychains,
    clock,
    logger,
    settings: {
      historyLimit: config.historyLimit,
      maxTagsPerRepository: config.maxTagsPerRepository,
      intervals: { defaultMs: config.defaultRefreshInterval, floorMs: config.minRefreshInterval },
      importWorkers: config.importWorkers,
      eventTtlMs,
    },
    references: options.references,
    recordEvent: createEventRecorder(store),
    noteOfChange,
    publish: feed.publish,
    onRuntime: metrics.onRuntime,
    onEvent: metrics.onController,
    onTrigger: metrics.onTrigger,
    sinks: options.sinks,
    onSink: metrics.onSink,
  });
  metrics.watchSinks(controllers.sinks, clock.now);
  return { metrics, client, importer, keychains, feed, controllers };
};

/** The parts that work on objects. */
export type Parts = ReturnType<typeof createParts>;
