import { type ChildProcess, spawn } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createWriteStream, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { get } from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';

/** A real kube-apiserver over a real etcd, both on loopback and in a directory of their own. */
export type KubeApiserver = {
  readonly kubeconfig: string;
  readonly directory: string;
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
  const log = createWriteStream(logFile);
  child.stdout.pipe(log, { end: false });
  child.stderr.pipe(log, { end: false });
  return child;
};

const end = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
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

const writeKubeconfig = (path: string, server: string, token: string): void => {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'kube',
    clusters: [{ name: 'kube', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'admin', user: { token } }],
    contexts: [{ name: 'kube', context: { cluster: 'kube', user: 'admin', namespace: 'default' } }],
  };
  writeFileSync(path, stringify(config), { mode: 0o600 });
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

/** Starts both programs and waits until the server says that it is ready. */
export const startKubeApiserver = async ({ kubeApiserver, etcd }: KubePrograms): Promise<KubeApiserver> => {
  const directory = mkdtempSync(join(tmpdir(), 'kube-apiserver-'));
  const token = randomBytes(16).toString('hex');
  writeFileSync(join(directory, 'tokens.csv'), `${token},admin,,system:masters\n`, { mode: 0o600 });
  const key = join(directory, 'service-account.pem');
  writeServiceAccountKey(key);
  const store = await startEtcd(etcd, directory);
  const port = await freePort();
  const url = `https://127.0.0.1:${port}`;
  const logFile = join(directory, 'kube-apiserver.log');
  const server = run(
    kubeApiserver,
    [
      `--etcd-servers=${store.url}`,
      '--bind-address=127.0.0.1',
      '--endpoint-reconciler-type=none',
      `--secure-port=${port}`,
      `--cert-dir=${join(directory, 'certificates')}`,
      `--token-auth-file=${join(directory, 'tokens.csv')}`,
      `--service-account-key-file=${key}`,
      `--service-account-signing-key-file=${key}`,
      `--service-account-issuer=${url}`,
      '--service-cluster-ip-range=10.0.0.0/24',
      '--authorization-mode=RBAC',
      '--disable-admission-plugins=ServiceAccount',
    ],
    logFile,
  );
  const stop = async (): Promise<void> => {
    await end(server);
    await end(store.child);
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    await untilReady(server, logFile, url, token);
  } catch (error) {
    await stop();
    throw error;
  }
  const kubeconfig = join(directory, 'kubeconfig');
  writeKubeconfig(kubeconfig, url, token);
  return { kubeconfig, directory, stop };
};
