import { describe, expect, it } from 'vitest';
import {
  createKeychain,
  createRegistryClient,
  parseDockerConfig,
  parseReference,
  type RegistryErrorCode,
} from '../../src/oci/index.ts';
import { anImage, push, startFakeRegistry } from '../fakes/registry/index.ts';
import { aliceHtpasswd, hasDockerRegistry, startDockerRegistry } from '../setup/docker-registry.ts';
import { hasGoRegistry, startGoRegistry } from '../setup/go-registry.ts';
import { insecureAnonymous, testRegistry } from './registry.ts';

const aliceAt = (host: string) => {
  const config = { auths: { [host]: { username: 'alice', password: 'secret' } } };
  return {
    keychain: createKeychain(parseDockerConfig(JSON.stringify(config), 'test').entries),
    insecure: true,
  };
};

const aliceBasic = `Basic ${Buffer.from('alice:secret').toString('base64')}`;

testRegistry('the fake registry', async () => {
  const fake = await startFakeRegistry();
  return { ...fake, push: (repository, content, tag) => push(fake, repository, content, tag) };
});

testRegistry('the fake registry with Basic authentication', async () => {
  const fake = await startFakeRegistry({ auth: { kind: 'basic', users: { alice: 'secret' } } });
  const target = { url: fake.url, authorization: aliceBasic };
  return {
    ...fake,
    access: aliceAt(fake.host),
    push: (repository, content, tag) => push(target, repository, content, tag),
  };
});

testRegistry('the fake registry with Bearer authentication', async () => {
  const fake = await startFakeRegistry({ auth: { kind: 'bearer', users: { alice: 'secret' } } });
  return {
    ...fake,
    access: aliceAt(fake.host),
    push: async (repository, content, tag) => fake.add(repository, content, tag),
  };
});

testRegistry('the fake registry that pages', async () => {
  const fake = await startFakeRegistry({ defaultPageSize: 4, maxPageSize: 4 });
  return { ...fake, push: (repository, content, tag) => push(fake, repository, content, tag) };
});

describe.skipIf(!hasGoRegistry)('a real registry of go-containerregistry', () => {
  testRegistry('the registry of go-containerregistry', async () => {
    const real = await startGoRegistry();
    const target = { url: `http://${real.host}` };
    return { ...real, push: (repository, content, tag) => push(target, repository, content, tag) };
  });
});

describe.skipIf(!hasDockerRegistry)('a real docker-registry', () => {
  testRegistry('docker-registry', async () => {
    const real = await startDockerRegistry();
    const target = { url: `http://${real.host}` };
    return { ...real, push: (repository, content, tag) => push(target, repository, content, tag) };
  });

  testRegistry('docker-registry with Basic authentication', async () => {
    const real = await startDockerRegistry({ htpasswd: aliceHtpasswd });
    const target = { url: `http://${real.host}`, authorization: aliceBasic };
    return {
      ...real,
      access: aliceAt(real.host),
      push: (repository, content, tag) => push(target, repository, content, tag),
    };
  });

  it('refuses whoever has no credentials, or wrong ones', async () => {
    const real = await startDockerRegistry({ htpasswd: aliceHtpasswd });
    const client = createRegistryClient();
    try {
      await push({ url: `http://${real.host}`, authorization: aliceBasic }, 'private/app', anImage(), 'v1');
      const parsed = parseReference(`${real.host}/private/app:v1`);
      if (!parsed.ok) throw new Error(parsed.problem);
      const signal = AbortSignal.timeout(20_000);
      const code: RegistryErrorCode = 'unauthorized';
      await expect(client.getManifest(parsed.reference, insecureAnonymous, signal)).rejects.toMatchObject({
        code,
        message: `GET ${real.host}/private/app:v1: authentication required`,
      });
      const wrong = { auths: { [real.host]: { username: 'alice', password: 'nope' } } };
      const keychain = createKeychain(parseDockerConfig(JSON.stringify(wrong), 'test').entries);
      await expect(
        client.getManifest(parsed.reference, { keychain, insecure: true }, signal),
      ).rejects.toMatchObject({
        code,
        message: `GET ${real.host}/private/app:v1: no credentials were accepted`,
      });
    } finally {
      await client.close();
      await real.stop();
    }
  });
});
