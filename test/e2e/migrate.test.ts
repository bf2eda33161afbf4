import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import type { ImageStream } from '../../src/api/image-stream.ts';
import { importableTags, isRepositoryPending, isTagPending } from '../../src/api/pending.ts';
import { hasDockerRegistry } from '../setup/docker-registry.ts';
import { type GoldenRegistries, startGoldenRegistries } from '../setup/golden-registry.ts';
import { createKubectl, hasKubectl } from '../setup/kubectl.ts';
import { cliOf } from './cli.ts';
import { eventually, type Serve, startServe } from './serve.ts';

const fixtures = join(import.meta.dirname, '../fixtures/golden');

type Recorded = {
  readonly imagestreams?: Readonly<Record<string, ImageStream>>;
  readonly images?: Readonly<Record<string, object>>;
};

/** What each scenario left in OpenShift, with another host in the place of the open registry. */
const recorded = (scenario: string, host: string): Recorded =>
  JSON.parse(
    readFileSync(join(fixtures, scenario, 'output.json'), 'utf8').replaceAll('127.0.0.1:5005', host),
  );

const scenarios = readdirSync(fixtures, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map(({ name }) => name);

/** What `oc get is -o yaml` prints. */
const listOf = (items: readonly object[]): string =>
  stringify({ apiVersion: 'v1', items, kind: 'List', metadata: { resourceVersion: '' } });

const streamsOf = (names: readonly string[], host: string): readonly ImageStream[] =>
  names.flatMap((name) => Object.values(recorded(name, host).imagestreams ?? {}));

const createNamespaces = async (serve: Serve, streams: readonly ImageStream[]): Promise<void> => {
  for (const name of new Set(streams.map(({ metadata }) => metadata.namespace)))
    await serve.api('POST', '/api/v1/namespaces', { metadata: { name } });
};

const pathOf = ({ metadata }: ImageStream): string =>
  `/apis/image.openshift.io/v1/namespaces/${metadata.namespace}/imagestreams/${metadata.name}`;

/** History as it is to stay: order, images, references, times. */
const historyOf = ({ status }: ImageStream) =>
  (status?.tags ?? []).flatMap(({ tag, items }) =>
    (items ?? []).map(({ created, image, dockerImageReference }) => ({
      tag,
      created,
      image,
      dockerImageReference,
    })),
  );

const isPending = (stream: ImageStream): boolean =>
  isRepositoryPending(stream) || importableTags(stream).some((tag) => isTagPending(stream, tag));

const settled = async (serve: Serve): Promise<void> => {
  const depth = async (): Promise<readonly string[]> => {
    const { text } = await serve.api('GET', '/metrics');
    return [...text.matchAll(/^\S*workqueue_depth\{[^}]*\} ([1-9]\d*)$/gm)].map(([line]) => line);
  };
  await eventually(depth, (busy) => busy.length === 0, 'the controllers are idle');
};

