import { inspect } from 'node:util';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createManualClock, eventually, type ManualClock, settle } from '../../test/fakes/clock.ts';
import {
  anImage,
  type Certificate,
  createCertificate,
  type FakeRegistry,
  type FakeRegistryOptions,
  startFakeRegistry,
  trusting,
} from '../../test/fakes/registry/index.ts';
import { never } from '../../test/fakes/send.ts';
import {
  type Access,
  createKeychain,
  createRegistryClient,
  parseDockerConfig,
  parseReference,
  type Reference,
  type RegistryClientOptions,
  type RequestEvent,
} from './index.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

const start = async (options: FakeRegistryOptions = {}): Promise<FakeRegistry> => {
  const registry = await startFakeRegistry(options);
  cleanups.push(registry.stop);
  return registry;
};

const clientWith = (options: RegistryClientOptions = {}) => {
  const client = createRegistryClient(options);
  cleanups.push(() => client.close());
  return client;
};

const at = ({ host }: FakeRegistry, name: string): Reference => {
  const parsed = parseReference(`${host}/${name}`);
  if (!parsed.ok) throw new Error(parsed.problem);
  return parsed.reference;
};

const password = 'hunter2-the-secret';
const users = { alice: password };

const accessFor = ({ host }: FakeRegistry, insecure = true): Access => {
  const config = JSON.stringify({ auths: { [host]: { username: 'alice', password } } });
  return { keychain: createKeychain(parseDockerConfig(config, 'test').entries), insecure };
};

/** Lets time pass until the work is done. */
const letPass = async <Value>(clock: ManualClock, work: Promise<Value>): Promise<Value> => {
  let isDone = false;
  const done = (): void => {
    isDone = true;
  };
  work.then(done, done);
  while (!isDone) await clock.advance(100);
  return work;
};

const image = anImage();
const { digest } = image.manifest;

const collect = async <Item>(items: AsyncIterable<Item>): Promise<readonly Item[]> => {
  const collected: Item[] = [];
  for await (const item of items) collected.push(item);
  return collected;
};

describe('the requests of a registry client', () => {
  it('are one per question at an open registry, after one that finds out what it speaks', async () => {
    const registry = await start();
    registry.add('app', image, 'v1');
    const client = clientWith();
    const access = accessFor(registry);
    await client.resolve(at(registry, 'app:v1'), access, never);
    await client.getManifest(at(registry, 'app:v1'), access, never);
    await collect(client.listTags(at(registry, 'app'), access, never));
    expect(registry.log()).toEqual([
      'HEAD /v2/app/manifests/v1',
      'GET /v2/app/manifests/v1',
      'GET /v2/app/tags/list?n=1000',
    ]);
  });

  it('need one token per repository', async () => {
    const registry = await start({ auth: { kind: 'bearer', users } });
    registry.add('a', image, 'v1');
    registry.add('b', image, 'v1');
    const client = clientWith();
    const access = accessFor(registry);
    const ask = (name: string) => client.resolve(at(registry, name), access, never);
    await Promise.all([...Array.from({ length: 20 }, () => ask('a:v1')), ask('b:v1')]);
    await ask('b:v1');
    const tokens = registry.log().filter((line) => line.includes('/token'));
    expect(tokens.toSorted()).toEqual([
      'GET /token?service=fake&scope=repository%3Aa%3Apull&account=alice',
      'GET /token?service=fake&scope=repository%3Ab%3Apull&account=alice',
    ]);
    expect(registry.requests).toHaveLength(1 + 2 + 22);
  });

  it('say who sends them, and ask for no compression', async () => {
    const registry = await start();
    registry.add('app', image, 'v1');
    await clientWith({ userAgent: 'imagestreams/9' }).resolve(
      at(registry, 'app:v1'),
      accessFor(registry),
      never,
    );
    expect(registry.requests[0]?.headers).toMatchObject({
      'user-agent': 'imagestreams/9',
      'accept-encoding': 'identity',
    });
  });

  it('are all reported, those for tokens and the repeated ones too', async () => {
    const registry = await start({ auth: { kind: 'bearer', users } });
    registry.add('app', image, 'v1');
    const clock = createManualClock();
    const events: RequestEvent[] = [];
    const client = clientWith({ clock, onRequest: (event) => events.push(event) });
    let failures = 1;
    registry.intercept(({ headers }) =>
      headers['authorization']?.startsWith('Bearer') && failures-- > 0
        ? { kind: 'answer', status: 503 }
        : undefined,
    );
    const answer = client.resolve(at(registry, 'app:v1'), accessFor(registry), never);
    await letPass(clock, answer);
    expect(events.map(({ operation, outcome }) => [operation, Object.values(outcome).at(-1)])).toEqual([
      ['resolve', 'http-not-https'],
      ['resolve', 401],
      ['token', 200],
      ['resolve', 503],
      ['resolve', 200],
    ]);
    expect(new Set(events.map(({ registry: name }) => name))).toEqual(new Set([registry.host]));
  });

  it('stop when they are told to', async () => {
    const registry = await start();
    registry.intercept(() => ({ kind: 'wait', until: new Promise(() => undefined) }));
    const stop = new AbortController();
    const answer = expect(
      clientWith().resolve(at(registry, 'app:v1'), accessFor(registry), stop.signal),
    ).rejects.toBe('stop');
    await eventually(() => registry.requests.length === 1);
    stop.abort('stop');
    await answer;
  });

  it('go to no address of this machine where that is not allowed', async () => {
    const registry = await start();
    const client = clientWith({ allowLoopback: false });
    await expect(client.resolve(at(registry, 'app:v1'), accessFor(registry), never)).rejects.toMatchObject({
      code: 'blocked',
    });
    expect(registry.requests).toEqual([]);
  });
});

