import { afterEach, describe, expect, it } from 'vitest';
import { createManualClock } from '../../../test/fakes/clock.ts';
import {
  anImage,
  anIndex,
  type Content,
  type FakeRegistry,
  type FakeRegistryOptions,
  startFakeRegistry,
} from '../../../test/fakes/registry/index.ts';
import { seenBy, strayCredentials } from '../../../test/fakes/registry/stray-credentials.ts';
import { never } from '../../../test/fakes/send.ts';
import {
  anonymous,
  createKeychain,
  createRegistryClient,
  type Keychain,
  mergeRules,
  parseDockerConfig,
  parseMirrorSets,
  parseReference,
  parseRegistriesConf,
  type Reference,
  type RegistryClientOptions,
  RegistryError,
} from '../index.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

const start = async (options: FakeRegistryOptions = {}): Promise<FakeRegistry> => {
  const registry = await startFakeRegistry(options);
  cleanups.push(registry.stop);
  return registry;
};

/** A port that was free a moment ago: nothing answers there. */
const startDown = async (): Promise<string> => {
  const registry = await startFakeRegistry();
  await registry.stop();
  return registry.host;
};

const registriesOf = (conf: string, sets: readonly object[]) => {
  const file = parseRegistriesConf(conf, 'r.conf');
  const mirrors = parseMirrorSets(sets.map((set) => JSON.stringify(set)).join('\n---\n'), 'm.yaml');
  const { rules, problems } = mergeRules([file.rules], mirrors.sets);
  expect([...file.problems, ...mirrors.problems, ...problems]).toEqual([]);
  return { rules, allow: [], block: [] };
};

const clientWith = (conf: string, sets: readonly object[] = [], options: RegistryClientOptions = {}) => {
  const retryPolicy = () => undefined;
  const client = createRegistryClient({ registries: registriesOf(conf, sets), retryPolicy, ...options });
  cleanups.push(() => client.close());
  return client;
};

const mirrorSet = (
  kind: 'Digest' | 'Tag',
  source: string,
  mirrors: readonly string[],
  mirrorSourcePolicy = 'AllowContactingSource',
) => ({
  apiVersion: 'config.openshift.io/v1',
  kind: `Image${kind}MirrorSet`,
  spec: { [`image${kind}Mirrors`]: [{ source, mirrors, mirrorSourcePolicy }] },
});

const reference = (text: string): Reference => {
  const parsed = parseReference(text);
  if (!parsed.ok) throw new Error(parsed.problem);
  return parsed.reference;
};

const image = anImage({ name: 'one' });
const other = anImage({ name: 'two' });
const index = anIndex([image, anImage({ name: 'arm', platform: { architecture: 'arm64', os: 'linux' } })]);
const digestOf = ({ manifest }: Content) => manifest.digest;

const insecureAccess = (keychain: Keychain = anonymous) => ({ keychain, insecure: true });

const mirrorTable = (source: FakeRegistry | string, ...mirrors: readonly string[]): string =>
  `[[registry]]\nlocation = "${typeof source === 'string' ? source : source.host}"\ninsecure = true\n${mirrors.join('\n')}`;

const mirrorOf = (host: string, extra = ''): string =>
  `[[registry.mirror]]\nlocation = "${host}"\ninsecure = true\n${extra}`;

const failureOf = async (work: Promise<unknown>): Promise<RegistryError> => {
  const error: unknown = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof RegistryError)) throw new Error(`no RegistryError: ${String(error)}`);
  return error;
};

const listOf = async (pages: AsyncIterable<readonly string[]>): Promise<readonly string[]> => {
  const tags: string[] = [];
  for await (const page of pages) tags.push(...page);
  return tags;
};

