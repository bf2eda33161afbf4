import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createManualClock } from '../../../test/fakes/clock.ts';
import { type FakeProxyOptions, startFakeProxy } from '../../../test/fakes/proxy.ts';
import {
  anImage,
  type Certificate,
  createCertificate,
  type FakeRegistryOptions,
  startFakeRegistry,
  trusting,
} from '../../../test/fakes/registry/index.ts';
import { seenBy, strayCredentials } from '../../../test/fakes/registry/stray-credentials.ts';
import { never } from '../../../test/fakes/send.ts';
import {
  anonymous,
  type Certificates,
  createKeychain,
  createRegistryClient,
  parseDockerConfig,
  parseReference,
  type RegistryClientOptions,
} from '../index.ts';
import type { HostCertificates } from './certificates.ts';

const name = 'registry.test';
const image = anImage();
const { digest } = image.manifest;

let server: Certificate;
let named: Certificate;
let clientPair: Certificate;
beforeAll(async () => {
  server = await createCertificate();
  named = await createCertificate([{ type: 'dns', value: name }]);
  clientPair = await createCertificate([], 'our client');
});

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

const start = async (options: FakeRegistryOptions) => {
  const registry = await startFakeRegistry(options);
  cleanups.push(registry.stop);
  registry.add('app', image, 'v1');
  return registry;
};

const startProxy = async (options: FakeProxyOptions = {}) => {
  const proxy = await startFakeProxy(options);
  cleanups.push(proxy.stop);
  return proxy;
};

const clientWith = (options: RegistryClientOptions) => {
  const client = createRegistryClient({ retryPolicy: () => undefined, ...options });
  cleanups.push(() => client.close());
  return client;
};

const at = (host: string) => {
  const parsed = parseReference(`${host}/app:v1`);
  if (!parsed.ok) throw new Error(parsed.problem);
  return parsed.reference;
};

const certificatesFor = (hosts: Readonly<Record<string, Partial<HostCertificates>>>): Certificates => {
  const none = { ca: [], cert: [], key: [] };
  return async (host) => ({ ok: true, certificates: { ...none, ...hosts[host] } });
};

const secure = { keychain: anonymous, insecure: false };

describe('a client certificate', () => {
  const pair = () => ({ cert: [clientPair.cert], key: [clientPair.key] });
  const wanting = (isRequired: boolean) => ({ tls: server, clientCa: { ca: clientPair.ca, isRequired } });

  it('opens a registry that wants one', async () => {
    const registry = await start(wanting(true));
    const certificates = certificatesFor({ [registry.host]: { ca: [server.ca], ...pair() } });
    expect(await clientWith({ certificates }).resolve(at(registry.host), secure, never)).toMatchObject({
      digest,
    });
    expect(registry.requests[0]?.clientCertificate).toBe('our client');
  });

  it('is shown to its own host alone, also where a registry redirects', async () => {
    const [registry, storage] = [await start(wanting(false)), await start(wanting(false))];
    registry.intercept(() => ({
      kind: 'answer',
      status: 307,
      headers: { location: `${storage.url}/v2/app/manifests/v1` },
    }));
    const certificates = certificatesFor({ [registry.host]: { ca: [server.ca], ...pair() } });
    // The storage is verified by the registry's authority: it has none of its own.
    expect(await clientWith({ certificates }).resolve(at(registry.host), secure, never)).toMatchObject({
      digest,
    });
    expect(registry.requests[0]?.clientCertificate).toBe('our client');
    expect(storage.requests.map(({ clientCertificate }) => clientCertificate)).toEqual([undefined]);
  });

  it('is shown as well where the registry need not be verified', async () => {
    const registry = await start(wanting(true));
    const certificates = certificatesFor({ [registry.host]: pair() });
    const access = { keychain: anonymous, insecure: true };
    expect(await clientWith({ certificates }).resolve(at(registry.host), access, never)).toMatchObject({
      digest,
    });
  });
});

describe('an authority', () => {
  it('is believed for its registry and for no other', async () => {
    const [one, other] = [await start({ tls: server }), await start({ tls: server })];
    const client = clientWith({ certificates: certificatesFor({ [one.host]: { ca: [server.ca] } }) });
    await client.resolve(at(one.host), secure, never);
    await expect(client.resolve(at(other.host), secure, never)).rejects.toMatchObject({
      code: 'certificate',
    });
    expect(other.requests).toEqual([]);
  });

  it('is read anew after a while', async () => {
    const clock = createManualClock();
    const registry = await start({ tls: server });
    let ca = named.ca;
    const client = clientWith({ clock, certificates: (host) => trusting(ca)(host) });
    const resolve = () => client.resolve(at(registry.host), secure, never);
    await expect(resolve()).rejects.toMatchObject({ code: 'certificate' });
    ca = server.ca;
    await expect(resolve()).rejects.toMatchObject({ code: 'certificate' });
    await clock.advance(60_000);
    expect(await resolve()).toMatchObject({ digest });
  });

  it('that cannot be read fails the request with the file, and is tried again at once', async () => {
    const registry = await start({ tls: server });
    let isBroken = true;
    const client = clientWith({
      certificates: async (host) =>
        isBroken
          ? { ok: false, problem: '/certs.d/x/ca.crt holds no certificate' }
          : trusting(server.ca)(host),
    });
    await expect(client.resolve(at(registry.host), secure, never)).rejects.toMatchObject({
      code: 'certificate',
      message: `HEAD ${registry.host}/app:v1: /certs.d/x/ca.crt holds no certificate`,
    });
    isBroken = false;
    expect(await client.resolve(at(registry.host), secure, never)).toMatchObject({ digest });
  });
});

