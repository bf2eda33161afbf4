import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer } from '../../test/fakes/api-server.ts';

const namespaces = '/api/v1/namespaces';

describe('namespaces', () => {
  let api: Awaited<ReturnType<typeof startTestServer>>;
  beforeAll(async () => {
    api = await startTestServer();
    for (const name of ['a', 'b']) {
      await api.call('POST', namespaces, { metadata: { name } });
      await api.call('POST', `${namespaces}/${name}/configmaps`, { metadata: { name: 'm' } });
    }
  });
  afterAll(() => api.close());

  it('take what is in them along when they go', async () => {
    expect((await api.call('DELETE', `${namespaces}/a`)).status).toBe(200);
    expect((await api.call('GET', `${namespaces}/a`)).status).toBe(404);
    expect((await api.call('GET', `${namespaces}/a/configmaps/m`)).status).toBe(404);
    expect((await api.call('GET', `${namespaces}/b/configmaps/m`)).status).toBe(200);
  });

  it('stay whole when a precondition of their deletion does not hold', async () => {
    const { status } = await api.call('DELETE', `${namespaces}/b`, { preconditions: { uid: 'other' } });
    expect(status).toBe(409);
    expect((await api.call('GET', `${namespaces}/b/configmaps/m`)).status).toBe(200);
    expect((await api.call('GET', `${namespaces}/b`)).body).toMatchObject({ status: { phase: 'Active' } });
  });

  it('take nothing new in while something holds up their end', async () => {
    await api.call('POST', namespaces, { metadata: { name: 'c' } });
    const maps = `${namespaces}/c/configmaps`;
    await api.call('POST', maps, { metadata: { name: 'held', finalizers: ['x.io/a'] } });
    expect((await api.call('DELETE', `${namespaces}/c`)).body).toMatchObject({
      status: { phase: 'Terminating' },
    });
    expect(await api.call('POST', maps, { metadata: { name: 'new' } })).toMatchObject({
      status: 403,
      body: {
        reason: 'Forbidden',
        details: { causes: [{ reason: 'NamespaceTerminating' }] },
      },
    });
    const release = { metadata: { finalizers: null } };
    await api.call('PATCH', `${maps}/held`, release, { 'content-type': 'application/merge-patch+json' });
    await api.call('DELETE', `${namespaces}/c`);
    expect((await api.call('GET', `${namespaces}/c`)).status).toBe(404);
  });

  it('always have a default', async () => {
    expect(await api.call('DELETE', `${namespaces}/default`)).toMatchObject({
      status: 403,
      body: { message: 'namespaces "default" is forbidden: this namespace may not be deleted' },
    });
  });
});
