import { afterEach, describe, expect, it } from 'vitest';
import { createManualClock, eventually, settle } from '../../test/fakes/clock.ts';
import { createFakeImporter } from '../../test/fakes/importer.ts';
import { createRecordingLogger } from '../../test/fakes/logger.ts';
import { MemoryStore } from '../../test/fakes/store.ts';
import { type Deployment, deployments, events } from '../api/core.ts';
import type { ImageStream, NamedTagEventList, TagReference } from '../api/image-stream.ts';
import type { ImageStreamGrant } from '../api/image-stream-grant.ts';
import { imageStreamGrants, imageStreams } from '../api/resources.ts';
import { findTag } from '../api/tag-history.ts';
import { createEventRecorder, eventTtlMs } from '../events/kubernetes.ts';
import { noteOfChange } from '../events/note.ts';
import {
  createControllers,
  createPullSecrets,
  createStoreWorkloads,
  type ReferenceMode,
  workloadKinds,
} from './index.ts';

const never = new AbortController().signal;
const image = (letter: string): string => `sha256:${letter.repeat(64)}`;

const aStream = (
  namespace: string,
  name: string,
  tags: readonly TagReference[],
  history: readonly NamedTagEventList[] = [],
): ImageStream => ({
  apiVersion: 'image.openshift.io/v1',
  kind: 'ImageStream',
  metadata: { namespace, name },
  spec: { tags },
  ...(history.length === 0 ? {} : { status: { tags: history } }),
});

const history = (tag: string, letter: string): NamedTagEventList => ({
  tag,
  items: [
    {
      created: '2026-01-01T00:00:00Z',
      dockerImageReference: `quay.example/team/php@${image(letter)}`,
      image: image(letter),
      generation: 1,
      revision: 7,
    },
  ],
});

/** A shared stream; its tag is pushed to, so that no registry is asked. */
const php = (letter = 'a'): ImageStream => aStream('openshift', 'php', [], [history('8', letter)]);
const pointsAt = (name: string, kind = 'ImageStreamTag', namespace = 'openshift'): TagReference => ({
  name: 'latest',
  from: { kind, namespace, name },
});
const grant = (from = 'dev', to?: string): ImageStreamGrant => ({
  apiVersion: 'imagestreams.dev/v1',
  kind: 'ImageStreamGrant',
  metadata: { namespace: 'openshift', name: 'shared' },
  spec: { from: [{ namespace: from }], ...(to === undefined ? {} : { to: [{ name: to }] }) },
});

const aDeployment: Deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: {
    namespace: 'dev',
    name: 'web',
    annotations: {
      'image.openshift.io/triggers': JSON.stringify([
        {
          from: { kind: 'ImageStreamTag', name: 'php:8', namespace: 'openshift' },
          fieldPath: 'spec.template.spec.containers[0].image',
        },
      ]),
    },
  },
  spec: { template: { spec: { containers: [{ name: 'web', image: 'placeholder' }] } } },
};

const running: AbortController[] = [];
afterEach(() => {
  for (const stop of running.splice(0)) stop.abort(new Error('the test is over'));
});

const setUp = async (streams: readonly ImageStream[], references: ReferenceMode = 'by-grant') => {
  const clock = createManualClock();
  const store = new MemoryStore(clock.now);
  const create = async (stream: ImageStream): Promise<void> => {
    const stored = await store.create(imageStreams, stream, {}, never);
    if (stream.status !== undefined)
      await store.updateStatus(imageStreams, { ...stored, status: stream.status }, {}, never);
  };
  for (const stream of streams) await create(stream);
  await store.create(deployments, aDeployment, {}, never);
  const stop = new AbortController();
  running.push(stop);
  const logger = createRecordingLogger();
  const controllers = createControllers({
    store,
    importer: createFakeImporter({}),
    keychains: async () => () => [],
    pullSecrets: createPullSecrets({ store, clock, logger, onEvent: () => undefined }),
    logger,
    clock,
    settings: {
      historyLimit: 20,
      maxTagsPerRepository: 500,
      intervals: { defaultMs: 900_000, floorMs: 1_000 },
      importWorkers: 4,
      importRequestTtlMs: 600_000,
      eventTtlMs,
      triggersPerMinute: 0,
    },
    references,
    targets: { workloads: workloadKinds, builds: [], access: createStoreWorkloads(store) },
    recordEvent: createEventRecorder(store),
    noteOfChange,
    publish: () => undefined,
    onRuntime: () => undefined,
    onEvent: () => undefined,
    onTrigger: () => undefined,
  });
  void controllers.run(stop.signal);
  await eventually(() => controllers.hasSynced(), 'the first lists');
  await settle(80);
  const get = async (name = 'app') => store.get(imageStreams, { namespace: 'dev', name }, never);
  const tagOf = async (tag = 'latest', name = 'app') => findTag((await get(name))?.status, tag);
  const readyOf = async () => (await get())?.status?.conditions?.find(({ type }) => type === 'Ready');
  const permit = (one = grant()) => store.create(imageStreamGrants, one, {}, never);
  const container = async () =>
    (await store.get(deployments, { namespace: 'dev', name: 'web' }, never))?.spec?.template.spec
      ?.containers[0]?.image;
  return { store, create, get, tagOf, readyOf, permit, container };
};

const app = (...tags: readonly TagReference[]): ImageStream => aStream('dev', 'app', tags);

