import { createSingleFlight } from '../lib/single-flight.ts';
import { createWeightedCache } from '../lib/weighted-cache.ts';
import { RegistryError } from '../oci/errors.ts';
import { hurryOf } from '../oci/hurry.ts';
import { jsonShape } from '../oci/json.ts';
import type {
  Access,
  Descriptor,
  Digest,
  FetchedConfig,
  FetchedManifest,
  Keychain,
  Reference,
  RegistryClient,
  Repository,
} from '../oci/types.ts';

/** One repository, asked on behalf of someone. */
export type Scope = { readonly repository: Repository; readonly access: Access };

/** Content of one scope. Everything is fetched with the scope's own credentials, or with equivalent ones. */
export type Content = {
  /** What a reference points at now: always asked of the registry. */
  readonly root: (target: Reference['target'], signal: AbortSignal) => Promise<FetchedManifest>;
  /** A manifest that a root names. */
  readonly manifest: (digest: Digest, signal: AbortSignal) => Promise<FetchedManifest>;
  /** A config that a manifest names. */
  readonly config: (descriptor: Descriptor, signal: AbortSignal) => Promise<FetchedConfig>;
};

/** Where a repository may be fetched from: itself, mirrors of it. */
export type PlacesOf = RegistryClient['placesOf'];

/**
 * Names the credentials that a keychain has for a repository, wherever it may be fetched from; equal classes are equivalent.
 * Holds no secret.
 */
export const credentialClass = (keychain: Keychain, repository: Repository, placesOf: PlacesOf): string =>
  JSON.stringify(placesOf(repository).map((place) => keychain(place).map(({ id }) => id)));

/** Equal scopes have equal keys, and unequal ones unequal keys. */
export const scopeKey = ({ repository, access }: Scope, placesOf: PlacesOf): string =>
  JSON.stringify([
    repository.registry,
    repository.repository,
    access.insecure,
    credentialClass(access.keychain, repository, placesOf),
  ]);

/** Bytes of memory that a parsed value takes besides its text, about: an empty object takes as much. */
const bytesPerValue = 64;

/** What kept content takes: its bytes, and what they were parsed into, which may be twenty times as much. */
const weightOf = ({ bytes }: FetchedManifest | FetchedConfig): number =>
  bytes.byteLength + bytesPerValue * jsonShape(bytes).values;

/** A part that is missing is another thing than a reference that does not exist: the list or manifest that names it is there. */
const lacksPart = (error: unknown): unknown =>
  error instanceof RegistryError && (error.code === 'manifest-unknown' || error.code === 'name-unknown')
    ? error.with({ code: 'not-found', fault: 'part-missing', cause: error })
    : error;

/**
 * Fetches content, each digest once while it is in flight and not again while it is among the last fetched that take `maxBytes` of memory.
 *
 * Only what a root leads to is kept, and only for the same scope: a tag or digest that somebody asks for is asked of the
 * registry each time, so that nobody gets through us what the registry would not give them now.
 */
export const createContentSource = (
  client: RegistryClient,
  { maxBytes }: { readonly maxBytes: number },
): ((scope: Scope) => Content) => {
  type Kept = FetchedManifest | FetchedConfig;
  const cache = createWeightedCache<Kept>(maxBytes);
  const flight = createSingleFlight<Kept>();

  const once = async <Value extends Kept>(
    key: string,
    fetch: (signal: AbortSignal, access: Access) => Promise<Value>,
    access: Access,
    signal: AbortSignal,
  ): Promise<Value> => {
    const fetchAndKeep = async (inner: AbortSignal, hurry: AbortSignal): Promise<Value> => {
      const value = await fetch(inner, { ...access, hurry }).catch((error: unknown) => {
        throw lacksPart(error);
      });
      cache.set(key, value, weightOf(value));
      return value;
    };
    // The key names the kind of content, so what is kept under it is what this fetch would have given.
    return (cache.get(key) ?? (await flight(key, fetchAndKeep, signal, hurryOf(access)))) as Value;
  };

  return (scope) => {
    const { repository, access } = scope;
    const key = scopeKey(scope, client.placesOf);
    return {
      root: (target, signal) => client.getManifest({ ...repository, target }, access, signal),
      manifest: (digest, signal) =>
        once(
          `manifest ${digest} ${key}`,
          (inner, shared) =>
            client.getManifest({ ...repository, target: { kind: 'digest', digest } }, shared, inner),
          access,
          signal,
        ),
      config: (descriptor, signal) =>
        once(
          `config ${descriptor.digest} ${key}`,
          (inner, shared) => client.getConfig(repository, descriptor, shared, inner),
          access,
          signal,
        ),
    };
  };
};
