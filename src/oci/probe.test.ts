import { afterEach, describe, expect, it } from 'vitest';
import {
  anImage,
  type FakeRegistry,
  type FakeRegistryOptions,
  startFakeRegistry,
} from '../../test/fakes/registry/index.ts';
import { never } from '../../test/fakes/send.ts';
import { anonymous, createKeychain, createRegistryClient, parseDockerConfig } from './index.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

const start = async (options: FakeRegistryOptions = {}): Promise<FakeRegistry> => {
  const registry = await startFakeRegistry(options);
  cleanups.push(registry.stop);
  for (const tag of ['v1', 'v2', 'v3']) registry.add('app', anImage(), tag);
  return registry;
};

/** Findings by check. */
const probe = async ({ host }: FakeRegistry, repository: string, login?: string) => {
  const client = createRegistryClient({ retryPolicy: () => undefined });
  cleanups.push(() => client.close());
  const config = JSON.stringify({ auths: { [host]: { username: 'alice', password: login } } });
  const keychain =
    login === undefined ? anonymous : createKeychain(parseDockerConfig(config, 'a login').entries);
  const findings = await client.probe({ registry: host, repository }, { keychain, insecure: true }, never);
  return Object.fromEntries(
    findings.map(({ check, finding, detail }) => [check, detail === '' ? finding : `${finding}: ${detail}`]),
  );
};

describe('probe', () => {
  it('tells of a repository what registries differ in', async () => {
    expect(await probe(await start(), 'app')).toEqual({
      TLS: 'no: plain http',
      ping: '200: registry/2.0',
      authentication: 'none asked',
      'tags without n': '3 tags: link to the next page: none',
      'tags by n': 'yes: n=1: 1 tags',
      'link to the next page': 'relative: of n=1',
      'HEAD of manifests': 'yes: status 200, of the tag v1',
      'digest header of HEAD': 'yes',
      'digest header of GET': 'yes',
      ETag: 'yes: it is the digest',
      'conditional requests': expect.stringMatching(/^(yes: status 304|no: status 200)$/),
      'referrers API': 'no: status 404',
      'rate limit headers': 'no',
    });
  });

  it('tells of a registry alone by one question', async () => {
    const registry = await start({ auth: { kind: 'bearer', users: { alice: 'secret' } } });
    const found = await probe(registry, '');
    expect(found).toEqual({
      TLS: 'no: plain http',
      ping: expect.stringMatching(/^401/),
      authentication: `bearer: realm ${registry.url}/token, service fake`,
      'rate limit headers': 'no',
    });
    expect(registry.log().filter((line) => line === 'GET /v2/')).toHaveLength(1);
  });

  it('proves who asks for a repository', async () => {
    const registry = await start({ auth: { kind: 'bearer', users: { alice: 'secret' } } });
    expect(await probe(registry, 'app', 'secret')).toMatchObject({
      'HEAD of manifests': expect.stringMatching(/^yes/),
    });
    await expect(probe(registry, 'app', 'wrong')).rejects.toMatchObject({ fault: 'credential-refused' });
  });

  it('notices what is missing or strange', async () => {
    const registry = await start({ link: 'none' });
    registry.intercept(({ method, path }) => {
      if (path.includes('/tags/'))
        return { kind: 'edit', headers: { 'ratelimit-limit': '100;w=60', 'ratelimit-remaining': '7' } };
      if (!path.includes('/manifests/')) return undefined;
      return method === 'HEAD'
        ? { kind: 'answer', status: 405 }
        : { kind: 'edit', headers: { 'docker-content-digest': undefined, etag: undefined } };
    });
    expect(await probe(registry, 'app')).toMatchObject({
      'link to the next page': 'none: of n=1',
      'HEAD of manifests': 'no: status 405, of the tag v1',
      'digest header of HEAD': 'no',
      'digest header of GET': 'no',
      ETag: 'no',
      'conditional requests': 'no',
      'rate limit headers': 'yes: 7 of 100 left, per 60 s',
    });
  });
});
