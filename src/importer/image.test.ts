import { describe, expect, it } from 'vitest';
import {
  createFakeRegistry,
  digestOf,
  type FakeRegistry,
  ociIndex,
  ociManifest,
} from '../../test/fakes/registry-client.ts';
import { RegistryError } from '../oci/errors.ts';
import type { Digest, Reference } from '../oci/types.ts';
import { createContentSource } from './content.ts';
import { type FetchOptions, fetchReference } from './image.ts';

const name = 'quay.io/team/app';
const signal = new AbortController().signal;
const byTag = (tag: string): Reference['target'] => ({ kind: 'tag', tag });

const fetch = (
  registry: FakeRegistry,
  target: Reference['target'] = byTag('v1'),
  options: Partial<FetchOptions> = {},
) => {
  const repository = { registry: 'quay.io', repository: 'team/app' };
  const contentOf = createContentSource(registry, { maxBytes: 1_000_000 });
  const content = contentOf({ repository, access: { keychain: () => [], insecure: false } });
  const nowMs = Date.UTC(2026, 0, 2, 3, 4, 5);
  return fetchReference(content, target, { importMode: 'Legacy', preferred: {}, nowMs, ...options }, signal);
};

const linux = (architecture: string) => ({
  config: { architecture, os: 'linux' },
  layers: [`layer of ${architecture}`],
  platform: { architecture, os: 'linux' },
});
const attestation = {
  config: { architecture: 'unknown', os: 'unknown' },
  layers: ['provenance'],
  platform: { architecture: 'unknown', os: 'unknown' },
};

const architecturesOf = (images: readonly { readonly dockerImageMetadata?: unknown }[]) =>
  images.map(({ dockerImageMetadata }) => (dockerImageMetadata as { Architecture?: string }).Architecture);

