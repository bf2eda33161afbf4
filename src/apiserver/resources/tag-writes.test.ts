import { describe, expect, it } from 'vitest';
import { readGolden, steady } from '../../../test/fakes/golden.ts';
import { aRestContext } from '../../../test/fakes/rest-context.ts';
import { MemoryStore } from '../../../test/fakes/store.ts';
import { streamPortsOf } from '../../../test/fakes/stream-ports.ts';
import type { ImageStream, TagReference } from '../../api/image-stream.ts';
import type { ImageStreamTag, ImageTag } from '../../api/image-stream-tag.ts';
import type { Stored } from '../../api/meta.ts';
import { imageStreams } from '../../api/resources.ts';
import { StoreError } from '../../store/errors.ts';
import { createImageStreamTagStorage } from './image-stream-tag.ts';
import { createImageTagStorage } from './image-tag.ts';

const { signal } = new AbortController();
const namespace = 'g-istag-api';
const golden = readGolden('istag-api');
const digest = `sha256:${'a'.repeat(64)}`;

const setUp = () => {
  const store = new MemoryStore();
  const ports = streamPortsOf(store);
  return {
    store,
    tags: createImageStreamTagStorage(ports),
    imageTags: createImageTagStorage(ports),
    writer: ports.writer,
    context: aRestContext(),
  };
};

const docker = (image = '127.0.0.1:5005/demo/app:v1') => ({ kind: 'DockerImage', name: image });

const aTag = (name: string, parts: Partial<ImageStreamTag> = {}): ImageStreamTag => ({
  apiVersion: 'image.openshift.io/v1',
  kind: 'ImageStreamTag',
  metadata: { name },
  ...parts,
});

const anImageTag = (name: string, parts: Partial<ImageTag> = {}): ImageTag => ({
  apiVersion: 'image.openshift.io/v1',
  kind: 'ImageTag',
  metadata: { name },
  ...parts,
});

/** What `oc` sends in place of an image. */
const emptyImage = { metadata: {}, dockerImageMetadata: null } as unknown as NonNullable<
  ImageStreamTag['image']
>;

const streamOf = async (store: MemoryStore, name = 'app'): Promise<Stored<ImageStream>> => {
  const stream = await store.get(imageStreams, { namespace, name }, signal);
  if (stream === undefined) throw new Error(`there is no stream ${name}`);
  return stream;
};

/** A stream whose tag v1 has an image. */
const withImportedTag = async (
  setup: ReturnType<typeof setUp>,
  tag: Partial<TagReference> = {},
): Promise<void> => {
  const { tags, store, context } = setup;
  const { annotations } = tag;
  const metadata = { name: 'app:v1', ...(annotations ? { annotations } : {}) };
  await tags.create?.(
    aTag('app:v1', { metadata, tag: { name: 'v1', from: docker(), ...tag } }),
    namespace,
    context,
  );
  const stream = await streamOf(store);
  const event = {
    created: '2026-01-01T00:00:00Z',
    dockerImageReference: `r/x@${digest}`,
    image: digest,
    generation: 1,
  };
  await store.updateStatus(
    imageStreams,
    { ...stream, status: { ...stream.status, tags: [{ tag: 'v1', items: [event] }] } },
    {},
    signal,
  );
};

/** Makes the next `times` writes of streams lose against somebody else. */
const losingRaces = (store: MemoryStore, times: number): { readonly lost: () => number } => {
  let lost = 0;
  store.intercept = (verb, resource) => {
    if (verb !== 'replace' || resource !== 'imagestreams.image.openshift.io' || lost === times) return;
    lost += 1;
    throw new StoreError('conflict', 'somebody else was faster');
  };
  return { lost: () => lost };
};

const failureOf = async (promise: Promise<unknown> | undefined): Promise<unknown> =>
  promise?.then(
    () => undefined,
    (error: unknown) => (error as { readonly status?: unknown }).status,
  );

