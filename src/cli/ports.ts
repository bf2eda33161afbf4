import type { Explanation } from '../api/explanation.ts';
import type { Clock } from '../lib/clock.ts';

/** Where the command line writes; `process.stdout` fits. */
export type Writer = {
  readonly write: (text: string) => unknown;
  /** True on a terminal: progress is shown there, and only there. */
  readonly isTTY?: boolean | undefined;
};

/** One row of the settings table of `serve`, as `--help` prints it. */
export type SettingHelp = {
  readonly flag: string;
  readonly variable: string;
  readonly help: string;
  readonly shown: string;
};

/**
 * What a followed reference did: it resolved for the first time, it moved, it cannot be asked (told once, until there is another
 * reason), or it can again and had not moved.
 */
export type ReferenceChange =
  | { readonly kind: 'resolved'; readonly digest: string }
  | { readonly kind: 'moved'; readonly oldDigest: string; readonly newDigest: string }
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'recovered'; readonly digest: string };

/** What a registry supports: one row per thing that registries differ in. */
export type RegistryProbe = readonly {
  readonly check: string;
  readonly finding: string;
  readonly detail: string;
}[];

/** How one reference is followed. */
export type WatchOptions = {
  readonly intervalMs: number;
  /** Allows certificates that do not verify, and plain http. */
  readonly insecure: boolean;
};

/** What the command line needs of the world and of the parts that it may not import; `app.ts` gives it. */
export type CliPorts = {
  readonly stdout: Writer;
  readonly stderr: Writer;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Text of a file. Rejects with a Node error whose `code` is `ENOENT` where there is none. */
  readonly readFile: (path: string) => Promise<string>;
  readonly clock: Clock;
  /** Aborted by SIGINT and SIGTERM. */
  readonly signal: AbortSignal;
  readonly version: string;
  /** Runs the server with its raw arguments until it ends; resolves to the exit code. */
  readonly serve: (argv: readonly string[]) => Promise<number>;
  /** Runs the controller of a cluster, likewise. */
  readonly controller: (argv: readonly string[]) => Promise<number>;
  readonly settingsHelp: () => readonly SettingHelp[];
  /** Asks a registry for a reference as an import would and explains how that went; a failure of the registry is an answer too. */
  readonly whyReference: (
    reference: string,
    options: Pick<WatchOptions, 'insecure'>,
    signal: AbortSignal,
  ) => Promise<Explanation>;
  /** Finds out what a registry, or one of its repositories, supports. */
  readonly probeRegistry: (
    target: string,
    options: Pick<WatchOptions, 'insecure'>,
    signal: AbortSignal,
  ) => Promise<RegistryProbe>;
  /** Asks a registry for a reference again and again, until the signal aborts it; then it ends or rejects with the reason. */
  readonly watchReference: (
    reference: string,
    options: WatchOptions,
    signal: AbortSignal,
  ) => AsyncIterable<ReferenceChange>;
};
