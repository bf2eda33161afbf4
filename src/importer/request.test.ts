import { describe, expect, it } from 'vitest';
import { createManualClock } from '../../test/fakes/clock.ts';
import { createFakeRegistry, digestOf, type FakeRegistry } from '../../test/fakes/registry-client.ts';
import type { ImageStream } from '../api/image-stream.ts';
import type { ImageImportSpec, RepositoryImportSpec } from '../api/image-stream-import.ts';
import { RegistryError } from '../oci/errors.ts';
import { createImporter } from './index.ts';
import { type ImportRequest, runImportRequest } from './request.ts';

const name = 'quay.io/team/app';
const never = new AbortController().signal;

const image = (tag: string, change: Partial<ImageImportSpec> = {}): ImageImportSpec => ({
  from: { kind: 'DockerImage', name: `${name}:${tag}` },
  to: { name: tag },
  ...change,
});
const repository = (change: Partial<RepositoryImportSpec> = {}): RepositoryImportSpec => ({
  from: { kind: 'DockerImage', name },
  ...change,
});

const run = (registry: FakeRegistry, spec: ImportRequest['spec'], change: Partial<ImportRequest> = {}) => {
  const importer = createImporter({ client: registry, clock: createManualClock() });
  const request = { spec, stream: undefined, keychain: () => [], maxTags: 500, ...change };
  return runImportRequest(importer, request, never);
};

const of = (architecture: string) => ({
  config: { architecture },
  platform: { architecture, os: 'linux' },
});

describe('runImportRequest of images', () => {
  it('answers each image in its place, with a failure beside a success', async () => {
    const registry = createFakeRegistry();
    const { digest } = registry.addImage(name, of('amd64'), 'v2');
    const { status, images } = await run(registry, { images: [image('v1'), image('v2')] });
    expect(status).toEqual({
      images: [
        {
          status: {
            metadata: {},
            status: 'Failure',
            message: `dockerimage.image.openshift.io "${name}:v1" not found`,
            reason: 'NotFound',
            details: { name: `${name}:v1`, group: 'image.openshift.io', kind: 'dockerimage' },
            code: 404,
          },
          tag: 'v1',
        },
        {
          status: { metadata: {}, status: 'Success' },
          image: expect.objectContaining({
            metadata: expect.objectContaining({ name: digest }),
            dockerImageReference: `${name}@${digest}`,
          }),
          tag: 'v2',
        },
      ],
    });
    expect(images.map(({ ok }) => ok)).toEqual([false, true]);
  });

  it('shows Images without their kind, as the original shows what is inside of another object', async () => {
    const registry = createFakeRegistry();
    registry.addIndex(name, [registry.addImage(name, of('amd64'))], 'v1');
    const importPolicy = { importMode: 'PreserveOriginal' };
    const { status } = await run(registry, { images: [image('v1', { importPolicy })] });
    const [shown] = status.images ?? [];
    for (const one of [shown?.image, ...(shown?.manifests ?? [])]) {
      expect(one).toBeDefined();
      expect(one).not.toHaveProperty('kind');
      expect(one).not.toHaveProperty('apiVersion');
    }
  });

  it('says nothing of a tag where the source is a digest', async () => {
    const registry = createFakeRegistry();
    const { digest } = registry.addImage(name, of('amd64'));
    const from = { kind: 'DockerImage', name: `${name}@${digest}` };
    const { status } = await run(registry, { images: [image('v1', { from })] });
    expect(status.images?.[0]).not.toHaveProperty('tag');
    expect(status.images?.[0]?.status.status).toBe('Success');
  });

  it('shows the images of a list that was kept whole', async () => {
    const registry = createFakeRegistry();
    const entries = ['amd64', 'arm64'].map((architecture) => registry.addImage(name, of(architecture)));
    registry.addIndex(name, entries, 'v1');
    const importPolicy = { importMode: 'PreserveOriginal' };
    const { status } = await run(registry, { images: [image('v1', { importPolicy })] });
    expect(status.images?.[0]?.manifests?.map(({ metadata }) => metadata?.name)).toEqual(
      entries.map(({ digest }) => digest),
    );
  });

  it('shows manifest and config only to those who ask for them, byte by byte', async () => {
    const registry = createFakeRegistry();
    const config = '{ "architecture" :  "amd64" }\n';
    const { digest } = registry.addImage(name, { config }, 'v1');
    const {
      status,
      images,
      repository: listed,
    } = await run(registry, {
      images: [image('v1'), image('v1', { includeManifest: true })],
      repository: repository({ includeManifest: true }),
    });
    expect(status.repository?.images?.[0]?.image?.dockerImageConfig).toBe(config);
    for (const stored of [...images, ...(listed?.ok ? listed.images : [])]) {
      expect(stored.ok && Object.keys(stored.image)).not.toContain('dockerImageManifest');
      expect(stored.ok && Object.keys(stored.image)).not.toContain('dockerImageConfig');
    }
    const [plain, full] = (status.images ?? []).map((one) => one.image);
    expect(plain).not.toHaveProperty('dockerImageManifest');
    expect(plain).not.toHaveProperty('dockerImageConfig');
    expect(digestOf(full?.dockerImageManifest ?? '')).toBe(digest);
    expect(full?.dockerImageConfig).toBe(config);
  });

  it.each([
    { name: 'the tag that it imports into', to: { name: 'arm' } },
    { name: 'the tag of its source, where it imports into none', to: undefined },
  ])('prefers the platform that the annotations say of $name', async ({ to }) => {
    const registry = createFakeRegistry();
    const entries = ['amd64', 'arm64'].map((architecture) => registry.addImage(name, of(architecture)));
    registry.addIndex(name, entries, 'latest');
    const stream: ImageStream = {
      apiVersion: 'image.openshift.io/v1',
      kind: 'ImageStream',
      metadata: { name: 'app' },
      spec: {
        tags: [
          {
            name: to?.name ?? 'latest',
            annotations: { 'importer.image.openshift.io/prefer-arch': 'arm64' },
          },
        ],
      },
    };
    const source: ImageImportSpec = { from: { kind: 'DockerImage', name }, ...(to && { to }) };
    const { status } = await run(registry, { images: [source] }, { stream });
    expect(status.images?.[0]?.image?.metadata?.name).toBe(entries[1]?.digest);
  });

  it('answers for a malformed reference like for any other failure', async () => {
    const from = { kind: 'DockerImage', name: '*' };
    const { status } = await run(createFakeRegistry(), { images: [image('v1', { from })] });
    expect(status.images).toMatchObject([{ status: { reason: 'Invalid', code: 422 } }]);
  });
});

