import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { IncomingMessage } from 'node:http';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parse } from 'yaml';

const source = resolve(import.meta.dirname, '../../src/main.ts');

/** An answer of the API; `body` is the parsed JSON, or the text where it is none: the lines of a watch are several. */
export type Answer = { readonly status: number; readonly body: unknown; readonly text: string };

/** A `serve` that runs as a process of its own, as a user runs it. */
export type Serve = {
  readonly dataDir: string;
  readonly kubeconfig: string;
  readonly process: ChildProcess;
  /** What it wrote so far: standard output and standard error. */
  readonly output: () => string;
  /** `contentType` is that of the body, `accept` what the answer may be; both JSON by default. */
  readonly api: (
    method: string,
    path: string,
    body?: unknown,
    contentType?: string,
    accept?: string,
  ) => Promise<Answer>;
  /** Asks for an answer that does not end, such as a feed: what came of it so far, and how to leave. */
  readonly follow: (
    path: string,
    accept: string,
  ) => Promise<{ readonly text: () => string; readonly leave: () => void }>;
  /** Sends SIGTERM and waits for the end; the exit code, or the signal that killed it. */
  readonly stop: (signal?: NodeJS.Signals) => Promise<number | string>;
  /** Removes the data directory as well. */
  readonly remove: () => Promise<void>;
};

type Kubeconfig = {
  readonly clusters: readonly {
    readonly cluster: { readonly server: string; readonly 'certificate-authority-data': string };
  }[];
  readonly users: readonly { readonly user: { readonly token: string } }[];
};

const parseAnswer = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
};

const connect = (kubeconfig: string): Pick<Serve, 'api' | 'follow'> => {
  const { clusters, users } = parse(readFileSync(kubeconfig, 'utf8')) as Kubeconfig;
  const server = clusters[0]?.cluster.server ?? '';
  const ca = Buffer.from(clusters[0]?.cluster['certificate-authority-data'] ?? '', 'base64');
  const token = users[0]?.user.token ?? '';
  const follow: Serve['follow'] = async (path, accept) => {
    const sent = request(new URL(path, server), {
      headers: { authorization: `Bearer ${token}`, accept },
      ca,
    });
    sent.end();
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    let text = '';
    response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    // The server may end before its reader leaves.
    response.on('error', () => undefined);
    return { text: () => text, leave: () => void response.destroy() };
  };
  const api: Serve['api'] = async (
    method,
    path,
    body,
    contentType = 'application/json',
    accept = 'application/json',
  ) => {
    const payload = Buffer.from(
      body === undefined ? '' : typeof body === 'string' ? body : JSON.stringify(body),
    );
    const headers = {
      authorization: `Bearer ${token}`,
      accept,
      'content-type': contentType,
      // Node's client says it by itself for some methods only: not for DELETE.
      'content-length': payload.length,
    };
    const sent = request(new URL(path, server), { method, headers, ca });
    sent.end(payload);
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString('utf8');
    const isJson = (response.headers['content-type'] ?? '').includes('json');
    return { status: response.statusCode ?? 0, body: isJson ? parseAnswer(text) : text, text };
  };
  return { api, follow };
};

/** Starts `serve` on a free port and waits until it says that it is ready. */
export const startServe = async (
  options: {
    readonly args?: readonly string[];
    readonly dataDir?: string;
    readonly env?: Readonly<Record<string, string>>;
    /** The program to start. Default: its source. */
    readonly main?: string | undefined;
  } = {},
): Promise<Serve> => {
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'imagestreams-e2e-'));
  const child = spawn(
    process.execPath,
    [
      options.main ?? source,
      'serve',
      '--listen',
      '127.0.0.1:0',
      '--data-dir',
      dataDir,
      '--log-format',
      'json',
      ...(options.args ?? []),
    ],
    { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...options.env } },
  );
  let output = '';
  const { promise: ready, resolve: isReady, reject: isGone } = Promise.withResolvers<void>();
  const collect = (chunk: Buffer): void => {
    output += chunk.toString('utf8');
    if (/ready/i.test(output) && output.includes('kubeconfig')) isReady();
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  child.once('exit', (code, signal) => isGone(new Error(`serve ended (${code ?? signal}):\n${output}`)));
  await ready;
  const kubeconfig = join(dataDir, 'kubeconfig');
  const stop = async (signal: NodeJS.Signals = 'SIGTERM'): Promise<number | string> => {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill(signal);
      await once(child, 'exit');
    }
    return child.exitCode ?? child.signalCode ?? 'unknown';
  };
  ready.catch(() => undefined);
  return {
    dataDir,
    kubeconfig,
    process: child,
    output: () => output,
    ...connect(kubeconfig),
    stop,
    remove: async () => {
      await stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
};

/** Asks again and again until `check` answers something; fails after `timeoutMs` with what was last seen. */
export const eventually = async <T>(
  ask: () => Promise<T>,
  check: (seen: T) => boolean,
  what: string,
  timeoutMs = 10_000,
): Promise<T> => {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const seen = await ask();
    if (check(seen)) return seen;
    if (performance.now() > end)
      throw new Error(
        `${what}: not within ${timeoutMs} ms; last seen: ${JSON.stringify(seen)?.slice(0, 2000)}`,
      );
    await new Promise((resolve_) => setTimeout(resolve_, 50));
  }
};