describe('a mirror', () => {
  it('answers for manifests, configs and lists of tags, and the source is not asked', async () => {
    const [source, mirror] = [await start(), await start()];
    mirror.add('copy/app', index, 'v1');
    const client = clientWith(mirrorTable(source, mirrorOf(`${mirror.host}/copy`)));
    const name = reference(`${source.host}/app:v1`);
    expect(await client.resolve(name, insecureAccess(), never)).toMatchObject({ digest: digestOf(index) });
    const root = await client.getManifest(name, insecureAccess(), never);
    expect(root.digest).toBe(digestOf(index));
    const target = { kind: 'digest', digest: digestOf(image) } as const;
    const { manifest } = await client.getManifest({ ...name, target }, insecureAccess(), never);
    if (manifest.kind !== 'image') throw new Error('not an image');
    const config = await client.getConfig(name, manifest.config, insecureAccess(), never);
    expect(config.config).toMatchObject({ architecture: 'amd64' });
    expect(await listOf(client.listTags(name, insecureAccess(), never))).toEqual(['v1']);
    expect(source.log()).toEqual([]);
    expect(mirror.log()).toEqual([
      'HEAD /v2/copy/app/manifests/v1',
      'GET /v2/copy/app/manifests/v1',
      `GET /v2/copy/app/manifests/${digestOf(image)}`,
      `GET /v2/copy/app/blobs/${manifest.config.digest}`,
      'GET /v2/copy/app/tags/list?n=1000',
    ]);
  });

  it('that lacks the image leads to the next mirror, then to the source', async () => {
    const [source, empty, full] = [await start(), await start(), await start()];
    full.add('app', image, 'v1');
    source.add('app', other, 'v2');
    const client = clientWith(mirrorTable(source, mirrorOf(empty.host), mirrorOf(full.host)));
    const resolve = (tag: string) =>
      client.resolve(reference(`${source.host}/app:${tag}`), insecureAccess(), never);
    expect(await resolve('v1')).toMatchObject({ digest: digestOf(image) });
    expect(source.log()).toEqual([]);
    expect(await resolve('v2')).toMatchObject({ digest: digestOf(other) });
    expect(empty.log().length).toBeGreaterThan(0);
  });

  it('for digests is not asked for tags', async () => {
    const [source, mirror] = [await start(), await start()];
    source.add('app', other, 'v1');
    mirror.add('app', image, 'v1');
    const client = clientWith('', [mirrorSet('Digest', source.host, [mirror.host])]);
    const insecureMirror = clientWith(`[[registry]]\nlocation = "${mirror.host}"\ninsecure = true`, [
      mirrorSet('Digest', source.host, [mirror.host]),
    ]);
    const name = reference(`${source.host}/app:v1`);
    const byDigest = { ...name, target: { kind: 'digest', digest: digestOf(image) } } as const;
    expect(await insecureMirror.resolve(name, insecureAccess(), never)).toMatchObject({
      digest: digestOf(other),
    });
    expect(await listOf(insecureMirror.listTags(name, insecureAccess(), never))).toEqual(['v1']);
    expect(mirror.log()).toEqual([]);
    await insecureMirror.getManifest(byDigest, insecureAccess(), never);
    expect(mirror.log()).toEqual([`GET /v2/app/manifests/${digestOf(image)}`]);
    // That the reference may be insecure does not make its mirror so.
    const refused = await failureOf(client.getManifest(byDigest, insecureAccess(), never));
    expect(refused.besides).toEqual([
      `GET ${mirror.host}/app@${digestOf(image)}: the server speaks plain http; only an insecure import may use it`,
    ]);
  });

  it('for tags is asked for tags, and for the parts of what it gave', async () => {
    const [source, mirror] = [await start(), await start()];
    mirror.add('app', index, 'v1');
    source.add('app', other, 'v2');
    const conf = `[[registry]]\nlocation = "${mirror.host}"\ninsecure = true`;
    const client = clientWith(conf, [mirrorSet('Tag', source.host, [mirror.host])]);
    const name = reference(`${source.host}/app:v1`);
    const byDigest = (content: Content) =>
      ({ ...name, target: { kind: 'digest', digest: digestOf(content) } }) as const;
    await client.getManifest(byDigest(other), insecureAccess(), never);
    expect(mirror.log()).toEqual([]);
    source.forgetRequests();
    await client.getManifest(name, insecureAccess(), never);
    const { manifest } = await client.getManifest(byDigest(image), insecureAccess(), never);
    if (manifest.kind !== 'image') throw new Error('not an image');
    await client.getConfig(name, manifest.config, insecureAccess(), never);
    expect(mirror.log()).toHaveLength(3);
    expect(source.log()).toEqual([]);
  });

  it('is asked with its own credentials, and nobody sees those of another', async () => {
    const auth = (user: string, password: string) =>
      ({ kind: 'bearer', users: { [user]: password } }) as const;
    const source = await start({ auth: auth('alice', 'source-secret') });
    const mirror = await start({ auth: auth('bob', 'mirror-secret') });
    const basic = await start({ auth: { kind: 'basic', users: { carol: 'basic-secret' } } });
    mirror.add('copy/app', image, 'v1');
    basic.add('copy/app', image, 'v2');
    source.add('app', image, 'v3');
    const config = {
      auths: {
        [source.host]: { username: 'alice', password: 'source-secret' },
        [`${mirror.host}/copy`]: { username: 'bob', password: 'mirror-secret' },
        [basic.host]: { username: 'carol', password: 'basic-secret' },
      },
    };
    const keychain = createKeychain(parseDockerConfig(JSON.stringify(config), 'test').entries);
    const client = clientWith(
      mirrorTable(source, mirrorOf(`${mirror.host}/copy`), mirrorOf(`${basic.host}/copy`)),
    );
    for (const tag of ['v1', 'v2', 'v3']) {
      const name = reference(`${source.host}/app:${tag}`);
      expect(await client.resolve(name, insecureAccess(keychain), never)).toMatchObject({
        digest: digestOf(image),
      });
    }
    const servers = Object.entries({ source, mirror, basic });
    const seen = servers.flatMap(([name, { connections }]) => seenBy(name, connections));
    const confided = [
      ['source', 'source-secret', 'alice'],
      ['mirror', 'mirror-secret', 'bob'],
      ['basic', 'basic-secret', 'carol'],
    ].flatMap(([host = '', ...secrets]) => secrets.map((secret) => ({ secret, hosts: [host] })));
    expect(strayCredentials(seen, confided)).toEqual([]);
    expect(seen.map(({ received }) => received()).join()).toContain('Basic');
  });

  it('that is down costs one wait, and is asked again after a while', async () => {
    const clock = createManualClock();
    const source = await start();
    const down = await start();
    source.add('app', image, 'v1');
    down.add('app', other, 'v1');
    let isDown = true;
    down.intercept(() => (isDown ? { kind: 'answer', status: 503 } : undefined));
    const client = clientWith(mirrorTable(source, mirrorOf(down.host)), [], { clock });
    const resolve = async () =>
      (await client.resolve(reference(`${source.host}/app:v1`), insecureAccess(), never)).digest;
    for (let times = 0; times < 5; times += 1) expect(await resolve()).toBe(digestOf(image));
    expect(down.log()).toHaveLength(1);
    isDown = false;
    await clock.advance(30_001);
    expect(await resolve()).toBe(digestOf(other));
  });

  it('that is down is asked all the same where there is nothing else', async () => {
    const [source, mirror] = [await start(), await start()];
    mirror.add('app', image, 'v1');
    let isDown = true;
    mirror.intercept(() => (isDown ? { kind: 'answer', status: 503 } : undefined));
    const conf = `[[registry]]\nlocation = "${mirror.host}"\ninsecure = true`;
    const client = clientWith(conf, [mirrorSet('Tag', source.host, [mirror.host], 'NeverContactSource')]);
    const name = reference(`${source.host}/app:v1`);
    await failureOf(client.resolve(name, insecureAccess(), never));
    isDown = false;
    expect(await client.resolve(name, insecureAccess(), never)).toMatchObject({ digest: digestOf(image) });
    expect(source.log()).toEqual([]);
  });

  it('whose list breaks off is no reason to go on with the list of another', async () => {
    const source = await start();
    const mirror = await start({ maxPageSize: 1 });
    for (const tag of ['a', 'b', 'c']) mirror.add('app', image, tag);
    source.add('app', image, 'z');
    mirror.intercept(({ path }) => (path.includes('last=a') ? { kind: 'answer', status: 404 } : undefined));
    const client = clientWith(mirrorTable(source, mirrorOf(mirror.host)));
    const error = await failureOf(
      listOf(client.listTags(reference(`${source.host}/app`), insecureAccess(), never)),
    );
    // A place in the list that is gone again and again: the lister begins anew at the mirror, and nowhere else.
    expect(error).toMatchObject({ code: 'invalid-response', fault: 'listing', host: mirror.host });
    expect(source.log()).toEqual([]);
  });

  it('that gives other bytes than a digest says is passed over', async () => {
    const [source, mirror] = [await start(), await start()];
    source.add('app', image, 'v1');
    mirror.add('app', image, 'v1');
    mirror.intercept(() => ({ kind: 'edit', body: '{"schemaVersion":2,"tampered":true}' }));
    const client = clientWith(mirrorTable(source, mirrorOf(mirror.host)));
    const target = { kind: 'digest', digest: digestOf(image) } as const;
    const name = { ...reference(`${source.host}/app`), target };
    expect(await client.getManifest(name, insecureAccess(), never)).toMatchObject({
      digest: digestOf(image),
    });
    expect(mirror.log()).toHaveLength(1);
  });
});

