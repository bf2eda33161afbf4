import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTestServer } from '../../test/fakes/api-server.ts';

const authorization = '/apis/authorization.k8s.io/v1';

describe('reviews', () => {
  let api: Awaited<ReturnType<typeof startTestServer>>;
  beforeAll(async () => {
    api = await startTestServer();
  });
  afterAll(() => api.close());

  it('allow everything to whoever is let in', async () => {
    const resourceAttributes = { verb: 'get', resource: 'secrets' };
    expect(
      await api.call('POST', `${authorization}/selfsubjectaccessreviews`, { spec: { resourceAttributes } }),
    ).toMatchObject({ status: 201, body: { spec: { resourceAttributes }, status: { allowed: true } } });
    expect(
      await api.call('POST', `${authorization}/selfsubjectrulesreviews`, { spec: { namespace: 'a' } }),
    ).toMatchObject({
      status: 201,
      body: { status: { resourceRules: [{ verbs: ['*'] }], incomplete: false } },
    });
  });

  it('allow next to nothing to others whom the administrator acts for', async () => {
    const as = { 'impersonate-user': 'eve' };
    const ask = async (group: string, resource: string) =>
      api.call(
        'POST',
        `${authorization}/selfsubjectaccessreviews`,
        { spec: { resourceAttributes: { verb: 'create', group, resource } } },
        as,
      );
    expect(await ask('', 'secrets')).toMatchObject({ status: 201, body: { status: { allowed: false } } });
    expect(await ask('authorization.k8s.io', 'selfsubjectaccessreviews')).toMatchObject({
      body: { status: { allowed: true } },
    });
    const rules = await api.call('POST', `${authorization}/selfsubjectrulesreviews`, { spec: {} }, as);
    expect(rules).toMatchObject({ status: 201, body: { status: { incomplete: false } } });
    expect(JSON.stringify(rules.body)).not.toContain('*"]');
  });

  it('refuse a question about nothing', async () => {
    const { status } = await api.call('POST', `${authorization}/selfsubjectaccessreviews`, { spec: {} });
    expect(status).toBe(400);
  });

  it('say who asks', async () => {
    expect(await api.call('POST', '/apis/authentication.k8s.io/v1/selfsubjectreviews', {})).toMatchObject({
      status: 201,
      body: {
        status: { userInfo: { username: 'admin', groups: ['system:masters', 'system:authenticated'] } },
      },
    });
  });

  it('have no other verbs', async () => {
    expect((await api.call('GET', `${authorization}/selfsubjectaccessreviews`)).status).toBe(405);
  });
});
