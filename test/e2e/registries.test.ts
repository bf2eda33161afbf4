import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { anonymous, createRegistryClient, parseReference } from '../../src/oci/index.ts';
import { type FakeProxy, startFakeProxy } from '../fakes/proxy.ts';
import {
  anImage,
  anIndex,
  type Certificate,
  createCertificate,
  type FakeRegistry,
  push,
  startFakeRegistry,
} from '../fakes/registry/index.ts';
import { seenBy, strayCredentials } from '../fakes/registry/stray-credentials.ts';
import {
  aliceHtpasswd,
  type DockerRegistry,
  hasDockerRegistry,
  startDockerRegistry,
} from '../setup/docker-registry.ts';
import { eventually, type Serve, startServe } from './serve.ts';

const run = promisify(execFile);
const main = resolve(import.meta.dirname, '../../src/main.ts');
const api = '/apis/image.openshift.io/v1/namespaces/default';

type Tag = {
  readonly items?: readonly { readonly image: string; readonly dockerImageReference: string }[] | null;
  readonly conditions?: readonly { readonly reason: string; readonly message: string }[];
};

const cleanups: (() => Promise<unknown> | void)[] = [];
const cleanUp = async (): Promise<void> => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
};

/** A directory of these files. */
const directoryOf = (files: Readonly<Record<string, string>>): string => {
  const directory = mkdtempSync(join(tmpdir(), 'registries-e2e-'));
  cleanups.push(() => rmSync(directory, { recursive: true }));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text);
  }
  return directory;
};

const start = async (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Serve> => {
  const serve = await startServe({ args, env });
  cleanups.push(serve.remove);
  return serve;
};

let streams = 0;

/** Imports a reference under a stream of its own; what its tag says afterwards. */
const importInto = async (serve: Serve, reference: string, policy: object = {}): Promise<Tag> => {
  streams += 1;
  const name = `stream-${streams}`;
  const tags = [{ name: 'v1', from: { kind: 'DockerImage', name: reference }, importPolicy: policy }];
  const { status, text } = await serve.api('POST', `${api}/imagestreams`, {
    apiVersion: 'image.openshift.io/v1',
    kind: 'ImageStream',
    metadata: { name },
    spec: { tags },
  });
  expect(status, text).toBe(201);
  const tag = await eventually(
    async () => {
      const { body } = await serve.api('GET', `${api}/imagestreams/${name}`);
      return (body as { status?: { tags?: readonly Tag[] } }).status?.tags?.[0];
    },
    (seen) => (seen?.items?.length ?? 0) + (seen?.conditions?.length ?? 0) > 0,
    `${reference} is imported`,
  );
  return tag ?? {};
};

const addSecret = async (serve: Serve, auths: object): Promise<void> => {
  const { status, text } = await serve.api('POST', '/api/v1/namespaces/default/secrets', {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'pull' },
    type: 'kubernetes.io/dockerconfigjson',
    stringData: { '.dockerconfigjson': JSON.stringify({ auths }) },
  });
  expect(status, text).toBe(201);
};

const mirrorSet = (
  kind: 'Digest' | 'Tag',
  source: string,
  mirrors: readonly string[],
  mirrorSourcePolicy = 'AllowContactingSource',
): string =>
  JSON.stringify({
    apiVersion: 'config.openshift.io/v1',
    kind: `Image${kind}MirrorSet`,
    metadata: { name: `${kind.toLowerCase()}-of-${source.replaceAll(/\W/g, '-')}` },
    spec: { [`image${kind}Mirrors`]: [{ source, mirrors, mirrorSourcePolicy }] },
  });

