import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';

/** A running `docker-registry`. */
export type DockerRegistry = {
  /** `127.0.0.1:PORT`, http. */
  readonly host: string;
  /** What it was asked so far, by its own access log: `GET /v2/team/app/manifests/v1 200`. */
  readonly log: () => readonly string[];
  /** Ends the process and removes what it stored, unless the directory was given. */
  readonly stop: () => Promise<void>;
};

export type DockerRegistryOptions = {
  /** Storage to serve; default a new directory of its own. */
  readonly rootDirectory?: string;
  /** Contents of an htpasswd file (bcrypt only): Basic authentication for everything. Default open. */
  readonly htpasswd?: string;
  /** Wants bearer tokens of this server. Default open. */
  readonly token?: {
    readonly realm: string;
    readonly service: string;
    readonly issuer: string;
    /** PEM: what tokens are signed with. */
    readonly certificate: string;
  };
  /** Whether manifests may be deleted. Default false, as the server itself. */
  readonly delete?: boolean;
  /** Default a free one. */
  readonly port?: number;
  /** Serves https with this certificate (PEM), and wants client certificates of `clientCa` where that is given. Default http. */
  readonly tls?: { readonly cert: string; readonly key: string; readonly clientCa?: string };
  /** Fetches what it does not have from this registry: a pull-through mirror. */
  readonly remoteUrl?: string;
};

/** `alice` with the password `secret` (from the data set in `test/fixtures/golden`, made with `htpasswd -B`). */
export const aliceHtpasswd = 'alice:$2b$04$/eYIogdfIeGgv3WG1p1jjeFSyBa.pOi/JX.zwmSGdyTq5.wrHK4Hm\n';

/** Whether tests with a real registry can run; in CI they must, so that a missing server fails there. */
export const hasDockerRegistry: boolean =
  process.env['CI'] === 'true' || spawnSync('docker-registry', ['--version']).error === undefined;

const authOf = ({ htpasswd, token }: DockerRegistryOptions, directory: string): object => {
  if (htpasswd !== undefined)
    return { auth: { htpasswd: { realm: 'test', path: join(directory, 'htpasswd') } } };
  if (token === undefined) return {};
  const { realm, service, issuer } = token;
  return { auth: { token: { realm, service, issuer, rootcertbundle: join(directory, 'tokens.crt') } } };
};

const configOf = (options: DockerRegistryOptions, directory: string): string =>
  stringify({
    version: '0.1',
    log: { level: 'info', formatter: 'json', accesslog: { disabled: false } },
    http: {
      addr: `127.0.0.1:${options.port ?? 0}`,
      secret: 'test',
      ...(options.tls === undefined
        ? {}
        : {
            tls: {
              certificate: join(directory, 'tls.crt'),
              key: join(directory, 'tls.key'),
              ...(options.tls.clientCa === undefined ? {} : { clientcas: [join(directory, 'clients.crt')] }),
            },
          }),
    },
    ...(options.remoteUrl === undefined ? {} : { proxy: { remoteurl: options.remoteUrl } }),
    storage: {
      filesystem: { rootdirectory: options.rootDirectory ?? join(directory, 'data') },
      delete: { enabled: options.delete ?? false },
      maintenance: { uploadpurging: { enabled: false } },
    },
    ...authOf(options, directory),
  });

/** Waits for the line with which the server says where it listens: with port 0 only it knows. Reads on, else a full pipe stops it. */
const listeningHost = (child: ChildProcess): Promise<string> =>
  new Promise((resolve, reject) => {
    let output = '';
    child.stderr?.on('data', (chunk: Buffer) => {
      if (output.length < 64 * 1024) output += chunk.toString();
      const host = /listening on (127\.0\.0\.1:\d+)/.exec(output)?.[1];
      if (host !== undefined) resolve(host);
    });
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`docker-registry ended: ${output}`)));
  });

/** The requests of an access log in Apache's combined format, as far as it is complete. */
const readAccessLog = (text: string): readonly string[] =>
  [...text.matchAll(/"(\S+ \S+) HTTP\/[\d.]+" (\d+) .*\n/g)].map(
    ([, request, status]) => `${request} ${status}`,
  );

/**
 * Starts a real `docker-registry` on loopback, in a directory of its own.
 *
 * @throws {Error} with the server's output when it does not start.
 */
export const startDockerRegistry = async (options: DockerRegistryOptions = {}): Promise<DockerRegistry> => {
  const directory = await mkdtemp(join(tmpdir(), 'docker-registry-'));
  await writeFile(join(directory, 'config.yml'), configOf(options, directory));
  if (options.htpasswd !== undefined) await writeFile(join(directory, 'htpasswd'), options.htpasswd);
  if (options.tls !== undefined) {
    await writeFile(join(directory, 'tls.crt'), options.tls.cert);
    await writeFile(join(directory, 'tls.key'), options.tls.key);
    await writeFile(join(directory, 'clients.crt'), options.tls.clientCa ?? '');
  }
  if (options.token !== undefined) await writeFile(join(directory, 'tokens.crt'), options.token.certificate);
  const child = spawn('docker-registry', ['serve', join(directory, 'config.yml')], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let accessLog = '';
  child.stdout.on('data', (chunk: Buffer) => {
    accessLog += chunk.toString();
  });
  const stop = async (): Promise<void> => {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    }
    await rm(directory, { recursive: true, force: true });
  };
  try {
    return { host: await listeningHost(child), log: () => readAccessLog(accessLog), stop };
  } catch (error) {
    await stop();
    throw error;
  }
};
