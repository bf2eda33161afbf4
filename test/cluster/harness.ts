import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'yaml';
import { namespaces } from '../../src/api/core.ts';
import type { ImageStream } from '../../src/api/image-stream.ts';
import { createApiClient } from '../../src/kube/api-client.ts';
import { createClusterStore } from '../../src/kube/cluster-store.ts';
import { loadConnection } from '../../src/kube/connection.ts';
import { createThrottle } from '../../src/kube/throttle.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { isStoreError } from '../../src/store/errors.ts';
import type { Store } from '../../src/store/store.ts';
import { writeTokenKubeconfig } from '../setup/kube-apiserver.ts';

const root = resolve(import.meta.dirname, '../..');
const main = join(root, 'src/main.ts');

/** The API server as its administrator sees it. */
export const administer = (kubeconfig: string) => {
  const client = createApiClient({
    connection: loadConnection(kubeconfig),
    throttle: createThrottle({ perSecond: 10_000, concurrency: 100 }),
    clock: systemClock,
    userAgent: 'test',
  });
  const store: Store = createClusterStore({ client, clock: systemClock });
  const kubectl = (...args: readonly string[]): string =>
    execFileSync('kubectl', [`--kubeconfig=${kubeconfig}`, ...args], { encoding: 'utf8', stdio: 'pipe' });
  const kubectlWith = (input: string, ...args: readonly string[]): string =>
    execFileSync('kubectl', [`--kubeconfig=${kubeconfig}`, ...args], { encoding: 'utf8', input });
  return { client, store, kubectl, kubectlWith };
};

/** One request, as the API server's audit log has it. */
export type AuditEvent = {
  readonly verb: string;
  readonly user: { readonly username: string };
  readonly objectRef?: {
    readonly resource?: string;
    readonly subresource?: string;
    readonly namespace?: string;
    readonly name?: string;
  };
  readonly responseStatus?: { readonly code?: number };
};

/** What was asked of the API from a place in its audit log on. */
export const auditSince = (file: string, offset: number): readonly AuditEvent[] => {
  const log = readFileSync(file);
  // The offset counts bytes, and may lie within a line that was being written.
  const start = offset === 0 ? 0 : log.lastIndexOf('\n', offset - 1) + 1;
  return (
    log
      .subarray(start)
      .toString('utf8')
      .split('\n')
      // The last line may not be complete yet.
      .slice(0, -1)
      .map((line) => JSON.parse(line) as AuditEvent)
  );
};

/** Whether the controller's service account wrote there. */
export const isOurWrite = ({ user, verb }: AuditEvent): boolean =>
  user.username === 'system:serviceaccount:imagestreams:imagestreams' &&
  ['create', 'update', 'patch', 'delete'].includes(verb);

/** Makes a namespace unless it is there. */
export const ensureNamespace = async (store: Store, name: string, signal: AbortSignal): Promise<void> => {
  try {
    await store.create(namespaces, { apiVersion: 'v1', kind: 'Namespace', metadata: { name } }, {}, signal);
  } catch (error) {
    if (!isStoreError(error, 'already-exists')) throw error;
  }
};

/** Installs what `crds/` has, and waits until the API server serves it. */
export const installCrds = (kubeconfig: string): void => {
  const kubectl = (...args: readonly string[]): string =>
    execFileSync('kubectl', [`--kubeconfig=${kubeconfig}`, ...args], { encoding: 'utf8', stdio: 'pipe' });
  kubectl('apply', '--server-side', '-k', join(root, 'crds'));
  kubectl('wait', 'crd', '--all', '--for=condition=Established', '--timeout=30s');
};

/** Installs what `deploy/` has, and answers a kubeconfig of the controller's own service account in a directory of its own. */
export const install = (
  kubeconfig: string,
  kustomization = 'deploy',
): { readonly kubeconfig: string; readonly remove: () => void } => {
  const { kubectl } = administer(kubeconfig);
  kubectl('apply', '--server-side', '-k', join(root, kustomization));
  const token = kubectl('create', 'token', 'imagestreams', '-n', 'imagestreams', '--duration=2h').trim();
  const directory = mkdtempSync(join(tmpdir(), 'controller-'));
  const own = join(directory, 'kubeconfig');
  const { clusters } = parse(readFileSync(kubeconfig, 'utf8')) as {
    readonly clusters: readonly { readonly cluster: { readonly server: string } }[];
  };
  writeTokenKubeconfig(own, clusters[0]?.cluster.server ?? '', token);
  return { kubeconfig: own, remove: () => rmSync(directory, { recursive: true, force: true }) };
};

