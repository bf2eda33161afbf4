import { describe, expect, it } from 'vitest';
import { createManualClock } from '../../../test/fakes/clock.ts';
import { readGolden, steady } from '../../../test/fakes/golden.ts';
import {
  createFakeImporter,
  type FakeImporter,
  type FakeImporterOptions,
} from '../../../test/fakes/importer.ts';
import { aRestContext } from '../../../test/fakes/rest-context.ts';
import { MemoryStore } from '../../../test/fakes/store.ts';
import type { Image } from '../../api/image.ts';
import type { ImageStream } from '../../api/image-stream.ts';
import type { ImageImportStatus, ImageStreamImport } from '../../api/image-stream-import.ts';
import type { Stored } from '../../api/meta.ts';
import { imageStreams, images } from '../../api/resources.ts';
import type { ImageOutcome } from '../../importer/types.ts';
import type { Digest } from '../../oci/types.ts';
import { StoreError } from '../../store/errors.ts';
import { createImageStreamImportStorage } from './image-stream-import.ts';

const { signal } = new AbortController();
const namespace = 'g-import-api';
const golden = readGolden('import-api');
const app = '127.0.0.1:5005/demo/app';

type Answer = ImageStreamImport & { readonly status: NonNullable<ImageStreamImport['status']> };
const goldenAnswer = (name: string): Answer => golden[name] as Answer;

/** The outcome behind what the original said of an image. */
const outcomeOf = ({ status, image, tag = '', manifests = [] }: ImageImportStatus): ImageOutcome => {
  if (image === undefined) return { ok: false, status, tag };
  const whole = (part: typeof image): Image => {
    const { uid: _uid, creationTimestamp: _created, ...metadata } = part.metadata ?? {};
    return {
      ...part,
      apiVersion: 'image.openshift.io/v1',
      kind: 'Image',
      metadata: metadata as Image['metadata'],
    };
  };
  const fetched = whole(image);
  return {
    ok: true,
    image: fetched,
    manifests: manifests.map(whole),
    tag,
    sourceDigest: fetched.metadata.name as Digest,
  };
};

const found = (answer: string, index = 0): ImageOutcome => {
  const { repository, images: listed } = goldenAnswer(answer).status;
  const status = (listed ?? repository?.images)?.[index];
  if (status === undefined) throw new Error(`${answer} has no image ${index}`);
  return outcomeOf(status);
};

const setUp = (options: FakeImporterOptions = {}) => {
  const store = new MemoryStore();
  const importer: FakeImporter = createFakeImporter(options);
  const storage = createImageStreamImportStorage({
    store,
    importer,
    keychains: () => Promise.resolve(() => []),
    clock: createManualClock(),
    historyLimit: 20,
    maxTagsPerRepository: 500,
  });
  const post = async (
    spec: ImageStreamImport['spec'],
    metadata: ImageStreamImport['metadata'] = { name: 'app' },
    context = aRestContext(),
  ): Promise<Answer> =>
    (await storage.create?.(
      {
        apiVersion: 'image.openshift.io/v1',
        kind: 'ImageStreamImport',
        metadata,
        ...(spec === undefined ? {} : { spec }),
      },
      namespace,
      context,
    )) as Answer;
  const stream = async (name = 'app'): Promise<Stored<ImageStream> | undefined> =>
    store.get(imageStreams, { namespace, name }, signal);
  return { store, importer, post, stream };
};

const one = (tag: string, image = `${app}:v1`) => ({
  from: { kind: 'DockerImage', name: image },
  to: { name: tag },
  importPolicy: { insecure: true },
});

const failureOf = async (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => (error as { readonly status?: unknown }).status,
  );

