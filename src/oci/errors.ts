import type { Repository } from './types.ts';

/**
 * Why a registry request failed, told apart by what the caller does about it.
 *
 * - `unauthorized`: 401, the credentials (or their absence) were not accepted.
 * - `denied`: 403, known but not allowed.
 * - `manifest-unknown`, `name-unknown`, `not-found`: 404 of a manifest, of a repository, of anything else.
 * - `rate-limited`: 429. `unavailable`: 5xx, refused or reset connections. `timeout`: no answer in time.
 * - `certificate`: TLS verification failed. `http-not-https`: the server speaks plain http and `insecure` does not allow it.
 * - `digest-mismatch`: the bytes are not what their digest says. `too-large`: over a size cap.
 * - `unsupported-media-type`: a manifest of a kind we do not read (schema 1, unknown). `invalid-response`: HTML, truncated, malformed.
 * - `redirect`: too many or forbidden redirects. `blocked`: refused by our own configuration before any request.
 */
export type RegistryErrorCode =
  | 'unauthorized'
  | 'denied'
  | 'manifest-unknown'
  | 'name-unknown'
  | 'not-found'
  | 'rate-limited'
  | 'unavailable'
  | 'timeout'
  | 'certificate'
  | 'http-not-https'
  | 'digest-mismatch'
  | 'too-large'
  | 'unsupported-media-type'
  | 'invalid-response'
  | 'redirect'
  | 'blocked';

/**
 * What exactly went wrong, where more is known than the code says; a code alone stands for itself. A closed set: the diagnosis
 * (diagnosis.ts) has a sentence for each.
 */
export type RegistryFault =
  | RegistryErrorCode
  // unauthorized
  | 'no-credential'
  | 'credential-refused'
  | 'helper-silent'
  | 'login-unknown'
  // denied
  | 'credential-insufficient'
  // not-found
  | 'part-missing'
  // rate-limited: by ourselves, because the registry asked for it before
  | 'paused'
  // unavailable
  | 'server-error'
  | 'connection-refused'
  | 'connection-broken'
  | 'host-unknown'
  | 'name-service'
  | 'host-unreachable'
  | 'proxy'
  | 'tls'
  // timeout
  | 'connect-timeout'
  | 'answer-stalled'
  | 'answer-slow'
  // certificate
  | 'certificate-expired'
  | 'certificate-early'
  | 'certificate-authority'
  | 'certificate-host'
  | 'client-certificate'
  | 'certificate-files'
  // unsupported-media-type
  | 'schema1'
  // invalid-response
  | 'web-page'
  | 'not-http'
  | 'no-token'
  | 'content-encoding'
  | 'listing'
  // redirect
  | 'redirect-loop'
  | 'redirect-downgrade'
  | 'redirect-token'
  // blocked
  | 'realm'
  | 'address'
  | 'foreign-link'
  | 'registry-blocked';

/** How the registry took one of the credentials that were offered for a request. Names it, and holds nothing of it. */
export type CredentialTrial = {
  /** Where it is from: a secret, a file, a helper. */
  readonly source: string;
  /**
   * `refused`: it is wrong. `insufficient`: it is known and not enough. `unfit`: the way of logging in that the registry asks for
   * has no place for it. `nothing`: the helper knew none.
   */
  readonly outcome: 'accepted' | 'refused' | 'insufficient' | 'unfit' | 'nothing';
};

/** What else is known about a failure. */
export type RegistryErrorDetails = {
  /** Default the code itself. */
  readonly fault?: RegistryFault | undefined;
  /** Whose answer failed: a mirror's, where one was asked. */
  readonly repository?: Repository | undefined;
  /** Who was asked: the registry, its token server, or who it redirected to. */
  readonly host?: string | undefined;
  /** What was asked for. */
  readonly operation?: string | undefined;
  /** In the order in which they were tried. */
  readonly credentials?: readonly CredentialTrial[] | undefined;
  /** HTTP status, where an answer came. */
  readonly status?: number | undefined;
  /** The registry's own code, such as `MANIFEST_UNKNOWN`. */
  readonly registryCode?: string | undefined;
  /** Milliseconds that the registry asked us to wait. */
  readonly retryAfterMs?: number | undefined;
  /** What else went wrong, where mirrors or a source were asked for the same thing: one sentence each. */
  readonly besides?: readonly string[] | undefined;
  readonly cause?: unknown;
};

/** What {@link RegistryError.with} changes. */
export type RegistryErrorChange = RegistryErrorDetails & {
  readonly code?: RegistryErrorCode;
  readonly message?: string;
};

/** A registry request failed. `code` is for programs, `message` for people; neither holds a credential or an HTML body. */
export class RegistryError extends Error {
  override readonly name = 'RegistryError';
  readonly code: RegistryErrorCode;
  readonly fault: RegistryFault;
  readonly repository: Repository | undefined;
  readonly host: string | undefined;
  readonly operation: string | undefined;
  readonly credentials: readonly CredentialTrial[];
  readonly status: number | undefined;
  readonly registryCode: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly besides: readonly string[];
  readonly #details: RegistryErrorDetails;

  constructor(code: RegistryErrorCode, message: string, details: RegistryErrorDetails = {}) {
    super(message, { cause: details.cause });
    this.#details = details;
    this.code = code;
    this.fault = details.fault ?? code;
    this.repository = details.repository;
    this.host = details.host;
    this.operation = details.operation;
    this.credentials = details.credentials ?? [];
    this.status = details.status;
    this.registryCode = details.registryCode;
    this.retryAfterMs = details.retryAfterMs;
    this.besides = details.besides ?? [];
  }

  /** The same failure, with more known about it, or said in another way. */
  with({ message = this.message, code = this.code, ...details }: RegistryErrorChange): RegistryError {
    return new RegistryError(code, message, { ...this.#details, ...details });
  }
}