describe('a registry client, over TLS', () => {
  let tls: Certificate;
  beforeAll(async () => {
    tls = await createCertificate();
  });

  it('reads from a registry whose authority it knows, with tokens', async () => {
    const registry = await start({ tls, auth: { kind: 'bearer', users } });
    registry.add('app', image, 'v1');
    const client = clientWith({ certificates: trusting(tls.ca) });
    expect(await client.getManifest(at(registry, 'app:v1'), accessFor(registry, false), never)).toMatchObject(
      {
        digest,
      },
    );
  });

  it('sends nothing to a registry that it cannot verify', async () => {
    const registry = await start({ tls, auth: { kind: 'basic', users } });
    await expect(
      clientWith().resolve(at(registry, 'app:v1'), accessFor(registry, false), never),
    ).rejects.toMatchObject({
      code: 'certificate',
      message: `HEAD ${registry.host}/app:v1: the certificate is signed by an unknown authority`,
    });
    expect(registry.requests).toEqual([]);
  });

  it('reads from it where the request may be insecure', async () => {
    const registry = await start({ tls, auth: { kind: 'basic', users } });
    registry.add('app', image, 'v1');
    expect(await clientWith().resolve(at(registry, 'app:v1'), accessFor(registry), never)).toMatchObject({
      digest,
    });
  });
});