/** Imports that were tried and requests that were made, as the server counts them: a refused connection is one too. */
const registryWork = async (serve: Serve): Promise<readonly string[]> => {
  const { text } = await serve.api('GET', '/metrics');
  return [...text.matchAll(/^imagestreams_(?:registry_requests|imports)_total\{.*$/gm)].map(([line]) => line);
};

/** What the server told the world: the feed and Kubernetes Events. */
const told = async (serve: Serve): Promise<readonly unknown[]> => {
  const feed = await serve.api('GET', '/apis/imagestreams.dev/v1/events');
  const events = await serve.api('GET', '/api/v1/events');
  return [
    ...feed.text.split('\n').filter((line) => line !== ''),
    ...(events.body as { items: object[] }).items,
  ];
};

const migrateFile = (serve: Serve, items: readonly object[], flags = '') =>
  cliOf(serve, { '/here/streams.yaml': listOf(items) })(`migrate streams.yaml${flags}`);

describe('imagestreams migrate against serve', () => {
  let serve: Serve;
  beforeAll(async () => {
    serve = await startServe();
  });
  afterAll(async () => {
    await serve?.remove();
  });

  // Nobody listens there: what is asked for would fail, and be counted.
  const host = '127.0.0.1:1';
  const read = async (stream: ImageStream): Promise<ImageStream> =>
    (await serve.api('GET', pathOf(stream))).body as ImageStream;
  // OpenShift itself owes the import of this one: it could not be told apart from its stream.
  const isOwed = ({ metadata }: ImageStream): boolean => metadata.name === 'emptyname';
  const all = streamsOf(scenarios, host).filter((stream) => !isOwed(stream));

  it('carries over what OpenShift recorded, asks no registry and tells nobody, also after a restart', async () => {
    expect(all.length).toBeGreaterThan(40);
    await createNamespaces(serve, all);
    const run = await migrateFile(serve, all);
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
    expect(run.stdout).toContain('g-triggers/app migrated with 1 tag and 3 images of history\n');
    expect(run.stdout).not.toContain('to be imported');
    await settled(serve);
    const versions: (string | undefined)[] = [];
    for (const stream of all) {
      const carried = await read(stream);
      versions.push(carried.metadata.resourceVersion);
      expect(historyOf(carried)).toEqual(historyOf(stream));
      for (const { items } of carried.status?.tags ?? []) {
        const numbers = (items ?? []).map(({ revision }) => revision);
        expect(numbers).toEqual(numbers.map((_, index) => numbers.length - index));
      }
      expect(carried.metadata.annotations ?? {}).toEqual(stream.metadata.annotations ?? {});
      expect(isPending(carried)).toBe(false);
    }
    const { dataDir } = serve;
    await serve.stop();
    serve = await startServe({ dataDir });
    await settled(serve);
    expect(await registryWork(serve)).toEqual([]);
    expect(await told(serve)).toEqual([]);
    expect(
      await Promise.all(all.map(async (stream) => (await read(stream)).metadata.resourceVersion)),
    ).toEqual(versions);
  }, 60_000);

  it('leaves streams alone that exist, unless it is told to overwrite them', async () => {
    const [stream] = streamsOf(['triggers'], host);
    if (stream === undefined) throw new Error('no stream recorded');
    const before = await read(stream);
    const refused = await migrateFile(serve, [stream]);
    expect(refused.exitCode).toBe(1);
    expect(refused.stderr).toContain(
      'error: g-triggers/app: exists already; --overwrite replaces its tags and history\n',
    );
    expect(await read(stream)).toEqual(before);
    const replaced = await migrateFile(serve, [stream], ' --overwrite');
    expect(replaced).toMatchObject({ exitCode: 0, stderr: '' });
    const after = await read(stream);
    expect(historyOf(after)).toEqual(historyOf(stream));
    // No revision of the history before is used again.
    expect(after.status?.tags?.[0]?.items?.map(({ revision }) => revision)).toEqual([6, 5, 4]);
    await settled(serve);
    expect(await registryWork(serve)).toEqual([]);
    expect(await told(serve)).toEqual([]);
  });

  it('writes nothing in a dry run', async () => {
    const streams = streamsOf(['scheduled'], host);
    const run = await migrateFile(serve, streams, ' --dry-run -n default');
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
    expect(run.stdout).toBe('default/app would be migrated with 2 tags and 2 images of history (dry run)\n');
    const { status } = await serve.api(
      'GET',
      '/apis/image.openshift.io/v1/namespaces/default/imagestreams/app',
    );
    expect(status).toBe(404);
  });

  it('takes up a migration that ended in between', async () => {
    const [stream] = streamsOf(['spec-edit'], host);
    if (stream === undefined) throw new Error('no stream recorded');
    const path = '/apis/image.openshift.io/v1/namespaces/default/imagestreams';
    const annotations = { 'imagestreams.dev/migration': 'unfinished' };
    await serve.api('POST', path, { metadata: { name: stream.metadata.name, annotations } });
    expect(await migrateFile(serve, [stream], ' -n default')).toMatchObject({ exitCode: 0, stderr: '' });
    const carried = (await serve.api('GET', `${path}/${stream.metadata.name}`)).body as ImageStream;
    expect(historyOf(carried)).toEqual(historyOf(stream));
    expect(carried.metadata.annotations).not.toHaveProperty(['imagestreams.dev/migration']);
  });

  it('patches no Deployment that has the image of its tag', async () => {
    const [stream] = streamsOf(['triggers'], host);
    const [latest] = stream?.status?.tags?.[0]?.items ?? [];
    const path = '/apis/apps/v1/namespaces/shop/deployments';
    await serve.api('POST', '/api/v1/namespaces', { metadata: { name: 'shop' } });
    const triggers = [
      {
        from: { kind: 'ImageStreamTag', name: 'app:latest' },
        fieldPath: 'spec.template.spec.containers[?(@.name=="web")].image',
      },
    ];
    await serve.api('POST', path, {
      metadata: { name: 'web', annotations: { 'image.openshift.io/triggers': JSON.stringify(triggers) } },
      spec: {
        selector: { matchLabels: { app: 'web' } },
        template: {
          metadata: { labels: { app: 'web' } },
          spec: { containers: [{ name: 'web', image: latest?.dockerImageReference }] },
        },
      },
    });
    const before = (await serve.api('GET', `${path}/web`)).body;
    expect(await migrateFile(serve, stream === undefined ? [] : [stream], ' -n shop')).toMatchObject({
      exitCode: 0,
    });
    await settled(serve);
    expect((await serve.api('GET', `${path}/web`)).body).toEqual(before);
  });
});

describe.skipIf(!hasDockerRegistry)('streams of OpenShift against the registry that they came from', () => {
  let registries: GoldenRegistries;
  let serve: Serve;
  beforeAll(async () => {
    registries = await startGoldenRegistries();
    serve = await startServe();
  });
  afterAll(async () => {
    await serve?.remove();
    await registries?.stop();
  });

  const [name, scenario] = ['app', 'import-all'];
  const path = `/apis/image.openshift.io/v1/namespaces/default/imagestreams/${name}`;
  const read = async (): Promise<ImageStream> => (await serve.api('GET', path)).body as ImageStream;

  it('go on where they were: a later import moves only what moved', async () => {
    const { imagestreams = {}, images = {} } = recorded(scenario, registries.open);
    const exported = [...Object.values(imagestreams), ...Object.values(images)];
    expect(await migrateFile(serve, exported, ' -n default')).toMatchObject({ exitCode: 0, stderr: '' });
    const tag = await serve.api('GET', `${path.replace('imagestreams/', 'imagestreamtags/')}:v1`);
    expect(tag).toMatchObject({ status: 200, body: { image: { dockerImageLayers: expect.any(Array) } } });
    const before = await read();
    const run = await cliOf(serve)(`import-image ${name} --all`);
    expect(run).toMatchObject({ exitCode: 0 });
    const after = await read();
    expect(historyOf(after)).toEqual(historyOf(before));
    expect(await told(serve)).toEqual([]);
  });

  it.skipIf(!hasKubectl)('import afresh with plain kubectl apply', async () => {
    await serve.api('DELETE', path);
    const [stream] = streamsOf([scenario], registries.open);
    const file = join(serve.dataDir, 'streams.yaml');
    const metadata = { ...stream?.metadata, namespace: 'default' };
    writeFileSync(file, listOf([{ ...stream, metadata }]));
    const kubectl = createKubectl(serve.kubeconfig, serve.dataDir);
    expect(await kubectl.run(['apply', '-f', file])).toMatchObject({ code: 0, stderr: '' });
    const ready = await kubectl.run([
      'wait',
      '--for=condition=Ready',
      `imagestream/${name}`,
      '--timeout=15s',
    ]);
    expect(ready).toMatchObject({ code: 0 });
    const fresh = await read();
    const images = (from: ImageStream | undefined) =>
      from === undefined ? [] : historyOf(from).map(({ tag, image }) => [tag, image]);
    expect(images(fresh)).toEqual(images(stream));
    for (const { items } of fresh.status?.tags ?? [])
      expect(items).toEqual([expect.objectContaining({ revision: 1, cause: { type: 'Spec' } })]);
    const events = await told(serve);
    expect(events.filter((event) => String(event).includes('TagCreated'))).toHaveLength(4);
  });
});
