import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { imageOfManifest, isImage } from '../../src/importer/to-image.ts';
import { parseImageConfig } from '../../src/oci/image-config.ts';
import { digestBytes, mediaTypes } from '../../src/oci/index.ts';
import { isJsonObject, parseJsonObject } from '../../src/oci/json.ts';
import { parseManifest } from '../../src/oci/manifest.ts';
import { createRandom, mutate } from './mutate.ts';

const archive = join(import.meta.dirname, '../fixtures/golden/registry-data.tar.gz');

let folder = '';
let manifests: readonly Uint8Array[] = [];
let configs: readonly Uint8Array[] = [];

/** Real documents: what docker-registry keeps of images that tools pushed. */
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mutations-'));
  execFileSync('tar', ['-xzf', archive, '-C', folder]);
  const documents = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('/data'))
    .map((path) => readFileSync(join(folder, path)))
    .filter((bytes) => parseJsonObject(bytes) !== undefined);
  const has = (name: string) => (bytes: Uint8Array) => parseJsonObject(bytes)?.[name] !== undefined;
  manifests = documents.filter(has('schemaVersion'));
  configs = documents.filter(has('rootfs'));
});
afterAll(() => rmSync(folder, { recursive: true }));

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const heapMiB = (): number => {
  collectGarbage();
  return process.memoryUsage().heapUsed / 2 ** 20;
};

const contentTypes = [...Object.values(mediaTypes), 'application/json', 'text/plain', undefined];

/** The most that one parsed manifest lists: whatever came in, no more requests follow from it. */
const maxEntries = 1024;

const config = { bytes: new Uint8Array(), config: {} };

/** Reads bytes as a manifest and makes an Image of them, as an import does; whatever is wrong has to be an answer. */
const readManifest = (bytes: Uint8Array, contentType: string | undefined): boolean => {
  const parsed = parseManifest(bytes, contentType);
  if (!parsed.ok) {
    expect(parsed.problem.length).toBeLessThan(500);
    return false;
  }
  const { manifest } = parsed;
  const entries = manifest.kind === 'index' ? manifest.manifests : [manifest.config, ...manifest.layers];
  expect(entries.length).toBeLessThanOrEqual(maxEntries + 1);
  const fetched = { digest: digestBytes(bytes), mediaType: manifest.mediaType, bytes, manifest };
  if (isImage(fetched)) JSON.stringify(imageOfManifest(fetched, config));
  return true;
};

describe('a hundred thousand broken manifests', () => {
  it('are each read or refused, and leave nothing behind', () => {
    expect(manifests.length).toBeGreaterThan(10);
    const random = createRandom(20_260_101);
    const beforeMiB = heapMiB();
    let readable = 0;
    for (let index = 0; index < 100_000; index += 1) {
      const original = manifests[random(manifests.length)] ?? new Uint8Array();
      const bytes = mutate(original, random);
      if (readManifest(bytes, contentTypes[random(contentTypes.length)])) readable += 1;
    }
    // Neither all nor none: else the mutations would be too mild, or too wild, to find anything.
    expect(readable).toBeGreaterThan(1_000);
    expect(readable).toBeLessThan(90_000);
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
    expect(heapMiB() - beforeMiB).toBeLessThan(64);
  });
});

describe('twenty thousand broken configs', () => {
  it('are each read or refused, and become Images', () => {
    expect(configs.length).toBeGreaterThan(5);
    const random = createRandom(20_260_102);
    const fetched = manifests
      .map((bytes) => ({ bytes, parsed: parseManifest(bytes, undefined) }))
      .flatMap(({ bytes, parsed }) =>
        parsed.ok
          ? [
              {
                digest: digestBytes(bytes),
                mediaType: parsed.manifest.mediaType,
                bytes,
                manifest: parsed.manifest,
              },
            ]
          : [],
      )
      .find(isImage);
    if (fetched === undefined) throw new Error('there is no image to go with');
    let readable = 0;
    for (let index = 0; index < 20_000; index += 1) {
      const bytes = mutate(configs[random(configs.length)] ?? new Uint8Array(), random);
      const parsed = parseImageConfig(bytes);
      if (!parsed.ok) continue;
      readable += 1;
      const image = imageOfManifest(fetched, { bytes, config: parsed.value });
      expect(isJsonObject(JSON.parse(JSON.stringify(image)))).toBe(true);
    }
    expect(readable).toBeGreaterThan(1_000);
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false);
  });
});

describe('a manifest as large as is accepted', () => {
  const size = 4 * 2 ** 20;
  it.each([
    ['lists within lists', '['.repeat(size)],
    ['objects within objects', '{"a":'.repeat(size / 5)],
    [
      'lists within lists in a config',
      `{"schemaVersion":2,"config":${'['.repeat(size / 2)}${']'.repeat(size / 2)}}`,
    ],
    ['empty lists', `{"schemaVersion":2,"layers":[${'[],'.repeat(size / 3)}[]]}`],
    ['one text', `{"schemaVersion":2,"config":{"digest":"sha256:${'a'.repeat(size)}"}}`],
    ['escapes', `{"schemaVersion":2,"mediaType":"${'\\u0000'.repeat(size / 6)}"}`],
    [
      'names',
      `{${Array.from({ length: size / 16 }, (_, index) => `"k${String(index).padStart(7, '0')}":1`).join()}}`,
    ],
    ['digits', `{"schemaVersion":${'9'.repeat(size)}}`],
    ['blanks', `{"schemaVersion":2${' '.repeat(size)}}`],
    ['zeros', '\0'.repeat(size)],
  ])('made of %s is refused', (_name, text) => {
    const bytes = Buffer.from(text);
    for (const contentType of contentTypes) expect(readManifest(bytes, contentType)).toBe(false);
  });
});