describe('fetchReference of a single image', () => {
  it('makes an Image of manifest and config', async () => {
    const registry = createFakeRegistry();
    const config = { architecture: 'arm64', author: 'Ada', config: { User: '1001' } };
    const { digest, size } = registry.addImage(name, { config, layers: ['one', 'three'] }, 'v1');
    const { image, sourceDigest, manifests } = await fetch(registry);

    expect(sourceDigest).toBe(digest);
    expect(manifests).toEqual([]);
    const configText = JSON.stringify(config);
    expect(image).toEqual({
      apiVersion: 'image.openshift.io/v1',
      kind: 'Image',
      metadata: { name: digest, annotations: { 'image.openshift.io/dockerLayersOrder': 'ascending' } },
      dockerImageMetadata: {
        kind: 'DockerImage',
        apiVersion: 'image.openshift.io/1.0',
        Id: digestOf(configText),
        Created: null,
        ContainerConfig: {},
        Author: 'Ada',
        Config: { User: '1001' },
        Architecture: 'arm64',
        Size: configText.length + 'one'.length + 'three'.length,
      },
      dockerImageMetadataVersion: '1.0',
      dockerImageManifest: expect.stringContaining('"schemaVersion":2'),
      dockerImageLayers: [
        { name: digestOf('one'), size: 3, mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip' },
        { name: digestOf('three'), size: 5, mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip' },
      ],
      dockerImageManifestMediaType: ociManifest,
      dockerImageConfig: configText,
    });
    expect(image.dockerImageManifest).toHaveLength(size);
  });

  it('counts a layer that stands there twice once, and lists it twice', async () => {
    const registry = createFakeRegistry();
    registry.addImage(name, { config: {}, layers: ['same', 'same'] }, 'v1');
    const { image } = await fetch(registry);
    expect(image.dockerImageLayers).toHaveLength(2);
    expect(image.dockerImageMetadata).toMatchObject({ Size: '{}'.length + 'same'.length });
  });

  it('imports by digest, and asks for that digest', async () => {
    const registry = createFakeRegistry();
    const { digest } = registry.addImage(name, linux('amd64'));
    const { image } = await fetch(registry, { kind: 'digest', digest });
    expect(image.metadata.name).toBe(digest);
    expect(registry.asked()[0]).toBe(`GET manifest ${name}@${digest}`);
  });

  it('imports an artifact whose config is not JSON, with its size', async () => {
    const registry = createFakeRegistry();
    const artifact = {
      config: '\u0000binary',
      configMediaType: 'application/vnd.example.model',
      layers: ['weights'],
    };
    registry.addImage(name, artifact, 'v1');
    const { image } = await fetch(registry);
    expect(image.dockerImageMetadata).toMatchObject({ Size: 14, ContainerConfig: {}, Created: null });
    expect(image).not.toHaveProperty('dockerImageConfig');
  });

  it('refuses an image whose config is not JSON', async () => {
    const registry = createFakeRegistry();
    registry.addImage(name, { config: '<html>' }, 'v1');
    await expect(fetch(registry)).rejects.toMatchObject({ code: 'invalid-response' });
  });

  it('tells a missing config from a missing image', async () => {
    const registry = createFakeRegistry();
    registry.addImage(name, {}, 'v1');
    registry.fail('GET config', new RegistryError('name-unknown', 'GET config: name unknown'));
    await expect(fetch(registry)).rejects.toMatchObject({ code: 'not-found' });
    await expect(fetch(registry, byTag('v2'))).rejects.toMatchObject({ code: 'manifest-unknown' });
  });
});

describe('fetchReference of a list as Legacy', () => {
  it('takes one manifest, and remembers what the tag itself resolved to', async () => {
    const registry = createFakeRegistry();
    const entries = ['s390x', 'amd64'].map((architecture) => registry.addImage(name, linux(architecture)));
    const { digest } = registry.addIndex(name, entries, 'v1');
    const { image, sourceDigest, manifests } = await fetch(registry);
    expect(architecturesOf([image])).toEqual(['amd64']);
    expect(image.metadata.name).toBe(entries[1]?.digest);
    expect(sourceDigest).toBe(digest);
    expect(manifests).toEqual([]);
  });

  it('prefers the platform that is asked for, for tags only', async () => {
    const registry = createFakeRegistry();
    const entries = ['amd64', 'arm64'].map((architecture) => registry.addImage(name, linux(architecture)));
    const { digest } = registry.addIndex(name, entries, 'v1');
    const preferred = { architecture: 'arm64', os: '' };
    const ofTag = await fetch(registry, byTag('v1'), { preferred });
    const ofDigest = await fetch(registry, { kind: 'digest', digest }, { preferred });
    expect(architecturesOf([ofTag.image, ofDigest.image])).toEqual(['arm64', 'amd64']);
  });

  it('follows an index within an index, with the same preference', async () => {
    const registry = createFakeRegistry();
    const inner = registry.addIndex(name, [
      registry.addImage(name, linux('amd64')),
      registry.addImage(name, linux('arm64')),
    ]);
    registry.addIndex(name, [inner], 'v1');
    const { image } = await fetch(registry, byTag('v1'), { preferred: { architecture: 'arm64' } });
    expect(architecturesOf([image])).toEqual(['arm64']);
  });

  it('gives up on indexes nested beyond reason', async () => {
    const registry = createFakeRegistry();
    let entry = registry.addImage(name, linux('amd64'));
    for (let depth = 0; depth < 6; depth++) entry = registry.addIndex(name, [entry]);
    registry.tag(name, 'v1', entry.digest);
    await expect(fetch(registry)).rejects.toMatchObject({ code: 'invalid-response' });
    expect(registry.calls.length).toBeLessThan(10);
  });

  it('refuses an empty index', async () => {
    const registry = createFakeRegistry();
    registry.addIndex(name, [], 'v1');
    await expect(fetch(registry)).rejects.toMatchObject({ code: 'invalid-response' });
  });
});

describe('fetchReference of a list as PreserveOriginal', () => {
  const options = { importMode: 'PreserveOriginal' } as const;

  it('keeps the list, with all its entries and an Image for each', async () => {
    const registry = createFakeRegistry();
    const entries = [linux('amd64'), linux('arm64'), attestation].map((one) => registry.addImage(name, one));
    const { digest } = registry.addIndex(name, entries, 'v1');
    const { image, sourceDigest, manifests } = await fetch(registry, byTag('v1'), options);

    expect(sourceDigest).toBe(digest);
    expect(image).toEqual({
      apiVersion: 'image.openshift.io/v1',
      kind: 'Image',
      metadata: { name: digest },
      dockerImageMetadata: {
        kind: 'DockerImage',
        apiVersion: 'image.openshift.io/1.0',
        Id: digest,
        Created: '2026-01-02T03:04:05Z',
        ContainerConfig: {},
      },
      dockerImageMetadataVersion: '1.0',
      dockerImageManifestMediaType: ociIndex,
      dockerImageManifests: entries.map(({ digest: entry, size, platform }) => ({
        digest: entry,
        mediaType: ociManifest,
        manifestSize: size,
        ...platform,
      })),
    });
    expect(manifests.map(({ metadata }) => metadata.name)).toEqual(entries.map((entry) => entry.digest));
    expect(architecturesOf(manifests)).toEqual(['amd64', 'arm64', 'unknown']);
  });

  it('takes the platform of an entry that states none from its config, and else calls it unknown', async () => {
    const registry = createFakeRegistry();
    const { platform: _, ...stated } = linux('riscv64');
    const entries = [registry.addImage(name, stated), registry.addImage(name, { config: {} })];
    registry.addIndex(name, entries, 'v1');
    const { image } = await fetch(registry, byTag('v1'), options);
    expect(image.dockerImageManifests).toMatchObject([
      { architecture: 'riscv64', os: 'linux' },
      { architecture: 'unknown', os: 'unknown' },
    ]);
  });

  it('imports an index among the entries as Legacy, for the platform that it is listed for', async () => {
    const registry = createFakeRegistry();
    const inner = registry.addIndex(
      name,
      ['amd64', 'arm64'].map((architecture) => registry.addImage(name, linux(architecture))),
    );
    const listed = { ...inner, platform: { architecture: 'arm64', os: 'linux' } };
    registry.addIndex(name, [listed], 'v1');
    const { image, manifests } = await fetch(registry, byTag('v1'), options);
    expect(image.dockerImageManifests).toMatchObject([{ digest: inner.digest, mediaType: ociIndex }]);
    expect(architecturesOf(manifests)).toEqual(['arm64']);
  });

  it('fails when one entry cannot be had, rather than lose it', async () => {
    const registry = createFakeRegistry();
    const good = registry.addImage(name, linux('amd64'));
    const gone = { ...good, digest: digestOf('gone') };
    registry.addIndex(name, [good, gone], 'v1');
    await expect(fetch(registry, byTag('v1'), options)).rejects.toMatchObject({
      code: 'not-found',
      message: expect.stringContaining(gone.digest),
    });
  });

  it('fetches an entry that stands there twice once', async () => {
    const registry = createFakeRegistry();
    const entry = registry.addImage(name, linux('amd64'));
    registry.addIndex(name, [entry, entry], 'v1');
    const { image, manifests } = await fetch(registry, byTag('v1'), options);
    expect(image.dockerImageManifests).toHaveLength(2);
    expect(manifests).toHaveLength(1);
    expect(registry.calls).toHaveLength(3);
  });

  it('refuses a list of more entries than an Image may hold', async () => {
    const registry = createFakeRegistry();
    const entry = registry.addImage(name, linux('amd64'));
    const entries = Array.from({ length: 1001 }, (_, index) => ({
      ...entry,
      digest: digestOf(`${index}`) as Digest,
    }));
    registry.addIndex(name, entries, 'v1');
    await expect(fetch(registry, byTag('v1'), options)).rejects.toMatchObject({ code: 'too-large' });
    expect(registry.calls).toHaveLength(1);
  });

  it('imports a single image as it is', async () => {
    const registry = createFakeRegistry();
    const { digest } = registry.addImage(name, linux('amd64'), 'v1');
    const { image, manifests } = await fetch(registry, byTag('v1'), options);
    expect(image.metadata.name).toBe(digest);
    expect(manifests).toEqual([]);
  });
});
