import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createManualClock } from '../../../test/fakes/clock.ts';
import { aRestContext } from '../../../test/fakes/rest-context.ts';
import { MemoryStore } from '../../../test/fakes/store.ts';
import { streamPortsOf } from '../../../test/fakes/stream-ports.ts';
import type { ImageStream, TagReference } from '../../api/image-stream.ts';
import { openEmbeddedStore } from '../../store/embedded.ts';
import { createImageStreamStorage } from './image-stream.ts';

const namespace = 'ns';
const now = '2026-01-01T00:00:00Z';
const digest = `sha256:${'a'.repeat(64)}`;

const aStream = (
  name: string,
  tags: readonly TagReference[] = [],
  parts: Partial<ImageStream> = {},
): ImageStream => ({
  apiVersion: 'image.openshift.io/v1',
  kind: 'ImageStream',
  metadata: { name },
  spec: { tags },
  ...parts,
});

const setUp = () => {
  const store = new MemoryStore();
  const storage = createImageStreamStorage(streamPortsOf(store));
  const context = aRestContext();
  return {
    store,
    storage,
    context,
    create: async (stream: ImageStream) => (await storage.create(stream, namespace, context)) as ImageStream,
    update: async (name: string, change: (old: ImageStream) => ImageStream) =>
      (await storage.update({ namespace, name }, (old) => change(old as ImageStream), context)).object,
  };
};

/** The stream with a history for its tag `v1`, as an import would leave it. */
const imported = async ({ storage, context }: ReturnType<typeof setUp>, name: string): Promise<void> => {
  await storage.subresources?.['status']?.update?.(
    { namespace, name },
    (old) => {
      const event = { created: now, dockerImageReference: `r/x@${digest}`, image: digest, generation: 1 };
      return { ...old, status: { tags: [{ tag: 'v1', items: [event] }] } } as ImageStream;
    },
    context,
  );
};

const failureOf = async (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => (error as { readonly status?: unknown }).status,
  );

const docker = (name: string, parts: Partial<TagReference> = {}): TagReference => ({
  name,
  from: { kind: 'DockerImage', name: 'registry.example/app:1' },
  ...parts,
});

describe('creating an ImageStream', () => {
  it('numbers the tags, forgets a status that came along and fills in the computed one', async () => {
    const { create } = setUp();
    const stream = await create(
      aStream('app', [docker('v1', { generation: 7 })], { status: { tags: [{ tag: 'x', items: null }] } }),
    );
    expect(stream).toMatchObject({
      metadata: { name: 'app', namespace, generation: 1 },
      spec: { lookupPolicy: { local: false }, tags: [{ name: 'v1', generation: 1 }] },
      status: { dockerImageRepository: '' },
    });
    expect(stream.status?.tags).toBeUndefined();
  });

  it('lets reference tags point where they say at once', async () => {
    const { create } = setUp();
    const stream = await create(aStream('app', [docker('ref', { reference: true })]));
    expect(stream.status?.tags).toMatchObject([
      {
        tag: 'ref',
        items: [{ created: now, dockerImageReference: 'registry.example/app:1', image: '', generation: 1 }],
      },
    ]);
  });

  it("copies another stream's tag", async () => {
    const setup = setUp();
    await setup.create(aStream('source', [docker('v1')]));
    await imported(setup, 'source');
    const stream = await setup.create(
      aStream('app', [{ name: 'copy', from: { kind: 'ImageStreamTag', name: 'source:v1' } }]),
    );
    expect(stream.status?.tags).toMatchObject([{ tag: 'copy', items: [{ image: digest, generation: 1 }] }]);
  });

  // Scenario `validation` of the golden answers: both causes, in these words and this order.
  it('refuses what it cannot resolve in the words of the original', async () => {
    const { create } = setUp();
    const badKind = await failureOf(
      create(aStream('badkind', [{ name: 'a', from: { kind: 'Foo', name: 'x' } }])),
    );
    expect(badKind).toMatchObject({
      reason: 'Invalid',
      details: {
        causes: [
          {
            field: '[]',
            message:
              'Internal error: imagestreams "badkind" is invalid: spec.tags[a].from.name: Invalid value: "x": ' +
              'must be of the form <tag>, <repo>:<tag>, <id>, or <repo>@<id>',
          },
          { field: 'spec.tags[a].from.kind', reason: 'FieldValueRequired' },
        ],
      },
    });
    const missing = await failureOf(
      create(
        aStream('cross', [
          { name: 'a', from: { kind: 'ImageStreamTag', name: 'b:c', namespace: 'default' } },
        ]),
      ),
    );
    expect(missing).toMatchObject({
      message:
        'ImageStream.image.openshift.io "cross" is invalid: []: Internal error: imagestreams "cross" is invalid: ' +
        'spec.tags[a].from.name: Not found: "b:c"',
    });
  });

  it('stores nothing of what it refuses', async () => {
    const { create, store } = setUp();
    await failureOf(create(aStream('Bad_Name')));
    expect(store.writes).toEqual([]);
  });
});

