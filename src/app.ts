import { join } from 'node:path';
import { configMaps, deployments, events, secrets } from './api/core.ts';
import { qualifiedName, type Resource } from './api/resource.ts';
import { changeCursors, imageStreamGrants, imageStreams, images } from './api/resources.ts';
import { administrator, createTokenAuthenticator, ensureToken } from './apiserver/authn/token.ts';
import { writeKubeconfig } from './apiserver/kubeconfig.ts';
import { type ApiServer, createApiServer } from './apiserver/server.ts';
import { createStorages, ensureDefaultNamespace } from './apiserver/storages.ts';
import type { ApiCall } from './apply.ts';
import { createGarbageCollector } from './controllers/garbage-collector/index.ts';
import { createStoreWorkloads, workloadKinds } from './controllers/index.ts';
import { createNamespaceController } from './controllers/namespaces.ts';
import { ensureCertificates, ensureDataDirectory } from './data-directory.ts';
import type { DemoPorts } from './demo/demo.ts';
import type { Feed } from './events/feed.ts';
import { createEventRecorder, runEventSweeper } from './events/kubernetes.ts';
import { createFeedRoute } from './feed-route.ts';
import { createRegistryParts, createWork, type PartsOptions, readAccess } from './parts.ts';
import type { RegistryAccess } from './registry-access.ts';
import { type OpenSinks, openSinks } from './sinks.ts';
import { type EmbeddedStore, openEmbeddedStore } from './store/index.ts';
import type { Store } from './store/store.ts';
import { createWhyRoute } from './why.ts';

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

/** Kinds whose objects may own others. Events are left out as in Kubernetes; namespaces take with them what they hold. */
const ownableResources: readonly Resource[] = [secrets, configMaps, deployments, imageStreams, images];

/** Kinds that a namespace takes with it. */
const namespacedResources: readonly Resource[] = [
  ...ownableResources.filter(({ namespaced }) => namespaced),
  events,
  imageStreamGrants,
  changeCursors,
];

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

const createParts = (
  store: Store,
  options: PartsOptions,
  { access, sinks }: { readonly access: RegistryAccess['options']; readonly sinks: OpenSinks['sinks'] },
) => {
  const allowLoopback = !options.config.denyLoopbackRegistries;
  const registry = createRegistryParts({ ...options, allowLoopback }, access);
  const work = createWork(
    store,
    registry,
    {
      references: 'unrestricted',
      seesAllStreams: true,
      pauseNamespace: 'default',
      targets: { workloads: workloadKinds, builds: [], access: createStoreWorkloads(store) },
      // Read afresh: a request may follow upon the secret that it needs.
      listSecrets: async (namespace, signal) => (await store.list(secrets, { namespace }, signal)).items,
      recordEvent: createEventRecorder(store),
      sinks,
    },
    options,
  );
  return { ...registry, ...work };
};

type Parts = ReturnType<typeof createParts>;

/** What kube-controller-manager does in a cluster. */
const createHousekeeping = (
  store: Store,
  { clock, logger }: PartsOptions,
  { controllers, metrics }: Pick<Parts, 'controllers' | 'metrics'>,
) => {
  const options = { store, clock, logger, onRuntime: metrics.onRuntime };
  const copies = new Map([[qualifiedName(imageStreams), controllers.streams]]);
  const collector = createGarbageCollector({ ...options, resources: ownableResources, copies });
  const namespaceController = createNamespaceController({ ...options, resources: namespacedResources });
  return {
    run: async (signal: AbortSignal): Promise<void> => {
      await Promise.all([collector.run(signal), namespaceController.run(signal)]);
    },
  };
};

/** Of leadership: one program uses a data directory. */
const onlyTerm = 1;

const openSinksOf = async (store: EmbeddedStore, { config, clock }: PartsOptions): Promise<OpenSinks> => {
  try {
    return await openSinks({ config, store, clock, epoch: () => onlyTerm });
  } catch (error) {
    await store.close();
    throw error;
  }
};

/**
 * Opens a standalone server: store, certificates, API, importer and controllers, all in the data directory. It listens when this
 * resolves; it works when it is run.
 *
 * @throws {StoreError} {@link RegistryAccessError} {@link SinkSettingsError} or a Node error whose message says what is wrong with the data
 * directory, the files about registries and sinks or the address.
 */
export const openApp = async (options: PartsOptions, signal: AbortSignal): Promise<App> => {
  const { config, clock, logger, version } = options;
  const { dataDir, listen } = config;
  const access = await readAccess(options);
  await ensureDataDirectory(dataDir);
  const store = openEmbeddedStore({ file: join(dataDir, 'imagestreams.db'), clock, logger });
  const opened = await openSinksOf(store, options);
  // Its single administrator wrote everything: nobody is to be kept from anything.
  const parts = createParts(store, options, { access, sinks: opened.sinks });
  const { controllers, feed } = parts;
  const free = async (): Promise<void> => {
    opened.close();
    await parts.client.close();
    await store.close();
  };
  const housekeeping = createHousekeeping(store, options, parts);
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
      extraRoutes: [createFeedRoute(feed, clock), createWhyRoute(parts.why), parts.metrics.route],
    });
    await server.listen(listen.host, listen.port, signal);
    const address = server.address() ?? '';
    const kubeconfig = join(dataDir, 'kubeconfig');
    const { name: userName } = administrator;
    await writeKubeconfig({ path: kubeconfig, server: address, ca: tls.ca, token, userName });
    const run = async (stop: AbortSignal): Promise<void> => {
      const sweeper = runEventSweeper({ store, clock, logger }, stop);
      const housekept = housekeeping.run(stop);
      await Promise.all([controllers.run(stop), store.runCompaction(stop), sweeper, housekept]);
    };
    return {
      address,
      kubeconfig,
      feed,
      resources: storages.map(({ resource }) => resource),
      call: createCall(server, token),
      getStream: (name, stop) => store.get(imageStreams, { namespace: 'default', name }, stop),
      getDeployment: (name, stop) => store.get(deployments, { namespace: 'default', name }, stop),
      run,
      close: async () => {
        await server.close();
        await free();
      },
    };
  } catch (error) {
    await free();
    throw error;
  }
};