describe('a registry client, when things go wrong', () => {
  it('tries again after a connection that broke in the middle of a body', async () => {
    const registry = await start();
    registry.add('app', image, 'v1');
    let breaks = 2;
    registry.intercept(() => (breaks-- > 0 ? { kind: 'reset', afterBytes: 10 } : undefined));
    const clock = createManualClock();
    const answer = clientWith({ clock }).getManifest(at(registry, 'app:v1'), accessFor(registry), never);
    expect((await letPass(clock, answer)).digest).toBe(digest);
    expect(registry.requests).toHaveLength(3);
  });

  it('leaves a registry alone that asks for it, and no other', async () => {
    const [limited, other] = [await start(), await start()];
    for (const registry of [limited, other]) registry.add('app', image, 'v1');
    const clock = createManualClock();
    const client = clientWith({ clock });
    const ask = (registry: FakeRegistry) =>
      client.resolve(at(registry, 'app:v1'), accessFor(registry), never);
    await Promise.all([ask(limited), ask(other)]);
    limited.forgetRequests();
    const stop = limited.intercept(() => ({ kind: 'answer', status: 429, headers: { 'retry-after': '2' } }));
    const first = ask(limited);
    await eventually(() => clock.sleeping() === 1);
    stop();
    const more = [ask(limited), ask(limited)];
    await clock.advance(1_999);
    await ask(other);
    await settle();
    expect(limited.requests).toHaveLength(1);
    await letPass(clock, Promise.all([first, ...more]));
    expect(limited.requests).toHaveLength(4);
  });

  it('follows a blob to where it is kept, without credentials', async () => {
    const registry = await start({ auth: { kind: 'basic', users } });
    const storage = await start();
    registry.add('app', image, 'v1');
    storage.add('app', image);
    registry.intercept(({ path, headers }) =>
      path.includes('/blobs/') && headers['authorization'] !== undefined
        ? { kind: 'answer', status: 307, headers: { location: `${storage.url}${path}?signature=x` } }
        : undefined,
    );
    const client = clientWith();
    const access = accessFor(registry);
    const { manifest } = await client.getManifest(at(registry, 'app:v1'), access, never);
    if (manifest.kind !== 'image') throw new Error('not an image');
    const { config } = await client.getConfig(at(registry, 'app'), manifest.config, access, never);
    expect(config).toMatchObject({ architecture: 'amd64' });
    expect(storage.requests).toHaveLength(1);
    expect(storage.requests[0]?.headers).not.toHaveProperty('authorization');
  });

  it.each([
    [
      'a web page for a manifest',
      { kind: 'edit', headers: { 'content-type': 'text/html' }, body: '<html>' },
      'invalid-response',
    ],
    [
      'a web page for an error',
      { kind: 'answer', status: 404, headers: { 'content-type': 'text/html' }, body: '<html>' },
      'not-found',
    ],
    ['half a manifest', { kind: 'edit', body: '{"schemaVersion":2,' }, 'invalid-response'],
    [
      'another type',
      { kind: 'edit', headers: { 'content-type': 'application/vnd.oci.image.index.v1+json' } },
      'invalid-response',
    ],
    [
      'other bytes',
      { kind: 'edit', body: new TextDecoder().decode(image.manifest.bytes).replace('{', '{ ') },
      'digest-mismatch',
    ],
    ['far too much', { kind: 'edit', body: 'x'.repeat(4 * 1024 * 1024 + 1) }, 'too-large'],
    [
      'a redirect to itself',
      { kind: 'answer', status: 302, headers: { location: '/v2/app/manifests/v1' } },
      'redirect',
    ],
  ] as const)('gives a code for %s', async (_name, fault, code) => {
    const registry = await start();
    registry.add('app', image, 'v1');
    registry.intercept(() => fault);
    await expect(
      clientWith().getManifest(at(registry, 'app:v1'), accessFor(registry), never),
    ).rejects.toMatchObject({
      code,
      message: expect.stringMatching(new RegExp(`^GET ${registry.host}/app:v1: `)),
    });
  });

  it('tells no secret in any error', async () => {
    const registry = await start({ auth: { kind: 'bearer', users: { alice: 'another' } } });
    registry.add('app', image, 'v1');
    const echo = ({ headers, path }: { headers: Readonly<Record<string, string>>; path: string }) =>
      `${headers['authorization'] ?? ''} ${path} ${password}`;
    const faults = [
      () => undefined,
      (request: Parameters<typeof echo>[0]) =>
        ({ kind: 'answer', status: 500, body: echo(request) }) as const,
      (request: Parameters<typeof echo>[0]) =>
        ({ kind: 'answer', status: 200, body: echo(request) }) as const,
      () => ({ kind: 'raw', handle: (request) => void request.socket.end(`${password}\r\n\r\n`) }) as const,
    ] satisfies Parameters<FakeRegistry['intercept']>[0][];
    for (const fault of faults) {
      const stop = registry.intercept((request) =>
        request.path.startsWith('/token') ? fault(request) : undefined,
      );
      const client = clientWith({ retryPolicy: () => undefined });
      const error: unknown = await client
        .getManifest(at(registry, 'app:v1'), accessFor(registry), never)
        .catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(Error);
      const everything = inspect(error, { depth: 10, showHidden: true });
      expect(everything).not.toContain(password);
      expect(everything).not.toContain(Buffer.from(`alice:${password}`).toString('base64'));
      stop();
    }
  });
});
