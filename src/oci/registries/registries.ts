import type { Location, Prefix } from './prefix.ts';

/** Which requests a mirror is asked for. */
export type MirrorUse = 'all' | 'digest' | 'tag';

/** Another place where (some) repositories of a prefix are found. */
export type Mirror = {
  readonly location: Location;
  /** Certificates that do not verify and plain http are accepted of this mirror. */
  readonly insecure: boolean;
  readonly use: MirrorUse;
};

/** What holds for all repositories under a prefix, unless a longer prefix has a rule of its own. */
export type RegistryRule = {
  readonly prefix: Prefix;
  /** Where the repositories really are; default where their names say. */
  readonly location: Location | undefined;
  readonly insecure: boolean;
  /** The source is never contacted; mirrors are. */
  readonly blocked: boolean;
  /** In the order in which they are tried, before the source. */
  readonly mirrors: readonly Mirror[];
};

/** Everything that is set up about registries. */
export type Registries = {
  readonly rules: readonly RegistryRule[];
  /** The only registries that references may name; none: all. */
  readonly allow: readonly Prefix[];
  /** Registries that are never contacted, as source or as mirror. */
  readonly block: readonly Prefix[];
};

/** Nothing is set up: every reference is fetched from where its name says. */
export const noRegistries: Registries = { rules: [], allow: [], block: [] };
