import {
  type Controllers,
  createControllers,
  createNamespaceSecrets,
  createPullSecrets,
  type EventSink,
  type PullSecretChanges,
  type RecordEvent,
  type ReferenceMode,
  type TriggerTargets,
} from './controllers/index.ts';
import { createFeed, type Feed } from './events/feed.ts';
import { eventTtlMs } from './events/kubernetes.ts';
import { noteOfChange } from './events/note.ts';
import {
  createImporter,
  createKeychains,
  type Importer,
  type Keychains,
  type PullSecretPorts,
  withCredentialsNote,
} from './importer/index.ts';
import type { Clock } from './lib/clock.ts';
import type { Logger } from './lib/logger.ts';
import { createMetrics } from './observability/metrics.ts';
import { createOperatorCredentials, createRegistryClient } from './oci/index.ts';
import { type RegistryAccess, readRegistryAccess } from './registry-access.ts';
import type { Config } from './settings.ts';
import type { Store } from './store/store.ts';
import { createWhy } from './why.ts';

/** What every mode is made of. */
export type PartsOptions = {
  readonly config: Config;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly version: string;
  /** What programs with credentials inherit. */
  readonly env: Readonly<Record<string, string | undefined>>;
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

/** The keychains of namespaces, from their secrets and what the settings name. */
const createNamespaceKeychains = (
  listSecrets: PullSecretPorts['listSecrets'],
  readShared: PullSecretPorts['readShared'],
  { logger }: PartsOptions,
): Keychains =>
  createKeychains({
    listSecrets,
    readShared,
    onProblem: ({ namespace, message }) =>
      logger.warn({ namespace, problem: message }, 'pull secret cannot be read'),
  });

/** How registries are reached; what a file says and this program does not do is logged. */
export const readAccess = async ({ config, logger }: PartsOptions): Promise<RegistryAccess['options']> => {
  const { options, notes } = await readRegistryAccess(config);
  for (const note of notes) logger.info({ note }, 'part of a registries configuration is ignored');
  return options;
};

/** What asks registries and counts; works on objects of no store. Free `client` at the end. */
export const createRegistryParts = (
  options: PartsOptions & { readonly allowLoopback: boolean },
  access: RegistryAccess['options'],
) => {
  const { config, clock } = options;
  const metrics = createMetrics(clock);
  const client = createRegistryClient({
    ...access,
    clock,
    onRequest: metrics.onRequest,
    allowLoopback: options.allowLoopback,
    trustedRealms: config.trustedRealm,
    concurrency: config.registryConcurrency,
    maxPerSecond: config.registryRate === 0 ? undefined : config.registryRate,
    userAgent: `imagestreams/${options.version}`,
  });
  metrics.watchGates(client.gates);
  const importer = createImporter({ client, clock });
  return { metrics, client, importer, readShared: createSharedCredentials(options) };
};

/** What asks registries and counts. */
export type RegistryParts = ReturnType<typeof createRegistryParts>;

/** How the modes differ. */
export type WorkOptions = {
  readonly references: ReferenceMode;
  /** The store shows the streams of all namespaces: what none of them refers to is not needed. */
  readonly seesAllStreams: boolean;
  readonly targets: TriggerTargets;
  /** Whether one watch of all namespaces may be had, or each is asked for. Default `cluster`. */
  readonly secretAccess?: 'cluster' | 'namespace';
  /** Where the ConfigMap that pauses everything is looked for. */
  readonly pauseNamespace: string;
  /** Where the secrets of a namespace are read; undefined: what the watches have seen will do. */
  readonly listSecrets?: PullSecretPorts['listSecrets'];
  readonly recordEvent: RecordEvent;
  /** Where change events go besides Kubernetes Events and the feed: `sinks.ts` opens them. Default none. */
  readonly sinks?: readonly EventSink[];
};

/** How pull secrets are read, and who says of a refused import that they could not be. */
const withPullSecrets = (
  store: Store,
  { metrics, importer, readShared }: RegistryParts,
  { listSecrets, secretAccess }: WorkOptions,
  options: PartsOptions,
): {
  readonly importer: Importer;
  readonly pullSecrets: PullSecretChanges;
  readonly keychains: Keychains;
  /** Of what the watches have seen, where there are any. */
  readonly watchedKeychains: Keychains;
} => {
  const { clock, logger } = options;
  if (secretAccess === 'namespace') {
    const pullSecrets = createNamespaceSecrets({ store, clock, logger });
    const { read, problem } = pullSecrets;
    const keychains = createNamespaceKeychains(read, readShared, options);
    const noting = withCredentialsNote(importer, problem);
    return { importer: noting, pullSecrets, keychains, watchedKeychains: keychains };
  }
  const pullSecrets = createPullSecrets({ store, clock, logger, onEvent: metrics.onRuntime });
  const listSeen = async (namespace: string) => pullSecrets.list(namespace);
  const watchedKeychains = createNamespaceKeychains(listSeen, readShared, options);
  const keychains =
    listSecrets === undefined ? watchedKeychains : createNamespaceKeychains(listSecrets, readShared, options);
  return { importer, pullSecrets, keychains, watchedKeychains };
};

/** Makes what works on the objects of a store. */
export const createWork = (
  store: Store,
  registry: RegistryParts,
  work: WorkOptions,
  options: PartsOptions,
) => {
  const { config, clock, logger } = options;
  const { metrics } = registry;
  const { importer, pullSecrets, ...chains } = withPullSecrets(store, registry, work, options);
  const { keychains } = chains;
  const intervals = { defaultMs: config.defaultRefreshInterval, floorMs: config.minRefreshInterval };
  const feed: Feed = createFeed({ listStreams: () => controllers.streams.list(), clock });
  const controllers: Controllers = createControllers({
    store,
    importer,
    ...chains,
    pullSecrets,
    clock,
    logger,
    settings: {
      historyLimit: config.historyLimit,
      maxTagsPerRepository: config.maxTagsPerRepository,
      intervals,
      importWorkers: config.importWorkers,
      importRequestTtlMs: config.importRequestTtl,
      eventTtlMs,
      pruneImagesAfterMs: work.seesAllStreams ? config.pruneImagesAfter : undefined,
      triggersPerMinute: config.triggersPerMinute,
    },
    references: work.references,
    targets: work.targets,
    pauseNamespace: work.pauseNamespace,
    recordEvent: work.recordEvent,
    noteOfChange,
    publish: feed.publish,
    onRuntime: metrics.onRuntime,
    onEvent: metrics.onController,
    onTrigger: metrics.onTrigger,
    sinks: work.sinks,
    onSink: metrics.onSink,
  });
  metrics.watchTriggers(controllers.waitingTriggers);
  metrics.watchSinks(controllers.sinks);
  metrics.watchSchedule(() => ({
    isPaused: controllers.pausedBecause() !== undefined,
    registries: controllers.schedules(),
  }));
  const why = createWhy({
    getStream: (key) => controllers.streams.get(key),
    importer,
    keychains,
    retryAtMs: controllers.retryAtMs,
    refreshAtMs: controllers.refreshAtMs,
    pausedBecause: controllers.pausedBecause,
    intervals,
  });
  const { toldRevision } = controllers;
  return { keychains, feed, controllers, why, toldRevision };
};

/** What works on the objects of a store. */
export type Work = ReturnType<typeof createWork>;
