import { describe, expect, it } from 'vitest';
import { createManualClock, settle } from '../../test/fakes/clock.ts';
import { createFakeRegistry, type FakeRegistry } from '../../test/fakes/registry-client.ts';
import { RegistryError } from '../oci/errors.ts';
import type { Credential, Keychain } from '../oci/types.ts';
import { createImporter } from './index.ts';
import type { ImageImport, ImageOutcome, ImportContext, RepositoryImport } from './types.ts';

const name = 'quay.io/team/app';
const never = new AbortController().signal;

const keychainOf = (...ids: readonly string[]): Keychain => {
  const credentials = ids.map(
    (id): Credential => ({ kind: 'basic', id, username: id, password: 'secret', source: 'test' }),
  );
  return () => credentials;
};
const anonymous: ImportContext = { keychain: () => [], priority: 'interactive' };
const as = (...ids: readonly string[]): ImportContext => ({
  keychain: keychainOf(...ids),
  priority: 'interactive',
});

const image = (change: Partial<ImageImport> = {}): ImageImport => ({
  from: `${name}:v1`,
  insecure: false,
  importMode: 'Legacy',
  ...change,
});
const repository = (change: Partial<RepositoryImport> = {}): RepositoryImport => ({
  from: name,
  insecure: false,
  importMode: 'Legacy',
  maxTags: 500,
  ...change,
});

const importerOf = (client: FakeRegistry, clock = createManualClock()) => createImporter({ client, clock });
const imageOf = (outcome: ImageOutcome) => {
  if (!outcome.ok) throw new Error(outcome.status.message);
  return outcome.image;
};

const amd64 = { config: { architecture: 'amd64' }, platform: { architecture: 'amd64', os: 'linux' } };

describe('importImage', () => {
  it('records the repository as it was spelled, with the digest in place of the tag', async () => {
    const registry = createFakeRegistry();
    const { digest } = registry.addImage('docker.io/library/nginx', amd64, 'latest');
    const importer = importerOf(registry);
    const references = await Promise.all(
      ['nginx', 'nginx:latest', 'docker.io/library/nginx', `nginx@${digest}`].map(async (from) =>
        imageOf(await importer.importImage(image({ from }), anonymous, never)),
      ),
    );
    expect(references.map(({ dockerImageReference }) => dockerImageReference)).toEqual([
      `nginx@${digest}`,
      `nginx@${digest}`,
      `docker.io/library/nginx@${digest}`,
      `nginx@${digest}`,
    ]);
  });

  it('names the tag that it imported, and none for a digest', async () => {
    const registry = createFakeRegistry();
    const { digest } = registry.addImage(name, amd64, 'latest');
    const importer = importerOf(registry);
    const tagsOf = [name, `${name}:latest`, `${name}@${digest}`, `${name}:latest@${digest}`].map(
      async (from) => (await importer.importImage(image({ from }), anonymous, never)).tag,
    );
    expect(await Promise.all(tagsOf)).toEqual(['latest', 'latest', '', '']);
  });

  it('carries the texts of manifest and config only where they are asked for', async () => {
    const registry = createFakeRegistry();
    registry.addImage(name, amd64, 'v1');
    const importer = importerOf(registry);
    const [plain, full] = await Promise.all(
      [false, true].map(async (includeManifest) =>
        imageOf(await importer.importImage(image({ includeManifest }), anonymous, never)),
      ),
    );
    expect(plain).not.toHaveProperty('dockerImageManifest');
    expect(plain).not.toHaveProperty('dockerImageConfig');
    expect(full).toMatchObject({
      dockerImageManifest: expect.stringContaining('schemaVersion'),
      dockerImageConfig: '{"architecture":"amd64"}',
    });
    expect(registry.calls).toHaveLength(2);
  });

  it.each([
    { from: '!!bad', problem: 'invalid reference format' },
    { from: '', problem: 'repository name must have at least one component' },
    { from: 'Quay.io/Team/App', problem: 'repository name must be lowercase' },
    { from: 'registry.example', problem: 'repository name must have at least one component' },
    { from: `${name}@sha256:abc`, problem: 'invalid reference format' },
    { from: `${name}@sha256:${'a'.repeat(32)}`, problem: 'invalid checksum digest length' },
    { from: `${name}@sha384:${'a'.repeat(96)}`, problem: 'is not a digest' },
  ])('says of "$from" that it is invalid, and asks nobody', async ({ from, problem }) => {
    const registry = createFakeRegistry();
    const outcome = await importerOf(registry).importImage(image({ from }), anonymous, never);
    expect(outcome).toEqual({
      ok: false,
      tag: '',
      status: {
        status: 'Failure',
        reason: 'Invalid',
        code: 422,
        message: expect.stringContaining(
          ` "" is invalid: from.name: Invalid value: "${from}": invalid name: `,
        ),
        details: { causes: [expect.objectContaining({ reason: 'FieldValueInvalid', field: 'from.name' })] },
      },
    });
    expect(outcome.ok ? '' : outcome.status.message).toContain(problem);
    expect(registry.calls).toEqual([]);
  });

  it('answers what a registry refuses with a status that names the reference in full', async () => {
    const registry = createFakeRegistry();
    const outcome = await importerOf(registry).importImage(image({ from: 'nginx' }), anonymous, never);
    expect(outcome).toMatchObject({
      ok: false,
      tag: 'latest',
      status: {
        reason: 'NotFound',
        message: 'dockerimage.image.openshift.io "docker.io/library/nginx:latest" not found',
      },
    });
  });

  it('does not take a bug for an answer', async () => {
    const registry = createFakeRegistry();
    const bug = new TypeError('x is undefined');
    registry.fail('GET manifest', bug);
    await expect(importerOf(registry).importImage(image(), anonymous, never)).rejects.toBe(bug);
  });

  it('stops with the reason that it is told', async () => {
    const registry = createFakeRegistry();
    registry.hold('GET manifest');
    const stop = new AbortController();
    const outcome = importerOf(registry).importImage(image(), anonymous, stop.signal);
    const reason = new Error('enough');
    stop.abort(reason);
    await expect(outcome).rejects.toBe(reason);
  });
});