describe.skipIf(!hasDockerRegistry)('serve, with real registries behind a configuration', () => {
  const aliceBasic = `Basic ${Buffer.from('alice:secret').toString('base64')}`;
  const one = anIndex([
    anImage({ name: 'one' }),
    anImage({ name: 'arm', platform: { architecture: 'arm64', os: 'linux' } }),
  ]);
  const two = anImage({ name: 'two' });
  let source: DockerRegistry;
  let mirror: DockerRegistry;
  let through: DockerRegistry;
  let locked: DockerRegistry;
  let serve: Serve;

  const track = async (registry: Promise<DockerRegistry>): Promise<DockerRegistry> => {
    const started = await registry;
    cleanups.push(started.stop);
    return started;
  };

  beforeAll(async () => {
    const certificate = await createCertificate();
    const ours = await createCertificate([], 'our client');
    source = await track(startDockerRegistry());
    mirror = await track(startDockerRegistry({ htpasswd: aliceHtpasswd }));
    through = await track(startDockerRegistry({ remoteUrl: `http://${source.host}` }));
    locked = await track(startDockerRegistry({ tls: { ...certificate, clientCa: ours.ca } }));
    const atMirror = { url: `http://${mirror.host}`, authorization: aliceBasic };
    await push({ url: `http://${source.host}` }, 'team/app', two, 'v1');
    await push(atMirror, 'copy/app', one, 'v1');
    const directory = directoryOf({
      'registries.d/10-mirrors.conf': `
        unqualified-search-registries = ["registry.fedoraproject.org"]
        [[registry]]
        prefix = "upstream.invalid/copied"
        location = "upstream.invalid/copied"
        [[registry.mirror]]
        location = "${mirror.host}/copy"
        [[registry]]
        prefix = "upstream.invalid"
        location = "upstream.invalid"
        [[registry.mirror]]
        location = "${through.host}"
        insecure = true
        [[registry]]
        prefix = "renamed.invalid/deep"
        location = "${source.host}/team"
        insecure = true
        [[registry]]
        location = "${mirror.host}"
        insecure = true
        [[registry]]
        location = "${source.host}/blocked"
        blocked = true
      `,
      'registries.d/20-sets.yaml': [
        mirrorSet('Digest', `${source.host}/never`, [`${mirror.host}/copy`], 'NeverContactSource'),
        mirrorSet('Tag', `${source.host}/never`, [`${mirror.host}/copy`], 'NeverContactSource'),
        mirrorSet('Digest', `${source.host}/team`, [`${mirror.host}/nothing`]),
      ].join('\n---\n'),
      [`certs.d/${locked.host}/ca.crt`]: certificate.ca,
      [`certs.d/${locked.host}/client.cert`]: ours.cert,
      [`certs.d/${locked.host}/client.key`]: ours.key,
    });
    serve = await start([
      '--registries-config',
      join(directory, 'registries.d'),
      '--certs-dir',
      join(directory, 'certs.d'),
      '--block-registry',
      'blocked.invalid',
    ]);
    await addSecret(serve, { [`${mirror.host}/copy`]: { username: 'alice', password: 'secret' } });
  });
  afterAll(cleanUp);

  it('imports a list and its parts from a mirror that wants a login, under the name of the source', async () => {
    const { items } = await importInto(serve, 'upstream.invalid/copied/app:v1', {
      importMode: 'PreserveOriginal',
    });
    expect(items?.[0]).toMatchObject({
      image: one.manifest.digest,
      dockerImageReference: `upstream.invalid/copied/app@${one.manifest.digest}`,
    });
  });

  it('imports from a pull-through mirror of a source that is out of reach', async () => {
    const { items } = await importInto(serve, 'upstream.invalid/team/app:v1');
    expect(items?.[0]).toMatchObject({
      image: two.manifest.digest,
      dockerImageReference: `upstream.invalid/team/app@${two.manifest.digest}`,
    });
  });

  it('imports from where a source really is', async () => {
    const { items } = await importInto(serve, 'renamed.invalid/deep/app:v1');
    expect(items?.[0]?.dockerImageReference).toBe(`renamed.invalid/deep/app@${two.manifest.digest}`);
  });

  it('goes on to the source where a mirror for digests lacks the image', async () => {
    const { items } = await importInto(serve, `${source.host}/team/app@${two.manifest.digest}`, {
      insecure: true,
    });
    expect(items?.[0]?.image).toBe(two.manifest.digest);
  });

  it('never contacts a source that it is told not to', async () => {
    const found = await importInto(serve, `${source.host}/never/app:v1`, { insecure: true });
    expect(found.items?.[0]?.dockerImageReference).toMatch(`${source.host}/never/app@sha256:`);
    const missing = await importInto(serve, `${source.host}/never/missing:v1`, { insecure: true });
    expect(missing.conditions?.[0]).toMatchObject({ reason: 'NotFound' });
    expect(missing.conditions?.[0]?.message).toContain(`${mirror.host}/copy/missing:v1: `);
    expect(missing.conditions?.[0]?.message).toContain(`${source.host}/never/missing is blocked`);
  });

  it('imports nothing that is blocked, by file or by setting', async () => {
    for (const reference of [`${source.host}/blocked/app:v1`, 'blocked.invalid:5000/app:v1']) {
      const { conditions } = await importInto(serve, reference, { insecure: true });
      expect(conditions?.[0]).toMatchObject({
        reason: 'Forbidden',
        message: expect.stringContaining('is blocked'),
      });
    }
  });

  it('imports over TLS with a private authority and a client certificate', async () => {
    // Nothing is there, but only who may come in learns that.
    const { conditions } = await importInto(serve, `${locked.host}/team/app:v1`);
    expect(conditions?.[0]).toMatchObject({ reason: 'NotFound' });
  });

  it('says that a registry wants a client certificate', async () => {
    const client = createRegistryClient({ retryPolicy: () => undefined });
    cleanups.push(() => client.close());
    const parsed = parseReference(`${locked.host}/team/app:v1`);
    if (!parsed.ok) throw new Error(parsed.problem);
    const access = { keychain: anonymous, insecure: true };
    await expect(client.resolve(parsed.reference, access, AbortSignal.timeout(10_000))).rejects.toMatchObject(
      {
        code: 'certificate',
        message: expect.stringContaining('the server wants a client certificate'),
      },
    );
  });
});