describe('creating an ImageStreamTag', () => {
  it('makes the stream and answers as OpenShift does', async () => {
    const { tags, context, store } = setUp();
    const tag = { name: 'v1', from: docker(), importPolicy: { insecure: true } };
    const created = await tags.create?.(aTag('app:v1', { tag }), namespace, context);
    expect(steady(created)).toEqual(steady(golden['create_istag']));
    expect((await streamOf(store)).metadata.generation).toBe(1);
  });

  it('gives the tag the name of the object, whatever the body says', async () => {
    const { tags, context } = setUp();
    await tags.create?.(aTag('app:v1', { tag: { name: 'v1', from: docker() } }), namespace, context);
    const created = (await tags.create?.(
      aTag('app:v3', { tag: { name: 'v2', from: docker() } }),
      namespace,
      context,
    )) as ImageStreamTag;
    expect(created.tag).toMatchObject({ name: 'v3', generation: 2 });
  });

  it('refuses a spec tag that is there', async () => {
    const { tags, context } = setUp();
    const tag = aTag('app:v1', { tag: { name: 'v1', from: docker() } });
    await tags.create?.(tag, namespace, context);
    expect(await failureOf(tags.create?.(tag, namespace, context))).toMatchObject({
      reason: 'AlreadyExists',
      code: 409,
      message: 'imagestreamtag.image.openshift.io "app:v1" already exists',
    });
  });

  it('refuses a name that is not <stream>:<tag>', async () => {
    const { tags, context } = setUp();
    expect(await failureOf(tags.create?.(aTag('noc'), namespace, context))).toMatchObject({
      code: 400,
      message: '"noc" must be of the form <stream_name>:<tag>',
    });
  });

  it('only makes the stream where no tag is asked for', async () => {
    const { tags, context, store } = setUp();
    const created = await tags.create?.(aTag('app:v1'), namespace, context);
    expect(created).toMatchObject({ tag: null, image: { metadata: {} } });
    expect((await streamOf(store)).spec?.tags).toBeUndefined();
  });

  it('takes what `oc create istag` sends: an empty tag name, empty policies', async () => {
    const { tags, context } = setUp();
    const tag = {
      name: '',
      annotations: {},
      from: docker(),
      generation: null,
      importPolicy: {},
      referencePolicy: { type: '' },
    };
    const created = await tags.create?.(aTag('empty:u', { tag, image: emptyImage }), namespace, context);
    expect(created).toMatchObject({ tag: { name: 'u', referencePolicy: { type: 'Source' }, generation: 1 } });
  });

  it('annotates the tag as the tag says, and not as the object does, which only an update does', async () => {
    const { tags, context } = setUp();
    const metadata = { name: 'app:v1', annotations: { description: 'the first' } };
    for (const [index, annotations] of [undefined, null, metadata.annotations].entries()) {
      const name = `app:v${index}`;
      const tag = { name: '', from: docker(), ...(annotations === undefined ? {} : { annotations }) };
      const created = await tags.create?.(
        aTag(name, { metadata: { ...metadata, name }, tag }),
        namespace,
        context,
      );
      expect(created).toMatchObject({ tag: { annotations: annotations ?? null } });
    }
    const put = await tags.update?.(
      { namespace, name: 'new:v1' },
      () =>
        aTag('new:v1', { metadata: { ...metadata, name: 'new:v1' }, tag: { name: 'v1', from: docker() } }),
      context,
    );
    expect(put).toMatchObject({ created: true, object: { tag: { annotations: metadata.annotations } } });
  });

  it('says which field of the tag is wrong', async () => {
    const { tags, context, store } = setUp();
    const tag = aTag('app:v1', { tag: { name: 'v1', from: docker('!!!') } });
    expect(await failureOf(tags.create?.(tag, namespace, context))).toMatchObject({
      code: 422,
      details: { kind: 'ImageStreamTag', causes: [{ field: 'tag.from.name' }] },
    });
    expect(store.writes).toEqual([]);
  });

  it('reports a source that does not exist as the stream that would be invalid', async () => {
    const { tags, context } = setUp();
    const from = { kind: 'ImageStreamTag', name: 'nope:v1' };
    expect(
      await failureOf(tags.create?.(aTag('app:v1', { tag: { name: 'v1', from } }), namespace, context)),
    ).toMatchObject({
      code: 422,
      details: { kind: 'ImageStream', name: 'app' },
    });
  });

  it('tries again when somebody else writes the stream, but not for ever', async () => {
    const { tags, context, store } = setUp();
    await tags.create?.(aTag('app:v1', { tag: { name: 'v1', from: docker() } }), namespace, context);
    const some = losingRaces(store, 9);
    await tags.create?.(aTag('app:v2', { tag: { name: 'v2', from: docker() } }), namespace, context);
    expect(some.lost()).toBe(9);
    losingRaces(store, 10);
    expect(
      await failureOf(
        tags.create?.(aTag('app:v3', { tag: { name: 'v3', from: docker() } }), namespace, context),
      ),
    ).toMatchObject({ reason: 'ServerTimeout', details: { retryAfterSeconds: 2 } });
  });
});

