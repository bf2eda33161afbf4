import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Access,
  anonymous,
  createRegistryClient,
  parseDigest,
  parseReference,
  type Reference,
  type RegistryClient,
  type RegistryErrorCode,
} from '../../src/oci/index.ts';
import { anImage, anIndex, type Content } from '../fakes/registry/index.ts';

/** A registry that runs, empty. */
export type RegistryUnderTest = {
  /** `127.0.0.1:PORT`, speaking http. */
  readonly host: string;
  readonly push: (repository: string, content: Content, tag?: string) => Promise<void>;
  /** What its users read with; anonymous where missing. */
  readonly access?: Access;
  readonly stop: () => Promise<void>;
};

const signal = AbortSignal.timeout(60_000);

export const insecureAnonymous: Access = { keychain: anonymous, insecure: true };

const failure = (code: RegistryErrorCode) => expect.objectContaining({ name: 'RegistryError', code });

const collect = async <Item>(items: AsyncIterable<Item>): Promise<readonly Item[]> => {
  const collected: Item[] = [];
  for await (const item of items) collected.push(item);
  return collected;
};

const digests = (contents: readonly Content[]) => contents.map(({ manifest }) => manifest.digest);

/**
 * What the client finds at every registry, real or fake: the fake answers as the real ones do, or this fails.
 *
 * Called by one test per registry; `start` gives a fresh one.
 */
export const testRegistry = (name: string, start: () => Promise<RegistryUnderTest>): void => {
  describe(`the registry client and ${name}`, () => {
    const image = anImage({ name: 'one' });
    const moved = anImage({ name: 'two' });
    const ociImage = anImage({ name: 'three', format: 'oci' });
    const arm = anImage({ name: 'one', platform: { architecture: 'arm64', os: 'linux', variant: 'v8' } });
    const list = anIndex([image, arm]);
    const ociIndex = anIndex([ociImage], 'oci');

    let registry: RegistryUnderTest;
    let client: RegistryClient;
    let access: Access;

    const reference = (text: string): Reference => {
      const parsed = parseReference(`${registry.host}/${text}`);
      if (!parsed.ok) throw new Error(parsed.problem);
      return parsed.reference;
    };

    beforeAll(async () => {
      registry = await start();
      access = registry.access ?? insecureAnonymous;
      client = createRegistryClient();
      await registry.push('demo/app', image, 'v1');
      await registry.push('demo/app', list, 'multi');
      await registry.push('demo/oci', ociImage, 'image');
      await registry.push('demo/oci', ociIndex, 'index');
    });

    afterAll(async () => {
      await client.close();
      await registry.stop();
    });

    it('resolves a tag to the digest of its manifest', async () => {
      expect(await client.resolve(reference('demo/app:v1'), access, signal)).toEqual({
        rung: 'digest-header',
        digest: image.manifest.digest,
        mediaType: image.manifest.mediaType,
      });
    });

    it('resolves a digest to itself', async () => {
      const { digest } = image.manifest;
      expect(await client.resolve(reference(`demo/app@${digest}`), access, signal)).toMatchObject({ digest });
    });

    it('fetches each kind of manifest with its exact bytes', async () => {
      const [single, multi, ociSingle, ociMulti] = await Promise.all(
        ['demo/app:v1', 'demo/app:multi', 'demo/oci:image', 'demo/oci:index'].map((text) =>
          client.getManifest(reference(text), access, signal),
        ),
      );
      expect([single, multi, ociSingle, ociMulti].map((fetched) => fetched?.digest)).toEqual(
        digests([image, list, ociImage, ociIndex]),
      );
      expect(Buffer.from(multi?.bytes ?? []).equals(list.manifest.bytes)).toBe(true);
      expect([single, multi, ociSingle, ociMulti].map((fetched) => fetched?.manifest.kind)).toEqual([
        'image',
        'index',
        'image',
        'index',
      ]);
    });

    it('fetches the manifests of a list by digest, with their platforms', async () => {
      const { manifest } = await client.getManifest(reference('demo/app:multi'), access, signal);
      if (manifest.kind !== 'index') throw new Error('not an index');
      expect(manifest.manifests.map(({ platform }) => platform)).toEqual([
        { architecture: 'amd64', os: 'linux' },
        { architecture: 'arm64', os: 'linux', variant: 'v8' },
      ]);
      const fetched = await Promise.all(
        manifest.manifests.map(({ digest }) =>
          client.getManifest(reference(`demo/app@${digest}`), access, signal),
        ),
      );
      expect(fetched.map(({ digest }) => digest)).toEqual(digests([image, arm]));
    });

    it('fetches a config with its exact bytes', async () => {
      const { manifest } = await client.getManifest(reference('demo/app:v1'), access, signal);
      if (manifest.kind !== 'image') throw new Error('not an image');
      const { bytes, config } = await client.getConfig(
        reference('demo/app'),
        manifest.config,
        access,
        signal,
      );
      expect(bytes.byteLength).toBe(manifest.config.size);
      expect(config).toMatchObject({ architecture: 'amd64', config: { Labels: { name: 'one' } } });
    });

    it('sees a tag move', async () => {
      await registry.push('demo/moving', image, 'latest');
      const before = await client.resolve(reference('demo/moving'), access, signal);
      await registry.push('demo/moving', moved, 'latest');
      const after = await client.resolve(reference('demo/moving'), access, signal);
      expect([before.digest, after.digest]).toEqual(digests([image, moved]));
    });

    it('lists all tags', async () => {
      const tags = Array.from({ length: 25 }, (_, index) => `t${String(index).padStart(3, '0')}`);
      await registry.push('demo/many', image, 't000');
      await Promise.all(tags.map((tag) => registry.push('demo/many', image, tag)));
      const pages = await collect(client.listTags(reference('demo/many'), access, signal));
      expect(pages.flat().toSorted()).toEqual(tags);
    });

    it('tells a missing tag from a missing repository', async () => {
      await expect(client.getManifest(reference('demo/app:nope'), access, signal)).rejects.toEqual(
        failure('manifest-unknown'),
      );
      await expect(client.resolve(reference('demo/app:nope'), access, signal)).rejects.toEqual(
        failure('manifest-unknown'),
      );
      await expect(collect(client.listTags(reference('demo/nothere'), access, signal))).rejects.toEqual(
        failure('name-unknown'),
      );
    });

    it('says which reference failed, in one sentence', async () => {
      await expect(client.getManifest(reference('demo/app:nope'), access, signal)).rejects.toThrow(
        `GET ${registry.host}/demo/app:nope: manifest unknown`,
      );
    });

    it('reports a missing digest and a missing config', async () => {
      const digest = parseDigest(`sha256:${'0'.repeat(64)}`);
      if (digest === undefined) throw new Error('not a digest');
      await expect(client.getManifest(reference(`demo/app@${digest}`), access, signal)).rejects.toEqual(
        failure('manifest-unknown'),
      );
      const descriptor = { mediaType: 'application/json', digest, size: 2 };
      await expect(client.getConfig(reference('demo/app'), descriptor, access, signal)).rejects.toEqual(
        failure('not-found'),
      );
    });

    it('does not use http unless the request may be insecure', async () => {
      const secure = { ...access, insecure: false };
      await expect(client.getManifest(reference('demo/app:v1'), secure, signal)).rejects.toEqual(
        failure('http-not-https'),
      );
    });
  });
};
