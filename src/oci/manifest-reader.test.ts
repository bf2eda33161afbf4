import { describe, expect, it } from 'vitest';
import { createManualClock } from '../../test/fakes/clock.ts';
import { anImage } from '../../test/fakes/registry/index.ts';
import { anAnswer, createFakeSend, type FakeAnswer, never } from '../../test/fakes/send.ts';
import { anonymous } from './credentials/keychain.ts';
import { digestBytes } from './digest.ts';
import { createManifestReader } from './manifest-reader.ts';
import { parseReference } from './reference.ts';
import type { RegistryRequest } from './transport/send.ts';
import type { Reference } from './types.ts';

const { manifest } = anImage();
const text = new TextDecoder().decode(manifest.bytes);
const sha512 = digestBytes(manifest.bytes, 'sha512');
const other = digestBytes(new Uint8Array([1]));

const reference = (spec: string): Reference => {
  const parsed = parseReference(spec);
  if (!parsed.ok) throw new Error(parsed.problem);
  return parsed.reference;
};

const tag = reference('registry.example/team/app:v1');
const access = { keychain: anonymous, insecure: false };

const headers = (more: Readonly<Record<string, string>> = {}) => ({
  'content-type': manifest.mediaType,
  ...more,
});
const digestHeader = (digest: string) => ({ 'docker-content-digest': digest });

/** A registry that answers HEAD and GET of manifests so. */
const at = (answers: { readonly head?: FakeAnswer; readonly get?: FakeAnswer }) => {
  const clock = createManualClock();
  const fake = createFakeSend(({ method }) => {
    const answer = method === 'HEAD' ? answers.head : answers.get;
    return answer ?? anAnswer(200, { headers: headers(), body: method === 'HEAD' ? '' : text });
  });
  const methods = () => fake.requests.map(({ method }) => method);
  return { ...createManifestReader(fake.send, clock), clock, requests: fake.requests, methods };
};

const error = (code: string, status = 404): FakeAnswer =>
  anAnswer(status, { body: JSON.stringify({ errors: [{ code }] }) });

describe('getManifest', () => {
  it('asks for all kinds of manifests under the tag or digest', async () => {
    const { getManifest, requests } = at({});
    await getManifest(tag, access, never);
    await getManifest(reference(`alpine@${manifest.digest}`), access, never);
    expect(requests.map(({ url }) => url.href)).toEqual([
      'https://registry.example/v2/team/app/manifests/v1',
      `https://registry-1.docker.io/v2/library/alpine/manifests/${manifest.digest}`,
    ]);
    expect(requests[0]?.headers['accept']?.split(', ')).toHaveLength(4);
  });

  it('computes the digest itself', async () => {
    const { getManifest } = at({});
    const fetched = await getManifest(tag, access, never);
    expect(fetched).toMatchObject({ digest: manifest.digest, mediaType: manifest.mediaType });
    expect(new TextDecoder().decode(fetched.bytes)).toBe(text);
  });

  it('names the manifest by the kind of digest that the registry uses', async () => {
    const { getManifest } = at({
      get: anAnswer(200, { headers: headers(digestHeader(sha512)), body: text }),
    });
    expect((await getManifest(tag, access, never)).digest).toBe(sha512);
  });

  it.each([
    ['the digest that was asked for', reference(`registry.example/team/app@${other}`), {}],
    ['the digest that the registry states', tag, digestHeader(other)],
    [
      'the digest that was asked for, whatever the registry states',
      reference(`registry.example/team/app@${other}`),
      digestHeader(manifest.digest),
    ],
  ])('refuses bytes that do not have %s', async (_name, asked, more) => {
    const { getManifest } = at({ get: anAnswer(200, { headers: headers(more), body: text }) });
    await expect(getManifest(asked, access, never)).rejects.toMatchObject({
      code: 'digest-mismatch',
      message: expect.stringContaining(`the manifest has the digest ${manifest.digest}, not ${other}`),
    });
  });

  it('ignores a digest header that is none', async () => {
    const { getManifest } = at({
      get: anAnswer(200, { headers: headers(digestHeader('sha256:x')), body: text }),
    });
    expect((await getManifest(tag, access, never)).digest).toBe(manifest.digest);
  });

  it.each([
    ['MANIFEST_UNKNOWN', 'manifest-unknown'],
    ['NAME_UNKNOWN', 'name-unknown'],
    ['OTHER', 'not-found'],
  ])('tells %s from other 404s', async (code, expected) => {
    const { getManifest } = at({ get: error(code) });
    await expect(getManifest(tag, access, never)).rejects.toMatchObject({ code: expected });
  });

  it('passes on what is wrong with the bytes', async () => {
    const schema1 = anAnswer(200, {
      headers: { 'content-type': 'application/vnd.docker.distribution.manifest.v1+prettyjws' },
      body: '{"schemaVersion":1}',
    });
    await expect(at({ get: schema1 }).getManifest(tag, access, never)).rejects.toMatchObject({
      code: 'unsupported-media-type',
      message: expect.stringContaining('push the image again'),
    });
    const html = anAnswer(200, { headers: { 'content-type': 'text/html' }, body: '<html>' });
    await expect(at({ get: html }).getManifest(tag, access, never)).rejects.toMatchObject({
      code: 'invalid-response',
    });
  });
});

