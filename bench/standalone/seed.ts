import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Image } from '../../src/api/image.ts';
import type { ImageStream, NamedTagEventList } from '../../src/api/image-stream.ts';
import { imageStreams, images } from '../../src/api/resources.ts';
import { createImporter, planImports, recordImports } from '../../src/importer/index.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { anonymous, createRegistryClient, type Digest } from '../../src/oci/index.ts';
import { openEmbeddedStore } from '../../src/store/index.ts';
import type { Bench } from '../bench.ts';

/** How much is in a store. */
export type Amount = { readonly streams: number; readonly items: number };

/** As in design.md §8. */
export const tagsPerStream = 5;

/** Imported a day ago: what is new is still told. */
const ageMs = 24 * 60 * 60 * 1000;

/** A year: nothing is due while the bench looks. */
const interval = '8760h';

const digestOf = (stream: number, item: number): Digest =>
  `sha256:${createHash('sha256').update(`${stream} ${item}`).digest('hex')}` as Digest;

/** An image as an import makes it. */
const importSample = async (host: string, signal: AbortSignal): Promise<Image> => {
  const client = createRegistryClient();
  try {
    const importer = createImporter({ client, clock: systemClock });
    const request = { from: `${host}/app0:v0`, insecure: true, importMode: 'Legacy' } as const;
    const context = { keychain: anonymous, priority: 'interactive' } as const;
    const outcome = await importer.importImage(request, context, signal);
    if (!outcome.ok) throw new Error(`no sample: ${outcome.status.message ?? ''}`);
    return outcome.image;
  } finally {
    await client.close();
  }
};

const specOf = (host: string, index: number): ImageStream => ({
  apiVersion: 'image.openshift.io/v1',
  kind: 'ImageStream',
  metadata: {
    name: `app${index}`,
    namespace: 'default',
    generation: 1,
    annotations: { 'imagestreams.dev/refresh-interval': interval },
  },
  spec: {
    tags: Array.from({ length: tagsPerStream }, (_, tag) => ({
      name: `v${tag}`,
      annotations: null,
      from: { kind: 'DockerImage', name: `${host}/app${index}:v${tag}` },
      generation: 1,
      importPolicy: { insecure: true, scheduled: true },
      referencePolicy: { type: 'Source' },
    })),
  },
});

/** A stream as the controllers leave it, with a history of so many images that all its tags had. */
const syncedStream = (host: string, index: number, items: number, sample: Image): ImageStream => {
  const stream = specOf(host, index);
  const sourceDigest = digestOf(index, 0);
  const image = {
    ...sample,
    metadata: { name: sourceDigest },
    dockerImageReference: `${host}/app${index}@${sourceDigest}`,
  };
  const { tags } = planImports(stream, { maxTags: 0 });
  const outcome = { ok: true, image, manifests: [], sourceDigest } as const;
  const results = tags.map((planned) => ({ planned, outcome: { ...outcome, tag: planned.tag } }));
  const options = { nowMs: systemClock.now() - ageMs, historyLimit: items };
  const status = recordImports(stream, { tags: results, repository: undefined }, options);
  const tagsWithHistory = (status.tags ?? []).map((list) => ({
    ...list,
    items: Array.from({ length: items }, (_, age) => ({
      ...list.items?.[0],
      revision: items - age,
      image: digestOf(index, age),
      sourceDigest: digestOf(index, age),
      dockerImageReference: `${host}/app${index}@${digestOf(index, age)}`,
    })),
  }));
  return { ...stream, status: { ...status, tags: tagsWithHistory as NamedTagEventList[] } };
};

/** Writes at a time: they share commits. */
const batch = 500;

/** Fills the store of a data directory with streams that have all they ask for, and their images. */
export const seed = async (
  bench: Bench,
  { dataDir, host, amount }: { readonly dataDir: string; readonly host: string; readonly amount: Amount },
): Promise<void> => {
  const { signal } = bench;
  const sample = await importSample(host, signal);
  const store = openEmbeddedStore({ file: join(dataDir, 'imagestreams.db'), clock: systemClock });
  const addOne = async (index: number): Promise<void> => {
    const ages = Array.from({ length: amount.items }, (_, age) => digestOf(index, age));
    const created = ages.map((name) => store.create(images, { ...sample, metadata: { name } }, {}, signal));
    await Promise.all(created);
    await store.create(imageStreams, syncedStream(host, index, amount.items, sample), {}, signal);
  };
  try {
    const together = Math.max(1, Math.floor(batch / amount.items));
    for (let first = 0; first < amount.streams; first += together) {
      const count = Math.min(together, amount.streams - first);
      await Promise.all(Array.from({ length: count }, (_, offset) => addOne(first + offset)));
    }
    await store.compact((await store.list(imageStreams, { limit: 1 }, signal)).resourceVersion, signal);
  } finally {
    await store.close();
  }
};
