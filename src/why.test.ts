import { describe, expect, it } from 'vitest';
import { createManualClock } from '../test/fakes/clock.ts';
import { createFakeRegistry } from '../test/fakes/registry-client.ts';
import type { ImageStream } from './api/image-stream.ts';
import type { Stored } from './api/meta.ts';
import { createImporter } from './importer/index.ts';
import { formatTime } from './lib/clock.ts';
import type { Credential } from './oci/index.ts';
import { createWhy, createWhyRoute } from './why.ts';

const never = new AbortController().signal;
const source = 'quay.example/team/app';
const key = { namespace: 'ns', name: 'web' };

const pull: Credential = {
  kind: 'basic',
  id: 'x',
  username: 'alice',
  password: 'hunter2',
  source: 'secret ns/pull',
};

const stream: Stored<ImageStream> = {
  apiVersion: 'image.openshift.io/v1',
  kind: 'ImageStream',
  metadata: {
    namespace: 'ns',
    name: 'web',
    uid: 'u',
    resourceVersion: '1',
    creationTimestamp: '2026-01-01T00:00:00Z',
    generation: 1,
  },
  spec: {
    tags: [
      { name: 'v1', from: { kind: 'DockerImage', name: `${source}:v1` }, importPolicy: { scheduled: true } },
      { name: 'gone', from: { kind: 'DockerImage', name: `${source}:gone` } },
      { name: 'alias', from: { kind: 'ImageStreamTag', name: 'v1' } },
    ],
  },
  status: {
    dockerImageRepository: '',
    tags: [
      {
        tag: 'gone',
        items: [],
        conditions: [
          { type: 'ImportSuccess', status: 'False', reason: 'NotFound', message: 'not found', generation: 1 },
        ],
      },
    ],
  },
};

const setUp = (paused?: string, change: Partial<ImageStream> = {}) => {
  const clock = createManualClock();
  const registry = createFakeRegistry();
  registry.addImage(source, {}, 'v1');
  const importer = createImporter({ client: registry, clock });
  const why = createWhy({
    getStream: ({ name }) => (name === 'web' ? ({ ...stream, ...change } as Stored<ImageStream>) : undefined),
    importer,
    keychains: async (namespace) => () => (namespace === 'ns' ? [pull] : []),
    retryAtMs: (_key, tag) => (tag === 'gone' ? clock.now() + 60_000 : undefined),
    refreshAtMs: (_key, tag) => (tag === 'v1' ? clock.now() + 30_000 : undefined),
    pausedBecause: () => paused,
    intervals: { defaultMs: 900_000, floorMs: 1_000 },
  });
  const context = { keychain: () => [pull], caller: 'ns', priority: 'interactive' } as const;
  return { clock, why, importer, context };
};

