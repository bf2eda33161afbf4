import type { Finding } from './probe.ts';
import type { HostGate } from './transport/limit.ts';
import type { RequestEvent } from './transport/observe.ts';

/** Content address such as `sha256:9f86…`. Made only by `parseDigest` (digest.ts). */
export type Digest = string & { readonly __brand: 'Digest' };

/** A repository of a registry. Docker Hub's aliases and short names are already expanded (`docker.io`, `library/alpine`). */
export type Repository = {
  /** Host, with port where one was given. */
  readonly registry: string;
  readonly repository: string;
};

/** What a pull spec points at. */
export type Reference = Repository & {
  readonly target:
    | { readonly kind: 'tag'; readonly tag: string }
    | { readonly kind: 'digest'; readonly digest: Digest };
};

/** @see https://github.com/opencontainers/image-spec/blob/main/descriptor.md */
export type Descriptor = {
  readonly mediaType: string;
  readonly digest: Digest;
  /** Bytes. */
  readonly size: number;
  readonly annotations?: Readonly<Record<string, string>> | undefined;
};

export type Platform = {
  readonly architecture: string;
  readonly os: string;
  readonly variant?: string | undefined;
};

/** An entry of a manifest list or index. */
export type PlatformDescriptor = Descriptor & { readonly platform?: Platform | undefined };

/** A manifest after parsing; bytes that we do not know never get this far. */
export type Manifest =
  | {
      readonly kind: 'image';
      readonly mediaType: string;
      readonly config: Descriptor;
      readonly layers: readonly Descriptor[];
      readonly artifactType?: string | undefined;
    }
  | { readonly kind: 'index'; readonly mediaType: string; readonly manifests: readonly PlatformDescriptor[] };

/** A manifest with the bytes that its digest was computed over. */
export type FetchedManifest = {
  readonly digest: Digest;
  readonly mediaType: string;
  readonly bytes: Uint8Array;
  readonly manifest: Manifest;
};

/** What an image says of itself; the fields that image streams show, verbatim JSON otherwise. */
export type ImageConfig = Readonly<Record<string, unknown>>;

/** A config with the bytes that its digest was computed over: consumers also show it verbatim. */
export type FetchedConfig = { readonly bytes: Uint8Array; readonly config: ImageConfig };

/** A way to prove who asks. `id` is stable and holds no secret: equal ids are equal credentials. */
export type Credential =
  | {
      readonly kind: 'basic';
      readonly id: string;
      readonly username: string;
      readonly password: string;
      readonly source: string;
    }
  | {
      readonly kind: 'identity-token';
      readonly id: string;
      readonly username: string;
      readonly token: string;
      readonly source: string;
    };

/**
 * A program that may know credentials for a repository. It is asked when a registry demands proof, not before: neither a plan nor an
 * open registry runs it.
 */
export type CredentialHelper = {
  readonly kind: 'helper';
  /** As of {@link Credential}: the same program asked for the same thing, whatever it answers. */
  readonly id: string;
  /** Name of the program: stable from one run to the next, where its answers are not. */
  readonly program: string;
  readonly source: string;
  /** What it answers now, most specific first; a helper that fails has said so elsewhere and knows none. Rejects with `signal.reason`. */
  readonly ask: (signal: AbortSignal) => Promise<readonly Credential[]>;
};

/** Credentials for a repository, most specific first; anonymous is tried last and is not listed. */
export type Keychain = (repository: Repository) => readonly (Credential | CredentialHelper)[];

/** How one request may be made. */
export type Access = {
  readonly keychain: Keychain;
  /** Accept certificates that do not verify, and http where the server speaks no https. */
  readonly insecure: boolean;
  /** Interactive requests go before scheduled ones at the gate. Default `scheduled`. */
  readonly priority?: 'interactive' | 'scheduled' | undefined;
  /** Aborted once somebody interactive waits for the answer as well: requests in line then move up. */
  readonly hurry?: AbortSignal | undefined;
  /** On whose behalf (a namespace): callers take turns at the gate, however many requests one of them has. Default all are one. */
  readonly caller?: string | undefined;
  /** Told of every request that is made for it, once it is over; those that it shares with others are told to the first. */
  readonly onRequest?: ((event: RequestEvent) => void) | undefined;
};

/** How a digest was told: by a header of its own, by an ETag that is one, or by the bytes themselves. */
export type DigestRung = 'digest-header' | 'etag' | 'hash';

/** What a reference points at. */
export type Resolved = {
  readonly digest: Digest;
  readonly mediaType: string | undefined;
  readonly rung: DigestRung;
};

/**
 * Reads from OCI registries. All functions reject with a RegistryError, or with `signal.reason`.
 *
 * @see https://github.com/opencontainers/distribution-spec/blob/main/spec.md
 */
export interface RegistryClient {
  /** What a tag or digest resolves to now, by HEAD; falls back to an ETag that is a digest, else to a GET whose bytes are hashed. */
  resolve(reference: Reference, access: Access, signal: AbortSignal): Promise<Resolved>;
  /** The manifest; its digest is always computed over the bytes. */
  getManifest(reference: Reference, access: Access, signal: AbortSignal): Promise<FetchedManifest>;
  /** A config blob, verified against its descriptor and parsed as a JSON object; `invalid-response` where it is none. */
  getConfig(
    repository: Repository,
    descriptor: Descriptor,
    access: Access,
    signal: AbortSignal,
  ): Promise<FetchedConfig>;
  /**
   * Tags page by page. Rejects rather than ends when a page is missing: a listing that ends is whole. A tag may come twice: registries
   * repeat themselves, and a list that changed on the way is read from its beginning again.
   */
  listTags(repository: Repository, access: Access, signal: AbortSignal): AsyncIterable<readonly string[]>;
  /**
   * Every repository that may be asked in place of this one, by what is set up about mirrors and locations; itself, where nothing
   * is. Who has equal credentials for all of them gets equal answers.
   */
  readonly placesOf: (repository: Repository) => readonly Repository[];
  /**
   * What a registry supports, found out by asking it itself, past all mirrors; of the registry alone where the repository is empty.
   * Rejects where nobody answers, or the repository may not be read.
   */
  probe(repository: Repository, access: Access, signal: AbortSignal): Promise<readonly Finding[]>;
  /** What the gates of the hosts that were asked last do now: requests in flight and waiting, pauses, rates and quotas. */
  readonly gates: () => readonly HostGate[];
  /** Frees sockets; the client is of no use afterwards. */
  close(): Promise<void>;
}