describe('updating an ImageStreamTag', () => {
  it('makes stream and tag where they are missing, as `oc tag` relies on', async () => {
    const { tags, context } = setUp();
    const body = aTag('app:d', {
      tag: { name: 'd', annotations: null, from: docker(), generation: 0, importPolicy: { insecure: true } },
      image: emptyImage,
    });
    const first = await tags.update?.({ namespace, name: 'app:d' }, () => body, context);
    expect(first).toMatchObject({ created: true, object: { tag: { name: 'd', generation: 1 } } });
    const again = await tags.update?.({ namespace, name: 'app:d' }, () => body, context);
    expect(again).toMatchObject({ created: false, object: { tag: { name: 'd', generation: 2 } } });
  });

  it('patches the source and keeps image and history', async () => {
    const setup = setUp();
    await withImportedTag(setup);
    const result = await setup.tags.update?.(
      { namespace, name: 'app:v1' },
      (old) => ({ ...(old as ImageStreamTag), tag: { ...old?.tag, name: 'v1', from: docker('r/x:2') } }),
      setup.context,
    );
    expect(result?.object).toMatchObject({
      tag: { from: { name: 'r/x:2' }, generation: 2 },
      image: { metadata: { name: digest } },
    });
  });

  it('takes the annotations of the object for those of the tag, all of them', async () => {
    const setup = setUp();
    await withImportedTag(setup, { annotations: { a: '1', b: '2' } });
    const key = { namespace, name: 'app:v1' };
    await setup.tags.update?.(
      key,
      (old) => ({
        ...(old as ImageStreamTag),
        metadata: { ...(old as ImageStreamTag).metadata, annotations: { b: '3' } },
      }),
      setup.context,
    );
    expect((await streamOf(setup.store)).spec?.tags?.[0]).toMatchObject({
      annotations: { b: '3' },
      generation: 1,
    });
    await setup.tags.update?.(
      key,
      () => aTag('app:v1', { tag: { name: 'v1', from: docker() } }),
      setup.context,
    );
    expect((await streamOf(setup.store)).spec?.tags?.[0]?.annotations).toBeNull();
  });

  it('refuses a change of anything but tag and annotations', async () => {
    const setup = setUp();
    await withImportedTag(setup);
    const write = setup.tags.update?.(
      { namespace, name: 'app:v1' },
      (old) => ({
        ...(old as ImageStreamTag),
        metadata: { ...(old as ImageStreamTag).metadata, labels: { l: 'v' } },
      }),
      setup.context,
    );
    expect(await failureOf(write)).toMatchObject({
      message:
        'ImageStreamTag.image.openshift.io "app:v1" is invalid: metadata: Invalid value: "": may not update fields other than metadata.annotations',
    });
  });

  it('refuses to annotate a tag that no spec has', async () => {
    const setup = setUp();
    await withImportedTag(setup);
    const stream = await streamOf(setup.store);
    await setup.store.update(imageStreams, { ...stream, spec: {} }, {}, signal);
    const write = setup.tags.update?.(
      { namespace, name: 'app:v1' },
      (old) => ({
        ...(old as ImageStreamTag),
        metadata: { ...(old as ImageStreamTag).metadata, annotations: { k: 'v' } },
      }),
      setup.context,
    );
    expect(await failureOf(write)).toMatchObject({
      code: 400,
      message: `imagestreamtag v1 is not a spec tag in imagestream ${namespace}/app, cannot be updated`,
    });
  });

  it('refuses a version that is not the newest, and one of a stream that is not there', async () => {
    const setup = setUp();
    await withImportedTag(setup);
    const body = (name: string) =>
      aTag(name, { metadata: { name, resourceVersion: '1' }, tag: { name: 'v1', from: docker() } });
    expect(
      await failureOf(
        setup.tags.update?.({ namespace, name: 'app:v1' }, () => body('app:v1'), setup.context),
      ),
    ).toMatchObject({
      reason: 'Conflict',
      message:
        'Operation cannot be fulfilled on imagestreamtags.image.openshift.io "app:v1": another caller has updated the resource version to 2',
    });
    expect(
      await failureOf(setup.tags.update?.({ namespace, name: 'no:v1' }, () => body('no:v1'), setup.context)),
    ).toMatchObject({ code: 404 });
  });

  it('decides anew when it names no version, and fails at once when it does', async () => {
    const setup = setUp();
    await withImportedTag(setup);
    const body = aTag('app:v1', { tag: { name: 'v1', from: docker('r/x:2') } });
    const key = { namespace, name: 'app:v1' };
    const races = losingRaces(setup.store, 3);
    await setup.tags.update?.(key, () => body, setup.context);
    expect(races.lost()).toBe(3);
    const { resourceVersion } = (await streamOf(setup.store)).metadata;
    const pinned = {
      ...body,
      metadata: { name: 'app:v1', resourceVersion },
      tag: { name: 'v1', from: docker('r/x:3') },
    };
    const once = losingRaces(setup.store, 3);
    expect(await failureOf(setup.tags.update?.(key, () => pinned, setup.context))).toMatchObject({
      code: 409,
    });
    expect(once.lost()).toBe(1);
  });
});

