import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { startDockerRegistry } from './docker-registry.ts';

const fixtures = join(import.meta.dirname, '../fixtures/golden');

/** The two registries that the golden scenarios were recorded with, on free ports of loopback. */
export type GoldenRegistries = {
  /** 127.0.0.1:5005 of the recordings: open. */
  readonly open: string;
  /** 127.0.0.1:5006 of the recordings: Basic authentication, alice / secret. */
  readonly protected: string;
  readonly stop: () => Promise<void>;
};

/** Unpacks the golden registry data and serves it with real `docker-registry` servers. */
export const startGoldenRegistries = async (): Promise<GoldenRegistries> => {
  const directory = await mkdtemp(join(tmpdir(), 'golden-registry-'));
  await promisify(execFile)('tar', ['-xzf', join(fixtures, 'registry-data.tar.gz'), '-C', directory]);
  const htpasswd = await readFile(join(fixtures, 'htpasswd'), 'utf8');
  const [open, secured] = await Promise.all([
    startDockerRegistry({ rootDirectory: join(directory, 'data-5005') }),
    startDockerRegistry({ rootDirectory: join(directory, 'data-5006'), htpasswd }),
  ]);
  return {
    open: open.host,
    protected: secured.host,
    stop: async () => {
      await Promise.all([open.stop(), secured.stop()]);
      await rm(directory, { recursive: true, force: true });
    },
  };
};

/** The Images that the original made of that data, by name; references name 127.0.0.1:5005 and 127.0.0.1:5006. */
export const readGoldenImages = async (): Promise<
  Readonly<Record<string, Readonly<Record<string, unknown>>>>
> => JSON.parse(await readFile(join(fixtures, 'images.json'), 'utf8'));

/** Repositories of both registries, with the digest of each tag. */
export const readGoldenTags = async (): Promise<Readonly<Record<string, Readonly<Record<string, string>>>>> =>
  JSON.parse(await readFile(join(fixtures, 'registry.json'), 'utf8'));
