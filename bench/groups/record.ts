import type { ImageStream } from '../../src/api/image-stream.ts';
import { planImports, recordImports } from '../../src/importer/index.ts';
import type { ImageOutcome } from '../../src/importer/types.ts';
import type { Digest } from '../../src/oci/index.ts';
import { type Bench, type Group, inTurns, runsOf, timed } from '../bench.ts';

/** About twice what it was when this was written; a search per tag among all tags made it 24 for 1,000 tags, 198 for 10,000. */
const maxRatio = 10;

/** The same for tags of a spec: twice over, each with a fingerprint of its own. */
const maxSpecRatio = 50;

const from = 'registry.example/team/app';

const stream: ImageStream = {
  apiVersion: 'image.openshift.io/v1',
  kind: 'ImageStream',
  metadata: { name: 'app', namespace: 'team', generation: 1 },
  spec: { dockerImageRepository: from },
};

const found = (index: number): ImageOutcome => {
  const digest = `sha256:${index.toString(16).padStart(64, '0')}` as Digest;
  const reference = `${from}@${digest}`;
  const metadata = { name: digest };
  const image = { apiVersion: 'image.openshift.io/v1', kind: 'Image', metadata } as const;
  return {
    ok: true,
    image: { ...image, dockerImageReference: reference },
    manifests: [],
    tag: `v${index}`,
    sourceDigest: digest,
  };
};

/** Writes down in a stream what a listing of `tags` tags found. */
const recordFound = (images: readonly ImageOutcome[]) => {
  const planned = planImports(stream, { maxTags: 0 }).repository;
  if (planned === undefined) throw new Error('the stream asks for no repository');
  const outcome = { ok: true, images, additionalTags: [] } as const;
  return recordImports(
    stream,
    { tags: [], repository: { planned, outcome } },
    { nowMs: 0, historyLimit: 20 },
  );
};

const specStream = (tags: number): ImageStream => ({
  ...stream,
  spec: {
    tags: Array.from({ length: tags }, (_, index) => ({
      name: `v${index}`,
      from: { kind: 'DockerImage', name: `${from}:v${index}` },
      generation: 1,
    })),
  },
});

/** Writes down what came of the tags that a spec names, and then that none of them has moved. */
const recordSpec = (of: ImageStream, images: readonly ImageOutcome[], passes: number): ImageStream => {
  let current = of;
  for (let pass = 0; pass < passes; pass += 1) {
    const due = new Map(images.map(({ tag }) => [tag, { cause: { type: 'Schedule' } } as const]));
    const plan = planImports(current, { maxTags: 0, ...(pass === 0 ? {} : { due }) });
    const tags = plan.tags.map((planned, index) => ({
      planned,
      outcome: pass === 0 ? (images[index] ?? ('unchanged' as const)) : ('unchanged' as const),
    }));
    const status = recordImports(current, { tags, repository: undefined }, { nowMs: 0, historyLimit: 20 });
    current = { ...current, status };
  }
  return current;
};

const measureSpec = async (bench: Bench, images: readonly ImageOutcome[], status: object): Promise<void> => {
  const tags = images.length;
  const empty = specStream(tags);
  const figures = await inTurns(bench, runsOf(bench, tags > 1000 ? 'long' : 'short'), {
    ours: () => timed(async () => recordSpec(empty, images, 2)),
    floor: () => timed(async () => JSON.parse(JSON.stringify(status)) as unknown),
  });
  bench.row({
    name: `record, ${tags} tags of a spec, and again unchanged`,
    unit: 'ms',
    size: { family: 'record spec', count: tags },
    ...figures,
    ...(tags < 1000 ? {} : { target: maxSpecRatio }),
  });
};

/** Turns what was found into status, within the budget, beside writing and reading that status once: both must grow with the tags alone. */
export const recordGroup: Group = {
  name: 'record',
  run: async (bench) => {
    for (const tags of bench.size === 'smoke' ? [10] : [100, 1000, 10_000]) {
      const images = Array.from({ length: tags }, (_, index) => found(index));
      const status = { tags: images.map((image) => ({ ...image, conditions: [] })) };
      const figures = await inTurns(bench, runsOf(bench, tags > 1000 ? 'long' : 'short'), {
        ours: () => timed(async () => recordFound(images)),
        floor: () => timed(async () => JSON.parse(JSON.stringify(status)) as unknown),
      });
      bench.row({
        name: `record, ${tags} tags found`,
        unit: 'ms',
        size: { family: 'record', count: tags },
        ...figures,
        ...(tags < 1000 ? {} : { target: maxRatio }),
      });
      await measureSpec(bench, images, status);
    }
  },
};
