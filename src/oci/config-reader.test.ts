import { describe, expect, it } from 'vitest';
import { anAnswer, createFakeSend, type FakeAnswer, never } from '../../test/fakes/send.ts';
import { createConfigReader } from './config-reader.ts';
import { anonymous } from './credentials/keychain.ts';
import { digestBytes } from './digest.ts';
import type { Descriptor } from './types.ts';

const text = '{"architecture":"amd64"}';
const bytes = new TextEncoder().encode(text);
const config: Descriptor = {
  mediaType: 'application/json',
  digest: digestBytes(bytes),
  size: bytes.byteLength,
};

const read = async (answer: FakeAnswer, descriptor = config) => {
  const fake = createFakeSend(() => answer);
  const repository = { registry: 'registry.example', repository: 'team/app' };
  const access = { keychain: anonymous, insecure: false };
  const getConfig = createConfigReader(fake.send, () => 0);
  const fetched = await getConfig(repository, descriptor, access, never);
  return { ...fetched, urls: fake.requests.map(({ url }) => url.href) };
};

const failure = (answer: FakeAnswer, descriptor = config) =>
  read(answer, descriptor).catch((error: unknown) => error);

describe('getConfig', () => {
  it('gives the JSON and its exact bytes', async () => {
    const fetched = await read(anAnswer(200, { body: text }));
    expect(fetched.config).toEqual({ architecture: 'amd64' });
    expect(fetched.bytes).toEqual(bytes);
    expect(fetched.urls).toEqual([`https://registry.example/v2/team/app/blobs/${config.digest}`]);
  });

  it('checks digests of every kind', async () => {
    const sha512 = { ...config, digest: digestBytes(bytes, 'sha512') };
    expect((await read(anAnswer(200, { body: text }), sha512)).config).toEqual({ architecture: 'amd64' });
  });

  it.each([
    ['other bytes', text.replace('amd64', 'arm64'), config],
    ['fewer bytes', text.slice(0, -1), config],
    ['another size than the descriptor says', text, { ...config, size: config.size + 1 }],
  ])('refuses %s', async (_name, body, descriptor) => {
    expect(await failure(anAnswer(200, { body }), descriptor)).toMatchObject({ code: 'digest-mismatch' });
  });

  it('refuses what is no JSON object, after its digest was right', async () => {
    const list = new TextEncoder().encode('[]');
    const descriptor = { ...config, digest: digestBytes(list), size: 2 };
    expect(await failure(anAnswer(200, { body: '[]' }), descriptor)).toMatchObject({
      code: 'invalid-response',
      message: `GET registry.example/team/app@${descriptor.digest}: the config is not a JSON object`,
    });
  });

  it('does not ask for a config that is said to be too large', async () => {
    const fake = createFakeSend(() => anAnswer(200));
    const getConfig = createConfigReader(fake.send, () => 0);
    const huge = { ...config, size: 4 * 1024 * 1024 + 1 };
    const repository = { registry: 'registry.example', repository: 'team/app' };
    await expect(
      getConfig(repository, huge, { keychain: anonymous, insecure: false }, never),
    ).rejects.toMatchObject({ code: 'too-large' });
    expect(fake.requests).toEqual([]);
  });

  it('says that a blob is missing', async () => {
    const body = JSON.stringify({ errors: [{ code: 'BLOB_UNKNOWN' }] });
    expect(await failure(anAnswer(404, { body }))).toMatchObject({
      code: 'not-found',
      registryCode: 'BLOB_UNKNOWN',
    });
  });
});