/** What this program adds to a stream (design decisions 6, 7 and 18). */
const ours = new Set(['observed', 'observedGeneration', 'revision', 'sourceDigest', 'cause']);
const withoutOurs = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(withoutOurs);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([key]) => !ours.has(key));
  return Object.fromEntries(entries.map(([key, inner]) => [key, withoutOurs(inner)]));
};
const comparable = (value: unknown): unknown => {
  const { status, ...rest } = withoutOurs(steady(value)) as {
    readonly status?: { readonly conditions?: unknown };
  };
  const { conditions: _conditions, ...kept } = status ?? {};
  return { ...rest, status: kept };
};
const annotationsAside = (stream: unknown): unknown => {
  const { metadata, ...rest } = comparable(stream) as ImageStream;
  return { ...rest, metadata: { ...metadata, annotations: Object.keys(metadata.annotations ?? {}) } };
};

describe('answering an ImageStreamImport', () => {
  it('answers a dry run as OpenShift does and stores nothing', async () => {
    const { post, store } = setUp({ images: { [`${app}:v1`]: found('dry_one') } });
    const image = { from: { kind: 'DockerImage', name: `${app}:v1` }, importPolicy: { insecure: true } };
    const answer = await post({ import: false, images: [image] });
    expect(steady(answer)).toEqual(steady({ ...goldenAnswer('dry_one') }));
    expect(store.writes).toEqual([]);
  });

  it('answers a dry run of a repository as OpenShift does', async () => {
    const listed = goldenAnswer('dry_repo').status.repository?.images ?? [];
    const { post, store, importer } = setUp({
      repositories: { [app]: { ok: true, images: listed.map(outcomeOf), additionalTags: [] } },
    });
    const repository = { from: { kind: 'DockerImage', name: app }, importPolicy: { insecure: true } };
    const answer = await post({ import: false, repository });
    expect(steady(answer)).toEqual(steady(goldenAnswer('dry_repo')));
    expect(store.writes).toEqual([]);
    expect(importer.calls[0]?.request).toMatchObject({ from: app, insecure: true, maxTags: 500 });
  });

  it('imports several images, of which one fails, as OpenShift does', async () => {
    const { post, stream, store } = setUp({
      images: { [`${app}:v1`]: found('mixed', 0), [`${app}:v2`]: found('mixed', 2) },
    });
    const answer = await post(
      {
        import: true,
        images: [
          { ...one('one'), referencePolicy: { type: 'Local' } },
          one('bad', `${app}:nope`),
          one('two', `${app}:v2`),
        ],
      },
      { name: 'mixed' },
    );
    const { status: expected, ...rest } = goldenAnswer('mixed');
    const { status, ...got } = answer;
    expect(steady(got)).toEqual(steady(rest));
    expect(steady(status.images)).toEqual(steady(expected.images));
    expect(annotationsAside(status.import)).toEqual(annotationsAside(expected.import));
    const {
      apiVersion: _apiVersion,
      kind: _kind,
      ...stored
    } = (await stream('mixed')) ?? { apiVersion: '', kind: '' };
    expect(status.import).toEqual(stored);
    expect(store.writes.map(({ verb, resource }) => `${verb} ${resource}`).toSorted()).toEqual([
      'create images.image.openshift.io',
      'create images.image.openshift.io',
      'create imagestreams.image.openshift.io',
    ]);
  });

  it('imports a repository and an image together as OpenShift does', async () => {
    const listed = goldenAnswer('both').status.repository?.images ?? [];
    const { post, stream } = setUp({
      images: { [`${app}:v1`]: found('both') },
      repositories: { [app]: { ok: true, images: listed.map(outcomeOf), additionalTags: [] } },
    });
    const repository = { from: { kind: 'DockerImage', name: app }, importPolicy: { insecure: true } };
    const answer = await post({ import: true, repository, images: [one('vv')] }, { name: 'both' });
    expect(steady(answer.status.repository)).toEqual(steady(goldenAnswer('both').status.repository));
    const expected = golden.imagestreams.find(({ metadata }) => metadata.name === 'both');
    expect(annotationsAside(await stream('both'))).toEqual(annotationsAside(expected));
  });

  it('keeps the manifests of a list as Images, never with their raw bytes', async () => {
    const { post, store } = setUp({ images: { [`${app}:list`]: found('dry_preserve') } });
    const importPolicy = { importMode: 'PreserveOriginal' };
    const answer = await post({ import: true, images: [{ ...one('list', `${app}:list`), importPolicy }] });
    const stored = (await store.list(images, {}, signal)).items;
    const listed = answer.status.images?.[0];
    const shown = [listed?.image, ...(listed?.manifests ?? [])].map((image) => image?.metadata?.name);
    expect(new Set(stored.map(({ metadata }) => metadata.name))).toEqual(new Set(shown));
    expect(stored.filter((image) => 'dockerImageManifest' in image || 'dockerImageConfig' in image)).toEqual(
      [],
    );
  });

  it('asks for platform and manifests as the request and the stream say', async () => {
    const { post, store, importer } = setUp();
    const annotations = { 'importer.image.openshift.io/prefer-arch': 'arm64' };
    await store.create(
      imageStreams,
      {
        apiVersion: 'image.openshift.io/v1',
        kind: 'ImageStream',
        metadata: { name: 'app', namespace },
        spec: { tags: [{ name: 'v1', annotations }] },
      },
      {},
      signal,
    );
    await post({ import: false, images: [{ ...one('v1'), includeManifest: true }] });
    expect(importer.calls[0]).toMatchObject({
      request: { preferArch: 'arm64', includeManifest: true, insecure: true },
      context: { priority: 'interactive' },
    });
  });
});