/** A `controller` that runs as a process of its own. */
export type RunningController = {
  readonly process: ChildProcess;
  /** The lines of its log so far. */
  readonly log: () => readonly LogLine[];
  /** All that it wrote, with what is no line of the log: an error that ended it. */
  readonly output: () => string;
  readonly healthUrl: () => string;
  readonly metricsUrl: () => string;
  /** Sends a signal and waits for the end; the exit code, or the signal that killed it. */
  readonly stop: (signal?: NodeJS.Signals) => Promise<number | string>;
};

export type LogLine = { readonly msg: string; readonly level: number } & Readonly<Record<string, unknown>>;

/** Starts `imagestreams controller` and waits until it answers probes; `nodeArgs` are for Node itself. */
export const startController = async (
  kubeconfig: string,
  args: readonly string[] = [],
  nodeArgs: readonly string[] = [],
): Promise<RunningController> => {
  const own = [
    '--kubeconfig',
    kubeconfig,
    '--health-listen',
    '127.0.0.1:0',
    '--metrics-listen',
    '127.0.0.1:0',
  ];
  const more = ['--log-format', 'json', '--log-level', 'debug', '--allow-loopback-registries', ...args];
  const child = spawn(process.execPath, [...nodeArgs, main, 'controller', ...own, ...more], {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, POD_NAMESPACE: 'imagestreams' },
  });
  let output = '';
  child.stderr.on('data', (chunk: Buffer) => {
    output += chunk.toString('utf8');
  });
  const log = (): readonly LogLine[] =>
    output
      .split('\n')
      .slice(0, -1)
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as LogLine);
  const started = (): LogLine | undefined => log().find(({ msg }) => msg === 'started');
  const stop = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<number | string> => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill(signal);
      await once(child, 'exit');
    }
    return child.exitCode ?? child.signalCode ?? 'unknown';
  };
  await eventually(() => {
    if (child.exitCode !== null) throw new Error(`the controller ended:\n${output}`);
    return started() !== undefined;
  }, 'the start of the controller');
  return {
    process: child,
    log,
    output: () => output,
    healthUrl: () => String(started()?.['healthUrl']),
    metricsUrl: () => String(started()?.['metricsUrl']),
    stop,
  };
};

/** Waits until something holds, for at most half a minute of a loaded machine. */
export const eventually = async (
  holds: () => boolean | Promise<boolean>,
  what: string,
  timeoutMs = 30_000,
  pollMs = 50,
): Promise<void> => {
  const giveUpAt = performance.now() + timeoutMs;
  while (!(await holds())) {
    if (performance.now() > giveUpAt) throw new Error(`${what} did not happen within ${timeoutMs} ms`);
    await sleep(pollMs);
  }
};

/** A stream with one tag of a registry on loopback. */
export const streamOf = (
  { namespace, name }: { readonly namespace: string; readonly name: string },
  from: string,
  more: { readonly scheduled?: boolean; readonly annotations?: Record<string, string> } = {},
): ImageStream => ({
  apiVersion: 'image.openshift.io/v1',
  kind: 'ImageStream',
  metadata: {
    name,
    namespace,
    ...(more.annotations === undefined ? {} : { annotations: more.annotations }),
  },
  spec: {
    tags: [
      {
        name: 'main',
        from: { kind: 'DockerImage', name: from },
        importPolicy: { insecure: true, scheduled: more.scheduled ?? false },
      },
    ],
  },
});

/** The digests that a tag had, the newest first. */
export const digestsOf = (stream: ImageStream | undefined, tag = 'main'): readonly string[] =>
  (stream?.status?.tags?.find((list) => list.tag === tag)?.items ?? []).map(({ image }) => image);