describe('equal work', () => {
  const held = async (change: {
    readonly first?: Partial<ImageImport>;
    readonly second?: Partial<ImageImport>;
    readonly contexts?: readonly [ImportContext, ImportContext];
  }) => {
    const registry = createFakeRegistry();
    registry.addImage(name, amd64, 'v1');
    const importer = importerOf(registry);
    const [one, other] = change.contexts ?? [anonymous, anonymous];
    const release = registry.hold('GET manifest');
    const outcomes = [
      importer.importImage(image(change.first), one, never),
      importer.importImage(image(change.second), other, never),
    ];
    await settle();
    const requests = registry.asked().filter((what) => what.startsWith('GET manifest'));
    release();
    return { registry, requests, outcomes: await Promise.all(outcomes) };
  };

  it('is done once while it runs', async () => {
    const { requests, outcomes } = await held({});
    expect(requests).toHaveLength(1);
    expect(outcomes.map(({ ok }) => ok)).toEqual([true, true]);
  });

  it('is done once for credentials that are equivalent, whoever holds them', async () => {
    expect((await held({ contexts: [as('a', 'b'), as('a', 'b')] })).requests).toHaveLength(1);
  });

  it.each([
    { what: 'credentials', contexts: [as('a'), as('b')] as const },
    { what: 'order of credentials', contexts: [as('a', 'b'), as('b', 'a')] as const },
    { what: 'absence of credentials', contexts: [as('a'), anonymous] as const },
    { what: 'tag', second: { from: `${name}:v2` } },
    { what: 'repository', second: { from: 'quay.io/team/other:v1' } },
    { what: 'registry', second: { from: 'ghcr.io/team/app:v1' } },
    { what: 'mode', second: { importMode: 'PreserveOriginal' } as const },
    { what: 'platform', second: { preferArch: 'arm64' } },
    { what: 'transport', second: { insecure: true } },
  ])('is not what has another $what', async ({ contexts, second }) => {
    const change = { ...(contexts && { contexts }), ...(second && { second }) };
    expect((await held(change)).requests).toHaveLength(2);
  });

  it('goes on for one caller when the other stops waiting', async () => {
    const registry = createFakeRegistry();
    registry.addImage(name, amd64, 'v1');
    const importer = importerOf(registry);
    const release = registry.hold('GET manifest');
    const stop = new AbortController();
    const left = importer.importImage(image(), anonymous, stop.signal);
    const stayed = importer.importImage(image(), anonymous, never);
    const reason = new Error('enough');
    stop.abort(reason);
    await expect(left).rejects.toBe(reason);
    release();
    expect((await stayed).ok).toBe(true);
  });

  it('asks for the tag each time, and for what it leads to only once', async () => {
    const registry = createFakeRegistry();
    registry.addIndex(name, [registry.addImage(name, amd64)], 'v1');
    const importer = importerOf(registry);
    for (let time = 0; time < 3; time++) await importer.importImage(image(), as('a'), never);
    expect(registry.asked().filter((what) => what === `GET manifest ${name}:v1`)).toHaveLength(3);
    expect(registry.calls).toHaveLength(3 + 2);
  });

  it("gives nobody content that was fetched with another's credentials", async () => {
    const registry = createFakeRegistry();
    registry.addIndex(name, [registry.addImage(name, amd64)], 'v1');
    const importer = importerOf(registry);
    await importer.importImage(image(), as('a'), never);
    const before = registry.calls.length;
    await importer.importImage(image(), as('b'), never);
    expect(registry.calls.length - before).toBe(3);
    expect(registry.calls.slice(before).every(({ credentials }) => credentials[0] === 'b')).toBe(true);
  });

  it('shares nothing between different credentials for a mirror', async () => {
    const registry = createFakeRegistry();
    registry.addImage(name, amd64, 'v1');
    const mirror = { registry: 'mirror.io', repository: 'team/app' };
    const importer = createImporter({
      client: { ...registry, placesOf: (repository) => [mirror, repository] },
      clock: createManualClock(),
    });
    const forMirror = (id: string): ImportContext => ({
      keychain: (repository) => (repository === mirror ? keychainOf(id)(repository) : []),
      priority: 'interactive',
    });
    const contexts = [forMirror('a'), forMirror('b'), forMirror('b')];
    await Promise.all(contexts.map((context) => importer.importImage(image(), context, never)));
    expect(registry.asked().filter((what) => what === `GET manifest ${name}:v1`)).toHaveLength(2);
  });

  it('asks for a digest each time, whatever is known of it', async () => {
    const registry = createFakeRegistry();
    const { digest } = registry.addImage(name, amd64);
    registry.addIndex(name, [{ ...amd64, digest, mediaType: 'm', size: 1 }], 'v1');
    const importer = importerOf(registry);
    await importer.importImage(image(), as('a'), never);
    registry.fail('GET manifest', new RegistryError('denied', 'no longer'));
    const outcome = await importer.importImage(image({ from: `${name}@${digest}` }), as('a'), never);
    expect(outcome).toMatchObject({ ok: false, status: { reason: 'Forbidden' } });
  });

  it('is tried again after it failed', async () => {
    const registry = createFakeRegistry();
    registry.addImage(name, amd64, 'v1');
    const importer = importerOf(registry);
    registry.fail('GET config', new RegistryError('unavailable', 'down'));
    const failed = await importer.importImage(image(), anonymous, never);
    expect(failed).toMatchObject({ ok: false, status: { reason: 'ServiceUnavailable' } });
    registry.fail('GET config', undefined);
    expect((await importer.importImage(image(), anonymous, never)).ok).toBe(true);
  });
});