describe('why', () => {
  it('tells where a tag is asked for, how that went and when it is asked next', async () => {
    const { why, importer, context, clock } = setUp();
    await importer.resolve({ from: `${source}:v1`, insecure: false }, context, never);
    const [explanation] = (await why(key, 'v1', never)) ?? [];
    expect(explanation).toMatchObject({
      tag: 'v1',
      reference: `${source}:v1`,
      state: 'no image yet',
      places: [{ repository: source, credentials: ['secret ns/pull'] }],
      attempts: [{ question: 'resolve', rung: 'digest-header', digest: expect.stringMatching(/^sha256:/) }],
      next: { why: 'refresh' },
    });
    expect(explanation?.next?.at).toBe(formatTime(clock.now() + 30_000));
    expect(explanation?.refresh).toEqual({ every: '15m', problems: [] });
  });

  it('tells what a failure comes from, and when it is tried again', async () => {
    const { why, importer, context } = setUp();
    await importer.importImage(
      { from: `${source}:gone`, insecure: false, importMode: 'Legacy' },
      context,
      never,
    );
    const [explanation] = (await why(key, 'gone', never)) ?? [];
    expect(explanation).toMatchObject({
      state: 'no image yet; NotFound: not found',
      attempts: [{ question: 'import', failure: { fault: 'manifest-unknown', cause: expect.any(String) } }],
      next: { at: '2026-01-01T00:01:00Z', why: 'retry' },
    });
  });

  it('shows nothing of attempts that were made with other credentials', async () => {
    const { why, importer } = setUp();
    const other = { keychain: () => [], priority: 'interactive' } as const;
    await importer.resolve({ from: `${source}:v1`, insecure: false }, other, never);
    expect((await why(key, 'v1', never))?.[0]?.attempts).toEqual([]);
  });

  it('keeps the last five attempts, the newest first', async () => {
    const { why, importer, context, clock } = setUp();
    for (let index = 0; index < 7; index += 1) {
      await importer.resolve({ from: `${source}:v1`, insecure: false }, context, never);
      await clock.advance(1_000);
    }
    const attempts = (await why(key, 'v1', never))?.[0]?.attempts ?? [];
    expect(attempts.map(({ at }) => at.slice(17, 19))).toEqual(['06', '05', '04', '03', '02']);
  });

  it('never tells what a credential is', async () => {
    const { why, importer, context } = setUp();
    await importer.resolve({ from: `${source}:v1`, insecure: false }, context, never);
    expect(JSON.stringify(await why(key, undefined, never))).not.toMatch(/hunter2|alice/);
  });

  it('says of a tag that no registry is asked about where it comes from', async () => {
    const { why } = setUp();
    expect((await why(key, 'alias', never))?.[0]).toEqual({
      tag: 'alias',
      state: 'no image yet; follows ImageStreamTag v1; ask about that',
      places: [],
      attempts: [],
      gates: [],
    });
  });

  it('says of a copy of another stream that it does not follow, and how it is made again', async () => {
    const from = { kind: 'ImageStreamTag', name: 'base:stable' };
    const { why } = setUp(undefined, { spec: { tags: [{ name: 'copy', from }] } });
    const [told] = (await why(key, 'copy', never)) ?? [];
    expect(told?.state).toBe(
      'no image yet; a copy of ImageStreamTag base:stable as it was when that was set: tags of other streams are not followed; "imagestreams tag base:stable web:copy" copies it again',
    );
  });

  it('tells that nothing is asked of itself while everything is paused, and no time of a next try', async () => {
    const { why } = setUp('the ConfigMap ns/imagestreams-pause pauses everything');
    const [explanation] = (await why(key, 'gone', never)) ?? [];
    expect(explanation?.halted).toContain('pauses everything');
    expect(explanation?.next).toBeUndefined();
  });

  it('tells how often a repository is listed, by which filter, and what is wrong with that', async () => {
    const annotations = {
      'imagestreams.dev/scheduled': 'true',
      'imagestreams.dev/refresh-interval': 'often',
      'imagestreams.dev/tag-filter': '/(/',
    };
    const metadata = { ...stream.metadata, annotations };
    const { why } = setUp(undefined, { metadata, spec: { dockerImageRepository: source } });
    const [explanation] = (await why(key, undefined, never)) ?? [];
    expect(explanation?.refresh).toEqual({
      every: '15m',
      filter: '/(/',
      problems: [
        expect.stringContaining('missing closing )'),
        expect.stringContaining('"often" is no duration'),
      ],
    });
  });

  it('tells of a filter that passes nothing, and asks about one that is broken nothing of others', async () => {
    const ofFilter = async (filter: string) => {
      const metadata = { ...stream.metadata, annotations: { 'imagestreams.dev/tag-filter': filter } };
      const status = { repository: { fingerprint: 'f', imported: true } };
      const { why } = setUp(undefined, { metadata, spec: { dockerImageRepository: source }, status });
      return (await why(key, undefined, never))?.[0];
    };
    expect(await ofFilter('>=99')).toMatchObject({ state: 'listed; no tag passes >=99' });
    expect(await ofFilter('/(/')).toMatchObject({ places: [], attempts: [], gates: [] });
  });

  it('tells that a tag is held by a rollback', async () => {
    const rollback = { request: 'r', since: '2026-01-01T00:00:00Z', by: 'ann', held: true };
    const items = [
      { created: '2026-01-01T00:00:00Z', dockerImageReference: 'r@d', image: 'd', generation: 1 },
    ];
    const annotations = { 'imagestreams.dev/rollbacks': '{"v1":{"revision":1}}' };
    const metadata = { ...stream.metadata, annotations };
    const spec = { tags: [] };
    const { why } = setUp(undefined, { metadata, spec, status: { tags: [{ tag: 'v1', items, rollback }] } });
    expect((await why(key, 'v1', never))?.[0]?.state).toMatch(
      /rolled back by ann, and held until its source has a new image or "imagestreams rollback .*:v1 --resume"/,
    );
  });

  it('tells of a suspended stream that nothing is asked of itself', async () => {
    const annotations = { 'imagestreams.dev/suspend': 'true' };
    const { why } = setUp(undefined, { metadata: { ...stream.metadata, annotations } });
    const [explanation] = (await why(key, 'v1', never)) ?? [];
    expect(explanation?.halted).toContain('imagestreams.dev/suspend is "true"');
    expect(explanation?.next).toBeUndefined();
  });

  it('goes through all tags where none is named', async () => {
    const { why } = setUp();
    expect((await why(key, undefined, never))?.map(({ tag }) => tag)).toEqual(['v1', 'gone', 'alias']);
  });
});

describe('the route of why', () => {
  const ask = (query: string) =>
    createWhyRoute(setUp().why).handle({ query: new URLSearchParams(query), accept: '' }, never);

  it('answers with a list', async () => {
    const { body, contentType } = await ask('namespace=ns&stream=web&tag=v1');
    expect(contentType).toBe('application/json');
    expect(JSON.parse(body as string)).toMatchObject({ items: [{ tag: 'v1' }] });
  });

  it.each([
    ['', 400, 'stream: the name of an image stream is required'],
    ['namespace=ns&stream=nope', 404, 'there is no image stream "nope" in the namespace "ns"'],
    [
      'namespace=ns&stream=web&tag=zz',
      404,
      'there is no tag "zz" in the image stream "web" in the namespace "ns"',
    ],
  ])('refuses "%s" as an API does', async (query, code, message) => {
    const answer = await ask(query);
    expect(answer.status).toBe(code);
    expect(JSON.parse(answer.body as string)).toMatchObject({ kind: 'Status', code, message });
  });
});
