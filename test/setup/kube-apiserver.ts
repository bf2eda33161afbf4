import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, createWriteStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { get } from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';

/** A real kube-apiserver over a real etcd, both on loopback and in a directory of their own. */
export type KubeApiserver = {
  /** Kubeconfig of a cluster administrator. */
  readonly kubeconfig: string;
  readonly url: string;
  readonly directory: string;
  /** One JSON document per line for each request, as it ended. */
  readonly auditLog: string;
  readonly etcdUrl: string;
  /** Ends the API server alone, with its state kept. */
  readonly pause: (signal?: NodeJS.Signals) => Promise<void>;
  /** Starts the API server again at the same address. */
  readonly resume: () => Promise<void>;
  readonly stop: () => Promise<void>;
};

/** Paths of the two programs. */
export type KubePrograms = { readonly kubeApiserver: string; readonly etcd: string };

/** A port that was free a moment ago: neither program tells which one it took. */
const freePort = async (): Promise<number> => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
};

const run = (command: string, args: readonly string[], logFile: string): ChildProcess => {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const log = createWriteStream(logFile, { flags: 'a' });
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  return child;
};

const end = async (child: ChildProcess, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill(signal);
  const killer = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await once(child, 'exit');
  clearTimeout(killer);
};

const startEtcd = async (etcd: string, directory: string): Promise<{ child: ChildProcess; url: string }> => {
  const [client, peer] = [await freePort(), await freePort()];
  const url = `http://127.0.0.1:${client}`;
  const peers = `http://127.0.0.1:${peer}`;
  const args = [
    `--data-dir=${join(directory, 'etcd')}`,
    `--listen-client-urls=${url}`,
    `--advertise-client-urls=${url}`,
    `--listen-peer-urls=${peers}`,
    `--initial-advertise-peer-urls=${peers}`,
    `--initial-cluster=default=${peers}`,
    '--unsafe-no-fsync',
  ];
  return { child: run(etcd, args, join(directory, 'etcd.log')), url };
};

/** Keys of service account tokens: the server insists on them though nothing here has such a token. */
const writeServiceAccountKey = (path: string): void => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  writeFileSync(path, privateKey.export({ type: 'pkcs1', format: 'pem' }), { mode: 0o600 });
};

/** Writes a kubeconfig for whoever has that token. */
export const writeTokenKubeconfig = (path: string, server: string, token: string): void => {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'kube',
    clusters: [{ name: 'kube', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'user', user: { token } }],
    contexts: [{ name: 'kube', context: { cluster: 'kube', user: 'user', namespace: 'default' } }],
  };
  writeFileSync(path, stringify(config), { mode: 0o600 });
};

/** Names the directory where servers that stop leave their audit log. */
export const auditDirectoryVariable = 'IMAGESTREAMS_TEST_AUDIT_LOGS';

const writeAuditPolicy = (path: string): void => {
  const policy = {
    apiVersion: 'audit.k8s.io/v1',
    kind: 'Policy',
    omitStages: ['RequestReceived', 'ResponseStarted'],
    rules: [{ level: 'Metadata' }],
  };
  writeFileSync(path, stringify(policy));
};

/** Whether the server answers that it is ready; its certificate is its own. */
const isReady = async (url: string, token: string): Promise<boolean> => {
  const options = { headers: { authorization: `Bearer ${token}` }, rejectUnauthorized: false };
  const asked = get(`${url}/readyz`, options);
  try {
    const [response] = (await once(asked, 'response')) as [IncomingMessage];
    response.resume();
    return response.statusCode === 200;
  } catch {
    return false; // it does not listen yet
  }
};

const untilReady = async (
  child: ChildProcess,
  logFile: string,
  url: string,
  token: string,
): Promise<void> => {
  while (!(await isReady(url, token))) {
    if (child.exitCode !== null) throw new Error(`it ended:\n${readFileSync(logFile, 'utf8').slice(-2000)}`);
    await sleep(300);
  }
};

type Files = {
  readonly tokens: string;
  readonly key: string;
  readonly policy: string;
  readonly audit: string;
};

const writeFiles = (directory: string, token: string): Files => {
  const files = {
    tokens: join(directory, 'tokens.csv'),
    key: join(directory, 'service-account.pem'),
    policy: join(directory, 'audit-policy.yaml'),
    audit: join(directory, 'audit.log'),
  };
  writeFileSync(files.tokens, `${token},admin,,system:masters\n`, { mode: 0o600 });
  writeServiceAccountKey(files.key);
  writeAuditPolicy(files.policy);
  return files;
};

const argumentsOf = (files: Files, directory: string, etcdUrl: string, port: number): readonly string[] => [
  `--etcd-servers=${etcdUrl}`,
  '--bind-address=127.0.0.1',
  '--endpoint-reconciler-type=none',
  `--secure-port=${port}`,
  `--cert-dir=${join(directory, 'certificates')}`,
  `--token-auth-file=${files.tokens}`,
  `--service-account-key-file=${files.key}`,
  `--service-account-signing-key-file=${files.key}`,
  `--service-account-issuer=https://127.0.0.1:${port}`,
  '--service-cluster-ip-range=10.0.0.0/24',
  '--authorization-mode=RBAC',
  '--disable-admission-plugins=ServiceAccount',
  `--audit-policy-file=${files.policy}`,
  `--audit-log-path=${files.audit}`,
];

/** Starts both programs and waits until the server says that it is ready. */
export const startKubeApiserver = async ({ kubeApiserver, etcd }: KubePrograms): Promise<KubeApiserver> => {
  const directory = mkdtempSync(join(tmpdir(), 'kube-apiserver-'));
  const token = randomBytes(16).toString('hex');
  const files = writeFiles(directory, token);
  const store = await startEtcd(etcd, directory);
  const port = await freePort();
  const url = `https://127.0.0.1:${port}`;
  const logFile = join(directory, 'kube-apiserver.log');
  let server: ChildProcess;
  const resume = async (): Promise<void> => {
    server = run(kubeApiserver, argumentsOf(files, directory, store.url, port), logFile);
    await untilReady(server, logFile, url, token);
  };
  const pause = (signal?: NodeJS.Signals): Promise<void> => end(server, signal);
  const stop = async (): Promise<void> => {
    await pause();
    await end(store.child);
    const collected = process.env[auditDirectoryVariable];
    if (collected !== undefined)
      copyFileSync(files.audit, join(collected, `${port}-${randomBytes(4).toString('hex')}.log`));
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    await resume();
  } catch (error) {
    await stop();
    throw error;
  }
  const kubeconfig = join(directory, 'kubeconfig');
  writeTokenKubeconfig(kubeconfig, url, token);
  return {
    kubeconfig,
    url,
    directory,
    auditLog: files.audit,
    etcdUrl: store.url,
    pause,
    resume,
    stop,
  };
};
