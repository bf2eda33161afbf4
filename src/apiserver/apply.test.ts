import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { type Json, startTestServer } from '../../test/fakes/api-server.ts';

const streams = '/apis/image.openshift.io/v1/namespaces/default/imagestreams';
const maps = '/api/v1/namespaces/default/configmaps';

type Tag = { readonly name: string; readonly reference?: boolean; readonly from?: object };

describe('server-side apply', () => {
  let api: Awaited<ReturnType<typeof startTestServer>>;
  beforeAll(async () => {
    api = await startTestServer();
  });
  afterAll(() => api.close());

  const apply = (url: string, object: object, manager: string, query = '') =>
    api.call('PATCH', `${url}?fieldManager=${manager}${query}`, stringify(object), {
      'content-type': 'application/apply-patch+yaml',
    });
  const streamWith = (name: string, tags: readonly Tag[], rest: object = {}) => ({
    apiVersion: 'image.openshift.io/v1',
    kind: 'ImageStream',
    metadata: { name },
    spec: { tags, ...rest },
  });
  const applyStream = (name: string, tags: readonly Tag[], manager: string, query = '') =>
    apply(`${streams}/${name}`, streamWith(name, tags), manager, query);
  const mergePatch = (url: string, patch: object, manager: string) =>
    api.call('PATCH', `${url}?fieldManager=${manager}`, patch, {
      'content-type': 'application/merge-patch+json',
    });
  const tagNames = (body: Json) => Object.values(body['spec']?.['tags'] ?? {}).map(({ name }) => name);
  const managers = (body: Json) =>
    Object.values(body['metadata']?.['managedFields'] ?? {}).map(
      ({ manager, operation }) => `${manager as unknown as string} ${operation as unknown as string}`,
    );

  it('makes the object where there is none, and says what the applier manages', async () => {
    const { status, body } = await applyStream('new', [{ name: 'v1', reference: true }], 'a');
    expect(status).toBe(201);
    expect(body['metadata']?.['managedFields']).toEqual([
      {
        manager: 'a',
        operation: 'Apply',
        apiVersion: 'image.openshift.io/v1',
        time: expect.any(String),
        fieldsType: 'FieldsV1',
        fieldsV1: {
          'f:spec': { 'f:tags': { 'k:{"name":"v1"}': { '.': {}, 'f:name': {}, 'f:reference': {} } } },
        },
      },
    ]);
  });

  it('lets two appliers each have their tags', async () => {
    await applyStream('two', [{ name: 'a1' }, { name: 'a2' }], 'a');
    const both = await applyStream('two', [{ name: 'b1' }], 'b');
    expect(both.status).toBe(200);
    expect(tagNames(both.body)).toEqual(['a1', 'a2', 'b1']);
    expect(tagNames((await applyStream('two', [{ name: 'a1' }], 'a')).body)).toEqual(['a1', 'b1']);
    expect(tagNames((await applyStream('two', [{ name: 'b2' }], 'b')).body)).toEqual(['a1', 'b2']);
  });

  it('changes nothing when the same is applied again', async () => {
    const first = await applyStream('same', [{ name: 'v1' }], 'a');
    expect((await applyStream('same', [{ name: 'v1' }], 'a')).body).toEqual(first.body);
  });

  it('takes an item away with its applier, though somebody changed a field in it', async () => {
    await applyStream('touched', [{ name: 'v1', reference: true }, { name: 'v2' }], 'a');
    const tags = [{ name: 'v1', reference: false }, { name: 'v2' }];
    await mergePatch(`${streams}/touched`, { spec: { tags } }, 'b');
    expect(tagNames((await applyStream('touched', [{ name: 'v2' }], 'a')).body)).toEqual(['v2']);
  });

  it('writes nothing for an applier that states nothing', async () => {
    const { body } = await api.call('POST', maps, { metadata: { name: 'left' }, data: { x: '1' } });
    const empty = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'left' } };
    expect((await apply(`${maps}/left`, empty, 'a')).body).toEqual(body);
  });

  it('refuses to change what somebody else applied, unless forced', async () => {
    await applyStream('clash', [{ name: 'v1', reference: true }], 'a');
    const refused = await applyStream('clash', [{ name: 'v1', reference: false }], 'b');
    expect(refused).toMatchObject({
      status: 409,
      body: {
        reason: 'Conflict',
        message: 'Apply failed with 1 conflict: conflict with "a": .spec.tags[name="v1"].reference',
        details: {
          causes: [
            {
              reason: 'FieldManagerConflict',
              message: 'conflict with "a"',
              field: '.spec.tags[name="v1"].reference',
            },
          ],
        },
      },
    });
    const forced = await applyStream('clash', [{ name: 'v1', reference: false }], 'b', '&force=true');
    expect(forced.body).toMatchObject({ spec: { tags: [{ name: 'v1', reference: false }] } });
    // The tag itself still is both's: it stays when one of them drops it.
    expect(tagNames((await applyStream('clash', [], 'b')).body)).toEqual(['v1']);
  });

  it('lets appliers share a field while they agree', async () => {
    await applyStream('agree', [{ name: 'v1', reference: true }], 'a');
    expect((await applyStream('agree', [{ name: 'v1', reference: true }], 'b')).status).toBe(200);
    expect(tagNames((await applyStream('agree', [], 'a')).body)).toEqual(['v1']);
    expect(tagNames((await applyStream('agree', [], 'b')).body)).toEqual([]);
  });

  it('gives a field to whoever changes it otherwise', async () => {
    const url = `${maps}/edited`;
    const config = (data: object) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'edited' },
      data,
    });
    await apply(url, config({ x: '1', y: '1' }), 'a');
    const edited = await mergePatch(url, { data: { x: '2', z: '2' } }, 'editor');
    expect(managers(edited.body)).toEqual(['a Apply', 'editor Update']);
    const refused = await apply(url, config({ x: '1', y: '1' }), 'a');
    expect(refused.status).toBe(409);
    expect(refused.body['message']).toMatch(
      /^Apply failed with 1 conflict: conflict with "editor" using v1 at \d{4}-.*Z: \.data\.x$/,
    );
    const given = await apply(url, config({ y: '1' }), 'a');
    expect(given.body['data']).toEqual({ x: '2', y: '1', z: '2' });
    await mergePatch(url, { data: { x: null, z: null } }, 'editor');
    expect(managers((await api.call('GET', url)).body)).toEqual(['a Apply']);
  });

  it('takes fields of an object that was made otherwise for what was before', async () => {
    await api.call('POST', maps, { metadata: { name: 'before' }, data: { x: '1', y: '1' } });
    const config = (data: object) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'before' },
      data,
    });
    const refused = await apply(`${maps}/before`, config({ x: '2' }), 'a');
    expect(refused.body['message']).toBe(
      'Apply failed with 1 conflict: conflict with "before-first-apply" using v1: .data.x',
    );
    const agreed = await apply(`${maps}/before`, config({ x: '1', z: '1' }), 'a');
    expect(agreed.body['data']).toEqual({ x: '1', y: '1', z: '1' });
    expect(managers(agreed.body)).toEqual(['a Apply', 'before-first-apply Update']);
  });

  it('names every conflict', async () => {
    await applyStream('many', [{ name: 'v1', reference: true }], 'a');
    await mergePatch(`${streams}/many`, { metadata: { labels: { l: '1' } } }, 'b');
    const object = {
      ...streamWith('many', [{ name: 'v1', reference: false }]),
      metadata: { name: 'many', labels: { l: '2' } },
    };
    const { body } = await apply(`${streams}/many`, object, 'c');
    expect(body['message']).toMatch(
      /^Apply failed with 2 conflicts: conflicts with "a":\n- \.spec\.tags\[name="v1"\]\.reference\nconflicts with "b" using image\.openshift\.io\/v1 at .*:\n- \.metadata\.labels\.l$/,
    );
  });

  it('keeps the managers of the status apart', async () => {
    await applyStream('status', [{ name: 'v1' }], 'a');
    const status = { dockerImageRepository: 'r' };
    const applied = await apply(`${streams}/status/status`, { ...streamWith('status', []), status }, 'a');
    expect(applied.body).toMatchObject({ spec: { tags: [{ name: 'v1' }] }, status });
    expect(applied.body['metadata']?.['managedFields']).toMatchObject([
      { manager: 'a', fieldsV1: { 'f:spec': {} } },
      { manager: 'a', subresource: 'status', fieldsV1: { 'f:status': { 'f:dockerImageRepository': {} } } },
    ]);
  });

  it('applies to the newest state, so that nothing is lost', async () => {
    const names = Array.from({ length: 10 }, (_, index) => `m${index}`);
    const answers = await Promise.all(names.map((name) => applyStream('race', [{ name }], name)));
    expect(answers.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([
      ...Array.from({ length: 9 }, () => 200),
      201,
    ]);
    expect(new Set(tagNames((await api.call('GET', `${streams}/race`)).body))).toEqual(new Set(names));
  });

  it('stores nothing in a dry run', async () => {
    expect((await applyStream('dry', [{ name: 'v1' }], 'a', '&dryRun=All')).status).toBe(201);
    expect((await api.call('GET', `${streams}/dry`)).status).toBe(404);
  });

  it('merges containers and their ports, whose protocol has a default', async () => {
    const deployment = (image: string) => ({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'ports' },
      spec: {
        selector: { matchLabels: { a: 'b' } },
        template: {
          metadata: { labels: { a: 'b' } },
          spec: { containers: [{ name: 'c', image, ports: [{ containerPort: 80 }] }] },
        },
      },
    });
    const url = '/apis/apps/v1/namespaces/default/deployments/ports';
    expect((await apply(url, deployment('x:1'), 'a')).status).toBe(201);
    const { body } = await apply(url, deployment('x:2'), 'a');
    expect(body['spec']?.['template']?.['spec']?.['containers']).toMatchObject([
      { image: 'x:2', ports: [{ containerPort: 80, protocol: 'TCP' }] },
    ]);
  });

  const refused = [
    { name: 'no manager', query: '', object: streamWith('r', []), code: 422 },
    {
      name: 'managers of its own',
      query: '?fieldManager=a',
      object: { ...streamWith('r', []), metadata: { name: 'r', managedFields: [] } },
      code: 400,
    },
    { name: 'another name', query: '?fieldManager=a', object: streamWith('other', []), code: 400 },
    {
      name: 'another kind',
      query: '?fieldManager=a',
      object: { ...streamWith('r', []), kind: 'Secret' },
      code: 400,
    },
  ];
  for (const { name, query, object, code } of refused)
    it(`refuses ${name}`, async () => {
      const { status } = await api.call('PATCH', `${streams}/r${query}`, stringify(object), {
        'content-type': 'application/apply-patch+yaml',
      });
      expect(status).toBe(code);
    });

  it('refuses to force another kind of patch', async () => {
    const { status, body } = await mergePatch(`${streams}/new`, {}, 'a&force=true');
    expect(status).toBe(422);
    expect(body['message']).toContain('may not be specified for non-apply patch');
  });
});
