import { createHash, randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { buildKinds, workloadKinds } from './controllers/index.ts';
import { createApiClient } from './kube/api-client.ts';
import { createClusterStore } from './kube/cluster-store.ts';
import { loadConnection } from './kube/connection.ts';
import { createClusterEventRecorder } from './kube/events.ts';
import { createLeaseKeeper } from './kube/lease.ts';
import { servingProblem } from './kube/serving.ts';
import { createThrottle, noThrottle } from './kube/throttle.ts';
import { createClusterWorkloads } from './kube/workloads.ts';
import type { Logger } from './lib/logger.ts';
import { type HealthServers, listenForProbes } from './observability/health.ts';
import {
  createRegistryParts,
  createWork,
  type PartsOptions,
  type RegistryParts,
  readAccess,
  type Work,
} from './parts.ts';
import { createReplicaWhyRoute, identityOf } from './replica-why.ts';
import { LeaderElection } from './runtime/index.ts';
import { type OpenSinks, openSinks } from './sinks.ts';

/** A controller of a cluster, ready to run. */
export type ClusterApp = {
  /** URL of the cluster's API. */
  readonly server: string;
  readonly healthUrl: string;
  readonly metricsUrl: string;
  /** Works until `signal` is aborted and everything has stopped. */
  readonly run: (signal: AbortSignal) => Promise<void>;
  /** Frees sockets. */
  readonly close: () => Promise<void>;
};

/** Requests under way at a time; more only wait at the API server. */
const concurrency = 32;
/** How often a cluster that is none to work on is looked at again. */
const recheckMs = 10_000;
/** For so long without its lease a replica counts as able to do its work: API servers are restarted. */
const patienceMs = 60_000;
const leaseName = 'imagestreams';

/** HOST:PORT where other replicas reach what listens at a URL. */
const reachedAt = (url: string, podIp: string | undefined): string => {
  const { host, port } = new URL(url);
  if (podIp === undefined || podIp === '') return host;
  return `${podIp.includes(':') ? `[${podIp}]` : podIp}:${port || '80'}`;
};

/** The two ways to the API: one for the lease, and one whose writes the lease guards. */
const createStores = ({ config, clock, env, logger, version }: PartsOptions, metricsUrl: string) => {
  const connection = loadConnection(config.kubeconfig === '' ? undefined : config.kubeconfig);
  const identity = identityOf(
    env['POD_NAME'] ?? hostname(),
    randomUUID(),
    reachedAt(metricsUrl, env['POD_IP']),
  );
  const shared = { connection, clock, userAgent: `imagestreams/${version}` };
  const leaseClient = createApiClient({ ...shared, throttle: noThrottle });
  const unguarded = createClusterStore({ client: leaseClient, clock });
  const lease = { namespace: env['POD_NAMESPACE'] ?? connection.namespace ?? 'default', name: leaseName };
  const keeper = createLeaseKeeper(unguarded, lease, clock);
  const election = new LeaderElection({ keeper, identity, clock, logger });
  const throttle = createThrottle({ perSecond: config.kubeRequestRate, concurrency });
  const client = createApiClient({ ...shared, throttle, beforeWrite: () => election.assertLeading() });
  const namespace = config.namespace === '' ? undefined : config.namespace;
  return {
    connection,
    election,
    lease,
    leaseClient,
    store: createClusterStore({ client, clock, namespace }),
    workloads: createClusterWorkloads(client),
    recordGuarded: { clock, instance: identity },
    recordUnguarded: createClusterEventRecorder({ store: unguarded, clock, instance: identity }),
    close: async () => {
      await Promise.all([client.close(), leaseClient.close()]);
    },
  };
};

type Stores = ReturnType<typeof createStores>;

/** Tells once, in the log and in an Event beside the lease, why nothing is done in this cluster. */
const tellProblem = async (
  problem: string,
  { lease, recordUnguarded }: Stores,
  logger: Logger,
  signal: AbortSignal,
): Promise<void> => {
  logger.error({ problem }, 'cannot work in this cluster');
  const id = createHash('sha256').update(problem).digest('hex');
  const involvedObject = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', ...lease };
  try {
    await recordUnguarded(
      { id, type: 'Warning', reason: 'CannotWork', message: problem, involvedObject },
      signal,
    );
  } catch (error) {
    signal.throwIfAborted();
    logger.warn({ err: error }, 'cannot write the event');
  }
};

/** What is known of the program's state, for its readiness. */
type State = { problem: string | undefined; work: Work | undefined };

/** Waits until the cluster has our CRDs; rejects with `signal.reason`. */
const untilServed = async (
  state: State,
  stores: Stores,
  { clock, logger }: PartsOptions,
  signal: AbortSignal,
): Promise<void> => {
  for (let told: string | undefined; ; await clock.sleep(recheckMs, signal)) {
    try {
      state.problem = await servingProblem(stores.leaseClient, signal);
      if (state.problem === undefined) return;
      if (state.problem !== told) await tellProblem(state.problem, stores, logger, signal);
      told = state.problem;
    } catch (error) {
      signal.throwIfAborted();
      state.problem = error instanceof Error ? error.message : String(error);
      logger.warn({ err: error }, 'cannot ask the cluster what it serves: trying again');
    }
  }
};

const readiness = (
  { problem, work }: State,
  { election }: Stores,
  { clock }: PartsOptions,
): string | undefined => {
  if (problem !== undefined) return problem;
  const { failingSince } = election;
  if (failingSince !== undefined && clock.monotonic() - failingSince > patienceMs)
    return 'the lease cannot be read or written';
  return work === undefined || work.controllers.hasSynced() ? undefined : 'still reading the objects';
};

type LeadParts = {
  readonly state: State;
  readonly stores: Stores;
  readonly registry: RegistryParts;
  readonly sinks: OpenSinks['sinks'];
};

/** What is done while the lease is held. */
const createLead = ({ state, stores, registry, sinks }: LeadParts, options: PartsOptions) => {
  const recordEvent = createClusterEventRecorder({ ...stores.recordGuarded, store: stores.store });
  const seesAllStreams = options.config.namespace === '';
  // In the one namespace that it serves, the controller watches secrets.
  const secretAccess = seesAllStreams ? options.config.secretAccess : 'cluster';
  const targets = { workloads: workloadKinds, builds: buildKinds, access: stores.workloads };
  const pauseNamespace = stores.lease.namespace;
  const mode = {
    references: 'by-grant',
    seesAllStreams,
    secretAccess,
    targets,
    pauseNamespace,
    recordEvent,
    sinks,
  } as const;
  return async (signal: AbortSignal): Promise<void> => {
    const work = createWork(stores.store, registry, mode, options);
    state.work = work;
    try {
      await work.controllers.run(signal);
    } finally {
      state.work = undefined;
    }
  };
};

/**
 * Opens the controller of a cluster: the controllers of `serve`, on its API, under a lease. It answers probes when this resolves; it works
 * when it is run.
 *
 * @throws {KubeconfigError} {@link RegistryAccessError} {@link SinkSettingsError} or a Node error of the listeners.
 */
export const openClusterApp = async (options: PartsOptions): Promise<ClusterApp> => {
  const { config } = options;
  const access = await readAccess(options);
  const allowLoopback = config.allowLoopbackRegistries;
  const registry = createRegistryParts({ ...options, allowLoopback }, access);
  const state: State = { problem: 'starting', work: undefined };
  let stores: Stores | undefined;
  let closeSinks = (): void => undefined;
  let servers: HealthServers | undefined;
  const close = async (): Promise<void> => {
    closeSinks();
    await Promise.all([servers?.close(), registry.client.close(), stores?.close()]);
  };

  try {
    servers = await listenForProbes({
      health: config.healthListen,
      metrics: config.metricsListen,
      notReady: () => (stores === undefined ? state.problem : readiness(state, stores, options)),
      readMetrics: registry.metrics.route.handle,
      routes: [createReplicaWhyRoute({ why: () => state.work?.why, leader: () => stores?.election.leader })],
    });
    const { healthUrl, metricsUrl } = servers;
    const opened = createStores(options, metricsUrl);
    stores = opened;
    let term = 0;
    const sinks = await openSinks({ ...options, store: opened.store, epoch: () => term });
    closeSinks = sinks.close;
    const lead = createLead({ state, stores: opened, registry, sinks: sinks.sinks }, options);
    return {
      server: opened.connection.server.href,
      healthUrl,
      metricsUrl,
      run: async (signal) => {
        try {
          await untilServed(state, opened, options, signal);
        } catch (error) {
          if (signal.aborted) return;
          throw error;
        }
        await opened.election.run(async (stop) => {
          term = opened.election.term;
          await lead(stop);
        }, signal);
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
};
