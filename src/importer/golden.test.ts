import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasDockerRegistry } from '../../test/setup/docker-registry.ts';
import {
  type GoldenRegistries,
  readGoldenImages,
  readGoldenTags,
  startGoldenRegistries,
} from '../../test/setup/golden-registry.ts';
import type { Image } from '../api/image.ts';
import { systemClock } from '../lib/clock.ts';
import { createRegistryClient } from '../oci/index.ts';
import type { Keychain, RegistryClient } from '../oci/types.ts';
import { createImporter } from './index.ts';
import type { ImageOutcome, Importer, RepositoryOutcome } from './types.ts';

const never = new AbortController().signal;
const alice: Keychain = () => [
  { kind: 'basic', id: 'alice', username: 'alice', password: 'secret', source: 'test' },
];

/** Compares with the data that the original was asked about, served by the registry that it asked. */
describe.skipIf(!hasDockerRegistry)('the importer against a real registry with the golden data', () => {
  let registries: GoldenRegistries;
  let client: RegistryClient;
  let importer: Importer;
  let golden: Awaited<ReturnType<typeof readGoldenImages>>;
  let requests = 0;

  beforeAll(async () => {
    [registries, golden] = await Promise.all([startGoldenRegistries(), readGoldenImages()]);
    client = createRegistryClient({
      onRequest: () => {
        requests += 1;
      },
    });
    importer = createImporter({ client, clock: systemClock });
  });
  afterAll(async () => {
    await client?.close();
    await registries?.stop();
  });

  const hostOf = (repository: string) =>
    repository.startsWith('private/') ? registries.protected : registries.open;
  const image = (
    from: string,
    importMode: 'Legacy' | 'PreserveOriginal' = 'Legacy',
    includeManifest = false,
  ) =>
    importer.importImage(
      { from: `${hostOf(from)}/${from}`, insecure: true, importMode, includeManifest },
      { keychain: alice, priority: 'interactive' },
      never,
    );
  const repository = (from: string, maxTags = 500): Promise<RepositoryOutcome> =>
    importer.importRepository(
      { from: `${hostOf(from)}/${from}`, insecure: true, importMode: 'Legacy', maxTags },
      { keychain: alice, priority: 'interactive' },
      never,
    );
  const found = (outcome: ImageOutcome) => {
    if (!outcome.ok) throw new Error(outcome.status.message);
    return outcome;
  };

  /** An Image as the original's are recorded: with the addresses of the recording, and no time of import. */
  const asRecorded = (one: Image): Readonly<Record<string, unknown>> => {
    const reference = one.dockerImageReference
      ?.replace(registries.open, '127.0.0.1:5005')
      .replace(registries.protected, '127.0.0.1:5006');
    const { Created: created, ...metadata } = one.dockerImageMetadata ?? {};
    const isList = one.dockerImageManifests !== undefined;
    return {
      ...one,
      dockerImageReference: reference,
      dockerImageMetadata: isList ? metadata : { ...metadata, Created: created },
    };
  };
  const expectGolden = (one: Image) => expect(asRecorded(one)).toEqual(golden[one.metadata.name]);

  it.each([
    'demo/app:v1',
    'demo/app:v2',
    'demo/app:latest',
    'demo/app:edge',
    'demo/multi:latest',
    'demo/multi:noamd64',
    'demo/oci:latest',
    'demo/oci:single',
    'demo/attest:latest',
    'demo/artifact:latest',
    'private/app:v1',
  ])('makes the same Image of %s as the original, as Legacy', async (from) => {
    const { image: one, manifests } = found(await image(from));
    expectGolden(one);
    expect(manifests).toEqual([]);
  });

  it.each(['demo/multi:latest', 'demo/oci:latest', 'demo/attest:latest', 'demo/app:v1'])(
    'makes the same Images of %s and its entries as the original, as PreserveOriginal',
    async (from) => {
      const { image: one, manifests } = found(await image(from, 'PreserveOriginal'));
      expectGolden(one);
      for (const entry of manifests.filter(({ metadata }) => metadata.name in golden)) expectGolden(entry);
      expect(manifests.map(({ metadata }) => metadata.name)).toEqual(
        (one.dockerImageManifests ?? []).map(({ digest }) => digest),
      );
    },
  );

  it('shows manifest and config with the very bytes that their digests stand for', async () => {
    const { image: one } = found(await image('demo/app:v1', 'Legacy', true));
    const digestOf = (text = '') => `sha256:${createHash('sha256').update(text).digest('hex')}`;
    expect(digestOf(one.dockerImageManifest)).toBe(one.metadata.name);
    expect(digestOf(one.dockerImageConfig)).toBe(one.dockerImageMetadata?.['Id']);
  });

  it('resolves tags to what they name themselves, by HEAD', async () => {
    const tags = await readGoldenTags();
    for (const from of ['demo/multi', 'demo/oci', 'demo/app', 'private/app']) {
      const resolved = await importer.resolve(
        { from: `${hostOf(from)}/${from}:latest`, insecure: true },
        { keychain: alice, priority: 'scheduled' },
        never,
      );
      expect(resolved).toEqual({ ok: true, digest: tags[from]?.['latest'] });
      expect(found(await image(`${from}:latest`)).sourceDigest).toBe(tags[from]?.['latest']);
    }
  });

  it('imports a whole repository, in the order and number that are asked for, with few requests', async () => {
    const tags = await readGoldenTags();
    requests = 0;
    const outcome = await repository('demo/many', 50);
    if (!outcome.ok) throw new Error(outcome.status.message);
    const names = Object.keys(tags['demo/many'] ?? {}).toSorted();
    expect(outcome.images.map(({ tag }) => tag)).toEqual(names.slice(0, 50));
    expect(outcome.additionalTags).toEqual(names.slice(50));
    for (const one of outcome.images) expectGolden(found(one).image);
    const [pages, images] = [2, new Set(outcome.images.map((one) => found(one).sourceDigest)).size];
    expect(requests).toBeLessThanOrEqual(pages + 50 + images);
  });

  it.each([
    { name: 'a tag', from: 'demo/app:nope' },
    { name: 'a repository', from: 'demo/nothere:v1' },
    { name: 'a digest', from: `demo/app@sha256:${'0'.repeat(64)}` },
  ])('says of $name that is not there what the original says', async ({ from }) => {
    const subject = `${registries.open}/${from}`;
    expect(await image(from)).toEqual({
      ok: false,
      tag: from.includes('@') ? '' : from.split(':')[1],
      status: {
        status: 'Failure',
        message: `dockerimage.image.openshift.io "${subject}" not found`,
        reason: 'NotFound',
        details: { name: subject, group: 'image.openshift.io', kind: 'dockerimage' },
        code: 404,
      },
    });
  });

  it('says of a repository that cannot be listed what the original says', async () => {
    expect(await repository('demo/nothere')).toMatchObject({
      ok: false,
      status: {
        reason: 'NotFound',
        message: `dockerimage.image.openshift.io "${registries.open}/demo/nothere" not found`,
      },
    });
  });

  it.each([
    { name: 'no', keychain: () => [] },
    {
      name: 'wrong',
      keychain: () => [
        { kind: 'basic', id: 'wrong', username: 'alice', password: 'nope', source: 'test' } as const,
      ],
    },
  ])('says with $name credentials what the original says', async ({ keychain }) => {
    const from = `${registries.protected}/private/app:v1`;
    const outcome = await importer.importImage(
      { from, insecure: true, importMode: 'Legacy' },
      { keychain, priority: 'interactive' },
      never,
    );
    expect(outcome).toEqual({
      ok: false,
      tag: 'v1',
      status: {
        status: 'Failure',
        message: `you may not have access to the container image "${from}"`,
        reason: 'Unauthorized',
        code: 401,
      },
    });
  });

  it('says that a registry speaks http, where only https is allowed', async () => {
    const from = `${registries.open}/demo/app:v1`;
    const outcome = await importer.importImage(
      { from, insecure: false, importMode: 'Legacy' },
      { keychain: alice, priority: 'interactive' },
      never,
    );
    expect(outcome).toMatchObject({
      ok: false,
      status: {
        reason: 'BadRequest',
        message: `the repository of "${from}" is HTTP only and requires the insecure flag to import`,
      },
    });
  });

  it('says that a registry cannot be reached', async () => {
    const outcome = await importer.importImage(
      { from: '127.0.0.1:1/demo/app:v1', insecure: true, importMode: 'Legacy' },
      { keychain: alice, priority: 'interactive' },
      never,
    );
    expect(outcome).toMatchObject({ ok: false, status: { reason: 'ServiceUnavailable' } });
  });
});
