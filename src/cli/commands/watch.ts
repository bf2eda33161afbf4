import { spawn } from 'node:child_process';
import { parseDuration } from '../../lib/duration.ts';
import { CliError } from '../errors.ts';
import type { CliPorts, ReferenceChange } from '../ports.ts';

export type WatchCommandOptions = {
  readonly interval?: string;
  readonly exec?: string;
  readonly insecure?: boolean;
};

type Moved = Extract<ReferenceChange, { kind: 'moved' }>;

const intervalOf = (text: string): number => {
  const intervalMs = parseDuration(text);
  if (intervalMs !== undefined && intervalMs > 0) return intervalMs;
  throw new CliError('usage', `--interval "${text}" is no duration; write for example 30s or 5m`);
};

/** Runs a shell command with the change in its environment; its output goes where ours goes. Resolves with how it ended, if not well. */
const runCommand = (
  ports: CliPorts,
  command: string,
  reference: string,
  change: Moved,
): Promise<string | undefined> =>
  new Promise((resolve, reject) => {
    const child = spawn(command, {
      shell: true,
      cwd: ports.cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...ports.env,
        IMAGESTREAMS_REFERENCE: reference,
        IMAGESTREAMS_OLD_DIGEST: change.oldDigest,
        IMAGESTREAMS_NEW_DIGEST: change.newDigest,
      },
    });
    child.stdout.setEncoding('utf8').on('data', (text: string) => ports.stdout.write(text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => ports.stderr.write(text));
    child.once('error', reject);
    child.once('close', (exitCode, signal) => {
      if (exitCode === 0) resolve(undefined);
      else resolve(signal === null ? `exit code ${exitCode ?? ''}` : `signal ${signal}`);
    });
  });

const follow = async (
  ports: CliPorts,
  reference: string,
  options: { readonly intervalMs: number; readonly insecure: boolean; readonly command: string | undefined },
): Promise<void> => {
  const { intervalMs, insecure, command } = options;
  for await (const change of ports.watchReference(reference, { intervalMs, insecure }, ports.signal)) {
    switch (change.kind) {
      case 'resolved':
        ports.stderr.write(`${reference} is at ${change.digest}\n`);
        break;
      case 'recovered':
        ports.stderr.write(`${reference} is at ${change.digest} as before\n`);
        break;
      case 'failed':
        ports.stderr.write(`error: ${reference}: ${change.message}\n`);
        break;
      case 'moved': {
        ports.stdout.write(`${reference} ${change.oldDigest} → ${change.newDigest}\n`);
        const problem =
          command === undefined ? undefined : await runCommand(ports, command, reference, change);
        if (problem !== undefined)
          ports.stderr.write(`error: ${reference}: "${command ?? ''}" ended with ${problem}\n`);
        break;
      }
    }
  }
};

/** `watch REF…`: follows references at their registries without a server; ends well when it is told to stop. */
export const watch = async (
  ports: CliPorts,
  references: readonly string[],
  options: WatchCommandOptions,
): Promise<void> => {
  const intervalMs = intervalOf(options.interval ?? '1m');
  const each = { intervalMs, insecure: options.insecure === true, command: options.exec };
  try {
    await Promise.all(references.map((reference) => follow(ports, reference, each)));
  } catch (error) {
    if (!ports.signal.aborted) throw error;
  }
};
