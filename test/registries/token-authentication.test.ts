import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Access } from '../../src/oci/index.ts';
import { createManualClock } from '../fakes/clock.ts';
import { anImage, push } from '../fakes/registry/index.ts';
import { startTokenServer, type TokenServer } from '../fakes/token-server.ts';
import { type DockerRegistry, hasDockerRegistry, startDockerRegistry } from '../setup/docker-registry.ts';
import { createCleanups, insecurely, inTime, keychainOf, referenceOf } from './support.ts';

describe.skipIf(!hasDockerRegistry)('docker-registry with tokens', () => {
  const image = anImage({ name: 'private' });
  const open = anImage({ name: 'open' });
  const rig = createCleanups();
  const perTest = createCleanups();
  let tokens: TokenServer;
  let registry: DockerRegistry;

  beforeAll(async () => {
    tokens = await rig.track(
      startTokenServer({
        users: { alice: 'secret', mallory: 'guess' },
        refreshTokens: { 'refresh-of-alice': 'alice' },
        allows: (user, repository) => {
          if (user === 'alice') return ['pull', 'push'];
          return repository.startsWith('open/') ? ['pull'] : [];
        },
        expiresInSeconds: 100,
      }),
    );
    const { service, issuer, certificate } = tokens;
    const realm = `http://${tokens.host}/token`;
    registry = await rig.track(startDockerRegistry({ token: { realm, service, issuer, certificate } }));
    for (const [repository, content] of [
      ['team/app', image],
      ['open/app', open],
    ] as const) {
      const token = await tokens.issue('alice', `repository:${repository}:pull,push`);
      await push(
        { url: `http://${registry.host}`, authorization: `Bearer ${token}` },
        repository,
        content,
        'v1',
      );
    }
  });
  beforeEach(() => tokens.forgetRequests());
  afterEach(perTest.run);
  afterAll(rig.run);

  const as = (auth: object): Access => ({ ...insecurely, keychain: keychainOf({ [registry.host]: auth }) });
  const alice = { username: 'alice', password: 'secret' };
  const app = () => referenceOf(`${registry.host}/team/app:v1`);

  /** `GET alice repository:team/app:pull` per token that was asked for. */
  const asked = (): readonly string[] =>
    tokens.requests.map(({ method, url, body }) => {
      const query = method === 'POST' ? new URLSearchParams(body) : url.searchParams;
      return `${method} ${query.get('account') ?? query.get('refresh_token') ?? 'nobody'} ${query.getAll('scope').join()}`;
    });

  it('gives an image to whoever may read it, for one token per scope', async () => {
    const client = perTest.client();
    const access = as(alice);
    const [{ manifest }] = await Promise.all([
      client.getManifest(app(), access, inTime()),
      client.resolve(app(), access, inTime()),
    ]);
    if (manifest.kind !== 'image') throw new Error('not an image');
    await client.getConfig(app(), manifest.config, access, inTime());
    for await (const tags of client.listTags(app(), access, inTime())) expect(tags).toEqual(['v1']);
    expect(asked()).toEqual(['GET alice repository:team/app:pull']);
  });

  it('gives an image for a refresh token, by the OAuth2 flow', async () => {
    const access = as({
      username: '00000000-0000-0000-0000-000000000000',
      identitytoken: 'refresh-of-alice',
    });
    const { digest } = await perTest.client().resolve(app(), access, inTime());
    expect(digest).toBe(image.manifest.digest);
    expect(asked()).toEqual(['POST refresh-of-alice repository:team/app:pull']);
    expect(tokens.requests.map(({ headers }) => headers['authorization'])).toEqual([undefined]);
  });

  it('gives what is open to whoever has no credentials, or wrong ones', async () => {
    const reference = referenceOf(`${registry.host}/open/app:v1`);
    const wrong = as({ username: 'alice', password: 'wrong' });
    for (const access of [insecurely, wrong]) {
      const { digest } = await perTest.client().resolve(reference, access, inTime());
      expect(digest).toBe(open.manifest.digest);
    }
    expect(asked()).toEqual([
      'GET nobody repository:open/app:pull',
      'GET alice repository:open/app:pull',
      'GET nobody repository:open/app:pull',
    ]);
  });

  it.each([
    ['a wrong password', { username: 'alice', password: 'wrong' }],
    ['a worthless refresh token', { username: '', identitytoken: 'wrong' }],
    ['a user who may not read it', { username: 'mallory', password: 'guess' }],
  ])('refuses %s, after one attempt and one without credentials', async (_, auth) => {
    await expect(perTest.client().resolve(app(), as(auth), inTime())).rejects.toMatchObject({
      code: 'unauthorized',
    });
    expect(asked()).toHaveLength(2);
  });

  it('replaces a token before it expires, and not while it is good', async () => {
    const clock = createManualClock();
    const client = perTest.client({ clock });
    const access = as(alice);
    await client.resolve(app(), access, inTime());
    await clock.advance(80_000);
    await client.resolve(app(), access, inTime());
    expect(asked()).toHaveLength(1);
    await clock.advance(10_000);
    await client.resolve(app(), access, inTime());
    expect(asked()).toHaveLength(2);
  });

  it('shows credentials to no token server on another host, unless that is trusted', async () => {
    const port = tokens.host.split(':')[1] ?? '';
    const { service, issuer, certificate } = tokens;
    const realm = `http://localhost:${port}/token`;
    const elsewhere = await perTest.track(
      startDockerRegistry({ token: { realm, service, issuer, certificate } }),
    );
    const access = { ...insecurely, keychain: keychainOf({ [elsewhere.host]: alice }) };
    const reference = referenceOf(`${elsewhere.host}/team/app:v1`);
    await expect(perTest.client().resolve(reference, access, inTime())).rejects.toMatchObject({
      code: 'blocked',
      message: expect.stringContaining(`localhost:${port} as its token server, which is not trusted`),
    });
    expect(asked()).toEqual([]);
    const trusting = perTest.client({ trustedRealms: [`localhost:${port}`] });
    await expect(trusting.resolve(reference, access, inTime())).rejects.toMatchObject({
      code: 'manifest-unknown',
    });
    expect(asked()).toEqual(['GET alice repository:team/app:pull']);
  });

  it('replaces a token once when the registry no longer accepts it', async () => {
    const second = await perTest.track(startTokenServer({ users: { alice: 'secret' } }));
    const tokenOptions = ({ host, service, issuer, certificate }: TokenServer) => ({
      realm: `http://${host}/token`,
      service,
      issuer,
      certificate,
    });
    const before = await startDockerRegistry({ token: tokenOptions(tokens) });
    const client = perTest.client();
    const access = { ...insecurely, keychain: keychainOf({ [before.host]: alice }) };
    const reference = referenceOf(`${before.host}/team/nothing:v1`);
    const unknown = { code: 'manifest-unknown' };
    await expect(client.resolve(reference, access, inTime())).rejects.toMatchObject(unknown);
    await before.stop();
    // The registry comes back and believes another authority.
    const port = Number(before.host.split(':')[1]);
    await perTest.track(startDockerRegistry({ port, token: tokenOptions(second) }));
    await expect(client.resolve(reference, access, inTime())).rejects.toMatchObject(unknown);
    expect(second.requests).toHaveLength(1);
  });
});
