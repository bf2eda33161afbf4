/** What `why` tells. No stored kind: it is made when somebody asks, and holds names of credentials, never their content. */

/** One request on the wire. */
export type ExplainedRequest = {
  readonly method: string;
  /** What for: `resolve`, `manifest`, `config`, `tags`, `token`, `ping`. */
  readonly operation: string;
  /** Who was asked: the registry, a mirror, a token server, or who one of them redirected to. */
  readonly host: string;
  /** Where the credential that it was sent with is from; absent: it was sent without. */
  readonly credential?: string | undefined;
  /** HTTP status, or the code of the failure where no answer came. */
  readonly answer: string;
  readonly durationMs: number;
};

/** Why an attempt failed, and what to do about it. */
export type ExplainedFailure = {
  /** What exactly went wrong: one of a closed set of names. */
  readonly fault: string;
  readonly message: string;
  readonly cause: string;
  readonly advice: string;
};

/** One time that a registry was asked. */
export type ExplainedAttempt = {
  /** RFC 3339. */
  readonly at: string;
  readonly durationMs: number;
  /** `resolve`: has it moved? `import`: its content. `list`: the tags of a repository. */
  readonly question: 'resolve' | 'import' | 'list';
  /** What a reference resolved to; absent for lists and failures. */
  readonly digest?: string | undefined;
  /** How the digest was told: a header of its own, an ETag that is one, or the hash of the bytes. */
  readonly rung?: 'digest-header' | 'etag' | 'hash' | undefined;
  /** Oldest first; only the first ones of an attempt that took very many. */
  readonly requests: readonly ExplainedRequest[];
  readonly omittedRequests?: number | undefined;
  readonly failure?: ExplainedFailure | undefined;
};

/** Where a repository may be fetched from, and what would be offered there. */
export type ExplainedPlace = {
  readonly repository: string;
  /** Where the credentials that match are from, in the order in which they are tried; last comes none. */
  readonly credentials: readonly string[];
};

/** What a registry host is asked now, and lets itself be asked. */
export type ExplainedGate = {
  readonly host: string;
  readonly inFlight: number;
  readonly concurrency: number;
  readonly waiting: readonly { readonly caller: string; readonly requests: number }[];
  /** Requests a second; absent: as many as it answers. */
  readonly perSecond?: number | undefined;
  /** RFC 3339; absent: there is no pause. */
  readonly pausedUntil?: string | undefined;
  readonly quota?:
    | {
        readonly remaining: number;
        readonly limit?: number | undefined;
        readonly windowSeconds?: number | undefined;
        readonly resetsAt?: string | undefined;
      }
    | undefined;
  /** When the host last asked for less, and how. */
  readonly refused?: { readonly status: number; readonly at: string } | undefined;
};

/** Everything that is known about where a tag comes from. */
export type Explanation = {
  /** Absent for a reference without a stream; empty for the whole repository of a stream. */
  readonly tag?: string | undefined;
  /** As registries are asked; absent for a tag that nothing is asked about. */
  readonly reference?: string | undefined;
  /** One sentence about how the tag stands; absent for a reference without a stream. */
  readonly state?: string | undefined;
  /** In the order in which they are asked. */
  readonly places: readonly ExplainedPlace[];
  /** Newest first; those of this run of the program. */
  readonly attempts: readonly ExplainedAttempt[];
  readonly next?: { readonly at: string; readonly why: 'refresh' | 'retry' } | undefined;
  /** How often it is asked about; absent: only when somebody asks for that. */
  readonly refresh?:
    | {
        /** A duration, e.g. `15m`. */
        readonly every: string;
        /** The filter of a repository's tags. */
        readonly filter?: string | undefined;
        /** What is wrong with the annotations that say so: sentences. */
        readonly problems: readonly string[];
      }
    | undefined;
  /** Why nothing is asked of itself, as a sentence: the stream is suspended, or everything is paused. */
  readonly halted?: string | undefined;
  readonly gates: readonly ExplainedGate[];
};
