import { afterEach, describe, expect, it } from 'vitest';
import { eventually, settle } from '../../test/fakes/clock.ts';
import { intervalMs, minuteMs, repository, startControllers, stopAll } from '../../test/fakes/controllers.ts';
import type { ImageStream } from '../api/image-stream.ts';
import { imageStreams } from '../api/resources.ts';
import { findTag } from '../api/tag-history.ts';
import { RegistryError } from '../oci/errors.ts';

const never = new AbortController().signal;
afterEach(stopAll);

const scheduled = { 'imagestreams.dev/scheduled': 'true' };
const filtered = (filter: string) => ({ ...scheduled, 'imagestreams.dev/tag-filter': filter });
const requested = { 'imagestreams.dev/import-requested-at': '2026-01-01T01:00:00Z' };

const aStream = (
  name: string,
  annotations: Readonly<Record<string, string>>,
  spec: NonNullable<ImageStream['spec']> = {},
): ImageStream => ({
  apiVersion: 'image.openshift.io/v1',
  kind: 'ImageStream',
  metadata: { namespace: 'team', name, annotations },
  spec: { dockerImageRepository: repository, ...spec },
});

const setUp = async () => {
  const t = startControllers();
  const program = await t.start();
  const change = async (name: string, make: (now: ImageStream) => ImageStream): Promise<void> => {
    const now = await t.get(name);
    const { spec, metadata } = make(now);
    await t.store.update(
      imageStreams,
      { ...now, spec: spec ?? {}, metadata: { ...now.metadata, ...metadata } },
      {},
      never,
    );
    await settle(100);
  };
  const annotate = (name: string, annotations: Readonly<Record<string, string>>) =>
    change(name, (now) => ({ ...now, metadata: { ...now.metadata, annotations } }));
  const tagsOf = async (name: string) =>
    ((await t.get(name)).status?.tags ?? []).filter(({ items }) => items?.length).map(({ tag }) => tag);
  const listingFailure = async (name: string) =>
    (await t.get(name)).status?.repository?.conditions?.find(({ status }) => status === 'False');
  const warnings = async (wanted: string) =>
    (await t.storedEvents()).filter(({ reason }) => reason === wanted).map(({ message }) => message);
  const gone = (tag: string): void => t.registry.untag(repository, tag);
  return { ...t, program, change, annotate, tagsOf, listingFailure, warnings, gone };
};

const list = `LIST tags ${repository}`;