describe('deleting a tag', () => {
  it('takes spec and history away and counts revisions on', async () => {
    const setup = setUp();
    await withImportedTag(setup);
    const key = { namespace, name: 'app:v1' };
    expect(await setup.tags.delete?.(key, {}, setup.context)).toEqual({ status: 'Success' });
    const stream = await streamOf(setup.store);
    expect(stream.spec?.tags).toBeUndefined();
    expect(stream.status?.tags).toBeUndefined();
    expect(stream.status?.lastDeletedRevision).toBe(1);
    expect(await failureOf(setup.tags.delete?.(key, {}, setup.context))).toMatchObject({
      message: 'imagestreamtags.image.openshift.io "app:v1" not found',
    });
  });

  it('compares preconditions with the stream', async () => {
    const setup = setUp();
    await withImportedTag(setup);
    const { uid } = (await streamOf(setup.store)).metadata;
    const key = { namespace, name: 'app:v1' };
    expect(await failureOf(setup.tags.delete?.(key, { uid: 'other' }, setup.context))).toMatchObject({
      code: 409,
      message:
        'Operation cannot be fulfilled on imagestreamtags.image.openshift.io "app:v1": the UID precondition was not met',
    });
    const old = { uid, resourceVersion: '1' };
    expect(await failureOf(setup.imageTags.delete?.(key, old, setup.context))).toMatchObject({
      code: 409,
      details: { kind: 'imagetags', name: 'app:v1' },
    });
    expect(await setup.tags.delete?.(key, { uid }, setup.context)).toEqual({ status: 'Success' });
  });

  it('names the resource of the request where there is no stream', async () => {
    const { imageTags, context } = setUp();
    expect(await failureOf(imageTags.delete?.({ namespace, name: 'no:v1' }, {}, context))).toMatchObject({
      details: { kind: 'imagetags', name: 'no' },
    });
  });
});

