import { createHash } from 'node:crypto';
import { RegistryError } from '../../src/oci/errors.ts';
import type {
  Access,
  Descriptor,
  Digest,
  FetchedManifest,
  Manifest,
  Platform,
  PlatformDescriptor,
  Reference,
  RegistryClient,
  Repository,
} from '../../src/oci/types.ts';

/** One call of the client, as tests look at it: `GET manifest host/app:1`, with the ids of the credentials it came with. */
export type RegistryCall = { readonly what: string; readonly credentials: readonly string[] };

/** A {@link RegistryClient} over content in memory: content-addressed like a registry, with faults on demand. */
export type FakeRegistry = RegistryClient & {
  readonly calls: RegistryCall[];
  /** What was asked, in order. */
  readonly asked: () => readonly string[];
  /** Stores an image and returns its descriptor; without a tag it is found by digest only. */
  readonly addImage: (repository: string, image: FakeImage, tag?: string) => PlatformDescriptor;
  readonly addIndex: (
    repository: string,
    entries: readonly PlatformDescriptor[],
    tag?: string,
  ) => PlatformDescriptor;
  readonly tag: (repository: string, tag: string, digest: string) => void;
  readonly untag: (repository: string, tag: string) => void;
  /** From now on, every call whose text starts so fails with this error; undefined: no longer. */
  readonly fail: (what: string, error: unknown) => void;
  /** Calls whose text starts so wait until the returned function is called. */
  readonly hold: (what: string) => () => void;
};

export type FakeImage = {
  readonly config?: Readonly<Record<string, unknown>> | string;
  readonly configMediaType?: string;
  readonly layers?: readonly string[];
  readonly mediaType?: string;
  readonly platform?: Platform;
};

export const ociManifest = 'application/vnd.oci.image.manifest.v1+json';
export const ociIndex = 'application/vnd.oci.image.index.v1+json';
const ociConfig = 'application/vnd.oci.image.config.v1+json';
const layerType = 'application/vnd.oci.image.layer.v1.tar+gzip';

const encoder = new TextEncoder();
export const digestOf = (bytes: string | Uint8Array): Digest =>
  `sha256:${createHash('sha256').update(bytes).digest('hex')}` as Digest;
const describe = (mediaType: string, bytes: Uint8Array): Descriptor => ({
  mediaType,
  digest: digestOf(bytes),
  size: bytes.byteLength,
});

export const createFakeRegistry = (): FakeRegistry => {
  const calls: RegistryCall[] = [];
  const manifests = new Map<string, FetchedManifest>();
  const blobs = new Map<string, Uint8Array>();
  const tags = new Map<string, Map<string, Digest>>();
  const faults = new Map<string, unknown>();
  const holds = new Map<string, Promise<void>>();

  const call = async (what: string, repository: Repository, access: Access, signal: AbortSignal) => {
    signal.throwIfAborted();
    calls.push({ what, credentials: access.keychain(repository).map(({ id }) => id) });
    for (const [start, held] of holds) {
      if (!what.startsWith(start)) continue;
      const stopped = new Promise<never>((_, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason), { once: true });
      });
      await Promise.race([held, stopped]);
    }
    for (const [start, error] of faults) if (what.startsWith(start)) throw error;
  };

  const nameOf = ({ registry, repository }: Repository): string => `${registry}/${repository}`;
  const spell = (reference: Reference): string =>
    reference.target.kind === 'tag'
      ? `${nameOf(reference)}:${reference.target.tag}`
      : `${nameOf(reference)}@${reference.target.digest}`;

  const put = (repository: string, manifest: Manifest, body: unknown, tag: string | undefined) => {
    const bytes = encoder.encode(JSON.stringify(body));
    const descriptor = describe(manifest.mediaType, bytes);
    const { digest, mediaType } = descriptor;
    manifests.set(`${repository}@${digest}`, { digest, mediaType, bytes, manifest });
    if (!tags.has(repository)) tags.set(repository, new Map());
    if (tag !== undefined) tags.get(repository)?.set(tag, digest);
    return descriptor;
  };

  const find = (reference: Reference): FetchedManifest => {
    const name = nameOf(reference);
    const digest =
      reference.target.kind === 'digest'
        ? reference.target.digest
        : tags.get(name)?.get(reference.target.tag);
    const found = manifests.get(`${name}@${digest}`);
    if (found === undefined) {
      throw new RegistryError('manifest-unknown', `GET ${spell(reference)}: manifest unknown`, {
        status: 404,
      });
    }
    return found;
  };

  return {
    calls,
    asked: () => calls.map(({ what }) => what),
    addImage: (repository, image, tag) => {
      const config = encoder.encode(
        typeof image.config === 'string' ? image.config : JSON.stringify(image.config ?? {}),
      );
      const configDescriptor = describe(image.configMediaType ?? ociConfig, config);
      blobs.set(`${repository}@${configDescriptor.digest}`, config);
      const layers = (image.layers ?? []).map((text) => describe(layerType, encoder.encode(text)));
      const mediaType = image.mediaType ?? ociManifest;
      const body = { schemaVersion: 2, mediaType, config: configDescriptor, layers };
      const manifest: Manifest = { kind: 'image', mediaType, config: configDescriptor, layers };
      return { ...put(repository, manifest, body, tag), platform: image.platform };
    },
    addIndex: (repository, entries, tag) => {
      const body = { schemaVersion: 2, mediaType: ociIndex, manifests: entries };
      return put(repository, { kind: 'index', mediaType: ociIndex, manifests: entries }, body, tag);
    },
    tag: (repository, tag, digest) => {
      tags.get(repository)?.set(tag, digest as Digest);
    },
    untag: (repository, tag) => void tags.get(repository)?.delete(tag),
    fail: (what, error) => {
      if (error === undefined) faults.delete(what);
      else faults.set(what, error);
    },
    hold: (what) => {
      const { promise, resolve } = Promise.withResolvers<void>();
      holds.set(what, promise);
      return () => {
        holds.delete(what);
        resolve();
      };
    },
    resolve: async (reference, access, signal) => {
      await call(`HEAD manifest ${spell(reference)}`, reference, access, signal);
      const { digest, mediaType } = find(reference);
      return { digest, mediaType, rung: 'digest-header' };
    },
    getManifest: async (reference, access, signal) => {
      await call(`GET manifest ${spell(reference)}`, reference, access, signal);
      return find(reference);
    },
    getConfig: async (repository, descriptor, access, signal) => {
      await call(`GET config ${nameOf(repository)}@${descriptor.digest}`, repository, access, signal);
      const bytes = blobs.get(`${nameOf(repository)}@${descriptor.digest}`);
      if (bytes === undefined) throw new RegistryError('not-found', 'blob unknown', { status: 404 });
      try {
        return { bytes, config: JSON.parse(new TextDecoder().decode(bytes)) };
      } catch (cause) {
        throw new RegistryError('invalid-response', 'the config is no JSON object', { cause });
      }
    },
    async *listTags(repository, access, signal) {
      const name = nameOf(repository);
      await call(`LIST tags ${name}`, repository, access, signal);
      const known = tags.get(name);
      if (known === undefined) throw new RegistryError('name-unknown', `LIST ${name}: name unknown`);
      const names = [...known.keys()];
      for (let start = 0; start < names.length; start += 100) {
        if (start > 0) await call(`LIST page ${start / 100} of ${name}`, repository, access, signal);
        yield names.slice(start, start + 100);
      }
    },
    placesOf: (repository) => [repository],
    gates: () => [],
    probe: async () => [],
    close: async () => undefined,
  };
};
