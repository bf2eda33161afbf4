import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Access, anonymous, createCertificates, type RegistryClient } from '../../src/oci/index.ts';
import { type Junction, startJunction } from '../fakes/junction.ts';
import { anImage, type Certificate, createCertificate, push } from '../fakes/registry/index.ts';
import { type ReverseProxy, startReverseProxy } from '../fakes/reverse-proxy.ts';
import {
  aliceHtpasswd,
  type DockerRegistry,
  hasDockerRegistry,
  startDockerRegistry,
} from '../setup/docker-registry.ts';
import { createCleanups, inTime, keychainOf, referenceOf } from './support.ts';

const aliceBasic = `Basic ${Buffer.from('alice:secret').toString('base64')}`;

describe.skipIf(!hasDockerRegistry)('docker-registry behind TLS', () => {
  const image = anImage();
  const rig = createCleanups();
  const perTest = createCleanups();
  let registry: DockerRegistry;
  let certificate: Certificate;
  let ours: Certificate;
  let tls: ReverseProxy;
  let mutual: ReverseProxy;

  beforeAll(async () => {
    [certificate, ours] = await Promise.all([createCertificate(), createCertificate([], 'our client')]);
    registry = await rig.track(startDockerRegistry({ htpasswd: aliceHtpasswd }));
    await push({ url: `http://${registry.host}`, authorization: aliceBasic }, 'team/app', image, 'v1');
    const target = registry.host;
    tls = await rig.track(startReverseProxy({ target, tls: certificate }));
    mutual = await rig.track(startReverseProxy({ target, tls: certificate, clientCa: ours.ca }));
  });
  beforeEach(() => {
    tls.forgetRequests();
    mutual.forgetRequests();
  });
  afterEach(perTest.run);
  afterAll(rig.run);

  /** A client with these files in its `certs.d`. */
  const clientWith = (files: Readonly<Record<string, string>>): RegistryClient => {
    const directory = mkdtempSync(join(tmpdir(), 'certs.d-'));
    perTest.add(() => rmSync(directory, { recursive: true }));
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(directory, path)), { recursive: true });
      writeFileSync(join(directory, path), text);
    }
    return perTest.client({ certificates: createCertificates([directory]) });
  };

  const aliceAt = (host: string, insecure = false): Access => ({
    keychain: keychainOf({ [host]: { username: 'alice', password: 'secret' } }),
    insecure,
  });

  const resolve = (client: RegistryClient, host: string, insecure = false) =>
    client.resolve(referenceOf(`${host}/team/app:v1`), aliceAt(host, insecure), inTime());

  const found = { digest: image.manifest.digest };

  it('is read with the authority in certs.d', async () => {
    const client = clientWith({ [`${tls.host}/ca.crt`]: certificate.ca });
    expect(await resolve(client, tls.host)).toMatchObject(found);
  });

  it('is sent nothing while its authority is unknown, or only another host is trusted with it', async () => {
    for (const files of [{}, { '127.0.0.1:1/ca.crt': certificate.ca }]) {
      await expect(resolve(clientWith(files), tls.host)).rejects.toMatchObject({
        code: 'certificate',
        message: expect.stringContaining('the certificate is signed by an unknown authority'),
      });
    }
    expect(tls.requests).toEqual([]);
  });

  it('is sent nothing when its certificate is for another host', async () => {
    const elsewhere = await createCertificate([{ type: 'dns', value: 'other.test' }]);
    const other = await perTest.track(startReverseProxy({ target: registry.host, tls: elsewhere }));
    const client = clientWith({ [`${other.host}/ca.crt`]: elsewhere.ca });
    await expect(resolve(client, other.host)).rejects.toMatchObject({
      code: 'certificate',
      message: expect.stringContaining('the certificate is for another host'),
    });
    expect(other.requests).toEqual([]);
    expect(await resolve(client, other.host, true)).toMatchObject(found);
  });

  it('is read without checking its certificate where a reference may be insecure', async () => {
    expect(await resolve(clientWith({}), tls.host, true)).toMatchObject(found);
  });

  it('keeps insecure references from opening the way for others', async () => {
    const client = clientWith({});
    await resolve(client, tls.host, true);
    await expect(resolve(client, tls.host)).rejects.toMatchObject({ code: 'certificate' });
  });

  it('is shown the client certificate of certs.d', async () => {
    const client = clientWith({
      [`${mutual.host}/ca.crt`]: certificate.ca,
      [`${mutual.host}/client.cert`]: ours.cert,
      [`${mutual.host}/client.key`]: ours.key,
    });
    expect(await resolve(client, mutual.host)).toMatchObject(found);
    expect(new Set(mutual.requests.map(({ clientCertificate }) => clientCertificate))).toEqual(
      new Set(['our client']),
    );
  });

  it('lets nobody in without a client certificate, or with one of another authority', async () => {
    const stranger = await createCertificate([], 'a stranger');
    const ca = { [`${mutual.host}/ca.crt`]: certificate.ca };
    const strangers = {
      ...ca,
      [`${mutual.host}/client.cert`]: stranger.cert,
      [`${mutual.host}/client.key`]: stranger.key,
    };
    for (const files of [ca, strangers]) {
      await expect(resolve(clientWith(files), mutual.host)).rejects.toMatchObject({
        code: 'certificate',
        message: expect.stringContaining('the server wants a client certificate, or another one'),
      });
    }
    expect(mutual.requests).toEqual([]);
  });

  describe('that also answers plain http at the same port', () => {
    let plain: ReverseProxy;
    let both: Junction;

    beforeAll(async () => {
      plain = await rig.track(startReverseProxy({ target: registry.host }));
      both = await rig.track(startJunction({ tls: tls.host, other: plain.host }));
    });
    beforeEach(() => plain.forgetRequests());

    it('sends nothing over plain http after a certificate error', async () => {
      await expect(resolve(clientWith({}), both.host)).rejects.toMatchObject({ code: 'certificate' });
      expect([...plain.requests, ...tls.requests]).toEqual([]);
    });

    it('prefers https with any certificate to http where a reference may be insecure', async () => {
      expect(await resolve(clientWith({}), both.host, true)).toMatchObject(found);
      expect(plain.requests).toEqual([]);
      expect(tls.requests.length).toBeGreaterThan(0);
    });

    it('sends nothing over plain http when https breaks off for another reason', async () => {
      const broken = await perTest.track(startJunction({ tls: undefined, other: plain.host }));
      await expect(resolve(clientWith({}), broken.host, true)).rejects.toMatchObject({ code: 'unavailable' });
      expect(plain.requests).toEqual([]);
    });
  });

  it('is asked over https first, and over http where it speaks only that and a reference may be insecure', async () => {
    const wire = await perTest.track(startJunction({ tls: registry.host, other: registry.host }));
    await expect(resolve(clientWith({}), wire.host)).rejects.toMatchObject({ code: 'http-not-https' });
    expect(wire.protocols()).toEqual(['tls']);
    expect(await resolve(clientWith({}), wire.host, true)).toMatchObject(found);
    expect(wire.protocols().slice(0, 3)).toEqual(['tls', 'tls', 'other']);
  });

  it('is asked over https again once it has learned that', async () => {
    const plain = await startDockerRegistry({ htpasswd: aliceHtpasswd });
    const client = perTest.client();
    const access = { keychain: anonymous, insecure: true };
    const reference = referenceOf(`${plain.host}/team/app:v1`);
    await expect(client.resolve(reference, access, inTime())).rejects.toMatchObject({ code: 'unauthorized' });
    await plain.stop();
    const port = Number(plain.host.split(':')[1]);
    await perTest.track(startDockerRegistry({ port, tls: certificate }));
    await expect(client.resolve(reference, access, inTime())).rejects.toMatchObject({
      code: 'manifest-unknown',
    });
  });
});
