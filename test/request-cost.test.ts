import { afterEach, describe, expect, it } from 'vitest';
import type { ImageStream } from '../src/api/image-stream.ts';
import {
  createImporter,
  type ImportContext,
  type PlanFacts,
  planImports,
  recordImports,
  runImports,
} from '../src/importer/index.ts';
import { systemClock } from '../src/lib/clock.ts';
import { createKeychain, createRegistryClient, parseDockerConfig } from '../src/oci/index.ts';
import {
  anImage,
  anIndex,
  type FakeRegistry,
  type FakeRegistryOptions,
  startFakeRegistry,
} from './fakes/registry/index.ts';
import { never } from './fakes/send.ts';

/** What imports cost a registry, counted on its side: everything from the importer down is real. */

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

const auth = { kind: 'bearer', users: { alice: 'secret' } } as const;

const start = async (options: FakeRegistryOptions): Promise<FakeRegistry> => {
  const registry = await startFakeRegistry(options);
  cleanups.push(registry.stop);
  return registry;
};

/** A program that has just started: no connection, token or answer is known. */
const startImporter = () => {
  const client = createRegistryClient();
  cleanups.push(() => client.close());
  return createImporter({ client, clock: systemClock });
};

const contextAt = ({ host }: FakeRegistry): ImportContext => {
  const config = JSON.stringify({ auths: { [host]: { username: 'alice', password: 'secret' } } });
  const keychain = createKeychain(parseDockerConfig(config, 'secret ns/pull').entries);
  return { keychain, caller: 'ns', priority: 'interactive' };
};

const importRepository = (registry: FakeRegistry, importMode: 'Legacy' | 'PreserveOriginal') =>
  startImporter().importRepository(
    { from: `${registry.host}/app`, insecure: true, importMode, maxTags: 500 },
    contextAt(registry),
    never,
  );

const countOf = (registry: FakeRegistry, pattern: RegExp): number =>
  registry.log().filter((line) => pattern.test(line)).length;

const streamOf = (registry: FakeRegistry, tag: string): ImageStream => ({
  apiVersion: 'image.openshift.io/v1',
  kind: 'ImageStream',
  metadata: { name: 'app', namespace: 'ns', generation: 1 },
  spec: {
    tags: [
      {
        name: tag,
        from: { kind: 'DockerImage', name: `${registry.host}/app:${tag}` },
        generation: 1,
        importPolicy: { insecure: true, scheduled: true },
      },
    ],
  },
});

const sync = async (
  importer: ReturnType<typeof startImporter>,
  registry: FakeRegistry,
  stream: ImageStream,
  facts: Partial<PlanFacts> = {},
): Promise<ImageStream> => {
  const plan = planImports(stream, { maxTags: 500, ...facts });
  const results = await runImports(importer, plan, contextAt(registry), never);
  return { ...stream, status: recordImports(stream, results, { nowMs: 0, historyLimit: 20 }) };
};

const due: Partial<PlanFacts> = { due: new Map([['v1', { cause: { type: 'Schedule' } }]]) };

/** The two requests that a token scope costs: one that is asked for proof, and the token. */
const perScope = 2;

