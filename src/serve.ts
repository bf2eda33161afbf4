import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { ChangeEvent } from './api/change-events.ts';
import { type App, openApp } from './app.ts';
import { ApplyError, applyManifests } from './apply.ts';
import type { Writer } from './cli/index.ts';
import { type Config, loadConfig } from './config.ts';
import { DemoError, runDemo } from './demo/demo.ts';
import { changeSentence } from './events/note.ts';
import { systemClock } from './lib/clock.ts';
import { createLogger } from './observability/logger.ts';
import { StoreError } from './store/index.ts';

export type ServeIo = {
  readonly stdout: Writer;
  readonly stderr: Writer;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly version: string;
};

/** What keeps a server from starting through no fault of its code: said in one line. */
const startProblem = (error: unknown, { listen, dataDir }: Config): string | undefined => {
  if (error instanceof StoreError || error instanceof ApplyError || error instanceof DemoError)
    return error.message;
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  const address = `${listen.host}:${listen.port}`;
  switch (error.code) {
    case 'EADDRINUSE':
      return `${address} is in use; stop what listens there, or choose another address with --listen`;
    case 'EADDRNOTAVAIL':
    case 'EACCES':
      if ('syscall' in error && error.syscall === 'listen')
        return `cannot listen on ${address}: ${error.message}; choose another address with --listen`;
      return `cannot use the data directory ${dataDir}: ${error.message}; choose another with --data-dir`;
    case 'ENOTDIR':
    case 'EEXIST':
    case 'EROFS':
    case 'ENOSPC':
    case 'EPERM':
      return `cannot use the data directory ${dataDir}: ${error.message}; choose another with --data-dir`;
    default:
      return undefined;
  }
};

const eventLine = (event: ChangeEvent): string =>
  `${event.namespace}/${event.stream}: ${changeSentence(event)}\n`;

/** One line per tag that is imported, moves or fails. */
const printEvents = async (app: App, { stdout }: ServeIo, signal: AbortSignal): Promise<void> => {
  for await (const event of app.feed.follow(signal)) stdout.write(eventLine(event));
};

const readyLines = (app: App): string =>
  `imagestreams is ready at ${app.address}\n` +
  `use it with: export KUBECONFIG=${resolve(app.kubeconfig)}; kubectl get imagestreams\n`;

const demoPorts = (app: App, { stdout }: ServeIo) => ({
  create: async (objects: readonly object[]): Promise<void> => {
    for (const object of objects) await createOne(app, object);
  },
  getStream: app.getStream,
  getDeployment: app.getDeployment,
  follow: app.feed.follow,
  print: (line: string) => void stdout.write(`${line}\n`),
  clock: systemClock,
});

const createOne = async (app: App, object: object): Promise<void> => {
  const isDeployment = 'kind' in object && object.kind === 'Deployment';
  const path = isDeployment
    ? '/apis/apps/v1/namespaces/default/deployments'
    : '/apis/image.openshift.io/v1/namespaces/default/imagestreams';
  const { status, body } = await app.call('POST', path, { contentType: 'application/json', value: object });
  if (status >= 300) throw new DemoError(`the demo could not create an object: ${JSON.stringify(body)}`);
};

const runUntilStopped = async (app: App, config: Config, io: ServeIo, signal: AbortSignal): Promise<void> => {
  const stop = new AbortController();
  const inner = AbortSignal.any([signal, stop.signal]);
  const running = app.run(inner);
  const printing = config.demo ? undefined : printEvents(app, io, inner);
  try {
    if (config.demo) await runDemo(demoPorts(app, io), signal);
    else {
      await applyManifests(config.apply, app.resources, app.call);
      io.stdout.write(readyLines(app));
      await running;
    }
  } finally {
    stop.abort(new Error('the server ends'));
    await Promise.all([running, printing]);
  }
};

/** The demo leaves nothing behind and is in nobody's way: a data directory and a port of its own. */
const demoConfig = (config: Config): Config => ({
  ...config,
  dataDir: mkdtempSync(join(tmpdir(), 'imagestreams-demo-')),
  listen: { host: '127.0.0.1', port: 0 },
  minRefreshInterval: Math.min(config.minRefreshInterval, 1000),
});

/** Runs the standalone server until `signal` is aborted; resolves to the exit code: 0 when told to stop, 1 when it cannot run, 2 for wrong settings. */
export const serve = async (argv: readonly string[], io: ServeIo, signal: AbortSignal): Promise<number> => {
  const loaded = loadConfig({ argv, env: io.env, readFile: (path) => readFileSync(path, 'utf8') });
  if ('problems' in loaded) {
    for (const problem of loaded.problems) io.stderr.write(`error: ${problem}\n`);
    return 2;
  }
  const config = loaded.config.demo ? demoConfig(loaded.config) : loaded.config;
  const isPretty = config.logFormat === 'pretty' || (config.logFormat === 'auto' && io.stderr.isTTY === true);
  const logger = createLogger({ level: config.logLevel, format: isPretty ? 'pretty' : 'json' });
  try {
    const app = await openApp(
      { config, clock: systemClock, logger, version: io.version, env: io.env },
      signal,
    );
    try {
      await runUntilStopped(app, config, io, signal);
    } finally {
      await app.close();
      if (config.demo) rmSync(config.dataDir, { recursive: true, force: true });
    }
    return 0;
  } catch (error) {
    if (signal.aborted) return 0;
    const problem = startProblem(error, config);
    if (problem === undefined) throw error;
    io.stderr.write(`error: ${problem}\n`);
    return 1;
  }
};
