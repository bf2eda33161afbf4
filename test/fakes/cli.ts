import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text as readText } from 'node:stream/consumers';
import { type CliPorts, type ReferenceChange, runCli } from '../../src/cli/index.ts';
import { createManualClock, type ManualClock } from './clock.ts';

/** A request that a {@link FakeApi} got. */
export type ApiCall = {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: unknown;
};

type Answer = { readonly code?: number; readonly body: unknown; readonly type?: string };

/** An API server that answers what the test says, on loopback, without TLS. */
export type FakeApi = {
  readonly url: string;
  readonly calls: readonly ApiCall[];
  readonly close: () => Promise<void>;
};

/** The Status of an object that is not there. */
export const notFound = (resource: string, name: string): Answer => ({
  code: 404,
  body: {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: `${resource}.image.openshift.io "${name}" not found`,
    reason: 'NotFound',
    details: { name, group: 'image.openshift.io', kind: resource },
    code: 404,
  },
});

/** Starts a {@link FakeApi}. A handler that writes to the response itself answers with undefined. */
export const startFakeApi = async (
  handle: (call: ApiCall, response: ServerResponse) => Answer | undefined,
): Promise<FakeApi> => {
  const calls: ApiCall[] = [];
  const server = createServer((request, response) => {
    void readText(request).then((text) => {
      const call = {
        method: request.method ?? '',
        path: request.url ?? '',
        headers: request.headers,
        body: text === '' ? undefined : (JSON.parse(text) as unknown),
      };
      calls.push(call);
      const answer = handle(call, response);
      if (answer === undefined) return;
      response.writeHead(answer.code ?? 200, { 'content-type': answer.type ?? 'application/json' });
      response.end(typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    calls,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
};

/** The text of a kubeconfig with one context, named `test`. */
export const kubeconfigFor = (url: string, options: { readonly namespace?: string } = {}): string =>
  JSON.stringify({
    'current-context': 'test',
    clusters: [{ name: 'c', cluster: { server: url } }],
    users: [{ name: 'u', user: { token: 'sesame' } }],
    contexts: [
      {
        name: 'test',
        context: { cluster: 'c', user: 'u', ...options },
      },
    ],
  });

/** Runs of the command line in one made-up place. */
export type CliWorld = {
  readonly clock: ManualClock;
  readonly run: (line: string | readonly string[]) => Promise<CliRun>;
  /** What SIGINT does. */
  readonly interrupt: () => void;
  readonly ports: CliPorts;
  readonly written: { stdout: string; stderr: string };
};
export type CliRun = { readonly exitCode: number; readonly stdout: string; readonly stderr: string };

type WorldOptions = {
  /** The API server that `/home/me/.kube/config` names. */
  readonly api?: FakeApi;
  readonly namespace?: string;
  readonly files?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly nowMs?: number;
  readonly terminal?: boolean;
  readonly changes?: (reference: string, signal: AbortSignal) => AsyncIterable<ReferenceChange>;
  readonly serve?: CliPorts['serve'];
  readonly probeRegistry?: CliPorts['probeRegistry'];
  readonly whyReference?: CliPorts['whyReference'];
};

async function* noChanges(): AsyncGenerator<ReferenceChange> {
  yield* [];
}

/** A world whose files, environment and time are the test's own; only the network is real. */
export const createCliWorld = (options: WorldOptions = {}): CliWorld => {
  const { api, namespace } = options;
  const clock = createManualClock(options.nowMs);
  const stop = new AbortController();
  const written = { stdout: '', stderr: '' };
  const files: Readonly<Record<string, string>> = {
    ...(api === undefined
      ? {}
      : { '/home/me/.kube/config': kubeconfigFor(api.url, namespace === undefined ? {} : { namespace }) }),
    ...options.files,
  };
  const writer = (name: 'stdout' | 'stderr') => ({
    isTTY: options.terminal === true,
    write: (text: string) => {
      written[name] += text;
    },
  });
  const ports: CliPorts = {
    stdout: writer('stdout'),
    stderr: writer('stderr'),
    env: { HOME: '/home/me', ...options.env },
    cwd: '/here',
    readFile: async (path) => {
      const text = files[path];
      if (text === undefined) throw Object.assign(new Error(`no such file: ${path}`), { code: 'ENOENT' });
      return text;
    },
    clock,
    signal: stop.signal,
    version: '1.2.3',
    serve: options.serve ?? (async () => 0),
    controller: async () => 0,
    settingsHelp: () => [
      {
        flag: '--listen HOST:PORT',
        variable: 'IMAGESTREAMS_LISTEN',
        help: 'Address of the API.',
        shown: '127.0.0.1:8443',
      },
    ],
    whyReference: options.whyReference ?? (() => Promise.reject(new Error('no registry is asked here'))),
    probeRegistry: options.probeRegistry ?? (() => Promise.reject(new Error('no registry is asked here'))),
    watchReference: (reference, _, signal) => options.changes?.(reference, signal) ?? noChanges(),
  };
  return {
    clock,
    ports,
    written,
    interrupt: () => stop.abort(new Error('SIGINT')),
    run: async (line) => {
      const before = { ...written };
      const exitCode = await runCli(typeof line === 'string' ? line.split(' ') : line, ports);
      return {
        exitCode,
        stdout: written.stdout.slice(before.stdout.length),
        stderr: written.stderr.slice(before.stderr.length),
      };
    },
  };
};
