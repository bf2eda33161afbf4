import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestBytes, type RegistryClient } from '../../src/oci/index.ts';
import { type Serve, startServe } from '../e2e/serve.ts';
import { anImage, anIndex, type Content } from '../fakes/registry/index.ts';
import { aLayer } from '../fakes/registry/layer.ts';
import { hasDockerRegistry, startDockerRegistry } from '../setup/docker-registry.ts';
import { hasGoRegistry, startGoRegistry } from '../setup/go-registry.ts';
import { hasSkopeo, skopeo, writeDirectory, writeOciLayout } from '../setup/skopeo.ts';
import { createCleanups, insecurely, inTime, referenceOf } from './support.ts';

type Kind = 'docker' | 'oci';

const image = (name: string, format: Kind, architecture = 'amd64'): Content =>
  anImage({
    name,
    format,
    platform: { architecture, os: 'linux' },
    layer: aLayer('app', `${name} ${architecture}`),
  });

const artifact = anImage({
  name: 'chart',
  format: 'oci',
  layer: aLayer('Chart.yaml', 'name: chart'),
  configMediaType: 'application/vnd.cncf.helm.config.v1+json',
});

/** What skopeo pushes, by tag. */
const pushed: Readonly<Record<string, { readonly content: Content; readonly kind: Kind }>> = {
  'docker-image': { content: image('one', 'docker'), kind: 'docker' },
  'docker-list': {
    content: anIndex([image('two', 'docker'), image('two', 'docker', 'arm64')]),
    kind: 'docker',
  },
  'oci-image': { content: image('three', 'oci'), kind: 'oci' },
  'oci-index': {
    content: anIndex([image('four', 'oci'), image('four', 'oci', 's390x')], 'oci'),
    kind: 'oci',
  },
  artifact: { content: artifact, kind: 'oci' },
};

const tags = Object.keys(pushed);

const registries = [
  { name: 'docker-registry', isHere: hasDockerRegistry, start: () => startDockerRegistry() },
  { name: 'the registry of go-containerregistry', isHere: hasGoRegistry, start: startGoRegistry },
];

const pushAll = async (host: string, directory: string): Promise<void> => {
  for (const [tag, { content, kind }] of Object.entries(pushed)) {
    const place = join(directory, tag);
    if (kind === 'oci') await writeOciLayout(place, content, tag);
    else await writeDirectory(place, content);
    const from = kind === 'oci' ? `oci:${place}:${tag}` : `dir:${place}`;
    const to = `docker://${host}/team/app:${tag}`;
    const policy = ['--insecure-policy'];
    await skopeo([...policy, 'copy', '--all', '--preserve-digests', '--dest-tls-verify=false', from, to]);
  }
};

/** The bytes of the manifest, or of the config with `--config`, as skopeo sees them. */
const inspect = (reference: string, ...options: string[]): Promise<Buffer> =>
  skopeo(['inspect', '--raw', '--tls-verify=false', ...options, `docker://${reference}`]);

