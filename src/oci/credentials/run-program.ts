import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import PQueue from 'p-queue';

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

export type Program = {
  /** Path, or a name to be found in `PATH`. */
  readonly file: string;
  readonly args: readonly string[];
  /** Written to its standard input. May hold no secret: programs are asked, not told. */
  readonly input: string;
  /** Added to the environment that all programs get. */
  readonly env?: Environment | undefined;
};

/** How a program ended, or a sentence why there is no answer. The sentence quotes nothing that the program wrote: that may be secret. */
export type ProgramOutcome =
  | { readonly ok: true; readonly exitCode: number | undefined; readonly output: string }
  | { readonly ok: false; readonly problem: string };

/** Runs a program to its end. Rejects with `signal.reason` only; the program and what it started are then gone. */
export type RunProgram = (program: Program, signal: AbortSignal) => Promise<ProgramOutcome>;

export type RunProgramOptions = {
  /** What programs inherit. This program's own settings (`IMAGESTREAMS_*`) and those of its runtime (`NODE_*`, `npm_*`) are left out. */
  readonly env: Environment;
  /** Default 30 s: cloud helpers ask the network. */
  readonly timeoutMs?: number | undefined;
  /** Default 1 MiB, far above any answer. */
  readonly maxOutputBytes?: number | undefined;
  /** Programs at a time; others wait. Default 8. */
  readonly concurrency?: number | undefined;
};

type Child = ChildProcessByStdio<Writable, Readable, null>;

const isInherited = ([name]: readonly [string, unknown]): boolean =>
  !/^(?:IMAGESTREAMS_|NODE_|npm_)/.test(name);

const startProblem = (error: unknown): string => {
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
  switch (code) {
    case 'ENOENT':
      return 'it is not installed';
    case 'EACCES':
      return 'it may not be executed';
    default:
      return `it cannot be started (${code})`;
  }
};

/** Ends a program with everything that it started: it leads a process group of its own. */
const kill = (child: Child): void => {
  child.stdout.destroy();
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // No such group: it has ended meanwhile, or the system knows no groups.
    child.kill('SIGKILL');
  }
};

const outcomeOf = (child: Child, maxOutputBytes: number): Promise<ProgramOutcome> => {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  return new Promise((resolve) => {
    child.on('error', (error) => resolve({ ok: false, problem: startProblem(error) }));
    child.stdout.on('data', (chunk: Buffer) => {
      sizeBytes += chunk.byteLength;
      if (sizeBytes <= maxOutputBytes) chunks.push(chunk);
      else resolve({ ok: false, problem: `it wrote more than ${maxOutputBytes} bytes` });
    });
    child.on('close', (exitCode) =>
      resolve({ ok: true, exitCode: exitCode ?? undefined, output: Buffer.concat(chunks).toString('utf8') }),
    );
  });
};

/**
 * Runs programs without a shell, for a limited time, with limited output and so many at a time. Standard error is not read.
 */
export const createRunProgram = (options: RunProgramOptions): RunProgram => {
  const { timeoutMs = 30_000, maxOutputBytes = 2 ** 20, concurrency = 8 } = options;
  const inherited = Object.fromEntries(Object.entries(options.env).filter(isInherited));
  const queue = new PQueue({ concurrency });

  /** Some failures to start are thrown, others come as an event. */
  const start = ({ file, args, env }: Program): Child | string => {
    try {
      const stdio = ['pipe', 'pipe', 'ignore'] as ['pipe', 'pipe', 'ignore'];
      return spawn(file, args, { env: { ...inherited, ...env }, stdio, detached: true });
    } catch (error) {
      return startProblem(error);
    }
  };

  const run = async (program: Program, signal: AbortSignal): Promise<ProgramOutcome> => {
    signal.throwIfAborted();
    const deadline = AbortSignal.timeout(timeoutMs);
    const child = start(program);
    if (typeof child === 'string') return { ok: false, problem: child };
    // A program may end, or close its input, without reading it: its answer tells whether that is a failure.
    child.stdin.on('error', () => undefined);
    child.stdin.end(program.input);
    const { promise: stopped, resolve: stop } = Promise.withResolvers<ProgramOutcome>();
    const end = AbortSignal.any([signal, deadline]);
    const onEnd = (): void => stop({ ok: false, problem: `it did not answer within ${timeoutMs / 1000} s` });
    end.addEventListener('abort', onEnd, { once: true });
    try {
      const outcome = await Promise.race([outcomeOf(child, maxOutputBytes), stopped]);
      signal.throwIfAborted();
      if (!outcome.ok) kill(child);
      return outcome;
    } catch (error) {
      kill(child);
      throw error;
    } finally {
      end.removeEventListener('abort', onEnd);
    }
  };

  return (program, signal) => queue.add(() => run(program, signal), { signal });
};