describe('serve, behind a proxy', () => {
  const image = anImage();
  let certificate: Certificate;
  let registry: FakeRegistry;
  let mirror: FakeRegistry;
  let proxy: FakeProxy;

  beforeAll(async () => {
    certificate = await createCertificate([
      { type: 'dns', value: 'registry.test' },
      { type: 'dns', value: 'mirror.test' },
    ]);
  });
  afterEach(cleanUp);

  it('reaches registries that only the proxy knows, and shows each its own credentials', async () => {
    const basic = (user: string, password: string) =>
      ({ kind: 'basic', users: { [user]: password } }) as const;
    registry = await startFakeRegistry({ tls: certificate, auth: basic('alice', 'registry-secret') });
    mirror = await startFakeRegistry({ tls: certificate, auth: basic('bob', 'mirror-secret') });
    proxy = await startFakeProxy({
      hosts: { 'registry.test:443': registry.host, 'mirror.test:443': mirror.host },
      credentials: 'carol:proxy-secret',
    });
    cleanups.push(registry.stop, mirror.stop, proxy.stop);
    registry.add('app', image, 'v1');
    const directory = directoryOf({
      'registries.conf':
        '[[registry]]\nlocation = "registry.test"\n[[registry.mirror]]\nlocation = "mirror.test"\n',
      'certs.d/registry.test/ca.crt': certificate.ca,
      'certs.d/mirror.test/ca.crt': certificate.ca,
    });
    const serve = await start(
      ['--registries-config', join(directory, 'registries.conf'), '--certs-dir', join(directory, 'certs.d')],
      { HTTPS_PROXY: `http://carol:proxy-secret@${proxy.url.host}`, NO_PROXY: '127.0.0.1' },
    );
    await addSecret(serve, {
      'registry.test': { username: 'alice', password: 'registry-secret' },
      'mirror.test': { username: 'bob', password: 'mirror-secret' },
    });
    const { items } = await importInto(serve, 'registry.test/app:v1');
    expect(items?.[0]?.image).toBe(image.manifest.digest);
    expect(mirror.log().length).toBeGreaterThan(0);
    expect(new Set(proxy.lines())).toEqual(new Set(['CONNECT mirror.test:443', 'CONNECT registry.test:443']));
    const seen = [
      ...seenBy('registry', registry.connections),
      ...seenBy('mirror', mirror.connections),
      ...seenBy('proxy', [proxy]),
    ];
    const confided = [
      ['registry', 'registry-secret', 'alice'],
      ['mirror', 'mirror-secret', 'bob'],
      ['proxy', 'proxy-secret', 'carol'],
    ].flatMap(([host = '', ...secrets]) => secrets.map((secret) => ({ secret, hosts: [host] })));
    expect(strayCredentials(seen, confided)).toEqual([]);
    expect(serve.output()).not.toMatch(/(registry|mirror|proxy)-secret/);
  });
});

describe('serve, at a registry whose token server is a stranger', () => {
  afterEach(cleanUp);

  it('shows it credentials only where --trusted-realm names it', async () => {
    const names = ['registry.test', 'tokens.stranger'];
    const certificate = await createCertificate(names.map((value) => ({ type: 'dns', value })));
    const registry = await startFakeRegistry({
      tls: certificate,
      auth: {
        kind: 'bearer',
        users: { alice: 'registry-secret' },
        realm: () => 'https://tokens.stranger/token',
      },
    });
    const proxy = await startFakeProxy({
      hosts: Object.fromEntries(names.map((name) => [`${name}:443`, registry.host])),
    });
    cleanups.push(registry.stop, proxy.stop);
    const image = anImage();
    registry.add('app', image, 'v1');
    const directory = directoryOf({ 'registry.test/ca.crt': certificate.ca });
    const importWith = async (...args: readonly string[]): Promise<Tag> => {
      const serve = await start(['--certs-dir', directory, ...args], { HTTPS_PROXY: proxy.url.href });
      await addSecret(serve, { 'registry.test': { username: 'alice', password: 'registry-secret' } });
      return importInto(serve, 'registry.test/app:v1');
    };

    const { conditions } = await importWith();
    expect(conditions?.[0]).toMatchObject({
      reason: 'Forbidden',
      message: expect.stringContaining('tokens.stranger'),
    });
    expect(proxy.lines()).not.toContain('CONNECT tokens.stranger:443');

    const { items } = await importWith('--trusted-realm', 'tokens.stranger');
    expect(items?.[0]?.image).toBe(image.manifest.digest);
    expect(proxy.lines()).toContain('CONNECT tokens.stranger:443');
  });
});

describe('serve, with a file that cannot be used', () => {
  afterEach(cleanUp);

  it('ends with one line that names it', async () => {
    const directory = directoryOf({ 'registries.conf': '[[registry]]\nlocation = oops' });
    const file = join(directory, 'registries.conf');
    const args = ['serve', '--listen', '127.0.0.1:0', '--data-dir', join(directory, 'data')];
    const error: unknown = await run(process.execPath, [main, ...args, '--registries-config', file]).catch(
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({
      code: 1,
      stdout: '',
      stderr: `error: ${file}: line 2: Invalid TOML document: invalid value\n`,
    });
  });
});
