import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseManifest } from './manifest.ts';
import { mediaTypes } from './media-type.ts';

const digest = (digit: string): string => `sha256:${digit.repeat(64)}`;

const config = { mediaType: 'application/vnd.oci.image.config.v1+json', digest: digest('1'), size: 10 };
const layer = { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest: digest('2'), size: 20 };
const image = { schemaVersion: 2, mediaType: mediaTypes.ociManifest, config, layers: [layer] };
const entry = { mediaType: mediaTypes.ociManifest, digest: digest('3'), size: 30 };
const index = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: [entry] };

const parse = (body: unknown, contentType: string | undefined) =>
  parseManifest(
    new TextEncoder().encode(typeof body === 'string' ? body : JSON.stringify(body)),
    contentType,
  );

const docker = (body: object, mediaType: string) => ({ ...body, mediaType });

describe('parseManifest', () => {
  it.each([
    ['an OCI manifest', image, mediaTypes.ociManifest, 'image'],
    ['a Docker manifest', docker(image, mediaTypes.dockerManifest), mediaTypes.dockerManifest, 'image'],
    ['an OCI index', index, mediaTypes.ociIndex, 'index'],
    ['a manifest list', docker(index, mediaTypes.dockerManifestList), mediaTypes.dockerManifestList, 'index'],
  ])('reads %s', (_name, body, contentType, kind) => {
    expect(parse(body, contentType)).toMatchObject({ ok: true, manifest: { kind, mediaType: contentType } });
  });

  it('keeps descriptors with their annotations', () => {
    const annotated = { ...layer, annotations: { 'org.example': 'x' } };
    expect(parse({ ...image, layers: [layer, annotated] }, mediaTypes.ociManifest)).toMatchObject({
      manifest: { config, layers: [layer, annotated] },
    });
  });

  it('leaves out where else a layer could be had', () => {
    const foreign = { ...layer, urls: ['http://169.254.169.254/'], data: 'eA==' };
    const result = parse({ ...image, layers: [foreign] }, mediaTypes.ociManifest);
    expect(result).toMatchObject({ ok: true });
    expect(JSON.stringify(result)).not.toContain('169.254');
  });

  it('takes parameters and upper case in a Content-Type', () => {
    expect(parse(index, 'Application/Vnd.oci.image.index.v1+JSON; charset=utf-8')).toMatchObject({
      ok: true,
    });
  });

  it('takes an OCI body without a media type of its own', () => {
    const { mediaType: _, ...bare } = index;
    expect(parse(bare, mediaTypes.ociIndex)).toMatchObject({ manifest: { mediaType: mediaTypes.ociIndex } });
  });

  it.each([undefined, 'application/json', 'application/octet-stream', 'text/plain; charset=utf-8'])(
    'goes by the body where the server says %s',
    (contentType) => {
      expect(parse(image, contentType)).toMatchObject({ manifest: { mediaType: mediaTypes.ociManifest } });
    },
  );

  it('keeps platforms, also incomplete ones', () => {
    const platforms = [{ architecture: 'arm', os: 'linux', variant: 'v7' }, { os: 'linux' }, undefined];
    const manifests = platforms.map((platform) => ({ ...entry, platform }));
    expect(parse({ ...index, manifests }, mediaTypes.ociIndex)).toMatchObject({
      manifest: {
        manifests: [
          { platform: { architecture: 'arm', os: 'linux', variant: 'v7' } },
          { platform: { architecture: '', os: 'linux' } },
          { digest: entry.digest },
        ],
      },
    });
  });

  it('takes null for an empty list, as Go programs write it', () => {
    expect(parse({ ...image, layers: null }, mediaTypes.ociManifest)).toMatchObject({
      manifest: { layers: [] },
    });
    expect(parse({ ...index, manifests: null }, mediaTypes.ociIndex)).toMatchObject({
      manifest: { manifests: [] },
    });
  });

  it.each([
    ['its artifactType', { ...image, artifactType: 'application/vnd.example' }, 'application/vnd.example'],
    [
      "its config's type",
      { ...image, config: { ...config, mediaType: 'application/vnd.cncf.helm.config.v1+json' } },
      'application/vnd.cncf.helm.config.v1+json',
    ],
    ['nothing, being an image', image, undefined],
  ])('calls an artifact after %s', (_name, body, artifactType) => {
    const result = parse(body, mediaTypes.ociManifest);
    expect(result.ok && result.manifest.kind === 'image' && result.manifest.artifactType).toBe(artifactType);
  });

  it('takes no Docker image for an artifact', () => {
    const old = {
      ...image,
      mediaType: mediaTypes.dockerManifest,
      config: { ...config, mediaType: 'application/octet-stream' },
    };
    const result = parse(old, mediaTypes.dockerManifest);
    expect(result.ok && result.manifest).not.toHaveProperty('artifactType');
  });

  it.each([
    ['a Content-Type of an index for an image', image, mediaTypes.ociIndex],
    ['a Content-Type of an image for an index', index, mediaTypes.ociManifest],
    ['layers in an index', { ...index, layers: [layer] }, mediaTypes.ociIndex],
    ['a config in an index', { ...index, config }, mediaTypes.ociIndex],
    ['manifests in an image', { ...image, manifests: [entry] }, mediaTypes.ociManifest],
    ['schema 1 layers in an image', { ...image, fsLayers: [] }, mediaTypes.ociManifest],
    ['another schema version', { ...image, schemaVersion: 3 }, mediaTypes.ociManifest],
    ['no config', { ...image, config: undefined }, mediaTypes.ociManifest],
    ['no layers', { ...image, layers: undefined }, mediaTypes.ociManifest],
    ['layers that are no list', { ...image, layers: {} }, mediaTypes.ociManifest],
    [
      'a digest that is none',
      { ...image, config: { ...config, digest: 'sha256:x' } },
      mediaTypes.ociManifest,
    ],
    ['a size below zero', { ...image, config: { ...config, size: -1 } }, mediaTypes.ociManifest],
    ['a size that is a string', { ...image, config: { ...config, size: '1' } }, mediaTypes.ociManifest],
    ['a fractional size', { ...image, config: { ...config, size: 1.5 } }, mediaTypes.ociManifest],
    [
      'annotations that are no strings',
      { ...image, config: { ...config, annotations: { a: 1 } } },
      mediaTypes.ociManifest,
    ],
    [
      'a platform that is a string',
      { ...index, manifests: [{ ...entry, platform: 'linux' }] },
      mediaTypes.ociIndex,
    ],
    [
      'a list without end',
      { ...index, manifests: Array.from({ length: 1025 }, () => entry) },
      mediaTypes.ociIndex,
    ],
    ['a media type that is a number', { ...image, mediaType: 2 }, mediaTypes.ociManifest],
    ['an array', [image], mediaTypes.ociManifest],
    ['null', 'null', mediaTypes.ociManifest],
    ['half a document', JSON.stringify(image).slice(0, -10), mediaTypes.ociManifest],
    ['a web page', '<html>', 'text/html; charset=utf-8'],
    ['a web page under a false name', '<html>', mediaTypes.ociManifest],
  ])('refuses %s', (_name, body, contentType) => {
    expect(parse(body, contentType)).toMatchObject({ ok: false, code: 'invalid-response' });
  });

  it.each([
    ['by header', { schemaVersion: 1 }, 'application/vnd.docker.distribution.manifest.v1+prettyjws'],
    ['by body', { schemaVersion: 1, fsLayers: [] }, 'application/json'],
    ['by body alone', { schemaVersion: 1, fsLayers: [] }, undefined],
  ])('says what to do about schema 1, known %s', (_name, body, contentType) => {
    expect(parse(body, contentType)).toEqual({
      ok: false,
      fault: 'schema1',
      code: 'unsupported-media-type',
      problem:
        'the manifest is Docker schema 1, which is no longer read; push the image again in a current format',
    });
  });

  it('names a media type that it does not know', () => {
    expect(parse({ schemaVersion: 2 }, 'application/vnd.example+json')).toMatchObject({
      code: 'unsupported-media-type',
      problem: 'manifests of type "application/vnd.example+json" are not supported',
    });
  });

  it('quotes only a little of what came in', () => {
    const result = parse({ ...image, mediaType: `x\n${'y'.repeat(10_000)}` }, mediaTypes.ociManifest);
    expect(!result.ok && result.problem.length).toBeLessThan(300);
    expect(!result.ok && result.problem).not.toContain('\n');
  });

  it('does not touch the prototypes of objects', () => {
    parse(
      '{"schemaVersion":2,"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}}}',
      undefined,
    );
    expect({}).not.toHaveProperty('polluted');
  });

  it('answers whatever bytes come in, and never throws', () => {
    const json = fc.json().map((text) => new TextEncoder().encode(text));
    const contentType = fc.constantFrom(undefined, 'application/json', ...Object.values(mediaTypes));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array(), json), contentType, (bytes, type) => {
        expect(typeof parseManifest(bytes, type).ok).toBe('boolean');
      }),
    );
  });

  it('answers whatever becomes of a manifest, and reads only what is one', () => {
    const mutant = fc
      .tuple(
        fc.constantFrom<object>(image, index),
        fc.constantFrom(
          'schemaVersion',
          'mediaType',
          'config',
          'layers',
          'manifests',
          'fsLayers',
          'artifactType',
        ),
        fc.jsonValue(),
      )
      .map(([base, key, value]) => ({ ...base, [key]: value }));
    fc.assert(
      fc.property(mutant, fc.constantFrom(undefined, ...Object.values(mediaTypes)), (body, type) => {
        const result = parse(body, type);
        if (!result.ok) return;
        expect(Object.values(mediaTypes)).toContain(result.manifest.mediaType);
        expect(result.manifest.kind).toBe('layers' in body ? 'image' : 'index');
      }),
      { numRuns: 2_000 },
    );
  });
});