describe('importRepository', () => {
  it('imports the tags that matter most, in their order, and names the others', async () => {
    const registry = createFakeRegistry();
    for (const tag of ['edge', '1.2.3', 'latest', '2.0', 'alpha']) registry.addImage(name, amd64, tag);
    const outcome = await importerOf(registry).importRepository(repository({ maxTags: 3 }), anonymous, never);
    expect(outcome).toMatchObject({
      ok: true,
      images: [{ tag: 'latest' }, { tag: '2.0' }, { tag: '1.2.3' }],
      additionalTags: ['alpha', 'edge'],
    });
  });

  it('imports all tags where there is no limit, page by page', async () => {
    const registry = createFakeRegistry();
    for (let index = 0; index < 250; index++) registry.addImage(name, amd64, `t${index}`);
    const outcome = await importerOf(registry).importRepository(repository({ maxTags: 0 }), anonymous, never);
    expect(outcome.ok && outcome.images.filter(({ ok }) => ok)).toHaveLength(250);
    expect(outcome.ok && outcome.additionalTags).toEqual([]);
  });

  it('needs no more requests than there are pages, tags, sub-manifests and configs', async () => {
    const registry = createFakeRegistry();
    const entries = ['one', 'two', 'three'].map((author) =>
      registry.addImage(name, { ...amd64, config: { author } }),
    );
    for (let index = 0; index < 30; index++) {
      const entry = entries[index % 3];
      if (entry !== undefined) registry.addIndex(name, [entry], `t${index}`);
    }
    await importerOf(registry).importRepository(repository(), anonymous, never);
    expect(registry.calls).toHaveLength(1 + 30 + 3 + 3);
  });

  it('fetches a config that many different images share once', async () => {
    const registry = createFakeRegistry();
    for (let index = 0; index < 20; index++) {
      registry.addImage(name, { config: { author: 'shared' }, layers: [`${index}`] }, `t${index}`);
    }
    await importerOf(registry).importRepository(repository(), anonymous, never);
    expect(registry.asked().filter((what) => what.startsWith('GET config'))).toHaveLength(1);
  });

  it('fails one tag without failing another', async () => {
    const registry = createFakeRegistry();
    for (const tag of ['v1', 'v2', 'v3']) registry.addImage(name, { config: { author: tag } }, tag);
    registry.fail(`GET manifest ${name}:v2`, new RegistryError('timeout', 'no answer'));
    const outcome = await importerOf(registry).importRepository(repository(), anonymous, never);
    expect(outcome.ok && outcome.images.map(({ tag, ok }) => `${tag} ${ok}`)).toEqual([
      'v1 true',
      'v2 false',
      'v3 true',
    ]);
  });

  it('imports nothing when any page of the listing is missing', async () => {
    const registry = createFakeRegistry();
    for (let index = 0; index < 150; index++) registry.addImage(name, amd64, `t${index}`);
    registry.fail('LIST page 1', new RegistryError('unavailable', 'down'));
    const outcome = await importerOf(registry).importRepository(repository(), anonymous, never);
    expect(outcome).toMatchObject({ ok: false, status: { reason: 'ServiceUnavailable' } });
    expect(registry.asked().filter((what) => what.startsWith('GET'))).toEqual([]);
  });

  it('says of a missing repository what the original says, in the spelling that it was asked for', async () => {
    const registry = createFakeRegistry();
    const request = repository({ from: 'nginx' });
    expect(await importerOf(registry).importRepository(request, anonymous, never)).toMatchObject({
      ok: false,
      status: { reason: 'NotFound', message: 'dockerimage.image.openshift.io "nginx" not found' },
    });
  });

  it('says of a malformed repository that it is invalid', async () => {
    const request = repository({ from: '!!' });
    const outcome = await importerOf(createFakeRegistry()).importRepository(request, anonymous, never);
    expect(outcome).toMatchObject({ ok: false, status: { reason: 'Invalid' } });
  });

  it('keeps at most a few tags under way at a time', async () => {
    const registry = createFakeRegistry();
    for (let index = 0; index < 100; index++) registry.addImage(name, amd64, `t${index}`);
    const release = registry.hold('GET manifest');
    const outcome = importerOf(registry).importRepository(repository(), anonymous, never);
    await settle();
    const underWay = registry.asked().filter((what) => what.startsWith('GET manifest')).length;
    release();
    await outcome;
    expect(underWay).toBeGreaterThan(1);
    expect(underWay).toBeLessThanOrEqual(16);
  });

  it('stops with the reason that it is told', async () => {
    const registry = createFakeRegistry();
    registry.addImage(name, amd64, 'v1');
    registry.hold('GET manifest');
    const stop = new AbortController();
    const outcome = importerOf(registry).importRepository(repository(), anonymous, stop.signal);
    await settle();
    const reason = new Error('enough');
    stop.abort(reason);
    await expect(outcome).rejects.toBe(reason);
  });
});