describe('refusing an ImageStreamImport', () => {
  const rows = [
    {
      name: 'nothing to import',
      spec: { import: true },
      message: 'spec.images: Invalid value: null: you must specify at least one image or a repository import',
    },
    {
      name: 'another kind of source',
      spec: { import: true, images: [{ from: { kind: 'ImageStreamTag', name: 'x:y' } }] },
      message: 'spec.images[0].from.kind: Invalid value: "ImageStreamTag": only DockerImage is supported',
    },
    {
      name: 'a repository with a tag',
      spec: { import: true, repository: { from: { kind: 'DockerImage', name: `${app}:v1` } } },
      message: `spec.repository.from.name: Invalid value: "${app}:v1": you must specify an image repository, not a tag or ID`,
    },
  ];
  for (const { name, spec, message } of rows) {
    it(`refuses ${name} in the words of the original`, async () => {
      const { post, importer } = setUp();
      expect(await failureOf(post(spec))).toMatchObject({
        code: 422,
        message: `ImageStreamImport.image.openshift.io "app" is invalid: ${message}`,
      });
      expect(importer.calls).toEqual([]);
    });
  }

  it('checks what it says of the stream before anything is fetched', async () => {
    const { post, importer, stream } = setUp({ images: { [`${app}:v1`]: found('dry_one') } });
    const spec = { import: true, images: [one('v1')] };
    expect(await failureOf(post(spec, { name: 'app', resourceVersion: '7' }))).toMatchObject({
      code: 404,
      details: { kind: 'imagestreamimports', name: 'app' },
    });
    await post(spec);
    const calls = importer.calls.length;
    const { resourceVersion, uid } = (await stream())?.metadata ?? { resourceVersion: '', uid: '' };
    expect(await failureOf(post(spec, { name: 'app', resourceVersion: '1' }))).toMatchObject({
      code: 409,
      message: `Operation cannot be fulfilled on imagestream.image.openshift.io "app": the image stream was updated from "1" to "${resourceVersion}"`,
    });
    expect(await failureOf(post(spec, { name: 'app', uid: 'other' }))).toMatchObject({
      code: 404,
      message: 'imagestream.image.openshift.io "app" not found',
    });
    const replaced = { name: 'app', uid: 'other', resourceVersion: '1' };
    expect(await failureOf(post(spec, replaced))).toMatchObject({ code: 409 });
    expect(importer.calls).toHaveLength(calls);
    const answer = await post(spec, { name: 'app', resourceVersion, uid });
    expect(answer.metadata.uid).not.toBe(uid);
    expect(answer.metadata).not.toHaveProperty('resourceVersion');
  });
});