describe('runImportRequest of a repository', () => {
  it('answers with its tags in order of importance, and with those left out', async () => {
    const registry = createFakeRegistry();
    for (const tag of ['edge', 'latest', 'v1', 'v2']) registry.addImage(name, of('amd64'), tag);
    const { status, images } = await run(registry, { repository: repository() }, { maxTags: 3 });
    expect(status).toMatchObject({
      repository: {
        status: { metadata: {}, status: 'Success' },
        images: [{ tag: 'latest' }, { tag: 'edge' }, { tag: 'v1' }],
        additionalTags: ['v2'],
      },
    });
    expect(status).not.toHaveProperty('images');
    expect(images).toEqual([]);
  });

  it.each([
    { failing: ['v1'], message: 'one of the images from this repository failed to import' },
    { failing: ['v1', 'v2'], message: '2 of the images from this repository failed to import' },
  ])('says that $failing failed', async ({ failing, message }) => {
    const registry = createFakeRegistry();
    for (const tag of ['v1', 'v2', 'v3']) registry.addImage(name, of('amd64'), tag);
    for (const tag of failing) {
      registry.fail(`GET manifest ${name}:${tag}`, new RegistryError('timeout', 'no answer'));
    }
    const { status } = await run(registry, { repository: repository() });
    expect(status.repository?.status).toEqual({
      metadata: {},
      status: 'Failure',
      message,
      reason: 'ImportFailed',
    });
    expect(status.repository?.images).toHaveLength(3);
  });

  it('says why the listing failed, and imports nothing', async () => {
    const { status } = await run(createFakeRegistry(), { repository: repository() });
    expect(status.repository).toEqual({
      status: {
        metadata: {},
        status: 'Failure',
        message: `dockerimage.image.openshift.io "${name}" not found`,
        reason: 'NotFound',
        details: { name, group: 'image.openshift.io', kind: 'dockerimage' },
        code: 404,
      },
    });
  });

  it('counts a tag beyond the limit that the same request fetched by itself among the imported', async () => {
    const registry = createFakeRegistry();
    for (const tag of ['v1', 'v2', 'v3']) registry.addImage(name, of('amd64'), tag);
    const spec = { repository: repository(), images: [image('v3', { to: { name: 'pinned' } })] };
    const { status } = await run(registry, spec, { maxTags: 1 });
    expect(status.repository).toMatchObject({
      images: [{ tag: 'v1' }, { tag: 'v3' }],
      additionalTags: ['v2'],
    });
  });

  it('does not count a tag that the same request could not fetch', async () => {
    const registry = createFakeRegistry();
    for (const tag of ['v1', 'v2']) registry.addImage(name, of('amd64'), tag);
    registry.fail(`GET manifest ${name}:v2`, new RegistryError('timeout', 'no answer'));
    const spec = { repository: repository(), images: [image('v2')] };
    const { status } = await run(registry, spec, { maxTags: 1 });
    expect(status.repository?.additionalTags).toEqual(['v2']);
    expect(status.repository?.status?.status).toBe('Success');
  });

  it('does not count a tag that the same request fetched in another way', async () => {
    const registry = createFakeRegistry();
    for (const tag of ['v1', 'v2']) registry.addImage(name, of('amd64'), tag);
    const importPolicy = { importMode: 'PreserveOriginal' };
    const spec = { repository: repository(), images: [image('v2', { importPolicy })] };
    const { status } = await run(registry, spec, { maxTags: 1 });
    expect(status.repository?.additionalTags).toEqual(['v2']);
  });
});
