import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Event } from '../../src/api/core.ts';
import type { ImageStream } from '../../src/api/image-stream.ts';
import { anImage, push } from '../fakes/registry/index.ts';
import { type DockerRegistry, hasDockerRegistry, startDockerRegistry } from '../setup/docker-registry.ts';
import { cliOf } from './cli.ts';
import { eventually, type Serve, startServe } from './serve.ts';

const namespace = '/api/v1/namespaces/default';
const streams = '/apis/image.openshift.io/v1/namespaces/default/imagestreams';

describe.skipIf(!hasDockerRegistry)('a scheduled repository with a filter, in serve', () => {
  let registry: DockerRegistry;
  let serve: Serve;
  beforeAll(async () => {
    registry = await startDockerRegistry();
    serve = await startServe({ args: ['--min-refresh-interval', '1s'] });
  });
  afterAll(async () => {
    await serve?.remove();
    await registry?.stop();
  });

  const pushed = async (...tags: readonly string[]): Promise<void> => {
    for (const tag of tags)
      await push({ url: `http://${registry.host}` }, 'team/tools', anImage({ name: tag }), tag);
  };
  const manifest = (filter: string, more: Readonly<Record<string, string>> = {}) => ({
    apiVersion: 'image.openshift.io/v1',
    kind: 'ImageStream',
    metadata: {
      name: 'tools',
      annotations: {
        'openshift.io/image.insecureRepository': 'true',
        'imagestreams.dev/scheduled': 'true',
        'imagestreams.dev/refresh-interval': '1s',
        'imagestreams.dev/tag-filter': filter,
        ...more,
      },
    },
    spec: { dockerImageRepository: `${registry.host}/team/tools` },
  });
  const apply = async (filter: string, more?: Readonly<Record<string, string>>): Promise<void> => {
    const { metadata } = await read();
    const next = manifest(filter, more);
    const { resourceVersion } = metadata;
    const object = { ...next, metadata: { ...next.metadata, resourceVersion } };
    expect((await serve.api('PUT', `${streams}/tools`, object)).status).toBe(200);
  };
  const read = async (): Promise<ImageStream> =>
    (await serve.api('GET', `${streams}/tools`)).body as ImageStream;
  const tags = async (): Promise<readonly string[]> =>
    ((await read()).status?.tags ?? []).filter(({ items }) => items?.length).map(({ tag }) => tag);
  const until = (...expected: readonly string[]) =>
    eventually(tags, (seen) => seen.join() === expected.join(), `the tags ${expected.join()}`, 20_000);
  /** Listings so far, as the server counts them. */
  const listings = async (): Promise<number> => {
    const { text } = await serve.api('GET', '/metrics');
    return [...text.matchAll(/^imagestreams_refreshes_total\{[^}]*\} (\d+)$/gm)].reduce(
      (sum, [, count]) => sum + Number(count),
      0,
    );
  };
  const pass = async (count: number): Promise<void> => {
    const before = await listings();
    await eventually(listings, (now) => now >= before + count, `${count} listings`, 20_000);
  };
  const conditionOf = async (wanted: string) =>
    (await read()).status?.conditions?.find(({ type }) => type === wanted);

  it('imports what passes the filter, and nothing else', async () => {
    await pushed('1.0', '1.1', '2.0', 'latest', '1.2-rc1');
    expect((await serve.api('POST', streams, manifest('1.x'))).status).toBe(201);
    await until('1.0', '1.1');
    await pass(2);
    expect(await tags()).toEqual(['1.0', '1.1']);
  });

  it('finds new tags by itself, one event each, and writes nothing while nothing is new', async () => {
    await pushed('1.3', '3.0');
    await until('1.0', '1.1', '1.3');
    const { resourceVersion } = (await read()).metadata;
    await pass(2);
    expect((await read()).metadata.resourceVersion).toBe(resourceVersion);
    const { items } = (await serve.api('GET', `${namespace}/events`)).body as {
      readonly items: readonly Event[];
    };
    const created = items.filter(({ reason }) => reason === 'TagCreated').map(({ message = '' }) => message);
    expect(created.filter((message) => message.includes('1.3'))).toHaveLength(1);
    expect(created).toHaveLength(3);
  });

  it('tells in why how often, by which filter and when next', async () => {
    const { stdout } = await cliOf(serve)('why tools');
    expect(stdout).toContain('State:    listed; 3 tags have an image');
    expect(stdout).toContain('Refresh:  every 1s, tags that pass 1.x');
    expect(stdout).toMatch(/Next: {5}(now|in \ds) \(scheduled refresh\)/);
    expect((await cliOf(serve)('describe tools')).stdout).toContain('every 1s, tags that pass 1.x');
  });

  it('imports nothing while the filter cannot be read, and says so', async () => {
    await apply('/(1/');
    await pushed('1.4');
    await eventually(
      () => conditionOf('Fresh'),
      (found) => found?.status === 'False',
      'the condition',
      10_000,
    );
    const before = await listings();
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(await listings()).toBe(before);
    expect(await tags()).toEqual(['1.0', '1.1', '1.3']);
    expect((await cliOf(serve)('why tools')).stdout).toContain('missing closing )');
    await apply('/^1\\.[0-9]+$/');
    await until('1.0', '1.1', '1.3', '1.4');
    expect((await conditionOf('Fresh'))?.status).toBe('True');
  });

  it('is left alone while it is suspended or everything is paused', async () => {
    await apply('/^1\\.[0-9]+$/', { 'imagestreams.dev/suspend': 'true' });
    await eventually(
      () => conditionOf('Suspended'),
      (found) => found?.status === 'True',
      'the condition',
      10_000,
    );
    await pushed('1.5');
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(await tags()).not.toContain('1.5');
    const pause = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'imagestreams-pause' } };
    expect((await serve.api('POST', `${namespace}/configmaps`, pause)).status).toBe(201);
    await apply('/^1\\.[0-9]+$/');
    await new Promise((resolve) => setTimeout(resolve, 2_500));
    expect(await tags()).not.toContain('1.5');
    expect((await cliOf(serve)('why tools')).stdout).toContain(
      'Halted:   the ConfigMap default/imagestreams-pause',
    );
    await serve.api('DELETE', `${namespace}/configmaps/imagestreams-pause`);
    await until('1.0', '1.1', '1.3', '1.4', '1.5');
  });
});
