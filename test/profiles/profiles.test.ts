import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createImporter, type ImportContext } from '../../src/importer/index.ts';
import { createKeychain, createRegistryClient, parseDockerConfig } from '../../src/oci/index.ts';
import { createManualClock } from '../fakes/clock.ts';
import { startFakeProxy } from '../fakes/proxy.ts';
import {
  anImage,
  type Certificate,
  createCertificate,
  type FakeRegistry,
  startFakeRegistry,
  trusting,
} from '../fakes/registry/index.ts';
import { type Profile, profiles } from '../fakes/registry/profiles/index.ts';
import { strayCredentials } from '../fakes/registry/stray-credentials.ts';
import { never } from '../fakes/send.ts';

const v1 = anImage({ name: 'one', format: 'oci' });
const latest = anImage({ name: 'two' });

/** Digests in requests, by what they are of. */
const digestNames = new Map(
  Object.entries({ v1, latest }).flatMap(([name, { blobs }]) =>
    blobs[0] === undefined ? [] : [[blobs[0].digest as string, `<config of ${name}>`] as const],
  ),
);

const credentialKind = (authorization: string | undefined): string =>
  authorization === undefined ? 'none' : (authorization.split(' ', 1)[0] ?? '').toLowerCase();

/** `GET quay.io/v2/team/app/manifests/v1 (bearer)` per request. */
const linesOf = ({ requests }: FakeRegistry): readonly string[] =>
  requests.map(({ method, url, headers }) => {
    const text = `${url.host}${url.pathname}${decodeURIComponent(url.search)}`;
    const named = [...digestNames].reduce((line, [digest, name]) => line.replace(digest, name), text);
    return `${method} ${named} (${credentialKind(headers['authorization'])})`;
  });

const fill = (registry: FakeRegistry, { repository, storedAs, tags }: Profile): void => {
  for (const name of [repository, ...(storedAs === undefined ? [] : [storedAs])]) {
    registry.add(name, v1, 'v1');
    for (let index = 2; index < tags; index += 1) {
      registry.add(name, latest, `build-${String(index).padStart(5, '0')}`);
    }
    registry.add(name, latest, 'latest');
  }
};

const portOf = (host: string): string => (host.includes(':') ? host : `${host}:443`);

/** Starts the registry of a profile under all of its names, reached through a proxy that knows where they are. */
const start = async (profile: Profile, tls: Certificate) => {
  const registry = await startFakeRegistry({ ...profile.options, tls });
  if (profile.hook !== undefined) registry.intercept(profile.hook);
  fill(registry, profile);
  const hosts = Object.fromEntries(profile.hosts.map((host) => [portOf(host), registry.host]));
  const proxy = await startFakeProxy({ hosts });
  const clock = createManualClock();
  const client = createRegistryClient({
    clock,
    certificates: trusting(tls.ca),
    proxy: { https: proxy.url, noProxy: '' },
  });
  const { login } = profile;
  const auths =
    login === undefined
      ? {}
      : { [login.server ?? profile.registry]: { username: login.username, password: login.password } };
  const { entries } = parseDockerConfig(JSON.stringify({ auths }), 'test');
  const context: ImportContext = { keychain: createKeychain(entries), priority: 'interactive' };
  return {
    registry,
    importer: createImporter({ client, clock }),
    context,
    stop: async () => {
      await client.close();
      await Promise.all([proxy.stop(), registry.stop()]);
    },
  };
};

const names = profiles.flatMap(({ hosts }) => hosts.map((host) => host.split(':')[0] ?? ''));
let tls: Certificate;
beforeAll(async () => {
  tls = await createCertificate([...new Set(names)].map((value) => ({ type: 'dns', value })));
});

describe.each(profiles.map((profile) => [profile.name, profile] as const))('%s', (_name, profile) => {
  let started: Awaited<ReturnType<typeof start>>;
  beforeAll(async () => {
    started = await start(profile, tls);
  });
  afterAll(() => started.stop());

  const from = `${profile.registry}/${profile.repository}`;

  /** What is sent meanwhile. */
  const requestsOf = async <Value>(work: Promise<Value>): Promise<readonly [Value, readonly string[]]> => {
    started.registry.forgetRequests();
    const value = await work;
    return [value, linesOf(started.registry)];
  };

  it('gives a tag, its repository and a refresh for just these requests', async () => {
    const { importer, context } = started;
    const image = { from: `${from}:v1`, insecure: false, importMode: 'Legacy' } as const;
    const [tag, tagRequests] = await requestsOf(importer.importImage(image, context, never));
    expect(tag).toMatchObject({ ok: true, image: { metadata: { name: v1.manifest.digest } } });
    const whole = { from, insecure: false, importMode: 'Legacy', maxTags: 1 } as const;
    const [repository, repositoryRequests] = await requestsOf(
      importer.importRepository(whole, context, never),
    );
    expect(repository).toMatchObject({
      ok: true,
      images: [{ ok: true, tag: 'latest', image: { metadata: { name: latest.manifest.digest } } }],
    });
    expect(repository.ok && new Set(repository.additionalTags).size).toBe(profile.tags - 1);
    const [refresh, refreshRequests] = await requestsOf(importer.resolve(image, context, never));
    expect(refresh).toEqual({ ok: true, digest: v1.manifest.digest });
    expect({
      tag: tagRequests,
      repository: repositoryRequests,
      refresh: refreshRequests,
    }).toEqual(profile.requests);
  });

  it('shows its login to nobody else, and no token to where content is kept', () => {
    const { login, hosts, options } = profile;
    const realm = options.auth?.realm;
    const registry = hosts[0]?.split(':')[0] ?? '';
    const isAsked = options.auth !== undefined;
    const confidant = typeof realm === 'string' ? new URL(realm).hostname : registry;
    const confided =
      login === undefined ? [] : [{ secret: login.password, hosts: isAsked ? [confidant] : [] }];
    expect(strayCredentials(started.registry.connections, confided)).toEqual([]);
  });
});
