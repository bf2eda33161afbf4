import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createKeychain, parseDockerConfig, type RegistryClient } from '../../src/oci/index.ts';
import { anImage, trusting } from '../fakes/registry/index.ts';
import { hasDockerRegistry } from '../setup/docker-registry.ts';
import { type NamedRegistries, startNamedRegistries } from './named-registries.ts';
import { createCleanups, inTime, keychainOf, referenceOf } from './support.ts';

const image = anImage();

describe.skipIf(!hasDockerRegistry)('credentials for real registries', () => {
  const rig = createCleanups();
  const perTest = createCleanups();
  /** Who may read; each test says so. */
  let reader = '';
  let registries: NamedRegistries;

  const everybody = ['app', 'team', 'host', 'url', 'wildcard', 'wildcards', 'hub', '7000|ci-robot'];

  beforeAll(async () => {
    registries = await startNamedRegistries(
      {
        names: ['registry.example.test'],
        contents: { 'team/app': image, 'library/alpine': image, 'ubi9/ubi': image },
        users: Object.fromEntries(everybody.map((user) => [user, `${user}-secret`])),
        allows: (user) => user === reader,
      },
      rig,
    );
  });
  beforeEach(() => registries.forgetRequests());
  afterEach(perTest.run);
  afterAll(rig.run);

  const client = (): RegistryClient =>
    perTest.client({
      proxy: { https: registries.proxy, noProxy: '' },
      certificates: trusting(registries.ca),
    });

  const as = (user: string): object => ({ username: user, password: `${user}-secret` });

  const resolve = (reference: string, auths: Readonly<Record<string, object>>) =>
    client().resolve(referenceOf(reference), { keychain: keychainOf(auths), insecure: false }, inTime());

  /** The user of each key. */
  const keys = {
    '*.*.test': 'wildcards',
    'registry.example.test': 'host',
    '*.example.test': 'wildcard',
    'registry.example.test/team/app': 'app',
    'registry.example.test/team': 'team',
    // None of these is for team/app of registry.example.test.
    'registry.example.test/team-other': 'hub',
    'registry.example.test/te': 'hub',
    'registry.example.test/team/app/deeper': 'hub',
    'registry.example.test:5000': 'hub',
    '*.test': 'hub',
    'example.test': 'hub',
  };
  const auths = Object.fromEntries(Object.entries(keys).map(([key, user]) => [key, as(user)]));
  const inOrder = ['app', 'team', 'host', 'wildcard', 'wildcards'];

  it.each(inOrder.map((user, index) => [user, inOrder.slice(0, index + 1)] as const))(
    'are tried from the most specific to that of %s, which opens',
    async (user, tried) => {
      reader = user;
      expect(await resolve('registry.example.test/team/app:v1', auths)).toMatchObject({
        digest: image.manifest.digest,
      });
      expect(registries.accounts()).toEqual(tried);
    },
  );

  it('are all tried before nobody’s, and then the refusal is told', async () => {
    reader = '';
    await expect(resolve('registry.example.test/team/app:v1', auths)).rejects.toMatchObject({
      code: 'unauthorized',
      message: 'HEAD registry.example.test/team/app:v1: no credentials were accepted',
    });
    expect(registries.accounts()).toEqual([...inOrder, 'nobody']);
  });

  it.each([
    'https://index.docker.io/v1/',
    'index.docker.io',
    'docker.io',
    'registry-1.docker.io',
    'https://registry-1.docker.io/v2/',
    'docker.io/library',
    'index.docker.io/library/alpine',
  ])('for Docker Hub are found under %s', async (key) => {
    reader = 'hub';
    for (const reference of ['alpine:v1', 'index.docker.io/library/alpine:v1']) {
      expect(await resolve(reference, { [key]: as('hub') })).toMatchObject({ digest: image.manifest.digest });
    }
    expect(registries.accounts()).toEqual(['hub', 'hub']);
    expect(new Set(registries.tunnels())).toEqual(
      new Set(['CONNECT registry-1.docker.io:443', 'CONNECT auth.docker.io:443']),
    );
  });

  it('may name a service account with a bar, whose token server is on a host that is known', async () => {
    reader = '7000|ci-robot';
    const text = JSON.stringify({
      auths: { 'registry.redhat.io': { auth: Buffer.from(`${reader}:${reader}-secret`).toString('base64') } },
    });
    const keychain = createKeychain(parseDockerConfig(text, 'test').entries);
    const { digest } = await client().resolve(
      referenceOf('registry.redhat.io/ubi9/ubi:v1'),
      { keychain, insecure: false },
      inTime(),
    );
    expect(digest).toBe(image.manifest.digest);
    expect(registries.accounts()).toEqual([reader]);
    expect(new Set(registries.tunnels())).toEqual(
      new Set(['CONNECT registry.redhat.io:443', 'CONNECT sso.redhat.com:443']),
    );
  });
});