describe('resolve', () => {
  it('answers with one HEAD, also for many that ask at once', async () => {
    const registry = createFakeRegistry();
    const { digest } = registry.addImage(name, amd64, 'v1');
    const importer = importerOf(registry);
    const outcomes = await Promise.all(
      Array.from({ length: 5 }, () => importer.resolve(image(), anonymous, never)),
    );
    expect(outcomes).toEqual(Array.from({ length: 5 }, () => ({ ok: true, digest })));
    expect(registry.asked()).toEqual([`HEAD manifest ${name}:v1`]);
  });

  it('does not share an answer between different credentials', async () => {
    const registry = createFakeRegistry();
    registry.addImage(name, amd64, 'v1');
    const importer = importerOf(registry);
    await Promise.all([as('a'), as('b')].map((context) => importer.resolve(image(), context, never)));
    expect(registry.calls).toHaveLength(2);
  });

  it('says why it does not know', async () => {
    const importer = importerOf(createFakeRegistry());
    expect(await importer.resolve(image(), anonymous, never)).toMatchObject({
      ok: false,
      status: { reason: 'NotFound' },
    });
    expect(await importer.resolve(image({ from: '!!' }), anonymous, never)).toMatchObject({
      ok: false,
      status: { reason: 'Invalid' },
    });
  });
});