for (const { name, isHere, start } of registries) {
  describe.skipIf(!isHere || !hasSkopeo)(`what skopeo pushed to ${name}`, () => {
    const rig = createCleanups();
    let host: string;
    let client: RegistryClient;
    let serve: Serve;

    beforeAll(async () => {
      const directory = await mkdtemp(join(tmpdir(), 'skopeo-'));
      rig.add(() => rm(directory, { recursive: true }));
      ({ host } = await rig.track(start()));
      await pushAll(host, directory);
      client = rig.client();
      serve = await startServe();
      rig.add(serve.remove);
    });
    afterAll(rig.run);

    it.each(tags)('is read as skopeo reads it: %s', async (tag) => {
      const text = `${host}/team/app:${tag}`;
      const raw = await inspect(text);
      const mediaType = (JSON.parse(raw.toString()) as { mediaType: string }).mediaType;
      const fetched = await client.getManifest(referenceOf(text), insecurely, inTime());
      expect(Buffer.from(fetched.bytes).equals(raw)).toBe(true);
      expect(fetched).toMatchObject({ digest: digestBytes(raw), mediaType });
      expect(await client.resolve(referenceOf(text), insecurely, inTime())).toEqual({
        digest: digestBytes(raw),
        mediaType,
        rung: 'digest-header',
      });
      // What was pushed is what is there: skopeo changed nothing on the way.
      expect(fetched.digest).toBe(pushed[tag]?.content.manifest.digest);
    });

    it.each(tags)('has the configs that skopeo reads: %s', async (tag) => {
      const top = await client.getManifest(referenceOf(`${host}/team/app:${tag}`), insecurely, inTime());
      const digests =
        top.manifest.kind === 'index' ? top.manifest.manifests.map(({ digest }) => digest) : [top.digest];
      for (const digest of digests) {
        const text = `${host}/team/app@${digest}`;
        const { manifest } = await client.getManifest(referenceOf(text), insecurely, inTime());
        if (manifest.kind !== 'image') throw new Error('not an image');
        const { bytes } = await client.getConfig(referenceOf(text), manifest.config, insecurely, inTime());
        expect(Buffer.from(bytes).equals(await inspect(text, '--config'))).toBe(true);
      }
    });

    it('is imported by a server as skopeo reads it', async () => {
      const answer = await serve.api(
        'POST',
        '/apis/image.openshift.io/v1/namespaces/default/imagestreamimports',
        {
          apiVersion: 'image.openshift.io/v1',
          kind: 'ImageStreamImport',
          metadata: { name: 'app' },
          spec: {
            import: true,
            images: tags.map((tag) => ({
              from: { kind: 'DockerImage', name: `${host}/team/app:${tag}` },
              to: { name: tag },
              importPolicy: { insecure: true, importMode: 'PreserveOriginal' },
              includeManifest: true,
            })),
          },
        },
      );
      const { status } = answer.body as {
        status: { images: readonly { image?: Record<string, unknown>; tag: string }[] };
      };
      expect(status.images.map(({ tag }) => tag)).toEqual(tags);
      for (const { tag, image: imported } of status.images) {
        const raw = await inspect(`${host}/team/app:${tag}`);
        const { mediaType, manifests } = JSON.parse(raw.toString()) as {
          mediaType: string;
          manifests?: readonly { digest: string }[];
        };
        expect(imported, tag).toMatchObject({
          metadata: { name: digestBytes(raw) },
          dockerImageManifestMediaType: mediaType,
          ...(manifests === undefined
            ? {
                dockerImageManifest: raw.toString(),
                dockerImageConfig: (await inspect(`${host}/team/app:${tag}`, '--config')).toString(),
              }
            : { dockerImageManifests: manifests.map(({ digest }) => ({ digest })) }),
        });
      }
    });

    it('is imported part by part as skopeo reads the part for that platform', async () => {
      const text = `${host}/team/app:docker-list`;
      const { body } = await serve.api(
        'POST',
        '/apis/image.openshift.io/v1/namespaces/default/imagestreams',
        {
          apiVersion: 'image.openshift.io/v1',
          kind: 'ImageStream',
          metadata: { name: 'legacy' },
          spec: {
            tags: [
              { name: 'v1', from: { kind: 'DockerImage', name: text }, importPolicy: { insecure: true } },
            ],
          },
        },
      );
      expect(body).toMatchObject({ kind: 'ImageStream' });
      const listed = JSON.parse((await inspect(text)).toString()) as {
        manifests: readonly { digest: string; platform: { architecture: string } }[];
      };
      const amd64 = listed.manifests.find(({ platform }) => platform.architecture === 'amd64');
      await expect
        .poll(
          async () =>
            (await serve.api('GET', '/apis/image.openshift.io/v1/namespaces/default/imagestreams/legacy'))
              .body,
          {
            timeout: 10_000,
          },
        )
        .toMatchObject({
          status: {
            tags: [{ items: [{ image: amd64?.digest, sourceDigest: digestBytes(await inspect(text)) }] }],
          },
        });
    });
  });
}
