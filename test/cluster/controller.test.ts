import { statSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { type Deployment, deployments, secrets } from '../../src/api/core.ts';
import type { ImageStream } from '../../src/api/image-stream.ts';
import type { Stored } from '../../src/api/meta.ts';
import { imageStreams, images } from '../../src/api/resources.ts';
import { anImage, push } from '../fakes/registry/index.ts';
import { aliceHtpasswd, type DockerRegistry, startDockerRegistry } from '../setup/docker-registry.ts';
import {
  administer,
  auditSince,
  digestsOf,
  ensureNamespace,
  eventually,
  install,
  isOurWrite,
  type RunningController,
  startController,
  streamOf,
} from './harness.ts';

const signal = AbortSignal.timeout(600_000);
const namespace = 'controller';
const { store, kubectl, client } = administer(inject('kubeconfig'));

const get = (name: string): Promise<Stored<ImageStream> | undefined> =>
  store.get(imageStreams, { namespace, name }, signal);

describe('controller', () => {
  let registry: DockerRegistry;
  let account: ReturnType<typeof install>;
  let running: RunningController;
  const pushed = async (name: string): Promise<string> => {
    const image = anImage({ name });
    await push({ url: `http://${registry.host}` }, 'team/app', image, 'main');
    return image.manifest.digest;
  };

  beforeAll(async () => {
    registry = await startDockerRegistry();
    account = install(inject('kubeconfig'));
    await ensureNamespace(store, namespace, signal);
    running = await startController(account.kubeconfig, ['--min-refresh-interval', '1s']);
  });
  afterAll(async () => {
    await running?.stop();
    await registry?.stop();
    account?.remove();
    await client.close();
  });

  it('imports, says so in an Event, and patches the Deployment when the tag moves', async () => {
    const first = await pushed('one');
    const key = { namespace, name: 'app' };
    const stream = streamOf(key, `${registry.host}/team/app:main`, {
      scheduled: true,
      annotations: { 'imagestreams.dev/refresh-interval': '1s' },
    });
    await store.create(imageStreams, stream, {}, signal);
    await eventually(async () => digestsOf(await get('app')).length === 1, 'the import');
    expect(digestsOf(await get('app'))).toEqual([first]);
    expect(await store.get(images, { namespace: '', name: first }, signal)).toMatchObject({ kind: 'Image' });
    kubectl('wait', '-n', namespace, '--for=condition=Ready', 'is/app', '--timeout=10s');

    await store.create(deployments, following('app'), {}, signal);
    const imageOf = async (): Promise<string> => {
      const found = await store.get(deployments, { namespace, name: 'app' }, signal);
      return found?.spec?.template.spec?.containers[0]?.image ?? '';
    };
    await eventually(async () => (await imageOf()).endsWith(first), 'the first patch');
    const second = await pushed('two');
    await eventually(async () => (await imageOf()).endsWith(second), 'the second patch');
    expect(digestsOf(await get('app'))).toEqual([second, first]);
    await eventually(
      () => kubectl('get', 'events.events.k8s.io', '-n', namespace).includes('TagMoved'),
      'the Event of the move',
    );
    expect((await get('app'))?.metadata.generation).toBe(1);
  });

  it('imports at once when the pull secret that was missing is there', async () => {
    const guarded = await startDockerRegistry({ htpasswd: aliceHtpasswd });
    try {
      const image = anImage({ name: 'private' });
      const target = { url: `http://${guarded.host}`, authorization: `Basic ${btoa('alice:secret')}` };
      await push(target, 'team/app', image, 'main');
      const stream = streamOf({ namespace, name: 'private' }, `${guarded.host}/team/app:main`);
      await store.create(imageStreams, stream, {}, signal);
      await eventually(
        async () => (await get('private'))?.status?.tags?.[0]?.conditions?.[0]?.reason === 'Unauthorized',
        'the refusal',
      );
      const auths = { [guarded.host]: { username: 'alice', password: 'secret' } };
      const data = { '.dockerconfigjson': btoa(JSON.stringify({ auths })) };
      const type = 'kubernetes.io/dockerconfigjson';
      const metadata = { name: 'pull', namespace };
      await store.create(secrets, { apiVersion: 'v1', kind: 'Secret', type, metadata, data }, {}, signal);
      await eventually(async () => digestsOf(await get('private')).length === 1, 'the import');
    } finally {
      await guarded.stop();
    }
  });

  it('tells of every stream where its images are, once', async () => {
    const offset = statSync(inject('auditLog')).size;
    const repository = `${registry.host}/team/app`;
    const empty = streamOf({ namespace, name: 'empty' }, '');
    await store.create(imageStreams, { ...empty, spec: {} }, {}, signal);
    const whole = streamOf({ namespace, name: 'whole' }, '', {
      annotations: { 'openshift.io/image.insecureRepository': 'true' },
    });
    await store.create(
      imageStreams,
      { ...whole, spec: { dockerImageRepository: `${repository}:main` } },
      {},
      signal,
    );
    const told = async (name: string) => (await get(name))?.status?.dockerImageRepository;
    await eventually(async () => (await told('empty')) === '', 'the first status');
    await eventually(async () => (await told('whole')) === repository, 'the second status');
    // What somebody else writes there is put right by one write, too.
    const forged = JSON.stringify({ status: { dockerImageRepository: 'forged' } });
    kubectl('patch', '-n', namespace, 'is/empty', '--subresource=status', '--type=merge', '-p', forged);
    await eventually(async () => (await told('empty')) === '', 'the correction');
    kubectl('annotate', '-n', namespace, 'is/empty', 'noted=yes');
    await pushed('three');
    await store.create(
      imageStreams,
      streamOf({ namespace, name: 'later' }, `${repository}:main`),
      {},
      signal,
    );
    await eventually(async () => digestsOf(await get('later')).length === 1, 'a later import');
    const writes = (name: string): number =>
      auditSince(inject('auditLog'), offset).filter(
        (event) =>
          isOurWrite(event) && event.objectRef?.namespace === namespace && event.objectRef.name === name,
      ).length;
    expect(writes('empty')).toBe(2);
    expect(writes('whole')).toBe(1);
  });

  it('leaves registries alone while a ConfigMap beside its lease pauses it, and goes on when that is deleted', async () => {
    const { metricsUrl, log } = running;
    const requests = async (): Promise<string> =>
      (await (await fetch(`${metricsUrl()}/metrics`)).text())
        .split('\n')
        .filter((line) => line.startsWith('imagestreams_refreshes_total'))
        .join();
    const isPaused = async (): Promise<boolean> =>
      (await (await fetch(`${metricsUrl()}/metrics`)).text()).includes('\nimagestreams_paused 1');
    kubectl(
      'create',
      'configmap',
      'imagestreams-pause',
      '-n',
      'imagestreams',
      '--from-literal=reason=a test',
    );
    await eventually(isPaused, 'the pause');
    // What was under way when it began may still end.
    await new Promise((resolve) => setTimeout(resolve, 1_100));
    const before = digestsOf(await get('app'));
    const counted = await requests();
    await pushed('four');
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    expect(await requests()).toBe(counted);
    expect(digestsOf(await get('app'))).toEqual(before);
    expect(log().some(({ msg }) => msg === 'everything is paused')).toBe(true);
    kubectl('delete', 'configmap', 'imagestreams-pause', '-n', 'imagestreams');
    await eventually(
      async () => digestsOf(await get('app')).length === before.length + 1,
      'the image of meanwhile',
    );
    expect(await isPaused()).toBe(false);
  });

  it('finds new tags of a scheduled repository that pass its filter, and writes nothing else', async () => {
    const target = { url: `http://${registry.host}` };
    const pushTags = async (...tags: readonly string[]): Promise<void> => {
      for (const tag of tags) await push(target, 'team/tools', anImage({ name: tag }), tag);
    };
    await pushTags('1.0', '2.0');
    const annotations = {
      'openshift.io/image.insecureRepository': 'true',
      'imagestreams.dev/scheduled': 'true',
      'imagestreams.dev/refresh-interval': '1s',
      'imagestreams.dev/tag-filter': '1.x',
    };
    const stream = streamOf({ namespace, name: 'tools' }, '', { annotations });
    const spec = { dockerImageRepository: `${registry.host}/team/tools` };
    await store.create(imageStreams, { ...stream, spec }, {}, signal);
    const found = async (): Promise<string> =>
      ((await get('tools'))?.status?.tags ?? []).map(({ tag }) => tag).join();
    await eventually(async () => (await found()) === '1.0', 'the first listing');
    await pushTags('1.1', 'main');
    await eventually(async () => (await found()) === '1.0,1.1', 'the new tag');
    const before = await get('tools');
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect((await get('tools'))?.metadata.resourceVersion).toBe(before?.metadata.resourceVersion);
    kubectl('annotate', '-n', namespace, '--overwrite', 'is/tools', 'imagestreams.dev/tag-filter=/(/');
    const failure = async () => (await get('tools'))?.status?.repository?.conditions?.[0]?.reason;
    await eventually(async () => (await failure()) === 'Invalid', 'the condition');
    await eventually(
      () => kubectl('get', 'events.events.k8s.io', '-n', namespace).includes('TagFilter'),
      'the Event',
    );
    expect(await found()).toBe('1.0,1.1');
  });

  it('answers probes and serves metrics', async () => {
    const { healthUrl, metricsUrl } = running;
    expect((await fetch(`${healthUrl()}/livez`)).status).toBe(200);
    await eventually(async () => (await fetch(`${healthUrl()}/readyz`)).status === 200, 'readiness');
    expect(await (await fetch(`${metricsUrl()}/metrics`)).text()).toContain(
      'openshift_imagestreamcontroller_success_count',
    );
  });
});

const following = (name: string): Deployment => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: {
    name,
    namespace,
    annotations: {
      'image.openshift.io/triggers': JSON.stringify([
        {
          from: { kind: 'ImageStreamTag', name: `${name}:main` },
          fieldPath: 'spec.template.spec.containers[?(@.name=="web")].image',
        },
      ]),
    },
  },
  spec: {
    selector: { matchLabels: { name } },
    template: { metadata: { labels: { name } }, spec: { containers: [{ name: 'web', image: 'none' }] } },
  },
});
