import { afterEach, describe, expect, it } from 'vitest';
import { createManualClock, eventually, settle } from '../../test/fakes/clock.ts';
import { createRecordingLogger } from '../../test/fakes/logger.ts';
import { createFakeRegistry } from '../../test/fakes/registry-client.ts';
import { MemoryStore } from '../../test/fakes/store.ts';
import type { ImageStream } from '../api/image-stream.ts';
import type { ImageStreamImport } from '../api/image-stream-import.ts';
import { imageStreamImports, imageStreams, images } from '../api/resources.ts';
import { findTag } from '../api/tag-history.ts';
import { createImporter } from '../importer/index.ts';
import { StoreError } from '../store/errors.ts';
import { createImportRequestController } from './import-requests.ts';
import { createImageKeeper } from './keep-image.ts';

const never = new AbortController().signal;
const repository = 'quay.example/team/app';
const ttlMs = 600_000;

const running: AbortController[] = [];
afterEach(() => {
  for (const stop of running.splice(0)) stop.abort(new Error('the test is over'));
});

const setUp = async () => {
  const clock = createManualClock();
  const store = new MemoryStore(clock.now);
  const registry = createFakeRegistry();
  const stop = new AbortController();
  running.push(stop);
  const { source, controller } = createImportRequestController({
    store,
    importer: createImporter({ client: registry, clock }),
    keepImage: createImageKeeper({ store, clock, graceMs: undefined }),
    keychains: async () => () => [],
    clock,
    logger: createRecordingLogger(),
    onRuntime: () => undefined,
    settings: { historyLimit: 20, maxTagsPerRepository: 500, importRequestTtlMs: ttlMs },
  });
  void source.run(stop.signal);
  await source.synced();
  void controller.run(stop.signal);
  const key = { namespace: 'team', name: 'app-x7f' };
  const get = () => store.get(imageStreamImports, key, never);
  /** Creates a request and waits until it is finished. */
  const ask = async (spec: ImageStreamImport['spec']) => {
    const object = { apiVersion: 'image.openshift.io/v1', kind: 'ImageStreamImport', metadata: key, spec };
    await store.create(imageStreamImports, object as ImageStreamImport, {}, never);
    await eventually(async () => ((await get())?.status?.conditions ?? []).length > 0, 'the import');
    return (await get())?.status;
  };
  const stream = (name = 'app') => store.get(imageStreams, { namespace: 'team', name }, never);
  return { clock, store, registry, get, ask, stream };
};

const image = (tag: string) => ({
  from: { kind: 'DockerImage', name: `${repository}:${tag}` },
  to: { name: tag },
});

describe('an import request', () => {
  it('makes the stream that it names, and tells digests and no whole images', async () => {
    const { ask, registry, stream, store } = await setUp();
    const { digest } = registry.addImage(repository, {}, 'v1');
    const status = await ask({ stream: 'app', import: true, images: [image('v1')] });
    expect(status).toMatchObject({
      conditions: [{ type: 'Complete', status: 'True', reason: 'Imported' }],
      images: [
        {
          tag: 'v1',
          status: { status: 'Success' },
          image: { metadata: { name: digest }, dockerImageReference: `${repository}@${digest}` },
        },
      ],
    });
    expect(Object.keys(status?.images?.[0]?.image ?? {}).toSorted()).toEqual([
      'dockerImageReference',
      'metadata',
    ]);
    const made = await stream();
    expect(made?.spec?.tags).toMatchObject([{ name: 'v1', from: { name: `${repository}:v1` } }]);
    expect(findTag(made?.status, 'v1')?.items).toMatchObject([{ image: digest, cause: { type: 'Request' } }]);
    expect(await store.get(images, { namespace: '', name: digest }, never)).toMatchObject({ kind: 'Image' });
  });

  it('imports into the stream that is named like it, where it names none', async () => {
    const { ask, registry, stream } = await setUp();
    registry.addImage(repository, {}, 'v1');
    await ask({ import: true, images: [image('v1')] });
    expect(await stream('app-x7f')).toMatchObject({ spec: { tags: [{ name: 'v1' }] } });
  });

  it('only tries, and stores nothing, where it is not to import', async () => {
    const { ask, registry, stream, store } = await setUp();
    registry.addImage(repository, {}, 'v1');
    expect(await ask({ stream: 'app', images: [image('v1')] })).toMatchObject({
      conditions: [{ reason: 'Imported' }],
    });
    expect(await stream()).toBeUndefined();
    expect((await store.list(images, {}, never)).items).toEqual([]);
  });

  it('says per tag and in its condition what failed, and keeps what did not', async () => {
    const { ask, registry, stream } = await setUp();
    registry.addImage(repository, {}, 'v1');
    const status = await ask({ stream: 'app', import: true, images: [image('v1'), image('v2')] });
    expect(status?.images?.map((one) => one.status.status)).toEqual(['Success', 'Failure']);
    expect(status?.conditions).toMatchObject([
      { status: 'True', reason: 'ImportFailed', message: expect.stringContaining('v2: ') },
    ]);
    expect(findTag((await stream())?.status, 'v1')?.items).toHaveLength(1);
    expect(findTag((await stream())?.status, 'v2')?.conditions).toMatchObject([{ reason: 'NotFound' }]);
  });

  it('imports a whole repository', async () => {
    const { ask, registry, stream } = await setUp();
    registry.addImage(repository, {}, 'v1');
    registry.addImage(repository, {}, 'v2');
    await ask({
      stream: 'app',
      import: true,
      repository: { from: { kind: 'DockerImage', name: repository } },
    });
    expect((await stream())?.status?.tags?.map(({ tag }) => tag)).toEqual(['v1', 'v2']);
  });

  it('says what is wrong with one that cannot be run', async () => {
    const { ask } = await setUp();
    const from = { kind: 'DockerImage', name: 'quay.example/UPPER' };
    expect(await ask({ import: true, images: [{ from, to: { name: 'v1' } }] })).toMatchObject({
      conditions: [{ reason: 'ImportFailed', message: expect.stringContaining('spec.images[0].from.name') }],
    });
  });

  it('keeps tags that somebody else wrote while it ran', async () => {
    const { ask, registry, store, stream } = await setUp();
    registry.addImage(repository, {}, 'v1');
    const other: ImageStream = {
      apiVersion: 'image.openshift.io/v1',
      kind: 'ImageStream',
      metadata: { namespace: 'team', name: 'app' },
      spec: { tags: [{ name: 'theirs' }] },
    };
    await store.create(imageStreams, other, {}, never);
    let isFirst = true;
    store.intercept = async (verb, resource) => {
      if (verb !== 'replace' || !resource.startsWith('imagestreams.') || !isFirst) return;
      isFirst = false;
      throw new StoreError('conflict', 'somebody else wrote');
    };
    await ask({ stream: 'app', import: true, images: [image('v1')] });
    expect((await stream())?.spec?.tags?.map(({ name }) => name).toSorted()).toEqual(['theirs', 'v1']);
  });

  it('is deleted when it has been finished for a while, and runs once', async () => {
    const { ask, registry, clock, get, store } = await setUp();
    registry.addImage(repository, {}, 'v1');
    await ask({ stream: 'app', import: true, images: [image('v1')] });
    await settle();
    store.writes.length = 0;
    await clock.advance(ttlMs - 1_000);
    expect(store.writes).toEqual([]);
    await clock.advance(2_000);
    expect(await get()).toBeUndefined();
  });
});