describe('a source', () => {
  it('is asked where it really is, with the credentials for there', async () => {
    const named = await start();
    const real = await start({ auth: { kind: 'basic', users: { alice: 'real-secret' } } });
    real.add('deep/app', image, 'v1');
    const conf = `[[registry]]\nprefix = "${named.host}/team"\nlocation = "${real.host}/deep"`;
    const config = {
      auths: {
        [named.host]: { username: 'bob', password: 'named-secret' },
        [real.host]: { username: 'alice', password: 'real-secret' },
      },
    };
    const keychain = createKeychain(parseDockerConfig(JSON.stringify(config), 'test').entries);
    const name = reference(`${named.host}/team/app:v1`);
    await clientWith(conf).getManifest(name, insecureAccess(keychain), never);
    expect(named.log()).toEqual([]);
    const seen = seenBy('real', real.connections);
    expect(strayCredentials(seen, [{ secret: 'named-secret', hosts: ['named'] }])).toEqual([]);
  });

  it('that is blocked is asked for nothing', async () => {
    const source = await start();
    source.add('app', image, 'v1');
    const client = clientWith(`[[registry]]\nlocation = "${source.host}"\nblocked = true`);
    const name = reference(`${source.host}/app:v1`);
    const attempts = [
      client.resolve(name, insecureAccess(), never),
      client.getManifest(name, insecureAccess(), never),
      client.getConfig(name, { mediaType: '', digest: digestOf(image), size: 1 }, insecureAccess(), never),
      listOf(client.listTags(name, insecureAccess(), never)),
    ];
    for (const attempt of attempts) {
      expect(await failureOf(attempt)).toMatchObject({
        code: 'blocked',
        message: expect.stringContaining(`${source.host}/app is blocked`),
      });
    }
    expect(source.log()).toEqual([]);
  });

  it('that is never to be contacted is not, though no mirror has the image', async () => {
    const [source, mirror] = [await start(), await start()];
    source.add('app', image, 'v1');
    mirror.add('app', other, 'v2');
    const conf = `[[registry]]\nlocation = "${mirror.host}"\ninsecure = true`;
    const client = clientWith(conf, [mirrorSet('Tag', source.host, [mirror.host], 'NeverContactSource')]);
    const error = await failureOf(
      client.resolve(reference(`${source.host}/app:v1`), insecureAccess(), never),
    );
    expect(error).toMatchObject({
      code: 'manifest-unknown',
      message: `GET ${mirror.host}/app:v1: manifest unknown; ${source.host}/app is blocked`,
      besides: [`${source.host}/app is blocked`],
    });
    expect(source.log()).toEqual([]);
  });

  it('may be insecure where the registry is set up so', async () => {
    const source = await start();
    source.add('app', image, 'v1');
    const secure = { keychain: anonymous, insecure: false };
    const name = reference(`${source.host}/app:v1`);
    expect(await failureOf(clientWith('').resolve(name, secure, never))).toMatchObject({
      code: 'http-not-https',
    });
    expect(await clientWith(mirrorTable(source)).resolve(name, secure, never)).toMatchObject({
      digest: digestOf(image),
    });
  });
});

