import type { RegistryErrorCode, RegistryFault } from '../errors.ts';
import { BlockedAddressError } from './address.ts';

/** What a failed connection means. */
export type NetworkProblem = {
  readonly code: RegistryErrorCode;
  readonly problem: string;
  readonly fault?: RegistryFault | undefined;
  /** What to keep as the cause: nothing that holds bytes of the answer. */
  readonly cause?: unknown;
};

const certificateProblems: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'the certificate has expired',
  CERT_NOT_YET_VALID: 'the certificate is not valid yet',
  CERT_REVOKED: 'the certificate was revoked',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the certificate is self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'the certificate is signed by an unknown authority',
  UNABLE_TO_GET_ISSUER_CERT: 'the certificate is signed by an unknown authority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'the certificate is signed by an unknown authority',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the certificate is signed by an unknown authority',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate is for another host',
  HOSTNAME_MISMATCH: 'the certificate is for another host',
  CERT_UNTRUSTED: 'the certificate is not trusted',
  CERT_REJECTED: 'the certificate is not trusted',
  CERT_SIGNATURE_FAILURE: 'the signature of the certificate is wrong',
  INVALID_PURPOSE: 'the certificate is not for servers',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'the server wants a client certificate',
  // What Go answered before it had the alert above.
  'ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE': 'the server wants a client certificate, or another one',
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: 'the server wants a client certificate, or another one',
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: 'the server does not accept our client certificate',
};

const unavailableProblems: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EPIPE: 'connection reset',
  UND_ERR_PRX_CONN: 'the proxy closed the connection',
  UND_ERR_PRX_TLS: 'the certificate of the proxy does not verify',
  UND_ERR_SOCKET: 'the connection was closed before the answer was complete',
  ENOTFOUND: 'the host name does not resolve',
  EAI_AGAIN: 'the host name could not be resolved',
  EHOSTUNREACH: 'the host is unreachable',
  ENETUNREACH: 'the network is unreachable',
  ECONNABORTED: 'connection aborted',
};

const timeoutProblems: Readonly<Record<string, string>> = {
  UND_ERR_CONNECT_TIMEOUT: 'no connection in time',
  ETIMEDOUT: 'no connection in time',
  UND_ERR_HEADERS_TIMEOUT: 'no answer in time',
  UND_ERR_BODY_TIMEOUT: 'the answer stopped coming',
};

/** Which of the problems above are told apart in a diagnosis. */
const faults: Readonly<Record<string, RegistryFault>> = {
  CERT_HAS_EXPIRED: 'certificate-expired',
  CERT_NOT_YET_VALID: 'certificate-early',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'certificate-authority',
  SELF_SIGNED_CERT_IN_CHAIN: 'certificate-authority',
  UNABLE_TO_GET_ISSUER_CERT: 'certificate-authority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'certificate-authority',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'certificate-authority',
  ERR_TLS_CERT_ALTNAME_INVALID: 'certificate-host',
  HOSTNAME_MISMATCH: 'certificate-host',
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: 'client-certificate',
  'ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE': 'client-certificate',
  ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE: 'client-certificate',
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: 'client-certificate',
  ECONNREFUSED: 'connection-refused',
  ECONNRESET: 'connection-broken',
  EPIPE: 'connection-broken',
  ECONNABORTED: 'connection-broken',
  UND_ERR_SOCKET: 'connection-broken',
  UND_ERR_PRX_CONN: 'proxy',
  UND_ERR_PRX_TLS: 'proxy',
  ENOTFOUND: 'host-unknown',
  EAI_AGAIN: 'name-service',
  EHOSTUNREACH: 'host-unreachable',
  ENETUNREACH: 'host-unreachable',
  UND_ERR_CONNECT_TIMEOUT: 'connect-timeout',
  ETIMEDOUT: 'connect-timeout',
  UND_ERR_HEADERS_TIMEOUT: 'answer-stalled',
  UND_ERR_BODY_TIMEOUT: 'answer-stalled',
};

/** What OpenSSL says when the bytes that come back are not TLS at all. */
const notTls: ReadonlySet<string> = new Set([
  'ERR_SSL_WRONG_VERSION_NUMBER',
  'ERR_SSL_PACKET_LENGTH_TOO_LONG',
  'ERR_SSL_HTTP_REQUEST',
]);

/** The `code` of an error, or of the first that it gathers: Node tries several addresses of a name at once. */
const codeOf = (error: unknown): string => {
  if (!(error instanceof Error)) return '';
  if ('code' in error && typeof error.code === 'string') return error.code;
  return error instanceof AggregateError ? codeOf(error.errors[0]) : '';
};

const describeCode = (code: string): NetworkProblem => {
  const certificate = certificateProblems[code];
  if (certificate !== undefined) return { code: 'certificate', problem: certificate };
  const timeout = timeoutProblems[code];
  if (timeout !== undefined) return { code: 'timeout', problem: timeout };
  if (notTls.has(code)) {
    return {
      code: 'http-not-https',
      problem: 'the server speaks plain http; only an insecure import may use it',
    };
  }
  const unavailable = unavailableProblems[code];
  if (unavailable !== undefined) return { code: 'unavailable', problem: unavailable };
  if (code.startsWith('ERR_SSL_') || code === 'EPROTO') {
    return { code: 'unavailable', fault: 'tls', problem: `the TLS handshake failed (${code})` };
  }
  return {
    code: 'unavailable',
    problem: code === '' ? 'the request failed' : `the request failed (${code})`,
  };
};

/** undici's parser errors carry what came in, in their message and in `data`; they have no code. */
const isParserError = (error: unknown): boolean => error instanceof Error && error.name === 'HTTPParserError';

/** What a proxy answered that does not let a request through; undici says it in the message only. */
const refusalOfProxy = (error: unknown): string | undefined =>
  error instanceof Error
    ? /^Proxy (?:response|Authentication Required) \((\d{3})\)/.exec(error.message)?.[1]
    : undefined;

/** Puts into words why a request got no answer. */
export const describeNetworkError = (error: unknown): NetworkProblem => {
  if (error instanceof BlockedAddressError)
    return { code: 'blocked', fault: 'address', problem: error.message };
  if (codeOf(error) === 'UND_ERR_HEADERS_OVERFLOW')
    return { code: 'too-large', problem: 'the head of the answer is larger than is accepted' };
  if (isParserError(error))
    return { code: 'invalid-response', fault: 'not-http', problem: 'the answer is not HTTP' };
  const status = refusalOfProxy(error);
  if (status !== undefined) {
    const problem =
      status === '407'
        ? 'the proxy wants other credentials (407)'
        : `the proxy does not connect us (${status})`;
    return { code: 'unavailable', fault: 'proxy', problem, cause: error };
  }
  const code = codeOf(error);
  const fault = faults[code];
  return { ...(fault === undefined ? {} : { fault }), ...describeCode(code), cause: error };
};