describe('writing the results of an import', () => {
  it('writes nothing where nothing changed', async () => {
    const { post, store, stream } = setUp({ images: { [`${app}:v1`]: found('dry_one') } });
    await post({ import: true, images: [one('v1')] });
    const writes = store.writes.length;
    const before = await stream();
    const answer = await post({ import: true, images: [one('v1')] });
    expect(store.writes).toHaveLength(writes);
    expect(answer.status.import?.metadata?.resourceVersion).toBe(before?.metadata.resourceVersion);
  });

  it('says who asked', async () => {
    const { post, stream } = setUp({ images: { [`${app}:v1`]: found('dry_one') } });
    await post({ import: true, images: [one('v1')] });
    expect((await stream())?.status?.tags?.[0]?.items?.[0]).toMatchObject({
      revision: 1,
      cause: { type: 'Request', by: 'alice' },
    });
  });

  it('fails only the tag whose image cannot be stored', async () => {
    const bad = found('dry_one');
    if (!bad.ok) throw new Error('the image was found');
    const platformless = {
      ...bad.image,
      metadata: { name: `sha256:${'b'.repeat(64)}` },
      dockerImageLayers: [],
      dockerImageManifests: [
        { digest: bad.image.metadata.name, mediaType: 'a/b', manifestSize: 1, architecture: '', os: '' },
      ],
    };
    const { post, stream } = setUp({
      images: { [`${app}:bad`]: { ...bad, image: platformless }, [`${app}:v1`]: bad },
    });
    const answer = await post({ import: true, images: [one('bad', `${app}:bad`), one('v1')] });
    expect(answer.status.images?.map(({ status }) => [status.status, status.reason])).toEqual([
      ['Failure', 'Invalid'],
      ['Success', undefined],
    ]);
    const tags = (await stream())?.status?.tags;
    expect(tags?.map(({ tag, items }) => [tag, items?.length ?? 0])).toEqual([
      ['bad', 0],
      ['v1', 1],
    ]);
    expect(tags?.[0]?.conditions).toMatchObject([{ reason: 'Invalid', status: 'False' }]);
  });

  it('leaves an Image that is there as it is', async () => {
    const { post, store } = setUp({ images: { [`${app}:v1`]: found('dry_one') } });
    await post({ import: true, images: [one('v1')] });
    const [image] = (await store.list(images, {}, signal)).items;
    await post({ import: true, images: [one('again')] });
    expect((await store.list(images, {}, signal)).items).toEqual([image]);
  });

  it('applies what it fetched to a stream that somebody else wrote in between', async () => {
    const setup = setUp({
      images: {
        [`${app}:v1`]: async () => {
          const seen = await setup.stream();
          if (seen !== undefined && seen.metadata.labels === undefined)
            await setup.store.update(
              imageStreams,
              { ...seen, metadata: { ...seen.metadata, labels: { other: 'writer' } } },
              {},
              signal,
            );
          return found('dry_one');
        },
      },
    });
    await setup.post({ import: true, images: [one('first', `${app}:v9`)] });
    const { resourceVersion = '' } = (await setup.stream())?.metadata ?? {};
    await setup.post({ import: true, images: [one('v1')] }, { name: 'app', resourceVersion });
    expect(await setup.stream()).toMatchObject({
      metadata: { labels: { other: 'writer' } },
      status: { tags: [{ tag: 'first' }, { tag: 'v1', items: [{ revision: 1 }] }] },
    });
  });

  it('gives up where the request named a version and the spec is another by now', async () => {
    const setup = setUp({
      images: {
        [`${app}:v1`]: async () => {
          const seen = await setup.stream();
          if (seen !== undefined)
            await setup.store.update(imageStreams, { ...seen, spec: { ...seen.spec, tags: [] } }, {}, signal);
          return found('dry_one');
        },
      },
    });
    await setup.post({ import: true, images: [one('first', `${app}:v9`)] });
    const { resourceVersion = '' } = (await setup.stream())?.metadata ?? {};
    expect(
      await failureOf(setup.post({ import: true, images: [one('v1')] }, { name: 'app', resourceVersion })),
    ).toMatchObject({ reason: 'Conflict', code: 409 });
  });

  it('does not bring a stream back that was deleted while it fetched', async () => {
    const setup = setUp({
      images: {
        [`${app}:v1`]: async () => {
          await setup.store.delete(imageStreams, { namespace, name: 'app' }, {}, signal);
          return found('dry_one');
        },
      },
    });
    await setup.post({ import: true, images: [one('first', `${app}:v9`)] });
    expect(await failureOf(setup.post({ import: true, images: [one('v1')] }))).toMatchObject({ code: 404 });
    expect(await setup.stream()).toBeUndefined();
  });

  it('says of tags that the stream had no room for that they were not imported', async () => {
    const long = `127.0.0.1:5005/${'r'.repeat(220)}`;
    const fetched = found('dry_one');
    if (!fetched.ok) throw new Error('the image was found');
    const image = { ...fetched.image, dockerImageReference: `${long}@${fetched.image.metadata.name}` };
    const tags = ['t1', 't2', 't3', 't4', 't5', 't6'];
    const importInto = async (description: string) => {
      const setup = setUp({
        images: Object.fromEntries(tags.map((tag) => [`${long}:${tag}`, { ...fetched, image }])),
      });
      await setup.store.create(
        imageStreams,
        {
          apiVersion: 'image.openshift.io/v1',
          kind: 'ImageStream',
          metadata: { name: 'app', namespace },
          spec: { tags: [{ name: 'big', annotations: { description } }] },
        },
        {},
        signal,
      );
      const answer = await setup.post({
        import: true,
        images: tags.map((tag) => one(tag, `${long}:${tag}`)),
      });
      return { answer, stream: await setup.stream() };
    };
    const small = await importInto('');
    expect(small.answer.status.images?.every(({ status }) => status.status === 'Success')).toBe(true);
    // Leaves room to say something of every tag, but not for the image of each.
    const used = Buffer.byteLength(JSON.stringify([small.stream?.metadata, small.stream?.spec]));
    const full = await importInto('x'.repeat(1024 * 1024 - 4096 - (tags.length + 1) * 512 - used - 200));
    const outcomes = full.answer.status.images?.map(({ status, image: shown }) => [
      status.reason,
      shown !== undefined,
    ]);
    expect(outcomes).toContainEqual(['ObjectTooLarge', false]);
    expect(outcomes).toContainEqual([undefined, true]);
    const refused = outcomes?.flatMap(([reason], index) => (reason === undefined ? [] : [tags[index]]));
    expect(
      full.stream?.status?.tags
        ?.filter(({ conditions }) => conditions?.[0]?.reason === 'ObjectTooLarge')
        .map(({ tag }) => tag),
    ).toEqual(refused);
  });

  it('stores no images in a dry run of the request itself', async () => {
    const { post, store } = setUp({ images: { [`${app}:v1`]: found('dry_one') } });
    await post({ import: true, images: [one('v1')] }, { name: 'app' }, aRestContext({ dryRun: true }));
    expect(store.writes.filter(({ resource }) => resource.startsWith('images.'))).toEqual([]);
  });

  it('reports a store that is down as such, and loses no other images', async () => {
    const { post, store } = setUp({ images: { [`${app}:v1`]: found('dry_one') } });
    store.intercept = (verb, resource) => {
      if (verb === 'create' && resource === 'images.image.openshift.io')
        throw new StoreError('too-large', 'the object is too large');
    };
    const answer = await post({ import: true, images: [one('v1')] });
    expect(answer.status.images?.[0]?.status).toMatchObject({
      status: 'Failure',
      reason: 'RequestEntityTooLarge',
    });
  });
});