describe('what went wrong everywhere', () => {
  it('is the final word of the source, with the mirrors beside it', async () => {
    const source = await start();
    const mirror = await start({ auth: { kind: 'basic', users: {} } });
    source.add('app', image, 'v1');
    const client = clientWith(mirrorTable(source, mirrorOf(mirror.host)));
    const error = await failureOf(
      client.resolve(reference(`${source.host}/app:v9`), insecureAccess(), never),
    );
    expect(error).toMatchObject({
      code: 'manifest-unknown',
      status: 404,
      registryCode: 'MANIFEST_UNKNOWN',
      message: `GET ${source.host}/app:v9: manifest unknown; HEAD ${mirror.host}/app:v9: authentication required`,
    });
  });

  it('is what somebody must act on, where the source does not answer', async () => {
    const source = await startDown();
    const mirror = await start({ auth: { kind: 'basic', users: {} } });
    const client = clientWith(mirrorTable(source, mirrorOf(mirror.host)));
    const error = await failureOf(client.resolve(reference(`${source}/app:v1`), insecureAccess(), never));
    expect(error).toMatchObject({
      code: 'unauthorized',
      besides: [`HEAD ${source}/app:v1: connection refused`],
    });
  });

  it('is a stop, where we are told to stop', async () => {
    const [source, mirror] = [await start(), await start()];
    const stop = new AbortController();
    const reason = new Error('stopped');
    mirror.intercept(() => {
      stop.abort(reason);
      return { kind: 'wait', until: new Promise(() => undefined) };
    });
    const client = clientWith(mirrorTable(source, mirrorOf(mirror.host)));
    await expect(
      client.resolve(reference(`${source.host}/app:v1`), insecureAccess(), stop.signal),
    ).rejects.toBe(reason);
    expect(source.log()).toEqual([]);
  });
});

describe('placesOf', () => {
  it('tells every repository that may be asked in place of one', async () => {
    const client = clientWith(
      '[[registry]]\nlocation = "docker.io"\n[[registry.mirror]]\nlocation = "m1.io/hub"',
      [mirrorSet('Digest', 'docker.io', ['m2.io'])],
    );
    expect(client.placesOf({ registry: 'docker.io', repository: 'library/alpine' })).toEqual([
      { registry: 'm1.io', repository: 'hub/library/alpine' },
      { registry: 'm2.io', repository: 'library/alpine' },
      { registry: 'docker.io', repository: 'library/alpine' },
    ]);
  });
});
