import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer } from '../../test/fakes/api-server.ts';

const maps = '/api/v1/namespaces/default/configmaps';
const eve = { 'impersonate-user': 'eve' };

describe('acting for others', () => {
  let api: Awaited<ReturnType<typeof startTestServer>>;
  beforeAll(async () => {
    api = await startTestServer({
      extraRoutes: [
        {
          path: '/metrics',
          isPublic: false,
          handle: async () => ({ contentType: 'text/plain', body: 'all of them' }),
        },
      ],
    });
  });
  afterAll(() => api.close());

  it.each([
    {
      method: 'GET',
      path: maps,
      what: 'configmaps is forbidden: User "eve" cannot list resource "configmaps"',
    },
    { method: 'GET', path: `${maps}?watch=true`, what: 'cannot watch resource "configmaps"' },
    { method: 'GET', path: `${maps}/a`, what: 'configmaps "a" is forbidden: User "eve" cannot get' },
    { method: 'POST', path: maps, what: 'cannot create resource' },
    { method: 'PUT', path: `${maps}/a`, what: 'cannot update resource' },
    { method: 'PATCH', path: `${maps}/a`, what: 'cannot patch resource' },
    { method: 'DELETE', path: `${maps}/a`, what: 'cannot delete resource' },
    { method: 'DELETE', path: maps, what: 'cannot deletecollection resource' },
    {
      method: 'PUT',
      path: '/apis/image.openshift.io/v1/namespaces/default/imagestreams/a/status',
      what: 'cannot update resource "imagestreams/status" in API group "image.openshift.io" in the namespace "default"',
    },
    { method: 'GET', path: '/api/v1/namespaces', what: 'in API group "" at the cluster scope' },
    { method: 'GET', path: '/metrics', what: 'forbidden: User "eve" cannot get path "/metrics"' },
  ] as const)('does not let somebody without rights $method $path', async ({ method, path, what }) => {
    const { status, body } = await api.call(method, path, undefined, eve);
    expect(status).toBe(403);
    expect(body).toMatchObject({ reason: 'Forbidden', message: expect.stringContaining(what) });
  });

  it('lets anybody learn what is served and who they are', async () => {
    expect((await api.call('GET', '/apis', undefined, eve)).status).toBe(200);
    expect((await api.call('GET', '/openapi/v3', undefined, eve)).status).toBe(200);
    const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
    expect(await api.call('POST', path, {}, eve)).toMatchObject({
      status: 201,
      body: { status: { userInfo: { username: 'eve', groups: ['system:authenticated'] } } },
    });
  });

  it('lets members of the group of administrators do everything', async () => {
    const headers = { 'impersonate-user': 'root', 'impersonate-group': 'ops, system:masters' };
    expect((await api.call('GET', maps, undefined, headers)).status).toBe(200);
    expect((await api.call('GET', '/metrics', undefined, headers)).status).toBe(200);
  });

  it('refuses groups of nobody', async () => {
    expect(await api.call('GET', maps, undefined, { 'impersonate-group': 'ops' })).toMatchObject({
      status: 400,
      body: {
        message:
          'the header impersonate-group needs the header impersonate-user, which names the user to act for',
      },
    });
  });

  it('still asks for the token', async () => {
    expect((await api.call('GET', maps, undefined, { ...eve, authorization: 'Bearer no' })).status).toBe(401);
  });
});
