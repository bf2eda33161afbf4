import type { FakeRegistryOptions, Hook } from '../index.ts';

/**
 * In what a registry differs from what one would expect.
 *
 * `verified`: the source named here shows it (the vendor's code or documentation, or a report with what was sent and answered).
 * `assumed`: general knowledge that nobody has checked against the registry.
 */
export type Quirk = {
  readonly what: string;
  readonly evidence: 'verified' | 'assumed';
  /** `owner/repository#number`, a path in a repository, or a document; `-` where it is assumed. */
  readonly source: string;
};

/** One registry of a vendor: how it answers, and what we send it. */
export type Profile = {
  readonly name: string;
  /** As references name it. */
  readonly registry: string;
  readonly repository: string;
  /** Every name that it answers under: registry, token server, storage. The first is the registry's. */
  readonly hosts: readonly string[];
  /** What a user has for it; `server` is the key of the credential, the registry by default. */
  readonly login?: { readonly username: string; readonly password: string; readonly server?: string };
  /** Tags that the repository has: `v1`, `latest` and as many more as are missing. */
  readonly tags: number;
  /** Where its content is kept, if under another name. */
  readonly storedAs?: string;
  readonly options: Omit<FakeRegistryOptions, 'tls'>;
  /** What no option says. */
  readonly hook?: Hook;
  readonly quirks: readonly Quirk[];
  /** What is sent, in order: to import the tag `v1`, then to import the repository (its one most important tag), then to refresh `v1`. */
  readonly requests: {
    readonly tag: readonly string[];
    readonly repository: readonly string[];
    readonly refresh: readonly string[];
  };
};
