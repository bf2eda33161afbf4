import { execFile, spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Blob, Content } from '../fakes/registry/content.ts';

/** Whether tests with a real skopeo can run; in CI they must, so that a missing one fails there. */
export const hasSkopeo: boolean =
  process.env['CI'] === 'true' || spawnSync('skopeo', ['--version']).error === undefined;

const execute = promisify(execFile);

/** Runs skopeo; the bytes that it wrote to standard output. Rejects where it fails, with what it said. */
export const skopeo = async (
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Buffer> => {
  const options = { env: { ...process.env, ...env }, encoding: 'buffer', timeout: 30_000 } as const;
  return (await execute('skopeo', args, options)).stdout;
};

/** Every blob and manifest of a content, children first. */
const partsOf = ({ blobs, children, manifest }: Content): readonly Blob[] => [
  ...children.flatMap(partsOf),
  ...blobs,
  manifest,
];

/** Writes an OCI image layout, which skopeo calls `oci:DIRECTORY:TAG`. */
export const writeOciLayout = async (directory: string, content: Content, tag: string): Promise<void> => {
  const blobs = join(directory, 'blobs/sha256');
  await mkdir(blobs, { recursive: true });
  for (const { digest, bytes } of partsOf(content))
    await writeFile(join(blobs, digest.replace('sha256:', '')), bytes);
  const { mediaType, digest, bytes } = content.manifest;
  const annotations = { 'org.opencontainers.image.ref.name': tag };
  const index = { schemaVersion: 2, manifests: [{ mediaType, digest, size: bytes.byteLength, annotations }] };
  await writeFile(join(directory, 'index.json'), JSON.stringify(index));
  await writeFile(join(directory, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
};

/** Writes what skopeo calls `dir:DIRECTORY`: images of Docker's kinds, too. */
export const writeDirectory = async (directory: string, content: Content): Promise<void> => {
  await mkdir(directory, { recursive: true });
  const hex = ({ digest }: Blob): string => digest.replace('sha256:', '');
  const parts = (of: Content): readonly Content[] => [of, ...of.children.flatMap(parts)];
  for (const { blobs, manifest } of parts(content)) {
    for (const blob of blobs) await writeFile(join(directory, hex(blob)), blob.bytes);
    const name = manifest === content.manifest ? 'manifest.json' : `${hex(manifest)}.manifest.json`;
    await writeFile(join(directory, name), manifest.bytes);
  }
  await writeFile(join(directory, 'version'), 'Directory Transport Version: 1.1\n');
};