describe('updating an ImageStream', () => {
  it('moves the generation of a tag whose source changes, and of that tag alone', async () => {
    const { create, update } = setUp();
    await create(aStream('app', [docker('v1'), docker('v2')]));
    const stream = await update('app', (old) => ({
      ...old,
      spec: {
        ...old.spec,
        tags: [docker('v1', { from: { kind: 'DockerImage', name: 'registry.example/app:2' } }), docker('v2')],
      },
    }));
    expect(stream).toMatchObject({
      metadata: { generation: 2 },
      spec: {
        tags: [
          { name: 'v1', generation: 2 },
          { name: 'v2', generation: 1 },
        ],
      },
    });
  });

  it('writes nothing where nothing changes', async () => {
    const { create, update, store } = setUp();
    const before = await create(aStream('app', [docker('v1')]));
    expect((await update('app', (old) => old)).metadata.resourceVersion).toBe(
      before.metadata.resourceVersion,
    );
    expect(store.writes).toHaveLength(1);
  });

  it('takes an image along when an alias is added', async () => {
    const setup = setUp();
    await setup.create(aStream('app', [docker('v1')]));
    await imported(setup, 'app');
    const alias: TagReference = { name: 'stable', from: { kind: 'ImageStreamTag', name: 'v1' } };
    const stream = await setup.update('app', (old) => ({
      ...old,
      spec: { ...old.spec, tags: [...(old.spec?.tags ?? []), alias] },
    }));
    expect(stream.status?.tags?.find(({ tag }) => tag === 'stable')?.items?.[0]).toMatchObject({
      image: digest,
    });
    expect(setup.store.writes.at(-1)?.verb).toBe('replace');
  });

  it('keeps the status that a user sends out', async () => {
    const { create, update } = setUp();
    await create(aStream('app', [docker('v1')]));
    const stream = await update('app', (old) => ({ ...old, status: { tags: [{ tag: 'v9', items: null }] } }));
    expect(stream.status?.tags).toBeUndefined();
  });

  it('demands the version that it builds on, and does not create', async () => {
    const { create, update, storage, context } = setUp();
    await create(aStream('app'));
    const unconditional = update('app', ({ metadata, ...old }) => ({
      ...old,
      metadata: { name: metadata.name },
    }));
    expect(await failureOf(unconditional)).toMatchObject({
      code: 422,
      details: { causes: [{ field: 'metadata.resourceVersion' }] },
    });
    expect(
      await failureOf(storage.update({ namespace, name: 'new' }, () => aStream('new'), context)),
    ).toMatchObject({ code: 404 });
  });
});

describe('an ImageStream that is marked deleted and held', () => {
  it('stays as it is, conditions and all, when a user writes what is there', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'image-stream-'));
    // Of the stores only this one marks, which is a new generation that the conditions have not seen.
    const store = openEmbeddedStore({ file: join(directory, 'db'), clock: createManualClock() });
    try {
      const storage = createImageStreamStorage(streamPortsOf(store));
      const context = aRestContext();
      const key = { namespace, name: 'app' };
      const held = { name: 'app', finalizers: ['example.com/hold'] };
      await storage.create(aStream('app', [docker('v1')], { metadata: held }), namespace, context);
      await storage.delete(key, {}, context);
      const marked = await storage.get(key, context);
      expect(marked.metadata).toMatchObject({ generation: 2, deletionTimestamp: now });
      const { object } = await storage.update(key, (old) => old as ImageStream, context);
      expect(object).toEqual(marked);
      const labelled = await storage.update(
        key,
        (old) => ({ ...(old as ImageStream), metadata: { ...marked.metadata, labels: { a: 'b' } } }),
        context,
      );
      expect(labelled.object.status).toEqual(marked.status);
    } finally {
      await store.close();
      await rm(directory, { recursive: true });
    }
  });
});

describe('writing the status of an ImageStream', () => {
  it('leaves the spec as it is', async () => {
    const setup = setUp();
    await setup.create(aStream('app', [docker('v1')]));
    await imported(setup, 'app');
    const stream = await setup.storage.get({ namespace, name: 'app' }, setup.context);
    expect(stream).toMatchObject({
      metadata: { generation: 1 },
      spec: { tags: [{ name: 'v1', generation: 1 }] },
      status: { tags: [{ tag: 'v1', items: [{ image: digest }] }] },
    });
  });

  it('checks references that were not there before', async () => {
    const { create, storage, context } = setUp();
    await create(aStream('app'));
    const event = { created: now, dockerImageReference: '!!!', image: digest, generation: 1 };
    const write = storage.subresources?.['status']?.update?.(
      { namespace, name: 'app' },
      (old) => ({ ...old, status: { tags: [{ tag: 'v1', items: [event] }] } }) as ImageStream,
      context,
    );
    expect(await failureOf(write ?? Promise.resolve())).toMatchObject({
      details: { causes: [{ field: 'status.tags[v1].items[0].dockerImageReference' }] },
    });
  });
});
