import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Image } from '../../src/api/image.ts';
import type { ImageStream } from '../../src/api/image-stream.ts';
import { imageStreams, images } from '../../src/api/resources.ts';
import { MemoryStore } from './store.ts';

type Json = Readonly<Record<string, unknown>>;

/** What OpenShift answered in one scenario, and the objects it then had. */
export type GoldenAnswers = Json & {
  readonly imagestreams: readonly ImageStream[];
  readonly images?: Readonly<Record<string, Image>>;
};

/** Reads what was recorded of a scenario. */
export const readGolden = (scenario: string): GoldenAnswers =>
  JSON.parse(
    readFileSync(join(import.meta.dirname, `../fixtures/golden/${scenario}/output.json`), 'utf8'),
  ) as GoldenAnswers;

/** A store that holds the streams and images of a scenario. */
export const storeOf = async (answers: GoldenAnswers): Promise<MemoryStore> => {
  const store = new MemoryStore();
  const { signal } = new AbortController();
  for (const image of Object.values(answers.images ?? {})) await store.create(images, image, {}, signal);
  for (const stream of answers.imagestreams) await store.create(imageStreams, stream, {}, signal);
  return store;
};

const volatile = new Set([
  'uid',
  'resourceVersion',
  'creationTimestamp',
  'managedFields',
  'created',
  'lastTransitionTime',
]);

/** Without what differs from run to run: times, uids, resource versions. */
export const steady = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(steady);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, inner]) => !volatile.has(key) && inner !== undefined)
      .map(([key, inner]) => [key, steady(inner)]),
  );
};
