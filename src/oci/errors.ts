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

/** What else is known about a failure. */
export type RegistryErrorDetails = {
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

/** A registry request failed. `code` is for programs, `message` for people; neither holds a credential or an HTML body. */
export class RegistryError extends Error {
  override readonly name = 'RegistryError';
  readonly code: RegistryErrorCode;
  readonly status: number | undefined;
  readonly registryCode: string | undefined;
  readonly retryAfterMs: number | undefined;
  readonly besides: readonly string[];

  constructor(code: RegistryErrorCode, message: string, details: RegistryErrorDetails = {}) {
    super(message, { cause: details.cause });
    this.code = code;
    this.status = details.status;
    this.registryCode = details.registryCode;
    this.retryAfterMs = details.retryAfterMs;
    this.besides = details.besides ?? [];
  }
}
