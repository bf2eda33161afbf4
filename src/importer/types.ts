import type { Explanation } from '../api/explanation.ts';
import type { Image } from '../api/image.ts';
import type { ImportMode } from '../api/image-stream.ts';
import type { Status } from '../api/status.ts';
import type { TagFilter } from '../api/tag-filter.ts';
import type { Digest, Keychain, RegistryClient } from '../oci/types.ts';

/** One image to fetch. */
export type ImageImport = {
  /** Pull spec as the user spelled it; the recorded reference keeps that spelling. */
  readonly from: string;
  readonly insecure: boolean;
  readonly importMode: ImportMode;
  /** Platform that a `Legacy` import of a list prefers; tag imports only. */
  readonly preferArch?: string | undefined;
  readonly preferOs?: string | undefined;
  /** Fill `dockerImageManifest` and `dockerImageConfig`; such an Image is shown, never stored. Default false. */
  readonly includeManifest?: boolean | undefined;
};

/** An image that was fetched, or the Status that says why not. */
export type ImageOutcome =
  | {
      readonly ok: true;
      readonly image: Image;
      /** Images of the entries of a list kept whole (`PreserveOriginal`). */
      readonly manifests: readonly Image[];
      /** The tag of `from`; empty where it named a digest. */
      readonly tag: string;
      /** What `from` itself resolved to: the list's digest, also where `image` is one of its manifests. */
      readonly sourceDigest: Digest;
    }
  | { readonly ok: false; readonly status: Status; readonly tag: string };

/** A whole repository to fetch: its most important `maxTags` tags. */
export type RepositoryImport = {
  /** Pull spec without tag or digest. */
  readonly from: string;
  readonly insecure: boolean;
  readonly importMode: ImportMode;
  /** 0: unlimited. */
  readonly maxTags: number;
  /** Which of its tags count, as of `api/tag-filter.ts`; default all. */
  readonly filter?: string | undefined;
  /** Tags that are not to be fetched again; default none. */
  readonly known?: ReadonlySet<string> | undefined;
  /** What a listing has found just now: with it nothing is listed. */
  readonly listing?: Listing | undefined;
  /** As of {@link ImageImport}. */
  readonly includeManifest?: boolean | undefined;
};

/** Tags of a repository, the most important first. */
export type Listing = {
  readonly tags: readonly string[];
  /** What `maxTags` left out, in the same order. */
  readonly additionalTags: readonly string[];
};

/** Which tags of a repository somebody wants: of those that pass, the most important `maxTags` (0: all). */
export type TagSelection = { readonly filter: TagFilter; readonly maxTags: number };

/** What a listing found for each of those who wanted something of it, in their order. */
export type ListOutcome =
  | { readonly ok: true; readonly listings: readonly Listing[] }
  | { readonly ok: false; readonly status: Status };

export type RepositoryOutcome =
  | {
      readonly ok: true;
      /** In order of importance; a tag that failed never fails another. */
      readonly images: readonly ImageOutcome[];
      /** Tags left out by `maxTags`. */
      readonly additionalTags: readonly string[];
    }
  | { readonly ok: false; readonly status: Status };

/** What a tag points at now, or the Status that says why that is not known. */
export type ResolveOutcome =
  | { readonly ok: true; readonly digest: Digest }
  | { readonly ok: false; readonly status: Status };

/** On whose behalf an import runs. */
export type ImportContext = {
  readonly keychain: Keychain;
  readonly priority: 'interactive' | 'scheduled';
  /** The namespace, so that no other waits for more than its turn at a registry. Default all are one. */
  readonly caller?: string | undefined;
  /**
   * An answer that a registry was asked for since (milliseconds since the epoch) will do, also when it was asked on behalf of others
   * with equivalent credentials: the slot, for a refresh. Undefined: ask.
   */
  readonly freshSince?: number | undefined;
};

/** What is known of a source. */
export type ExplainedSource = Pick<Explanation, 'places' | 'attempts' | 'gates'> & {
  readonly reference: string;
};

/**
 * Turns references into Images. Writes nothing and never rejects for what a registry did: that is an outcome.
 * Rejects with `signal.reason`. Equal work that runs at the same time with equivalent credentials is done once.
 */
export interface Importer {
  importImage(request: ImageImport, context: ImportContext, signal: AbortSignal): Promise<ImageOutcome>;
  importRepository(
    request: RepositoryImport,
    context: ImportContext,
    signal: AbortSignal,
  ): Promise<RepositoryOutcome>;
  /** One HEAD: has the source moved? */
  resolve(
    request: Pick<ImageImport, 'from' | 'insecure'>,
    context: ImportContext,
    signal: AbortSignal,
  ): Promise<ResolveOutcome>;
  /** Lists a repository once for several who want different tags of it. Holds no more names than they want. */
  list(
    request: Pick<RepositoryImport, 'from' | 'insecure'>,
    selections: readonly TagSelection[],
    context: ImportContext,
    signal: AbortSignal,
  ): Promise<ListOutcome>;
  /**
   * What is known of a source: where it is asked for, by which credentials, and how the last attempts went. Asks nobody. Undefined for
   * a pull spec that is none.
   */
  explain(
    request: Pick<ImageImport, 'from' | 'insecure'>,
    context: ImportContext,
    wanted: 'tag' | 'tags',
  ): ExplainedSource | undefined;
  /** Where a repository may be fetched from: who has equal credentials for all of these gets equal answers. */
  readonly placesOf: RegistryClient['placesOf'];
}

/** Pull secrets of a namespace (and what the operator configured for all), as a keychain. */
export type Keychains = (namespace: string, signal: AbortSignal) => Promise<Keychain>;
