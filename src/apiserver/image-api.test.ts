import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startImageServer } from '../../test/fakes/image-server.ts';

describe('the image API over HTTP', () => {
  let api: Awaited<ReturnType<typeof startImageServer>>;
  beforeAll(async () => {
    api = await startImageServer();
  });
  afterAll(() => api.close());

  describe.each(['imagestreamtags', 'imagetags'])('a list of %s', (plural) => {
    it('has no resourceVersion of its own', async () => {
      const { body } = await api.call('GET', plural);
      expect(body['metadata']).toEqual({});
    });

    it('is answered whatever revision the client has seen', async () => {
      for (const query of ['resourceVersion=0', 'resourceVersion=1', 'resourceVersion=7&limit=5'])
        expect({ query, status: (await api.call('GET', `${plural}?${query}`)).status }).toEqual({
          query,
          status: 200,
        });
    });
  });

  describe('a patch of a tag whose stream does not exist', () => {
    const from = { kind: 'DockerImage', name: 'r.example/app:v1' };
    const merge = 'application/merge-patch+json';

    it('makes stream and tag', async () => {
      expect(await api.call('PATCH', 'imagestreamtags/a:v1', { tag: { from } }, merge)).toMatchObject({
        status: 201,
        body: { metadata: { name: 'a:v1', namespace: 'ns' }, tag: { name: 'v1', from, generation: 1 } },
      });
      expect(await api.call('PATCH', 'imagetags/b:v1', { spec: { from } }, merge)).toMatchObject({
        status: 201,
        body: { metadata: { name: 'b:v1' }, spec: { name: 'v1', from } },
      });
      const json = [{ op: 'add', path: '/tag', value: { name: 'v1', from } }];
      expect(
        await api.call('PATCH', 'imagestreamtags/c:v1', json, 'application/json-patch+json'),
      ).toMatchObject({ status: 201 });
      expect(await api.call('GET', 'imagestreams/c')).toMatchObject({ status: 200 });
    });

    it('makes nothing where it asks for no tag, names a version, or the namespace is gone', async () => {
      expect(
        await api.call('PATCH', 'imagestreamtags/d:v1', { metadata: { annotations: { a: 'b' } } }, merge),
      ).toMatchObject({ status: 400 });
      const metadata = { resourceVersion: '1' };
      expect(
        await api.call('PATCH', 'imagestreamtags/d:v1', { metadata, tag: { from } }, merge),
      ).toMatchObject({ status: 404, body: { details: { kind: 'imagestreamtags', name: 'd:v1' } } });
      const elsewhere = '/apis/image.openshift.io/v1/namespaces/gone/imagestreamtags/d:v1';
      expect(await api.call('PATCH', elsewhere, { tag: { from } }, merge)).toMatchObject({ status: 404 });
      expect(await api.call('PATCH', 'imagestreamtags/d', { tag: { from } }, merge)).toMatchObject({
        status: 400,
      });
      expect(await api.call('GET', 'imagestreams/d')).toMatchObject({ status: 404 });
    });
  });
});