describe('resolve', () => {
  const known = digestHeader(manifest.digest);

  it('needs one HEAD where the registry states the digest', async () => {
    const { resolve, methods, requests } = at({ head: anAnswer(200, { headers: headers(known) }) });
    expect(await resolve(tag, access, never)).toEqual({
      digest: manifest.digest,
      mediaType: manifest.mediaType,
      rung: 'digest-header',
    });
    expect(methods()).toEqual(['HEAD']);
    expect(requests[0]?.headers['accept']?.split(', ')).toHaveLength(4);
  });

  it.each([`"${manifest.digest}"`, `W/"${manifest.digest}"`])(
    'takes an ETag that is a digest: %s',
    async (etag) => {
      const { resolve, methods } = at({ head: anAnswer(200, { headers: { etag } }) });
      expect(await resolve(tag, access, never)).toEqual({
        digest: manifest.digest,
        mediaType: undefined,
        rung: 'etag',
      });
      expect(methods()).toEqual(['HEAD']);
    },
  );

  it.each([{}, { etag: '"abc"' }, digestHeader('sha256:x')])(
    'fetches and hashes where HEAD states no digest: %j',
    async (more) => {
      const { resolve, methods } = at({ head: anAnswer(200, { headers: headers(more) }) });
      expect(await resolve(tag, access, never)).toEqual({
        digest: manifest.digest,
        mediaType: manifest.mediaType,
        rung: 'hash',
      });
      expect(methods()).toEqual(['HEAD', 'GET']);
    },
  );

  it('remembers for an hour that a host states no digest', async () => {
    const { resolve, methods, clock } = at({ head: anAnswer(200, { headers: headers() }) });
    await resolve(tag, access, never);
    await resolve(tag, access, never);
    expect(methods()).toEqual(['HEAD', 'GET', 'GET']);
    await resolve(reference('elsewhere.example/app'), access, never);
    expect(methods().slice(3)).toEqual(['HEAD', 'GET']);
    await clock.advance(3_600_000);
    await resolve(tag, access, never);
    expect(methods().slice(5)).toEqual(['HEAD', 'GET']);
  });

  it.each([404, 405, 500, 501])('tries GET where HEAD answers %d', async (status) => {
    const { resolve, methods } = at({ head: anAnswer(status) });
    expect((await resolve(tag, access, never)).digest).toBe(manifest.digest);
    expect(methods()).toEqual(['HEAD', 'GET']);
  });

  it('learns from GET what is missing', async () => {
    const { resolve } = at({ head: anAnswer(404), get: error('NAME_UNKNOWN') });
    await expect(resolve(tag, access, never)).rejects.toMatchObject({
      code: 'name-unknown',
      message: 'GET registry.example/team/app:v1: repository unknown',
    });
  });

  it.each([
    [401, 'unauthorized'],
    [403, 'denied'],
    [429, 'rate-limited'],
    [503, 'unavailable'],
  ])('spends no GET after a %d', async (status, code) => {
    const { resolve, methods } = at({ head: anAnswer(status) });
    await expect(resolve(tag, access, never)).rejects.toMatchObject({ code });
    expect(methods()).toEqual(['HEAD']);
  });

  it('does not believe a HEAD that states another digest than was asked for', async () => {
    const { resolve, methods } = at({ head: anAnswer(200, { headers: headers(digestHeader(other)) }) });
    const asked = reference(`registry.example/team/app@${manifest.digest}`);
    expect((await resolve(asked, access, never)).digest).toBe(manifest.digest);
    const wrong = reference(
      `registry.example/team/app@${sha512.replace(/.$/, (last) => (last === '0' ? '1' : '0'))}`,
    );
    await expect(resolve(wrong, access, never)).rejects.toMatchObject({ code: 'digest-mismatch' });
    expect(methods()).toEqual(['HEAD', 'GET', 'HEAD', 'GET']);
  });

  it('labels what it asks', async () => {
    const { resolve, requests } = at({ head: anAnswer(404) });
    await resolve(tag, access, never);
    const labels = requests.map(({ operation, subject }: RegistryRequest) => [operation, subject]);
    expect(labels).toEqual([
      ['resolve', 'registry.example/team/app:v1'],
      ['manifest', 'registry.example/team/app:v1'],
    ]);
  });
});
