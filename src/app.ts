import { join } from 'node:path';
import { deployments, secrets } from './api/core.ts';
import type { Resource } from './api/resource.ts';
import { imageStreams } from './api/resources.ts';
import { administrator, createTokenAuthenticator, ensureToken } from './apiserver/authn/token.ts';
import { writeKubeconfig } from './apiserver/kubeconfig.ts';
import { type ApiServer, createApiServer } from './apiserver/server.ts';
import { createStorages, ensureDefaultNamespace } from './apiserver/storages.ts';
import type { ApiCall } from './apply.ts';
import type { Config } from './config.ts';
import { type Controllers, createControllers } from './controllers/index.ts';
import { ensureCertificates, ensureDataDirectory } from './data-directory.ts';
import type { DemoPorts } from './demo/demo.ts';
import { createFeed, type Feed } from './events/feed.ts';
import { createEventRecorder, eventTtlMs, runEventSweeper } from './events/kubernetes.ts';
import { noteOfChange } from './events/note.ts';
import { createFeedRoute } from './feed-route.ts';
import { createImporter, createKeychains, type Keychains } from './importer/index.ts';
import type { Clock } from './lib/clock.ts';
import type { Logger } from './lib/logger.ts';
import { createMetrics } from './observability/metrics.ts';
import { createOperatorCredentials, createRegistryClient } from './oci/index.ts';
import { type RegistryAccess, readRegistryAccess } from './registry-access.ts';
import { openEmbeddedStore } from './store/index.ts';
import type { Store } from './store/store.ts';

/** A standalone server, ready to run. */
export type App = {
  /** URL of the API. */
  readonly address: string;
  readonly kubeconfig: string;
  readonly feed: Feed;
  readonly resources: readonly Resource[];
  /** Asks the API as its administrator, without a socket. */
  readonly call: ApiCall;
  readonly getStream: DemoPorts['getStream'];
  readonly getDeployment: DemoPorts['getDeployment'];
  /** Works until `signal` is aborted and everything has stopped. */
  readonly run: (signal: AbortSignal) => Promise<void>;
  /** Frees files and sockets. */
  readonly close: () => Promise<void>;
};

export type AppOptions = {
  readonly config: Config;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly version: string;
  /** What programs with credentials inherit. */
  readonly env: Readonly<Record<string, string | undefined>>;
};

/** The credentials for every namespace: only what the settings name, since whoever may create a stream can read with them. */
const createSharedCredentials = ({ config, clock, logger, env }: AppOptions) =>
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

const createPullSecrets = (store: Store, options: AppOptions): Keychains =>
  createKeychains({
    listSecrets: async (namespace, signal) => (await store.list(secrets, { namespace }, signal)).items,
    readShared: createSharedCredentials(options),
    onProblem: ({ namespace, message }) =>
      options.logger.warn({ namespace, problem: message }, 'pull secret cannot be read'),
  });

const createCall =
  (server: ApiServer, token: string): ApiCall =>
  async (method, path, body) => {
    const answer = await server.inject({
      method,
      url: path,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': body.contentType }),
      },
      ...(body === undefined ? {} : { payload: JSON.stringify(body.value) }),
    });
    return { status: answer.statusCode, body: JSON.parse(answer.body) as unknown };
  };

const readAccess = async ({ config, logger }: AppOptions): Promise<RegistryAccess['options']> => {
  const { options, notes } = await readRegistryAccess(config);
  for (const note of notes) logger.info({ note }, 'part of a registries configuration is ignored');
  return options;
};

/** The parts that work on objects, wired to each other. */
const createParts = (store: Store, options: AppOptions, access: RegistryAccess['options']) => {
  const { config, clock, logger } = options;
  const metrics = createMetrics();
  const client = createRegistryClient({
    ...access,
    clock,
    onRequest: metrics.onRequest,
    allowLoopback: !config.denyLoopbackRegistries,
    trustedRealms: config.trustedRealm,
    concurrency: config.registryConcurrency,
    userAgent: `imagestreams/${options.version}`,
  });
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
    recordEvent: createEventRecorder(store),
    noteOfChange,
    publish: feed.publish,
    onRuntime: metrics.onRuntime,
    onEvent: metrics.onController,
    onTrigger: metrics.onTrigger,
  });
  return { metrics, client, importer, keychains, feed, controllers };
};

/**
 * Opens a standalone server: store, certificates, API, importer and controllers, all in the data directory. It listens when this
 * resolves; it works when it is run.
 *
 * @throws {StoreError} {@link RegistryAccessError} or a Node error whose message says what is wrong with the data directory, the files
 * about registries or the address.
 */
export const openApp = async (options: AppOptions, signal: AbortSignal): Promise<App> => {
  const { config, clock, logger, version } = options;
  const { dataDir, listen } = config;
  const access = await readAccess(options);
  await ensureDataDirectory(dataDir);
  const store = openEmbeddedStore({ file: join(dataDir, 'imagestreams.db'), clock, logger });
  const parts = createParts(store, options, access);
  const { controllers, feed } = parts;
  try {
    await ensureDefaultNamespace(store, signal);
    const tls = await ensureCertificates(dataDir, listen.host, clock);
    const token = await ensureToken(join(dataDir, 'token'));
    const storages = createStorages({ ...parts, ...config, store, clock });
    const server = createApiServer({
      storages,
      clock,
      logger,
      version,
      tls,
      authenticate: createTokenAuthenticator(token, administrator),
      isReady: controllers.hasSynced,
      extraRoutes: [createFeedRoute(feed), parts.metrics.route],
    });
    await server.listen(listen.host, listen.port, signal);
    const address = server.address() ?? '';
    const kubeconfig = join(dataDir, 'kubeconfig');
    await writeKubeconfig({
      path: kubeconfig,
      server: address,
      ca: tls.ca,
      token,
      userName: administrator.name,
    });
    return {
      address,
      kubeconfig,
      feed,
      resources: storages.map(({ resource }) => resource),
      call: createCall(server, token),
      getStream: (name, stop) => store.get(imageStreams, { namespace: 'default', name }, stop),
      getDeployment: (name, stop) => store.get(deployments, { namespace: 'default', name }, stop),
      run: async (stop) => {
        await Promise.all([
          controllers.run(stop),
          store.runCompaction(stop),
          runEventSweeper({ store, clock, logger }, stop),
        ]);
      },
      close: async () => {
        await server.close();
        await parts.client.close();
        await store.close();
      },
    };
  } catch (error) {
    await parts.client.close();
    await store.close();
    throw error;
  }
};
