import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { ChangeEvent } from './api/change-event.ts';
import { type App, openApp } from './app.ts';
import { ApplyError, applyManifests } from './apply.ts';
import { DataDirectoryError } from './data-directory.ts';
import { DemoError, runDemo } from './demo/demo.ts';
import { changeSentence } from './events/note.ts';
import { systemClock } from './lib/clock.ts';
import type { Logger } from './lib/logger.ts';
import { RegistryAccessError } from './registry-access.ts';
import type { Config } from './settings.ts';
import { SinkSettingsError } from './sinks.ts';
import { readStart, type StartIo } from './start.ts';
import { StoreError } from './store/index.ts';

/** Kinds of failures whose message is for whoever starts the server. */
const isForTheUser = (error: unknown): error is Error =>
  error instanceof StoreError ||
  error instanceof ApplyError ||
  error instanceof DemoError ||
  error instanceof DataDirectoryError ||
  error instanceof RegistryAccessError ||
  error instanceof SinkSettingsError;

/** What keeps a server from starting through no fault of its code: said in one line. */
const startProblem = (error: unknown, { listen, dataDir }: Config): string | undefined => {
  if (isForTheUser(error)) return error.message;
  if (!(error instanceof Error) || !('syscall' in error) || !('code' in error)) return undefined;
  const address = `${listen.host}:${listen.port}`;
  if (error.code === 'EADDRINUSE')
    return `${address} is in use; stop what listens there, or choose another address with --listen`;
  if (error.syscall === 'listen' || error.syscall === 'getaddrinfo')
    return `cannot listen on ${address}: ${error.message}; choose another address with --listen`;
  return `cannot use the data directory ${dataDir}: ${error.message}; choose another with --data-dir`;
};

const eventLine = (event: ChangeEvent): string =>
  `${event.namespace}/${event.stream}: ${changeSentence(event)}\n`;

/** One line per tag that is imported, moves or fails: for people on standard output, and in the log. */
const tellEvents = async (
  app: App,
  { stdout }: StartIo,
  log: Logger['info'],
  signal: AbortSignal,
): Promise<void> => {
  for await (const event of app.feed.follow(signal)) {
    stdout.write(eventLine(event));
    const { namespace, stream, tag, type, newDigest, oldDigest, reason, cause } = event;
    log({ namespace, name: stream, tag, type, digest: newDigest, oldDigest, reason, cause }, 'tag changed');
  }
};

const readyLines = (app: App): string =>
  `imagestreams is ready at ${app.address}\n` +
  `use it with: export KUBECONFIG=${resolve(app.kubeconfig)}; kubectl get imagestreams\n`;

const demoPorts = (app: App, { stdout }: StartIo) => ({
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

type Running = {
  readonly app: App;
  readonly config: Config;
  readonly io: StartIo;
  readonly log: Logger['info'];
};

const runUntilStopped = async ({ app, config, io, log }: Running, signal: AbortSignal): Promise<void> => {
  const stop = new AbortController();
  const inner = AbortSignal.any([signal, stop.signal]);
  const running = app.run(inner);
  const telling = config.demo ? undefined : tellEvents(app, io, log, inner);
  try {
    if (config.demo) await runDemo(demoPorts(app, io), signal);
    else {
      await applyManifests(config.apply, app.resources, app.call);
      io.stdout.write(readyLines(app));
      log({ address: app.address, dataDir: config.dataDir }, 'ready');
      await running;
    }
  } finally {
    log({}, 'stopping');
    stop.abort(new Error('the server ends'));
    await Promise.all([running, telling]);
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
export const serve = async (argv: readonly string[], io: StartIo, signal: AbortSignal): Promise<number> => {
  const started = readStart(argv, io);
  if (typeof started === 'number') return started;
  const { isPretty, logger } = started;
  const config = started.config.demo ? demoConfig(started.config) : started.config;
  try {
    const app = await openApp(
      { config, clock: systemClock, logger, version: io.version, env: io.env },
      signal,
    );
    try {
      // A person at a terminal reads the lines on standard output: telling the same twice would hide what is new.
      const log: Logger['info'] =
        isPretty || config.demo ? () => undefined : (...line) => logger.info(...line);
      await runUntilStopped({ app, config, io, log }, signal);
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