describe('freshSince', () => {
  const setUp = () => {
    const registry = createFakeRegistry();
    const { digest } = registry.addImage(name, amd64, 'v1');
    const clock = createManualClock();
    const importer = importerOf(registry, clock);
    const slotMs = clock.now();
    const from = (freshSince: number, ...ids: readonly string[]): ImportContext => ({
      ...as(...ids),
      freshSince,
    });
    return { registry, digest, clock, importer, slotMs, from };
  };

  it('makes one HEAD do for all refreshes of a slot, however long they take', async () => {
    const { registry, digest, clock, importer, slotMs, from } = setUp();
    for (let stream = 0; stream < 5; stream++) {
      expect(await importer.resolve(image(), from(slotMs, 'a'), never)).toEqual({ ok: true, digest });
      await clock.advance(1000);
    }
    expect(registry.asked()).toEqual([`HEAD manifest ${name}:v1`]);
  });

  it('makes one fetch do for all that find a tag moved', async () => {
    const { registry, digest, clock, importer, slotMs, from } = setUp();
    const references: (string | undefined)[] = [];
    for (const spelled of [`${name}:v1`, `${name}:v1`]) {
      const outcome = await importer.importImage(image({ from: spelled }), from(slotMs), never);
      references.push(imageOf(outcome).dockerImageReference);
      await clock.advance(1000);
    }
    expect(references).toEqual([`${name}@${digest}`, `${name}@${digest}`]);
    expect(registry.asked()).toEqual([`GET manifest ${name}:v1`, expect.stringContaining('GET config')]);
  });

  it('asks again for the next slot', async () => {
    const { registry, clock, importer, slotMs, from } = setUp();
    await importer.resolve(image(), from(slotMs), never);
    await clock.advance(60_000);
    const moved = registry.addImage(name, { config: { author: 'b' } }, 'v1');
    expect(await importer.resolve(image(), from(slotMs + 60_000), never)).toEqual({
      ok: true,
      digest: moved.digest,
    });
  });

  it('asks for whoever does not say that an older answer will do', async () => {
    const { registry, importer, slotMs, from } = setUp();
    await importer.resolve(image(), from(slotMs), never);
    await importer.resolve(image(), as(), never);
    expect(registry.calls).toHaveLength(2);
  });

  it('asks for other credentials', async () => {
    const { registry, importer, slotMs, from } = setUp();
    await importer.resolve(image(), from(slotMs, 'a'), never);
    await importer.resolve(image(), from(slotMs, 'b'), never);
    expect(registry.calls.map(({ credentials }) => credentials)).toEqual([['a'], ['b']]);
  });

  it('takes a refusal for an answer too: a registry that is down is asked once a slot', async () => {
    const { registry, clock, importer, slotMs, from } = setUp();
    registry.fail('HEAD', new RegistryError('unavailable', 'down'));
    for (let stream = 0; stream < 5; stream++) {
      const outcome = await importer.resolve(image(), from(slotMs), never);
      expect(outcome).toMatchObject({ ok: false, status: { reason: 'ServiceUnavailable' } });
      await clock.advance(1000);
    }
    expect(registry.calls).toHaveLength(1);
  });

  it('does not take a bug for an answer', async () => {
    const { registry, digest, importer, slotMs, from } = setUp();
    registry.fail('HEAD', new TypeError('x is undefined'));
    await expect(importer.resolve(image(), from(slotMs), never)).rejects.toThrow('x is undefined');
    registry.fail('HEAD', undefined);
    expect(await importer.resolve(image(), from(slotMs), never)).toEqual({ ok: true, digest });
  });

  it('does not trust an answer from before the clock was set back', async () => {
    const registry = createFakeRegistry();
    registry.addImage(name, amd64, 'v1');
    let nowMs = 3_600_000;
    const clock = { ...createManualClock(), now: () => nowMs };
    const importer = createImporter({ client: registry, clock });
    await importer.resolve(image(), { ...anonymous, freshSince: nowMs }, never);
    nowMs = 0;
    await importer.resolve(image(), { ...anonymous, freshSince: nowMs }, never);
    expect(registry.calls).toHaveLength(2);
  });
});
