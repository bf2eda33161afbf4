import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer } from '../../test/fakes/api-server.ts';

/** Paths of everything that is served, and of much that is not. */
const segment = fc.oneof(
  fc.constantFrom(
    'default',
    'web',
    'status',
    'namespaces',
    'imagestreams',
    'configmaps',
    'deployments',
    'nothing',
  ),
  fc.string({ maxLength: 8 }).map((text) => encodeURIComponent(text)),
);
const path = fc
  .tuple(
    fc.constantFrom('/api/v1', '/apis/image.openshift.io/v1', '/apis/apps/v1', '/apis', '/openapi/v3', ''),
    fc.option(fc.constantFrom('/namespaces/default', '/namespaces/nowhere')),
    fc.array(segment, { maxLength: 4 }),
  )
  .map(([prefix, namespace, rest]) => `${prefix}${namespace ?? ''}/${rest.join('/')}`);

const queryNames = [
  'limit',
  'continue',
  'resourceVersion',
  'resourceVersionMatch',
  'labelSelector',
  'fieldSelector',
  'dryRun',
  'fieldManager',
  'fieldValidation',
  'force',
  'includeObject',
  'timeout',
  'sendInitialEvents',
] as const;
const queryValue = fc.oneof(
  fc.constantFrom(
    '0',
    '1',
    'true',
    'All',
    'Strict',
    'Exact',
    'NotOlderThan',
    'a=b',
    'metadata.name=web',
    '99999999',
  ),
  fc.string({ maxLength: 10 }),
);
const query = fc
  .dictionary(fc.constantFrom(...queryNames), queryValue, { maxKeys: 3 })
  .map((values) => new URLSearchParams(values).toString());

/** Bodies that look like objects, with anything in their fields. */
const value = fc.oneof(fc.jsonValue({ maxDepth: 2 }), fc.constantFrom('web', null, [], {}, [{ name: 'v1' }]));
const object = fc.record(
  {
    apiVersion: fc.constantFrom('v1', 'image.openshift.io/v1', 'apps/v1', ''),
    kind: fc.constantFrom('ConfigMap', 'ImageStream', 'Deployment', ''),
    metadata: fc.oneof(
      fc.record(
        {
          name: fc.constantFrom('web', '', 'A b', '..'),
          labels: value,
          finalizers: value,
          ownerReferences: value,
        },
        { requiredKeys: [] },
      ),
      value,
    ),
    spec: fc.oneof(fc.record({ tags: value, template: value, selector: value }, { requiredKeys: [] }), value),
    data: value,
    status: value,
    $patch: value,
    preconditions: value,
    '$setElementOrder/tags': value,
  },
  { requiredKeys: [] },
);
const operations = fc.array(
  fc.record({
    op: fc.constantFrom('add', 'remove', 'replace', 'test', 'move', 'copy', 'x'),
    path: fc.constantFrom(
      '/metadata',
      '/metadata/name',
      '/data/a',
      '',
      '/spec/tags/0',
      '/spec/tags/-',
      '/__proto__/a',
    ),
    from: fc.constantFrom('/metadata', '/data', ''),
    value,
  }),
  { maxLength: 3 },
);
const body = fc.oneof(
  object.map((given) => JSON.stringify(given)),
  operations.map((given) => JSON.stringify(given)),
  fc.string(),
);

const mediaType = fc.constantFrom(
  'application/json',
  'application/yaml',
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  'application/apply-patch+yaml',
  'application/vnd.kubernetes.protobuf',
);
const accept = fc.constantFrom(
  'application/json',
  'application/yaml',
  'application/json;as=Table;v=v1;g=meta.k8s.io',
  'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io',
  'text/html',
);
const method = fc.constantFrom('GET', 'POST', 'PUT', 'PATCH', 'DELETE');

const collections = {
  ConfigMap: '/api/v1/namespaces/default/configmaps',
  ImageStream: '/apis/image.openshift.io/v1/namespaces/default/imagestreams',
  Deployment: '/apis/apps/v1/namespaces/default/deployments',
} as const;
const apiVersions = { ConfigMap: 'v1', ImageStream: 'image.openshift.io/v1', Deployment: 'apps/v1' } as const;

/** Mostly what it should be, now and then anything. */
const mostly = <T>(good: fc.Arbitrary<T>): fc.Arbitrary<unknown> =>
  fc.oneof({ arbitrary: good, weight: 30 }, { arbitrary: value, weight: 1 });
