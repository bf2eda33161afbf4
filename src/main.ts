#!/usr/bin/env node
import { readFile } from 'node:fs/promises';
import { runCli } from './cli/index.ts';
import { systemClock } from './lib/clock.ts';
import { settingsHelp } from './settings.ts';

const stop = new AbortController();
const onSignal = (name: NodeJS.Signals): void => stop.abort(new Error(`stopped by ${name}`));
process.once('SIGINT', onSignal).once('SIGTERM', onSignal);

const warn = (problem: string): void => void process.stderr.write(`warning: ${problem}\n`);

// What the reader of a pipe no longer wants is no failure: `imagestreams events | head -1`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(0);
});

const { version } = JSON.parse(await readFile(new URL('../package.json', import.meta.url), 'utf8')) as {
  readonly version: string;
};

const io = { stdout: process.stdout, stderr: process.stderr, env: process.env, version };

process.exitCode = await runCli(process.argv.slice(2), {
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  cwd: process.cwd(),
  readFile: (path) => readFile(path, 'utf8'),
  clock: systemClock,
  signal: stop.signal,
  version,
  settingsHelp,
  // Loaded when asked for: the commands that only speak to a server start without the server's parts.
  serve: async (argv) => {
    const { serve } = await import('./serve.ts');
    return serve(argv, io, stop.signal);
  },
  controller: async (argv) => {
    const { controller } = await import('./controller.ts');
    return controller(argv, io, stop.signal);
  },
  whyReference: async (reference, options, signal) => {
    const { whyReference } = await import('./why-reference.ts');
    return whyReference(reference, { ...options, env: process.env, onProblem: warn }, signal);
  },
  probeRegistry: async (target, options, signal) => {
    const { probeRegistry } = await import('./probe-registry.ts');
    return probeRegistry(target, { ...options, env: process.env, onProblem: warn }, signal);
  },
  watchReference: async function* (reference, options, signal) {
    const { watchReference } = await import('./watch-reference.ts');
    yield* watchReference(reference, { ...options, env: process.env, onProblem: warn }, signal);
  },
});