describe('a proxy', () => {
  const keychain = createKeychain(
    parseDockerConfig(
      JSON.stringify({ auths: { [name]: { username: 'alice', password: 'registry-secret' } } }),
      'test',
    ).entries,
  );
  const auth = { kind: 'basic', users: { alice: 'registry-secret' } } as const;

  it('tunnels to a registry that only it can resolve, and sees none of what is said', async () => {
    const registry = await start({ tls: named, auth });
    const proxy = await startProxy({
      hosts: { [`${name}:443`]: registry.host },
      credentials: 'bob:proxy-secret',
    });
    const url = new URL(proxy.url);
    url.username = 'bob';
    url.password = 'proxy-secret';
    const client = clientWith({ certificates: trusting(named.ca), proxy: { https: url, noProxy: '' } });
    const access = { keychain, insecure: false };
    expect(await client.resolve(at(name), access, never)).toMatchObject({ digest });
    expect(new Set(proxy.lines())).toEqual(new Set([`CONNECT ${name}:443`]));
    expect(registry.requests.every(({ headers }) => headers['proxy-authorization'] === undefined)).toBe(true);
    const seen = [...seenBy('registry', registry.connections), ...seenBy('proxy', [proxy])];
    const confided = [
      { secret: 'registry-secret', hosts: ['registry'] },
      { secret: 'proxy-secret', hosts: ['proxy'] },
    ];
    expect(strayCredentials(seen, confided)).toEqual([]);
    expect(seen.at(-1)?.received()).toContain('proxy-authorization: Basic');
  });

  it('passes plain http on, for a registry that speaks nothing else', async () => {
    const registry = await start({});
    const hosts = { [`${name}:5000`]: registry.host };
    const proxy = await startProxy({ hosts });
    const client = clientWith({ proxy: { https: proxy.url, http: proxy.url, noProxy: '' } });
    const access = { keychain: anonymous, insecure: true };
    expect(await client.resolve(at(`${name}:5000`), access, never)).toMatchObject({ digest });
    expect(proxy.lines()).toEqual([`CONNECT ${name}:5000`, `HEAD http://${name}:5000/v2/app/manifests/v1`]);
  });

  it('is not asked for what is to be asked directly', async () => {
    const registry = await start({ tls: server });
    const proxy = await startProxy();
    const client = clientWith({
      certificates: trusting(server.ca),
      proxy: { https: proxy.url, noProxy: '' },
    });
    await client.resolve(at(registry.host), secure, never);
    expect(proxy.lines()).toEqual([]);
  });

  it('carries client certificates through its tunnel', async () => {
    const registry = await start({ tls: named, clientCa: { ca: clientPair.ca, isRequired: true } });
    const proxy = await startProxy({ hosts: { [`${name}:443`]: registry.host } });
    const certificates = certificatesFor({
      [name]: { ca: [named.ca], cert: [clientPair.cert], key: [clientPair.key] },
    });
    const client = clientWith({ certificates, proxy: { https: proxy.url, noProxy: '' } });
    expect(await client.resolve(at(name), secure, never)).toMatchObject({ digest });
    expect(registry.requests[0]?.clientCertificate).toBe('our client');
  });

  it('does not make a certificate for another host a good one', async () => {
    const registry = await start({ tls: server });
    const proxy = await startProxy({ hosts: { [`${name}:443`]: registry.host } });
    const client = clientWith({
      certificates: trusting(server.ca),
      proxy: { https: proxy.url, noProxy: '' },
    });
    await expect(client.resolve(at(name), secure, never)).rejects.toMatchObject({
      code: 'certificate',
      message: `HEAD ${name}/app:v1: the certificate is for another host, by way of the proxy ${proxy.url.host}`,
    });
    expect(registry.requests).toEqual([]);
  });

  it.each([
    [{ credentials: 'bob:proxy-secret' }, 'the proxy wants other credentials (407)'],
    [{ refuseWith: 403 }, 'the proxy does not connect us (403)'],
  ])('that refuses is told from a registry that does: %j', async (options, problem) => {
    const proxy = await startProxy(options);
    const url = new URL(proxy.url);
    url.username = 'bob';
    url.password = 'wrong-secret';
    const client = clientWith({ proxy: { https: url, noProxy: '' } });
    const error: unknown = await client.resolve(at(name), secure, never).catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      code: 'unavailable',
      message: `HEAD ${name}/app:v1: ${problem}, by way of the proxy ${proxy.url.host}`,
    });
  });

  it('that is down is named', async () => {
    const proxy = await startFakeProxy();
    await proxy.stop();
    const client = clientWith({ proxy: { https: proxy.url, noProxy: '' } });
    await expect(client.resolve(at(name), secure, never)).rejects.toMatchObject({
      code: 'unavailable',
      message: `HEAD ${name}/app:v1: connection refused, by way of the proxy ${proxy.url.host}`,
    });
  });

  it('is not asked for addresses that are refused', async () => {
    const proxy = await startProxy();
    const client = clientWith({ proxy: { https: proxy.url, noProxy: '' } });
    await expect(client.resolve(at('169.254.169.254'), secure, never)).rejects.toMatchObject({
      code: 'blocked',
    });
    expect(proxy.lines()).toEqual([]);
  });
});
