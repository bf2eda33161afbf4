import type { Image } from '../../src/api/image.ts';
import type { ImageStream, ImageStreamStatus } from '../../src/api/image-stream.ts';
import { tagFingerprint } from '../../src/api/pending.ts';
import { imageStreams, images } from '../../src/api/resources.ts';
import { planImports, recordImports } from '../../src/importer/index.ts';
import type { ImageOutcome } from '../../src/importer/types.ts';
import type { Digest } from '../../src/oci/index.ts';
import type { Store } from '../../src/store/store.ts';
import type { Hook } from '../fakes/registry/index.ts';
import { putAll, readFirst, type StoredInEtcd } from '../setup/etcd.ts';
import { ensureNamespace } from './harness.ts';

/** How many streams, and how much each has behind it. */
export type Many = {
  readonly streams: number;
  /** Entries of the history of each tag. */
  readonly history: number;
  /** Registry that the tags follow, `HOST:PORT`. */
  readonly registry: string;
};

/** Tags of each stream: names of one image, as a release has them. */
export const manyTags = ['latest', 'stable', 'v1', 'v1.2', 'v1.2.3'];
const namespaces = 10;
/** When the oldest entry came, and how far apart entries are: no entry is so young that it is still news. */
const newestMs = Date.parse('2026-01-01T00:00:00Z');
const dayMs = 86_400_000;

export const repositoryOf = (stream: number): string => `team/app-${stream}`;

/** What the digests of one stream begin with. */
const digestPrefix = (stream: number): string =>
  `sha256:${'a'.repeat(24)}${stream.toString(16).padStart(8, '0')}`;

const digestOf = (stream: number, entry: number): Digest =>
  `${digestPrefix(stream)}${entry.toString(16).padStart(32, '0')}` as Digest;

/** A registry whose tags are all where they were when they were imported last. */
export const isStillThere =
  ({ history }: Pick<Many, 'history'>): Hook =>
  ({ path }) => {
    const number = Number(/\/app-(\d+)\/manifests\//.exec(path)?.[1]);
    const headers = {
      'docker-content-digest': digestOf(number, history - 1),
      'content-type': 'application/vnd.oci.image.manifest.v1+json',
    };
    return { kind: 'answer', status: 200, headers };
  };

const specOf = (number: number, { registry }: Many): ImageStream => ({
  apiVersion: 'image.openshift.io/v1',
  kind: 'ImageStream',
  metadata: { namespace: `many-${number % namespaces}`, name: `app-${number}`, generation: 1 },
  spec: {
    lookupPolicy: { local: false },
    tags: manyTags.map((name) => ({
      name,
      annotations: null,
      from: { kind: 'DockerImage', name: `${registry}/${repositoryOf(number)}:${name}` },
      generation: 1,
      importPolicy: { insecure: true, scheduled: true, importMode: 'Legacy' },
      referencePolicy: { type: 'Source' },
    })),
  },
});

const imageOf = (number: number, entry: number, { registry }: Many): Image => {
  const digest = digestOf(number, entry);
  return {
    apiVersion: 'image.openshift.io/v1',
    kind: 'Image',
    metadata: { name: digest },
    dockerImageReference: `${registry}/${repositoryOf(number)}@${digest}`,
  };
};

/** The first stream after its tags were imported, and moved together day after day. */
const firstStream = (many: Many): ImageStream => {
  const due = new Map(manyTags.map((tag) => [tag, { cause: { type: 'Schedule' } } as const]));
  let stream = specOf(0, many);
  for (let entry = 0; entry < many.history; entry += 1) {
    const found = {
      ok: true,
      image: imageOf(0, entry, many),
      manifests: [],
      sourceDigest: digestOf(0, entry),
    };
    const tags = planImports(stream, { maxTags: 0, due }).tags.map((planned) => ({
      planned,
      outcome: { ...found, tag: planned.tag } as ImageOutcome,
    }));
    const options = {
      nowMs: newestMs - (many.history - 1 - entry) * dayMs,
      historyLimit: many.history,
    };
    stream = { ...stream, status: recordImports(stream, { tags, repository: undefined }, options) };
  }
  return stream;
};

/** A stream like the first, with a source and images of its own; nothing about it is pending. */
const streamLike = (firstStatus: string, number: number, many: Many): ImageStream => {
  const stream = specOf(number, many);
  const status = JSON.parse(
    firstStatus
      .replaceAll(digestPrefix(0), digestPrefix(number))
      .replaceAll(`${repositoryOf(0)}@`, `${repositoryOf(number)}@`),
  ) as ImageStreamStatus;
  const tags = (status.tags ?? []).map((list) => {
    const tag = stream.spec?.tags?.find(({ name }) => name === list.tag);
    const fingerprint = tag && tagFingerprint(tag);
    return { ...list, observed: { ...list.observed, ...(fingerprint && { fingerprint }) } };
  });
  return { ...stream, status: { ...status, tags } };
};

const uidOf = (number: number): string => `00000000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`;

/** The first stream and an image, by the API: so that there is one of each as a server keeps them. */
const createFirst = async (store: Store, first: ImageStream, image: Image, signal: AbortSignal) => {
  const { status, ...spec } = first;
  const created = await store.create(imageStreams, spec, {}, signal);
  await store.updateStatus(imageStreams, { ...created, ...(status && { status }) }, {}, signal);
  await store.create(images, image, {}, signal);
};

type Entries = Generator<readonly [key: string, value: unknown]>;

function* otherImages(template: StoredInEtcd, many: Many): Entries {
  const folder = template.key.slice(0, template.key.lastIndexOf('/'));
  for (let number = 1; number < many.streams * many.history; number += 1) {
    const { metadata, dockerImageReference } = imageOf(
      number % many.streams,
      Math.floor(number / many.streams),
      many,
    );
    const name = metadata.name.replace(':', '-');
    const kept = { ...template.value.metadata, name, uid: uidOf(2 ** 32 + number) };
    yield [`${folder}/${name}`, { ...template.value, metadata: kept, dockerImageReference }];
  }
}

function* otherStreams(template: StoredInEtcd, first: ImageStream, many: Many): Entries {
  const folder = template.key.split('/').slice(0, -2).join('/');
  const firstStatus = JSON.stringify(first.status);
  for (let number = 1; number < many.streams; number += 1) {
    const { metadata, spec, status } = streamLike(firstStatus, number, many);
    const { namespace = '', name } = metadata;
    const kept = { ...template.value.metadata, namespace, name, uid: uidOf(number) };
    yield [`${folder}/${namespace}/${name}`, { ...template.value, metadata: kept, spec, status }];
  }
}

/**
 * Fills a cluster that has no streams yet with many that were imported long ago, each with a source of its own. The first is written by
 * the API; the others are put beside it in etcd as the server kept that one, which takes seconds where the API would take minutes.
 */
export const createManyStreams = async (
  { store, etcdUrl }: { readonly store: Store; readonly etcdUrl: string },
  many: Many,
  signal: AbortSignal,
): Promise<void> => {
  for (let number = 0; number < namespaces; number += 1)
    await ensureNamespace(store, `many-${number}`, signal);
  const first = firstStream(many);
  await createFirst(store, first, imageOf(0, 0, many), signal);
  const image = await readFirst(etcdUrl, '/registry/image.openshift.io/images/');
  const stream = await readFirst(etcdUrl, '/registry/image.openshift.io/imagestreams/');
  // The images first: no stream may name one that is not there.
  await putAll(etcdUrl, otherImages(image, many));
  await putAll(etcdUrl, otherStreams(stream, first, many));
};
