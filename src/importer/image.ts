import type { ImageManifest } from '../api/image.ts';
import type { ImportMode } from '../api/image-stream.ts';
import { mapLimit } from '../lib/map-limit.ts';
import { RegistryError } from '../oci/errors.ts';
import type {
  Descriptor,
  Digest,
  FetchedConfig,
  FetchedManifest,
  PlatformDescriptor,
  Reference,
} from '../oci/types.ts';
import type { Content } from './content.ts';
import { chooseManifest, type PreferredPlatform } from './platform.ts';
import {
  type FetchedImage,
  type FetchedIndex,
  imageOfIndex,
  imageOfManifest,
  indexEntry,
  isImage,
  isIndex,
  type UnreferencedImage,
} from './to-image.ts';

/** What a reference resolved to. */
export type FetchedReference = {
  /** Digest of what the reference itself names: the list, also where `image` is one of its manifests. */
  readonly sourceDigest: Digest;
  readonly image: UnreferencedImage;
  /** The images of a list kept whole, each once. */
  readonly manifests: readonly UnreferencedImage[];
};

export type FetchOptions = {
  readonly importMode: ImportMode;
  readonly preferred: PreferredPlatform;
  /** Milliseconds since the epoch: when a list kept whole says that it was created. */
  readonly nowMs: number;
};

/** Indexes within indexes; real ones have one level. */
const maxDepth = 4;
/** Entries of a list that is kept whole; its Image must stay a small object. */
const maxEntries = 1000;
/** Entries fetched at a time; the gate of the registry decides how many really run. */
const entryConcurrency = 8;

const imageConfigTypes: readonly string[] = [
  'application/vnd.docker.container.image.v1+json',
  'application/vnd.oci.image.config.v1+json',
];

/** The config, or an empty one where an artifact (a chart, a signature) has a config that is not JSON or is not small. */
const configOf = async (
  content: Content,
  descriptor: Descriptor,
  signal: AbortSignal,
): Promise<FetchedConfig> => {
  try {
    return await content.config(descriptor, signal);
  } catch (error) {
    const isArtifact = !imageConfigTypes.includes(descriptor.mediaType);
    const isNoConfig =
      error instanceof RegistryError && (error.code === 'invalid-response' || error.code === 'too-large');
    if (isArtifact && isNoConfig) return { bytes: new Uint8Array(), config: {} };
    throw error;
  }
};

type Converted = { readonly image: UnreferencedImage; readonly config: FetchedConfig };

const convert = async (content: Content, fetched: FetchedImage, signal: AbortSignal): Promise<Converted> => {
  const config = await configOf(content, fetched.manifest.config, signal);
  return { image: imageOfManifest(fetched, config), config };
};

/** Follows indexes down to the one image that a `Legacy` import takes. */
const descend = async (
  content: Content,
  root: FetchedManifest,
  preferred: PreferredPlatform,
  signal: AbortSignal,
): Promise<FetchedImage> => {
  let fetched = root;
  for (let depth = 0; depth <= maxDepth; depth++) {
    if (isImage(fetched)) return fetched;
    const entry = isIndex(fetched) ? chooseManifest(fetched.manifest.manifests, preferred) : undefined;
    if (entry === undefined) throw new RegistryError('invalid-response', `index ${fetched.digest} is empty`);
    fetched = await content.manifest(entry.digest, signal);
  }
  throw new RegistryError('invalid-response', `index ${root.digest} holds indexes nested too deeply`);
};

const text = (value: unknown): string => (typeof value === 'string' ? value : '');

/** One entry of a list kept whole: how the list shows it, and its own Image. A list within is imported as `Legacy`. */
const importEntry = async (
  content: Content,
  entry: PlatformDescriptor,
  signal: AbortSignal,
): Promise<{ readonly shown: ImageManifest; readonly image: UnreferencedImage }> => {
  const fetched = await content.manifest(entry.digest, signal);
  const chosen = await descend(content, fetched, entry.platform ?? {}, signal);
  const { image, config } = await convert(content, chosen, signal);
  const stated = { architecture: text(config.config['architecture']), os: text(config.config['os']) };
  return { shown: indexEntry(entry, stated), image };
};

const importWhole = async (
  content: Content,
  fetched: FetchedIndex,
  nowMs: number,
  signal: AbortSignal,
): Promise<Pick<FetchedReference, 'image' | 'manifests'>> => {
  const entries = fetched.manifest.manifests;
  if (entries.length > maxEntries) {
    throw new RegistryError('too-large', `index ${fetched.digest} has more than ${maxEntries} entries`);
  }
  const imported = await mapLimit(
    entries,
    entryConcurrency,
    (entry, inner) => importEntry(content, entry, inner),
    signal,
  );
  const images = new Map(imported.map(({ image }) => [image.metadata.name, image] as const));
  return {
    image: imageOfIndex(
      fetched,
      imported.map(({ shown }) => shown),
      nowMs,
    ),
    manifests: [...images.values()],
  };
};

/**
 * Fetches what a reference names and converts it. An entry of a list kept whole that cannot be had fails the import: a list that
 * says less than the registry's would be wrong without anyone knowing.
 *
 * @throws {RegistryError}
 * @see openshift-semantics §3.9
 */
export const fetchReference = async (
  content: Content,
  target: Reference['target'],
  { importMode, preferred, nowMs }: FetchOptions,
  signal: AbortSignal,
): Promise<FetchedReference> => {
  const root = await content.root(target, signal);
  const sourceDigest = root.digest;
  if (isIndex(root) && importMode === 'PreserveOriginal') {
    return { sourceDigest, ...(await importWhole(content, root, nowMs, signal)) };
  }
  // What is asked for by digest is asked for as it is: platform preferences are for tags.
  const chosen = await descend(content, root, target.kind === 'tag' ? preferred : {}, signal);
  return { sourceDigest, image: (await convert(content, chosen, signal)).image, manifests: [] };
};
