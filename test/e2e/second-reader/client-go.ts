import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Change } from './changes.ts';
import type { Reader, ReaderOptions } from './reader.ts';

/** Whether Go is there; in CI it must be, so that a missing one fails there. */
export const hasGo: boolean =
  process.env['CI'] === 'true' || spawnSync('go', ['version']).error === undefined;

/** Builds the program beside this file; its path. */
export const buildClientGo = (directory: string): string => {
  const program = join(directory, 'client-go');
  const cwd = join(import.meta.dirname, 'client-go');
  execFileSync('go', ['build', '-o', program, '.'], { cwd, stdio: ['ignore', 'ignore', 'inherit'] });
  return program;
};

/** Follows the streams of a namespace with an informer of client-go. */
export const startClientGo = async (
  program: string,
  { place, namespace }: ReaderOptions,
): Promise<Reader> => {
  const child = spawn(program, {
    env: { SERVER: place.url, TOKEN: place.token, NAMESPACE: namespace },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const told: Change[] = [];
  const synced = Promise.withResolvers<void>();
  // It complains of every connection that is cut; only what it says at its end is of use.
  let complaints = '';
  child.stderr.on('data', (chunk: Buffer) => {
    complaints = `${complaints}${chunk.toString('utf8')}`.slice(-2000);
  });
  child.once('exit', (code) => synced.reject(new Error(`client-go ended (${code}):\n${complaints}`)));
  createInterface(child.stdout).on('line', (line) => {
    const change = JSON.parse(line) as Change;
    if (change.type === 'SYNCED') synced.resolve();
    else told.push(change);
  });
  await synced.promise;
  return {
    told: () => told,
    stop: async () => {
      if (child.exitCode !== null) return;
      child.stdin.end();
      await once(child, 'exit');
    },
  };
};
