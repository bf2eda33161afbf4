import type { ImageStream } from '../../src/api/image-stream.ts';
import { planImports, recordImports } from '../../src/importer/index.ts';
import type { ImageOutcome } from '../../src/importer/types.ts';
import type { Digest } from '../../src/oci/index.ts';
import { type Group, inTurns, runsOf, timed } from '../bench.ts';

/** About twice what it was when this was written; a search per tag among all tags made it 24 for 1,000 tags, 198 for 10,000. */
const maxRatio = 10;

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
    }
  },
};
