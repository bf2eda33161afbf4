import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { constants, homedir, setPriority } from 'node:os';
import { join } from 'node:path';

/** The registry of go-containerregistry (what `crane registry serve` runs): the second implementation that the tests meet. */
const program = {
  module: 'github.com/google/go-containerregistry/cmd/registry',
  version: 'v0.22.1',
} as const;

const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'imagestreams');
const path = join(cache, `go-containerregistry-registry-${program.version}`);

/** Whether it has been built here; in CI it must, so that a missing one fails there. */
export const hasGoRegistry: boolean = process.env['CI'] === 'true' || existsSync(path);

/** Builds it, once per machine, which takes a minute or two; a sentence why it is not there otherwise. */
export const buildGoRegistry = (): string | undefined => {
  if (existsSync(path)) return undefined;
  if (spawnSync('go', ['version']).error !== undefined) return 'no go (1.25 or newer)';
  process.stdout.write(`building ${program.module}@${program.version}\n`);
  mkdirSync(cache, { recursive: true });
  const bin = mkdtempSync(join(cache, 'build-'));
  try {
    // What it starts has this too.
    setPriority(constants.priority.PRIORITY_LOW);
    const env = { ...process.env, GOBIN: bin, GOFLAGS: '' };
    const { status, stderr } = spawnSync('go', ['install', `${program.module}@${program.version}`], {
      env,
      encoding: 'utf8',
      timeout: 600_000,
    });
    if (status !== 0) return `${program.module} cannot be built (${stderr.trim().split('\n').at(-1) ?? ''})`;
    renameSync(join(bin, 'registry'), path);
    return undefined;
  } finally {
    rmSync(bin, { recursive: true, force: true });
  }
};

/** A running registry of go-containerregistry; it keeps everything in memory. */
export type GoRegistry = {
  /** `127.0.0.1:PORT`, http. */
  readonly host: string;
  /** What it was asked so far, by its own log: `GET /v2/team/app/manifests/v1`. */
  readonly log: () => readonly string[];
  readonly stop: () => Promise<void>;
};

const listeningPort = (child: ChildProcess, output: () => string): Promise<string> =>
  new Promise((resolve, reject) => {
    child.stderr?.on('data', () => {
      const port = /serving on port (\d+)/.exec(output())?.[1];
      if (port !== undefined) resolve(port);
    });
    child.once('error', reject);
    child.once('exit', () => reject(new Error(`the registry ended: ${output()}`)));
  });

/**
 * Starts a {@link GoRegistry} on loopback.
 *
 * @throws {Error} with its output when it does not start.
 */
export const startGoRegistry = async (): Promise<GoRegistry> => {
  const child = spawn(path, ['-port', '0'], { stdio: ['ignore', 'ignore', 'pipe'] });
  let output = '';
  child.stderr.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  const port = await listeningPort(child, () => output);
  return {
    host: `127.0.0.1:${port}`,
    log: () => [...output.matchAll(/^\S+ \S+ ((?:GET|HEAD) \/v2\/\S*)/gm)].map(([, line = '']) => line),
    stop: async () => {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
  };
};
