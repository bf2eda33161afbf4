import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ImageStream } from '../../../src/api/image-stream.ts';
import type { Stored } from '../../../src/api/meta.ts';
import { findTag } from '../../../src/api/tag-history.ts';
import { anImage, push } from '../../fakes/registry/index.ts';
import { type DockerRegistry, hasDockerRegistry, startDockerRegistry } from '../../setup/docker-registry.ts';
import { hasRedis } from '../../setup/redis.ts';
import { eventually, type Serve, startServe } from '../serve.ts';
import { changedPaths, changesAfter } from './change-log.ts';
import { eventName, idOf, readSinks, type Sinks, startSinks, toldOf } from './sinks.ts';

const streams = '/apis/image.openshift.io/v1/namespaces/default/imagestreams';
const deployments = '/apis/apps/v1/namespaces/default/deployments';
const interval = '2s';
const patientMs = 60_000;

type Deployment = {
  readonly spec: {
    readonly template: { readonly spec: { readonly containers: readonly { readonly image: string }[] } };
  };
};

const stream = (host: string) => ({
  apiVersion: 'image.openshift.io/v1',
  kind: 'ImageStream',
  metadata: { name: 'app', annotations: { 'imagestreams.dev/refresh-interval': interval } },
  spec: {
    tags: [
      {
        name: 'main',
        from: { kind: 'DockerImage', name: `${host}/team/app:main` },
        importPolicy: { insecure: true, scheduled: true },
      },
    ],
  },
});

const deployment = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: {
    name: 'web',
    annotations: {
      'image.openshift.io/triggers': JSON.stringify([
        {
          from: { kind: 'ImageStreamTag', name: 'app:main' },
          fieldPath: 'spec.template.spec.containers[?(@.name=="web")].image',
        },
      ]),
    },
  },
  spec: {
    selector: { matchLabels: { app: 'web' } },
    template: {
      metadata: { labels: { app: 'web' } },
      spec: {
        containers: [
          { name: 'web', image: 'web:placeholder' },
          { name: 'side', image: 'side:1' },
        ],
      },
    },
  },
};

describe.skipIf(!hasDockerRegistry || !hasRedis)('a scheduled tag that moves', () => {
  let registry: DockerRegistry;
  let sinks: Sinks;
  let serve: Serve;
  beforeAll(async () => {
    [registry, sinks] = await Promise.all([startDockerRegistry(), startSinks()]);
    serve = await startServe({ args: ['--min-refresh-interval', interval, ...sinks.args] });
  });
  afterAll(async () => {
    await serve?.remove();
    await sinks?.stop();
    await registry?.stop();
  });

  const pushed = async (name: string): Promise<string> => {
    const image = anImage({ name });
    await push({ url: `http://${registry.host}` }, 'team/app', image, 'main');
    return image.manifest.digest;
  };
  const read = async () => (await serve.api('GET', `${streams}/app`)).body as Stored<ImageStream>;
  const history = async () => findTag((await read()).status, 'main')?.items ?? [];
  const images = async (): Promise<readonly string[]> =>
    ((await serve.api('GET', `${deployments}/web`)).body as Deployment).spec.template.spec.containers.map(
      ({ image }) => image,
    );
  const heads = (): number =>
    registry.log().filter((line) => line.startsWith('HEAD /v2/team/app/manifests/main ')).length;
  /** Waits until that many slots have come and their question was answered. */
  const slots = async (count: number): Promise<void> => {
    const before = heads();
    await eventually(
      async () => heads(),
      (seen) => seen >= before + count,
      `${count} slots`,
      patientMs,
    );
  };

  it('has the new digest first at the next slot, one event in each sink, the workload patched, and nothing else written', async () => {
    const first = await pushed('one');
    await serve.api('POST', streams, stream(registry.host));
    await serve.api('POST', deployments, deployment);
    await eventually(images, ([web]) => web?.endsWith(first) === true, 'the first image', patientMs);
    const feed = await sinks.followFeed(serve);
    const { uid } = (await read()).metadata;
    const created = { id: idOf(uid, 'main', 1), stream: 'app' };
    const moved = { id: idOf(uid, 'main', 2), stream: 'app' };
    const told = () => readSinks(sinks, serve, feed.ids());
    const untilTold = async (changes: readonly (typeof created)[]): Promise<void> => {
      const expected = JSON.stringify(toldOf(changes));
      await eventually(told, (seen) => JSON.stringify(seen) === expected, 'what sinks were told', patientMs);
    };
    await untilTold([created]);
    await slots(2);

    const before = await read();
    const revisionBefore = Number(
      ((await serve.api('GET', '/api/v1/namespaces')).body as { metadata: { resourceVersion: string } })
        .metadata.resourceVersion,
    );
    // Right after a question: a push that takes a while is over before the next.
    await slots(1);
    const second = await pushed('two');
    await eventually(images, ([web]) => web?.endsWith(second) === true, 'the second image', patientMs);
    await untilTold([created, moved]);
    await slots(3);

    // Of the questions after the push the first one found it: within one interval, however long that takes here.
    const log = registry.log();
    const since = log.slice(log.findLastIndex((line) => line.startsWith('PUT /v2/team/app/manifests/main ')));
    const toldAt = since.findIndex((line) => line.startsWith('GET /v2/team/app/manifests/'));
    expect(since.slice(1, toldAt)).toEqual(['HEAD /v2/team/app/manifests/main 200']);
    expect(await history()).toMatchObject([
      { image: second, sourceDigest: second, revision: 2, cause: { type: 'Schedule' } },
      { image: first, sourceDigest: first, revision: 1, cause: { type: 'Spec' } },
    ]);
    const pullSpec = `${registry.host}/team/app@${second}`;
    expect(await images()).toEqual([pullSpec, 'side:1']);
    expect(await told()).toEqual(toldOf([created, moved]));
    const after = await read();
    expect(after.spec).toEqual(before.spec);
    expect(after.metadata.generation).toBe(before.metadata.generation);
    feed.leave();

    expect(await serve.stop()).toBe(0);
    const changes = changesAfter(serve.dataDir, revisionBefore);
    const workloadEvent = changes.find(
      ({ object }) => (object as { readonly reason?: string } | undefined)?.reason === 'ImageTriggered',
    );
    expect(changes.map(({ what }) => what).toSorted()).toEqual(
      [
        `create images.image.openshift.io ${second}`,
        'update imagestreams.image.openshift.io default/app',
        `create events default/${eventName('app', moved.id)}`,
        `update changecursors.imagestreams.dev default/${uid}`,
        'update deployments.apps default/web',
        `create events default/${workloadEvent?.object?.metadata.name}`,
      ].toSorted(),
    );
    const changeOf = (start: string): readonly string[] => {
      const { object, previous } = changes.find(({ what }) => what.startsWith(start)) ?? {};
      return changedPaths(previous, object).filter((path) => !path.startsWith('metadata.managedFields'));
    };
    expect(changeOf('update imagestreams').filter((path) => !path.startsWith('status.'))).toEqual([
      'metadata.resourceVersion',
    ]);
    expect(changeOf('update deployments').toSorted()).toEqual([
      'metadata.annotations.imagestreams.dev/triggered-revisions',
      'metadata.annotations.kubernetes.io/change-cause',
      'metadata.generation',
      'metadata.resourceVersion',
      'spec.template.spec.containers.0.image',
    ]);
  }, 300_000);
});