describe('a tag that points at another namespace', () => {
  it('is refused by default, with a condition that says what to do and nothing of the stream', async () => {
    const { tagOf, readyOf } = await setUp([
      php(),
      app(pointsAt('php:8'), { ...pointsAt('gone:1'), name: 'gone' }),
    ]);
    const message = expect.stringMatching(
      /^the namespace "openshift" lets no other refer to its image stream "(php|gone)" from "dev": its owner has to create an ImageStreamGrant/,
    );
    for (const tag of ['latest', 'gone']) {
      expect(await tagOf(tag)).toMatchObject({
        items: null,
        conditions: [{ type: 'ImportSuccess', status: 'False', reason: 'ReferenceNotPermitted', message }],
      });
    }
    expect(await readyOf()).toMatchObject({
      status: 'False',
      reason: 'ReferenceNotPermitted',
      message: 'no image for latest (ReferenceNotPermitted), gone (ReferenceNotPermitted)',
    });
  });

  it.each([
    ['a tag', pointsAt('php:8')],
    ['an image', pointsAt(`php@${image('a')}`, 'ImageStreamImage')],
    ['a mere reference', { ...pointsAt('php:8'), reference: true }],
  ])('is resolved as soon as it is granted: %s', async (_, tag) => {
    const { permit, tagOf, readyOf } = await setUp([php(), app(tag)]);
    expect((await tagOf())?.items ?? []).toEqual([]);
    await permit();
    await settle(80);
    expect(await tagOf()).toMatchObject({
      items: [{ image: image('a'), revision: 1, cause: { type: 'Tag', by: `openshift/${tag.from?.name}` } }],
    });
    expect((await tagOf())?.conditions).toBeUndefined();
    expect(await readyOf()).toMatchObject({ status: 'True' });
  });

  it('stays refused by a grant for another stream or another namespace', async () => {
    const { permit, store, tagOf } = await setUp([php(), app(pointsAt('php:8'))]);
    await permit(grant('dev', 'ruby'));
    await store.create(
      imageStreamGrants,
      { ...grant('prod'), metadata: { namespace: 'openshift', name: 'b' } },
      {},
      never,
    );
    await settle(80);
    expect((await tagOf())?.conditions).toMatchObject([{ reason: 'ReferenceNotPermitted' }]);
  });

  it('is not ready while it is refused, though it has the image of what it pointed at before', async () => {
    const old = { ...app(pointsAt('php:8')), status: { tags: [history('latest', 'b')] } };
    const { readyOf, tagOf } = await setUp([php(), old]);
    expect((await tagOf())?.items).toMatchObject([{ image: image('b') }]);
    expect(await readyOf()).toMatchObject({ status: 'False', reason: 'ReferenceNotPermitted' });
  });

  it('keeps what it was given when the grant is taken back, and is written no more', async () => {
    const { store, permit, tagOf } = await setUp([php(), app(pointsAt('php:8'))]);
    await permit();
    await settle(80);
    store.writes.length = 0;
    await store.delete(imageStreamGrants, { namespace: 'openshift', name: 'shared' }, {}, never);
    await settle(80);
    expect(store.writes.filter(({ verb }) => verb !== 'delete')).toEqual([]);
    expect(await tagOf()).toMatchObject({ items: [{ image: image('a') }] });
  });

  it('says that a granted stream is not there, and is resolved when it comes', async () => {
    const { permit, create, tagOf } = await setUp([app(pointsAt('php:8'))]);
    await permit();
    await settle(80);
    expect((await tagOf())?.conditions).toMatchObject([{ reason: 'NotFound' }]);
    await create(php());
    await settle(80);
    expect(await tagOf()).toMatchObject({ items: [{ image: image('a') }] });
  });
});

describe('a tag that points at its own namespace', () => {
  it('is resolved without a grant, and copied once', async () => {
    const shared = { ...php(), metadata: { namespace: 'dev', name: 'php' } };
    const { store, tagOf } = await setUp([shared, app(pointsAt('php:8', 'ImageStreamTag', ''))]);
    expect(await tagOf()).toMatchObject({ items: [{ image: image('a') }] });
    const now = await store.get(imageStreams, { namespace: 'dev', name: 'php' }, never);
    if (now === undefined) throw new Error('the stream is gone');
    await store.updateStatus(imageStreams, { ...now, status: { tags: [history('8', 'b')] } }, {}, never);
    await settle(80);
    expect((await tagOf())?.items).toHaveLength(1);
  });

  it('is given what a tag of its own stream has', async () => {
    const own = { ...app(pointsAt('8', 'ImageStreamTag', '')), status: { tags: [history('8', 'a')] } };
    const { tagOf } = await setUp([own]);
    expect(await tagOf()).toMatchObject({ items: [{ image: image('a'), cause: { type: 'Tag', by: '8' } }] });
  });

  it('points where its reference says, which no registry is asked for', async () => {
    const from = { kind: 'DockerImage', name: 'quay.example/team/app:1' };
    const { tagOf } = await setUp([app({ name: 'latest', from, reference: true })]);
    expect(await tagOf()).toMatchObject({ items: [{ dockerImageReference: from.name, image: '' }] });
  });
});

describe('a workload that follows a tag of another namespace', () => {
  it('is left alone with an Event, and follows as soon as it is granted', async () => {
    const { store, permit, container } = await setUp([php()]);
    expect(await container()).toBe('placeholder');
    const told = (await store.list(events, { namespace: 'dev' }, never)).items;
    expect(told).toMatchObject([
      { reason: 'ReferenceNotPermitted', type: 'Warning', involvedObject: { name: 'web' } },
    ]);
    await permit(grant('*'));
    await settle(80);
    expect(await container()).toBe(`quay.example/team/php@${image('a')}`);
  });

  it('needs no grant where one administrator writes everything', async () => {
    const { container } = await setUp([php()], 'unrestricted');
    expect(await container()).toBe(`quay.example/team/php@${image('a')}`);
  });
});
