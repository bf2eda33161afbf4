import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer } from '../../test/fakes/api-server.ts';

const maps = '/api/v1/namespaces/default/configmaps';
const streams = '/apis/image.openshift.io/v1/namespaces/default/imagestreams';
const mergePatch = { 'content-type': 'application/merge-patch+json' };

describe('generic storage', () => {
  let api: Awaited<ReturnType<typeof startTestServer>>;
  beforeAll(async () => {
    api = await startTestServer();
  });
  afterAll(() => api.close());

  const create = async (url: string, name: string, rest: object = {}) =>
    (await api.call('POST', url, { metadata: { name }, ...rest })).body;
  const names = async (url: string) =>
    Object.values((await api.call('GET', url)).body['items'] ?? {}).map(({ metadata }) => metadata?.['name']);

  describe('create', () => {
    it('draws a name for generateName', async () => {
      const { status, body } = await api.call('POST', maps, { metadata: { generateName: 'gen-' } });
      expect(status).toBe(201);
      expect(body['metadata']?.['name']).toMatch(/^gen-\w{5}$/);
    });

    it('refuses an object without any name', async () => {
      expect(await api.call('POST', maps, { metadata: {} })).toMatchObject({
        status: 422,
        body: {
          reason: 'Invalid',
          details: { causes: [{ reason: 'FieldValueRequired', field: 'metadata.name' }] },
        },
      });
    });

    it('refuses a name that is taken', async () => {
      await create(maps, 'taken');
      expect(await api.call('POST', maps, { metadata: { name: 'taken' } })).toMatchObject({
        status: 409,
        body: { reason: 'AlreadyExists', message: 'configmaps "taken" already exists' },
      });
    });

    it('refuses an object of another namespace, kind or version', async () => {
      const wrong = [
        { metadata: { name: 'a', namespace: 'other' } },
        { kind: 'Secret', metadata: { name: 'a' } },
        { apiVersion: 'v2', metadata: { name: 'a' } },
      ];
      for (const object of wrong) expect((await api.call('POST', maps, object)).status).toBe(400);
    });

    it('takes an object that was exported elsewhere', async () => {
      const metadata = { name: 'exported', uid: 'x', resourceVersion: '123456', generation: 7 };
      const { status, body } = await api.call('POST', maps, { metadata });
      expect(status).toBe(201);
      expect(body['metadata']?.['uid']).not.toBe('x');
    });

    it('stores nothing in a dry run', async () => {
      const { status, body } = await api.call('POST', `${maps}?dryRun=All`, { metadata: { name: 'dry' } });
      expect(status).toBe(201);
      expect(body).toMatchObject({ metadata: { name: 'dry' } });
      expect(body['metadata']).not.toHaveProperty('resourceVersion');
      expect((await api.call('GET', `${maps}/dry`)).status).toBe(404);
      expect((await api.call('POST', `${maps}?dryRun=Some`, { metadata: { name: 'dry' } })).status).toBe(422);
    });

    it.each([
      ['POST', '', 'CreateOptions'],
      ['PUT', '/any', 'UpdateOptions'],
      ['PATCH', '/any', 'PatchOptions'],
      ['DELETE', '/any', 'DeleteOptions'],
    ] as const)('names the options that a wrong dry run of %s stands in', async (method, name, kind) => {
      const { status, body } = await api.call(method, `${maps}${name}?dryRun=Some`, {});
      expect(status).toBe(422);
      expect(body).toMatchObject({ details: { group: 'meta.k8s.io', kind } });
    });

    it.each([
      ['POST', '', 'CreateOptions'],
      ['PUT', '/any', 'UpdateOptions'],
    ] as const)(
      'names the options that a wrong field validation of %s stands in',
      async (method, name, kind) => {
        const { status, body } = await api.call(method, `${maps}${name}?fieldValidation=Some`, {});
        expect(status).toBe(422);
        expect(body).toMatchObject({ details: { group: 'meta.k8s.io', kind } });
      },
    );

    it('refuses unknown fields, warns of them or drops them', async () => {
      const object = { metadata: { name: 'strict' }, dta: {} };
      expect(await api.call('POST', `${maps}?fieldValidation=Strict`, object)).toMatchObject({
        status: 400,
        body: { message: expect.stringContaining('strict decoding error: unknown field "dta"') },
      });
      const warned = await api.call('POST', `${maps}?dryRun=All`, object);
      expect(warned.headers['warning']).toEqual([String.raw`299 - "unknown field \"dta\""`]);
      const ignored = await api.call('POST', `${maps}?fieldValidation=Ignore`, object);
      expect(ignored.status).toBe(201);
      expect(ignored.headers['warning']).toBeUndefined();
      expect(ignored.body).not.toHaveProperty('dta');
    });
  });

  describe('update', () => {
    it('overwrites without a resourceVersion where the kind allows that', async () => {
      await create(maps, 'unconditional');
      const updated = await api.call('PUT', `${maps}/unconditional`, {
        metadata: { name: 'unconditional' },
        data: { a: '1' },
      });
      expect(updated).toMatchObject({ status: 200, body: { data: { a: '1' } } });
    });

    it('keeps no empty lists and maps of metadata', async () => {
      const url = `${maps}/bare`;
      const metadata = { name: 'bare', labels: { a: 'b' }, annotations: {}, finalizers: [] };
      const { body } = await api.call('POST', maps, { metadata });
      expect(Object.keys(body['metadata'] ?? {})).not.toContain('finalizers');
      const json = { 'content-type': 'application/json-patch+json' };
      const remove = [{ op: 'remove', path: '/metadata/labels/a' }];
      const left = await api.call('PATCH', url, remove, json);
      expect(left.body['metadata']).not.toHaveProperty('labels');
      // As in Kubernetes, where the map goes with its last key: no operation makes its own parent.
      const add = [{ op: 'add', path: '/metadata/labels/a', value: 'b' }];
      expect((await api.call('PATCH', url, add, json)).status).toBe(422);
    });

    it('needs a resourceVersion where the kind wants one', async () => {
      await create(streams, 'conditional');
      expect(
        await api.call('PUT', `${streams}/conditional`, { metadata: { name: 'conditional' } }),
      ).toMatchObject({
        status: 422,
        body: {
          message:
            'ImageStream.image.openshift.io "conditional" is invalid: metadata.resourceVersion: Invalid value: 0: must be specified for an update',
        },
      });
    });

    it('refuses an object that is not the one of the URL', async () => {
      await create(maps, 'named');
      expect((await api.call('PUT', `${maps}/named`, { metadata: { name: 'other' } })).status).toBe(400);
      expect((await api.call('PUT', `${maps}/named`, { metadata: {} })).status).toBe(400);
    });

    it('refuses the object of another life of the name', async () => {
      await create(maps, 'reborn');
      expect(
        await api.call('PUT', `${maps}/reborn`, { metadata: { name: 'reborn', uid: 'old' } }),
      ).toMatchObject({
        status: 409,
        body: { message: expect.stringContaining('Precondition failed: UID in precondition: old') },
      });
    });

    it('refuses a patch that changes the uid', async () => {
      await create(maps, 'patched');
      const patch = { metadata: { uid: 'other' } };
      const merge = { 'content-type': 'application/merge-patch+json' };
      expect(await api.call('PATCH', `${maps}/patched`, patch, merge)).toMatchObject({
        status: 422,
        body: {
          message: expect.stringContaining('metadata.uid: Invalid value: "other": field is immutable'),
        },
      });
    });

    it('does not create what is not there', async () => {
      expect((await api.call('PUT', `${maps}/nothing`, { metadata: { name: 'nothing' } })).status).toBe(404);
    });

    it('keeps the status, which only its subresource writes', async () => {
      const { metadata } = await create(streams, 'status');
      const status = { dockerImageRepository: 'x' };
      const main = await api.call('PUT', `${streams}/status`, { metadata, status });
      expect(main.body).not.toHaveProperty('status');
      const spec = { dockerImageRepository: 'y' };
      const sub = await api.call('PUT', `${streams}/status/status`, {
        metadata: main.body['metadata'],
        status,
        spec,
      });
      expect(sub.body).toMatchObject({ status });
      expect(sub.body).not.toHaveProperty('spec');
    });

    it('applies patches to the newest state, so that none is lost', async () => {
      await create(maps, 'busy');
      const patches = Array.from({ length: 20 }, (_, index) =>
        api.call('PATCH', `${maps}/busy`, { data: { [`k${index}`]: 'x' } }, mergePatch),
      );
      expect((await Promise.all(patches)).map(({ status }) => status)).toEqual(
        Array.from({ length: 20 }, () => 200),
      );
      const { body } = await api.call('GET', `${maps}/busy`);
      expect(Object.keys(body['data'] ?? {})).toHaveLength(20);
    });

    it('refuses a patch that names an old resourceVersion', async () => {
      const { metadata } = await create(maps, 'stale');
      const patch = { metadata: { resourceVersion: metadata?.['resourceVersion'] }, data: { a: '1' } };
      expect((await api.call('PATCH', `${maps}/stale`, patch, mergePatch)).status).toBe(200);
      expect((await api.call('PATCH', `${maps}/stale`, patch, mergePatch)).status).toBe(409);
    });

    it('does not let a patch rename an object', async () => {
      await create(maps, 'rename');
      const patch = { metadata: { name: 'renamed' } };
      expect((await api.call('PATCH', `${maps}/rename`, patch, mergePatch)).status).toBe(400);
    });

    it('writes nothing when nothing changes', async () => {
      const { metadata } = await create(maps, 'same');
      const patched = await api.call('PATCH', `${maps}/same`, { metadata: { labels: {} } }, mergePatch);
      expect(patched.status).toBe(200);
      expect(
        (await api.call('PATCH', `${maps}/same`, { data: null }, mergePatch)).body['metadata'],
      ).toMatchObject({
        resourceVersion: patched.body['metadata']?.['resourceVersion'],
        uid: metadata?.['uid'],
      });
    });
  });

  describe('list', () => {
    beforeAll(async () => {
      await api.call('POST', '/api/v1/namespaces', { metadata: { name: 'pages' } });
      for (const name of ['a', 'b', 'c', 'd', 'e'])
        await create('/api/v1/namespaces/pages/configmaps', name, {
          metadata: { name, labels: { odd: String(name !== 'b' && name !== 'd') } },
        });
    });
    const pages = '/api/v1/namespaces/pages/configmaps';

    it('gives pages of one snapshot', async () => {
      const first = await api.call('GET', `${pages}?limit=2`);
      expect(first.body).toMatchObject({
        kind: 'ConfigMapList',
        apiVersion: 'v1',
        metadata: { remainingItemCount: 3, continue: expect.any(String) },
        items: [{ metadata: { name: 'a' } }, { metadata: { name: 'b' } }],
      });
      await create(pages, 'bb');
      const token = encodeURIComponent(first.body['metadata']?.['continue'] as unknown as string);
      expect(await names(`${pages}?limit=5&continue=${token}`)).toEqual(['c', 'd', 'e']);
      await api.call('DELETE', `${pages}/bb`);
    });

    it('leaves the kind of the items to that of the list', async () => {
      const { body } = await api.call('GET', pages);
      expect(body['items']?.['0']).not.toHaveProperty('kind');
    });

    it('selects by labels and fields, over all namespaces', async () => {
      expect(await names(`${pages}?labelSelector=odd%3Dtrue`)).toEqual(['a', 'c', 'e']);
      expect(
        await names('/api/v1/configmaps?fieldSelector=metadata.namespace%3Dpages,metadata.name%21%3Da'),
      ).toEqual(['b', 'c', 'd', 'e']);
    });

    it('refuses a list newer than the newest state', async () => {
      const { status, body } = await api.call('GET', `${pages}?resourceVersion=99999999`);
      expect(status).toBe(504);
      expect(body).toMatchObject({
        reason: 'Timeout',
        details: { causes: [{ reason: 'ResourceVersionTooLarge' }] },
      });
    });

    it('refuses a continue token that is none', async () => {
      expect((await api.call('GET', `${pages}?limit=1&continue=nonsense`)).status).toBe(400);
    });

    it('says how to go on when the snapshot of a page is forgotten', async () => {
      const first = await api.call('GET', `${pages}?limit=2`);
      await create(pages, 'late');
      const { body: newest } = await api.call('GET', pages);
      const { resourceVersion } = newest['metadata'] as unknown as { resourceVersion: string };
      await api.store.compact(resourceVersion, new AbortController().signal);
      const tokenOf = (body: typeof newest) =>
        encodeURIComponent(body['metadata']?.['continue'] as unknown as string);
      const expired = await api.call('GET', `${pages}?limit=2&continue=${tokenOf(first.body)}`);
      expect(expired).toMatchObject({ status: 410, body: { reason: 'Expired' } });
      expect(await names(`${pages}?limit=9&continue=${tokenOf(expired.body)}`)).toEqual([
        'c',
        'd',
        'e',
        'late',
      ]);
      expect((await api.call('GET', `${pages}?resourceVersion=1&resourceVersionMatch=Exact`)).status).toBe(
        410,
      );
      await api.call('DELETE', `${pages}/late`);
    });

    it('gives tables and bare metadata to who asks', async () => {
      const table = await api.call('GET', `${pages}?includeObject=None`, undefined, {
        accept: 'application/json;as=Table;v=v1;g=meta.k8s.io',
      });
      expect(table.body).toMatchObject({
        kind: 'Table',
        rows: { 0: { cells: ['a', 0, expect.any(String)] } },
      });
      expect(table.body['rows']?.['0']).not.toHaveProperty('object');
      const metadata = await api.call('GET', pages, undefined, {
        accept: 'application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io',
      });
      expect(metadata.body).toMatchObject({
        kind: 'PartialObjectMetadataList',
        items: { 0: { kind: 'PartialObjectMetadata', metadata: { name: 'a' } } },
      });
      expect((await api.call('GET', pages, undefined, { accept: 'text/html' })).status).toBe(406);
    });

    it('deletes what a selector selects', async () => {
      const { body } = await api.call('DELETE', `${pages}?labelSelector=odd%3Dfalse`);
      expect(Object.values(body['items'] ?? {})).toHaveLength(2);
      expect(await names(pages)).toEqual(['a', 'c', 'e']);
    });
  });

  describe('delete', () => {
    it('honours preconditions', async () => {
      const { metadata } = await create(maps, 'guarded');
      const wrong = { preconditions: { uid: 'other' } };
      expect((await api.call('DELETE', `${maps}/guarded`, wrong)).status).toBe(409);
      const right = { preconditions: { uid: metadata?.['uid'] }, propagationPolicy: 'Background' };
      expect((await api.call('DELETE', `${maps}/guarded`, right)).status).toBe(200);
    });

    it('refuses options that are none', async () => {
      await create(maps, 'kept');
      for (const options of [{ preconditions: 'x' }, []])
        expect((await api.call('DELETE', `${maps}/kept`, options)).status).toBe(400);
      for (const options of [
        { propagationPolicy: 'Never' },
        { propagationPolicy: 'Orphan', orphanDependents: true },
      ])
        expect((await api.call('DELETE', `${maps}/kept`, options)).status).toBe(422);
      expect((await api.call('DELETE', `${maps}/kept?propagationPolicy=Never`)).status).toBe(422);
      expect((await api.call('DELETE', `${maps}/kept?dryRun=All`)).status).toBe(200);
      expect((await api.call('GET', `${maps}/kept`)).status).toBe(200);
    });

    it.each([
      ['Foreground', 'foregroundDeletion'],
      ['Orphan', 'orphan'],
    ])(
      'marks an object that is deleted with %s, in the query, the body and the old form',
      async (policy, finalizer) => {
        const marked = { metadata: { finalizers: { 0: finalizer }, deletionTimestamp: expect.any(String) } };
        await create(maps, `query-${finalizer.toLowerCase()}`);
        const query = `${maps}/query-${finalizer.toLowerCase()}?propagationPolicy=${policy}`;
        expect((await api.call('DELETE', query)).body).toMatchObject(marked);
        await create(maps, `body-${finalizer.toLowerCase()}`);
        const body = `${maps}/body-${finalizer.toLowerCase()}`;
        expect((await api.call('DELETE', body, { propagationPolicy: policy })).body).toMatchObject(marked);
        if (policy !== 'Orphan') return;
        await create(maps, 'old-form');
        expect((await api.call('DELETE', `${maps}/old-form`, { orphanDependents: true })).body).toMatchObject(
          marked,
        );
      },
    );

    it('waits for finalizers, and lets none be added meanwhile', async () => {
      await create(maps, 'held', { metadata: { name: 'held', finalizers: ['x.io/a'] } });
      const marked = await api.call('DELETE', `${maps}/held`);
      expect(marked.body).toMatchObject({
        kind: 'ConfigMap',
        metadata: { deletionTimestamp: expect.any(String) },
      });
      const more = { metadata: { finalizers: ['x.io/a', 'x.io/b'] } };
      expect((await api.call('PATCH', `${maps}/held`, more, mergePatch)).status).toBe(422);
      await api.call('PATCH', `${maps}/held`, { metadata: { finalizers: null } }, mergePatch);
      expect((await api.call('GET', `${maps}/held`)).status).toBe(404);
    });
  });
});