describe('writing an ImageTag', () => {
  const spec = (name: string, image?: string): TagReference => ({
    name,
    from: docker(image),
    importPolicy: { insecure: true },
  });

  it('creates the tag and answers as OpenShift does', async () => {
    const { imageTags, context } = setUp();
    const created = (await imageTags.create?.(
      anImageTag('app:it', { spec: spec('it', '127.0.0.1:5005/demo/app:v2') }),
      namespace,
      context,
    )) as ImageTag;
    const expected = golden['create_imagetag'] as ImageTag;
    expect(steady({ ...created, metadata: {} })).toEqual(
      steady({ ...expected, metadata: {}, spec: { ...expected.spec, generation: 1 } }),
    );
  });

  it('refuses a spec tag that is there', async () => {
    const { imageTags, context } = setUp();
    const tag = anImageTag('app:it', { spec: spec('it') });
    await imageTags.create?.(tag, namespace, context);
    expect(await failureOf(imageTags.create?.(tag, namespace, context))).toMatchObject({
      code: 409,
      message: 'imagetags.image.openshift.io "app:it" already exists',
    });
  });

  it('demands a spec, and that its name is that of the tag', async () => {
    const { imageTags, context } = setUp();
    expect(await failureOf(imageTags.create?.(anImageTag('app:it'), namespace, context))).toMatchObject({
      details: { causes: [{ field: 'spec', reason: 'FieldValueRequired' }] },
    });
    expect(
      await failureOf(imageTags.create?.(anImageTag('app:it', { spec: spec('other') }), namespace, context)),
    ).toMatchObject({ details: { causes: [{ field: 'spec.name' }] } });
    const unnamed = await imageTags.create?.(anImageTag('app:it', { spec: spec('') }), namespace, context);
    expect(unnamed).toMatchObject({ spec: { name: 'it' } });
  });

  it('takes the spec tag away with `spec: null` and keeps the history', async () => {
    const setup = setUp();
    await withImportedTag(setup);
    const result = await setup.imageTags.update?.(
      { namespace, name: 'app:v1' },
      (old) => ({ ...(old as ImageTag), spec: null }),
      setup.context,
    );
    expect(result).toMatchObject({ created: false, object: { spec: null, status: { tag: 'v1' } } });
    expect((await streamOf(setup.store)).spec?.tags).toBeUndefined();
  });

  it('wants an update to name the tag', async () => {
    const setup = setUp();
    await withImportedTag(setup);
    const update = setup.imageTags.update?.(
      { namespace, name: 'app:v1' },
      (old) => ({ ...(old as ImageTag), spec: spec('') }),
      setup.context,
    );
    expect(await failureOf(update)).toMatchObject({
      code: 422,
      details: { causes: [{ field: 'spec.name', message: 'Invalid value: "": must match image tag name' }] },
    });
  });

  it('takes `spec: null` of a tag that no spec has as done', async () => {
    const setup = setUp();
    await withImportedTag(setup);
    const withoutSpec = () =>
      setup.imageTags.update?.(
        { namespace, name: 'app:v1' },
        (old) => ({ ...(old as ImageTag), spec: null }),
        setup.context,
      );
    await withoutSpec();
    expect(await withoutSpec()).toMatchObject({ object: { spec: null, status: { tag: 'v1' } } });
  });

  it('refuses a change of status or metadata', async () => {
    const setup = setUp();
    await withImportedTag(setup);
    const write = setup.imageTags.update?.(
      { namespace, name: 'app:v1' },
      (old) => ({ ...(old as ImageTag), status: null }),
      setup.context,
    );
    expect(await failureOf(write)).toMatchObject({ details: { causes: [{ field: 'status' }] } });
  });

  it('does not try again when somebody else writes the stream', async () => {
    const setup = setUp();
    await withImportedTag(setup);
    losingRaces(setup.store, 1);
    const write = setup.imageTags.update?.(
      { namespace, name: 'app:v1' },
      (old) => ({ ...(old as ImageTag), spec: spec('v1', 'r/x:2') }),
      setup.context,
    );
    expect(await failureOf(write)).toMatchObject({
      reason: 'Conflict',
      details: { kind: 'imagetags', name: 'app:v1' },
    });
  });
});