describe('the requests of imports', () => {
  it('of a repository with 500 tags and 100 images are pages + tags + images + 2', async () => {
    const registry = await start({ auth, maxPageSize: 100 });
    for (let index = 0; index < 500; index += 1) {
      registry.add('app', anImage({ name: `image${index % 100}` }), `v${index}`);
    }
    const outcome = await importRepository(registry, 'Legacy');
    expect(outcome.ok && outcome.images.filter(({ ok }) => ok)).toHaveLength(500);
    expect(countOf(registry, /tags\/list/)).toBe(5 + 1);
    expect(countOf(registry, /\/blobs\//)).toBe(100);
    expect(registry.requests.length).toBeLessThanOrEqual(5 + 500 + 100 + perScope);
  });

  it.each([
    ['Legacy', 1],
    ['PreserveOriginal', 2],
  ] as const)(
    'of a repository whose 500 tags name 100 lists cost their manifests in addition (%s)',
    async (importMode, manifests) => {
      const registry = await start({ auth, maxPageSize: 100 });
      const list = (name: string) =>
        anIndex(
          ['amd64', 'arm64'].map((architecture) =>
            anImage({ name, platform: { architecture, os: 'linux' } }),
          ),
        );
      for (let index = 0; index < 500; index += 1) {
        registry.add('app', list(`image${index % 100}`), `v${index}`);
      }
      const outcome = await importRepository(registry, importMode);
      expect(outcome.ok && outcome.images.filter(({ ok }) => ok)).toHaveLength(500);
      const subManifests = 100 * manifests;
      const images = subManifests;
      expect(registry.requests.length).toBeLessThanOrEqual(5 + 500 + images + subManifests + perScope);
    },
  );

  it('of one tag that 50 ask for at a time are those of one', async () => {
    const registry = await start({ auth });
    registry.add('app', anImage(), 'v1');
    const importer = startImporter();
    const one = { from: `${registry.host}/app:v1`, insecure: true, importMode: 'Legacy' } as const;
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, () => importer.importImage(one, contextAt(registry), never)),
    );
    expect(outcomes.filter(({ ok }) => ok)).toHaveLength(50);
    expect(countOf(registry, /manifests\/v1/)).toBe(1 + 1);
    expect(countOf(registry, /\/blobs\//)).toBe(1);
    expect(registry.requests).toHaveLength(2 + perScope);
  });

  it.each([
    ['an image', anImage()],
    ['a list, imported as Legacy', anIndex([anImage()])],
  ])(
    'of a tag that stands still are one HEAD per refresh, also after a restart (%s)',
    async (_name, content) => {
      const registry = await start({});
      registry.add('app', content, 'v1');
      const importer = startImporter();
      const stream = await sync(importer, registry, streamOf(registry, 'v1'));
      for (const program of [importer, importer, startImporter()]) {
        registry.forgetRequests();
        expect((await sync(program, registry, stream, due)).status).toBe(stream.status);
        expect(registry.log()).toEqual(['HEAD /v2/app/manifests/v1']);
      }
    },
  );

  it('of a refresh go first once somebody at a terminal wants the same', async () => {
    const registry = await start({ auth });
    const tags = ['a', 'b', 'c', 'd'];
    for (const tag of tags) registry.add('app', anImage({ name: tag }), tag);
    const client = createRegistryClient({ concurrency: 1 });
    cleanups.push(() => client.close());
    const importer = createImporter({ client, clock: systemClock });
    const context = contextAt(registry);
    const resolve = (tag: string, priority: ImportContext['priority']) =>
      importer.resolve(
        { from: `${registry.host}/app:${tag}`, insecure: true },
        { ...context, priority },
        never,
      );
    await resolve('a', 'scheduled');
    registry.forgetRequests();
    // The first holds the one place, so that the others wait in line.
    const { promise: others, resolve: go } = Promise.withResolvers<void>();
    registry.intercept(() => ({ kind: 'wait', until: others }));
    const scheduled = tags.map((tag) => resolve(tag, 'scheduled'));
    await expect.poll(() => client.gates()[0]?.waiting[0]?.requests).toBe(3);
    const interactive = resolve('d', 'interactive');
    go();
    await Promise.all([...scheduled, interactive]);
    expect(registry.log().map((line) => line.at(-1))).toEqual(['a', 'd', 'b', 'c']);
  });

  it('wait for nothing that they do not need: two requests deep where the images are known', async () => {
    const registry = await start({ auth });
    const tags = ['a', 'b', 'c', 'd'];
    for (const tag of tags) registry.add('app', anImage({ name: tag }), tag);
    const importer = startImporter();
    const context = contextAt(registry);
    const one = (tag: string) =>
      importer.importImage(
        { from: `${registry.host}/app:${tag}`, insecure: true, importMode: 'Legacy' },
        context,
        never,
      );
    await one('a');
    // Answers no manifest before every one was asked for: requests one after the other would wait for ever.
    const { promise: allAsked, resolve } = Promise.withResolvers<void>();
    let asked = 0;
    registry.intercept(({ path }) => {
      if (!path.includes('/manifests/')) return undefined;
      asked += 1;
      if (asked === 3) resolve();
      return { kind: 'wait', until: allAsked };
    });
    const outcomes = await Promise.all(['b', 'c', 'd'].map(one));
    expect(outcomes.every(({ ok }) => ok)).toBe(true);
  });
});