describe('a scheduled repository', () => {
  it('costs one listing per interval while nothing is new, and no write', async () => {
    const t = await setUp();
    for (const tag of ['1.0', '1.1', 'latest']) t.push(tag);
    await t.create(aStream('app', scheduled));
    await t.imported('app', '1.0', '1.1', 'latest');
    await settle();
    t.forget();
    await t.clock.advance(4 * intervalMs);
    expect(t.asked()).toEqual([list, list, list, list]);
    expect(t.store.writes).toEqual([]);
  });

  it('finds a new tag by one listing and one image, with the cause Schedule, by one write', async () => {
    const t = await setUp();
    t.push('1.0');
    await t.create(aStream('app', scheduled));
    await t.imported('app', '1.0');
    await settle();
    const { digest } = t.push('1.1');
    t.forget();
    await t.clock.advance(intervalMs);
    expect(await t.itemsOf('app', '1.1')).toMatchObject([
      { image: digest, revision: 1, cause: { type: 'Schedule' } },
    ]);
    expect(t.asked().filter((call) => !call.startsWith('GET config'))).toEqual([
      list,
      `GET manifest ${repository}:1.1`,
    ]);
    expect(t.statusWrites()).toHaveLength(1);
    expect(t.published.map(({ type, tag }) => `${type} ${tag}`)).toEqual([
      'TagCreated 1.0',
      'TagCreated 1.1',
    ]);
  });

  it('is not listed again where its stream does not ask for that', async () => {
    const t = await setUp();
    t.push('1.0');
    await t.create(aStream('app', { 'imagestreams.dev/refresh-interval': '1m' }));
    await t.imported('app', '1.0');
    t.forget();
    await t.clock.advance(4 * intervalMs);
    expect(t.asked()).toEqual([]);
  });

  it('keeps tags that are gone, and tags that its listing lacks for a moment', async () => {
    const t = await setUp();
    for (const tag of ['1.0', '1.1']) t.push(tag);
    await t.create(aStream('app', scheduled));
    await t.imported('app', '1.0', '1.1');
    await settle();
    t.gone('1.0');
    t.forget();
    await t.clock.advance(2 * intervalMs);
    expect(await t.tagsOf('app')).toEqual(['1.0', '1.1']);
    expect(t.store.writes).toEqual([]);
  });

  it('is listed once for streams with other filters, and each gets its own tags', async () => {
    const t = await setUp();
    t.push('1.0');
    const filters = { old: '1.x', young: '>=2.0', test: '/-rc\\d+$/' };
    for (const [name, filter] of Object.entries(filters)) await t.create(aStream(name, filtered(filter)));
    await t.imported('old', '1.0');
    await settle(60);
    for (const tag of ['1.1', '2.0', '2.1-rc1', 'main']) t.push(tag);
    t.forget();
    await t.clock.advance(intervalMs);
    expect(t.asked('LIST tags')).toEqual([list]);
    expect(t.asked('GET manifest')).toHaveLength(3);
    expect(await t.tagsOf('old')).toEqual(['1.0', '1.1']);
    expect(await t.tagsOf('young')).toEqual(['2.0']);
    expect(await t.tagsOf('test')).toEqual(['2.1-rc1']);
  });

  it('of five streams is one listing, and one image for all when there is a new tag', async () => {
    const t = await setUp();
    t.push('1.0');
    const names = ['a', 'b', 'c', 'd', 'e'];
    for (const name of names) await t.create(aStream(name, scheduled));
    for (const name of names) await t.imported(name, '1.0');
    await settle(60);
    t.push('1.1');
    t.forget();
    await t.clock.advance(intervalMs);
    for (const name of names) expect(await t.tagsOf(name)).toEqual(['1.0', '1.1']);
    expect(t.asked('LIST')).toHaveLength(1);
    expect(t.asked('GET manifest')).toHaveLength(1);
  });

  it('has its filter changed: the listing follows at once, fetches only what is new, and takes nothing away', async () => {
    const t = await setUp();
    for (const tag of ['1.0', '2.0']) t.push(tag);
    await t.create(aStream('app', filtered('1.x')));
    await t.imported('app', '1.0');
    await settle();
    t.forget();
    await t.annotate('app', filtered('>=1.0'));
    await t.imported('app', '2.0');
    expect(t.asked('LIST tags')).toHaveLength(1);
    expect(t.asked('GET manifest')).toEqual([`GET manifest ${repository}:2.0`]);
    await t.annotate('app', filtered('3.x'));
    expect(await t.tagsOf('app')).toEqual(['1.0', '2.0']);
  });

  it('with a filter that cannot be read imports nothing, says so, and is asked about by nobody', async () => {
    const t = await setUp();
    t.push('1.0');
    await t.create(aStream('app', filtered('/(1/')));
    await eventually(async () => (await t.listingFailure('app')) !== undefined, 'the condition');
    expect(await t.listingFailure('app')).toMatchObject({
      reason: 'Invalid',
      message: expect.stringContaining('missing closing )'),
    });
    const ready = (await t.get('app')).status?.conditions?.find(({ type }) => type === 'Ready');
    expect(ready).toMatchObject({ status: 'False', reason: 'ImportFailed' });
    expect(await t.warnings('TagFilter')).toEqual([expect.stringContaining('missing closing )')]);
    await t.clock.advance(8 * intervalMs);
    expect(t.asked()).toEqual([]);
    expect(await t.tagsOf('app')).toEqual([]);
    await t.annotate('app', filtered('1.x'));
    await t.imported('app', '1.0');
    expect(await t.listingFailure('app')).toBeUndefined();
  });

  it('whose filter breaks keeps what it has, and is not Fresh', async () => {
    const t = await setUp();
    t.push('1.0');
    await t.create(aStream('app', filtered('1.x')));
    await t.imported('app', '1.0');
    await t.annotate('app', filtered('newest'));
    t.push('1.1');
    t.forget();
    await t.clock.advance(2 * intervalMs);
    expect(t.asked()).toEqual([]);
    expect(await t.tagsOf('app')).toEqual(['1.0']);
    const fresh = (await t.get('app')).status?.conditions?.find(({ type }) => type === 'Fresh');
    expect(fresh).toMatchObject({ status: 'False', message: `could not refresh ${repository} (Invalid)` });
  });

  it('leaves tags to the spec that names them', async () => {
    const t = await setUp();
    t.push('1.0');
    const tag = { name: '1.0', from: { kind: 'DockerImage', name: `${repository}:1.0` }, generation: 1 };
    await t.create(aStream('app', scheduled, { tags: [tag] }));
    await t.imported('app', '1.0');
    await settle();
    t.forget();
    await t.clock.advance(2 * intervalMs);
    expect(t.asked()).toEqual([list, list]);
  });

  it('fetches every tag again when somebody asks for an import', async () => {
    const t = await setUp();
    for (const tag of ['1.0', '1.1']) t.push(tag);
    await t.create(aStream('app', scheduled));
    await t.imported('app', '1.0', '1.1');
    await settle();
    const { digest } = t.push('1.0');
    t.forget();
    await t.annotate('app', { ...scheduled, ...requested });
    expect((await t.itemsOf('app', '1.0'))[0]).toMatchObject({ image: digest, cause: { type: 'Request' } });
    expect(t.asked('GET manifest')).toHaveLength(2);
  });

  it('that cannot be listed says so by one write, keeps its tags, and comes back by one write', async () => {
    const t = await setUp();
    t.push('1.0');
    await t.create(aStream('app', scheduled));
    await t.imported('app', '1.0');
    await settle();
    t.forget();
    t.registry.fail('LIST tags', new RegistryError('unavailable', 'down'));
    await t.clock.advance(3 * intervalMs);
    expect(await t.listingFailure('app')).toMatchObject({ reason: 'ServiceUnavailable' });
    expect(await t.tagsOf('app')).toEqual(['1.0']);
    expect(t.asked()).toEqual([list, list, list]);
    expect(t.statusWrites()).toHaveLength(1);
    t.registry.fail('LIST tags', undefined);
    t.push('1.1');
    await t.clock.advance(intervalMs);
    expect(await t.listingFailure('app')).toBeUndefined();
    expect(await t.tagsOf('app')).toEqual(['1.0', '1.1']);
    expect(t.asked('LIST tags')).toHaveLength(4);
    expect(t.statusWrites()).toHaveLength(2);
  });

  it('tries a tag again whose image cannot be had, seldom and alone', async () => {
    const t = await setUp();
    for (const tag of ['1.0', '1.1']) t.push(tag);
    t.registry.fail(
      `GET manifest ${repository}:1.1`,
      new RegistryError('manifest-unknown', 'gone', { status: 404 }),
    );
    await t.create(aStream('app', { ...scheduled, 'imagestreams.dev/refresh-interval': '1m' }));
    await t.imported('app', '1.0');
    await settle();
    t.forget();
    await t.clock.advance(60 * minuteMs);
    const tries = t.asked('GET manifest');
    expect(new Set(tries)).toEqual(new Set([`GET manifest ${repository}:1.1`]));
    expect(tries.length).toBeLessThanOrEqual(8);
    t.registry.fail(`GET manifest ${repository}:1.1`, undefined);
    await t.clock.advance(70 * minuteMs);
    expect(await t.tagsOf('app')).toEqual(['1.0', '1.1']);
    expect(findTag((await t.get('app')).status, '1.1')?.conditions ?? []).toEqual([]);
  });

  it('waits after a restart for no longer than its back-off had come to', async () => {
    const t = await setUp();
    for (const tag of ['1.0', '1.1']) t.push(tag);
    const failing = `GET manifest ${repository}:1.1` as const;
    t.registry.fail(failing, new RegistryError('manifest-unknown', 'gone', { status: 404 }));
    await t.create(aStream('app', {}));
    await t.imported('app', '1.0');
    await settle();
    await t.program.stop();
    t.registry.fail(failing, undefined);
    await t.start();
    await t.clock.advance(minuteMs);
    await t.imported('app', '1.1');
  });

  it('says where there is nothing that could be listed, or no word that is understood', async () => {
    const t = await setUp();
    await t.create(aStream('none', scheduled, { dockerImageRepository: '' }));
    await t.create(aStream('word', { 'imagestreams.dev/scheduled': 'yes' }));
    await settle(60);
    expect(await t.warnings('Scheduled')).toEqual(
      expect.arrayContaining([
        expect.stringContaining('"yes" is neither "true" nor "false"'),
        expect.stringContaining('there is no spec.dockerImageRepository'),
      ]),
    );
  });

  it('asks nobody after a restart before its slot', async () => {
    const t = await setUp();
    t.push('1.0');
    await t.create(aStream('app', scheduled));
    await t.imported('app', '1.0');
    await t.program.stop();
    t.forget();
    const { controllers } = await t.start();
    expect(controllers.scheduledTags()).toBe(1);
    expect(t.asked()).toEqual([]);
    expect(t.store.writes).toEqual([]);
    await t.clock.advance(intervalMs);
    expect(t.asked()).toEqual([list]);
  });
});