const word = fc.constantFrom('a', 'b', 'c', '');
const named = (fields: Record<string, fc.Arbitrary<unknown>>) =>
  mostly(
    fc.record(
      {
        name: mostly(fc.constantFrom('a', 'b', 'c')),
        $patch: fc.constantFrom('merge', 'delete', 'replace'),
        ...fields,
      },
      { requiredKeys: ['name'] },
    ),
  );
const listOf = (items: fc.Arbitrary<unknown>) => mostly(fc.array(items, { maxLength: 3 }));
const words = mostly(fc.dictionary(word, fc.option(word), { maxKeys: 3 }));
const edit = fc.record(
  {
    metadata: fc.record(
      { labels: words, annotations: words, finalizers: listOf(fc.constantFrom('x.io/a', 'x.io/b', 'c')) },
      { requiredKeys: [] },
    ),
    data: words,
    spec: mostly(
      fc.record(
        {
          tags: listOf(named({ reference: fc.boolean(), annotations: words })),
          '$setElementOrder/tags': listOf(named({})),
          lookupPolicy: mostly(fc.constant({ local: true })),
          replicas: mostly(fc.nat(3)),
        },
        { requiredKeys: [] },
      ),
    ),
    status: mostly(fc.record({ dockerImageRepository: word, tags: listOf(fc.record({ tag: word })) })),
  },
  { requiredKeys: [] },
);
const write = fc.record({
  kind: fc.constantFrom('ConfigMap', 'ImageStream', 'Deployment'),
  edit,
  how: fc.constantFrom('put', 'merge-patch+json', 'strategic-merge-patch+json', 'apply-patch+yaml'),
  sub: fc.boolean(),
  noise: fc.nat(2),
});

describe('any request', () => {
  let api: Awaited<ReturnType<typeof startTestServer>>;
  beforeAll(async () => {
    api = await startTestServer();
    await api.call('POST', '/api/v1/namespaces/default/configmaps', {
      metadata: { name: 'web' },
      data: { a: 'b' },
    });
    await api.call('POST', '/apis/image.openshift.io/v1/namespaces/default/imagestreams', {
      metadata: { name: 'web' },
      spec: { tags: [{ name: 'v1' }] },
    });
    const labels = { app: 'web' };
    await api.call('POST', '/apis/apps/v1/namespaces/default/deployments', {
      metadata: { name: 'web' },
      spec: {
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'i' }] } },
      },
    });
  });
  afterAll(() => api.close());

  const request = fc.record({ method, path, query, body, mediaType, accept });

  it('is answered without a server error', async () => {
    await fc.assert(
      fc.asyncProperty(request, async (asked) => {
        const { status, text } = await api.call(
          asked.method,
          `${asked.path}?${asked.query}`,
          asked.method === 'GET' ? undefined : asked.body,
          { 'content-type': asked.mediaType, accept: asked.accept },
        );
        // 504: a list newer than the newest state.
        expect(status < 500 || status === 504, `${status}: ${text}`).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  it('that writes leaves no object that cannot be read', async () => {
    const statuses = new Set<number>();
    await fc.assert(
      fc.asyncProperty(write, async ({ kind, edit, how, sub, noise }) => {
        const url = `${collections[kind]}/web${sub && kind !== 'ConfigMap' ? '/status' : ''}?fieldManager=f${noise}`;
        const head = { apiVersion: apiVersions[kind], kind, metadata: { name: 'web', ...edit.metadata } };
        const patch = { ...edit, ...(how === 'put' || how === 'apply-patch+yaml' ? head : {}) };
        const { status, text } = await api.call(how === 'put' ? 'PUT' : 'PATCH', url, patch, {
          'content-type': how === 'put' ? 'application/json' : `application/${how}`,
        });
        statuses.add(status);
        expect(status < 500, `${status}: ${text}`).toBe(true);
        expect([200, 404]).toContain((await api.call('GET', url)).status);
      }),
      { numRuns: 500 },
    );
    expect([...statuses]).toEqual(expect.arrayContaining([200, 400, 409, 422]));
    for (const kind of [
      '/api/v1/configmaps',
      '/apis/image.openshift.io/v1/imagestreams',
      '/apis/apps/v1/deployments',
    ])
      expect((await api.call('GET', kind)).status).toBe(200);
  });
});
