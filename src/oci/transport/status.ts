import type { RegistryError, RegistryErrorCode } from '../errors.ts';
import { isJsonObject, parseJsonObject } from '../json.ts';
import { parseRetryAfter } from './retry-after.ts';
import { type RegistryRequest, type RegistryResponse, requestError } from './send.ts';

type Verdict = { readonly code: RegistryErrorCode; readonly problem: string };

/** Codes are quoted, so only what looks like one is taken. */
const registryCodePattern = /^[A-Z][A-Z0-9_]{0,63}$/;

/**
 * The registry's own code in an error body; bodies that are no error document (HTML, cut off) have none.
 *
 * @see https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes
 */
export const registryCodeOf = (response: RegistryResponse): string | undefined => {
  const errors = parseJsonObject(response.bytes)?.['errors'];
  const first: unknown = Array.isArray(errors) ? errors[0] : undefined;
  const code = isJsonObject(first) ? first['code'] : undefined;
  return typeof code === 'string' && registryCodePattern.test(code) ? code : undefined;
};

const notFound = (request: RegistryRequest, registryCode: string | undefined): Verdict => {
  if (registryCode === 'NAME_UNKNOWN') return { code: 'name-unknown', problem: 'repository unknown' };
  if (registryCode === 'MANIFEST_UNKNOWN') return { code: 'manifest-unknown', problem: 'manifest unknown' };
  if (registryCode === 'BLOB_UNKNOWN') return { code: 'not-found', problem: 'blob unknown' };
  return {
    code: 'not-found',
    problem: request.operation === 'tags' ? 'repository not found' : 'not found',
  };
};

const wait = (retryAfterMs: number | undefined): string =>
  retryAfterMs === undefined ? '' : `; the registry asks to wait ${Math.ceil(retryAfterMs / 1000)} s`;

const judge = (
  request: RegistryRequest,
  { status }: RegistryResponse,
  registryCode: string | undefined,
  retryAfterMs: number | undefined,
): Verdict => {
  const code = registryCode === undefined ? '' : ` ${registryCode}`;
  if (status === 401) {
    const hasCredentials = request.access.keychain(request.repository).length > 0;
    return {
      code: 'unauthorized',
      problem: hasCredentials ? 'no credentials were accepted' : 'authentication required',
    };
  }
  if (status === 403) return { code: 'denied', problem: 'access denied' };
  if (status === 404 && request.operation !== 'token') return notFound(request, registryCode);
  if (status === 429) {
    return { code: 'rate-limited', problem: `too many requests${wait(retryAfterMs)}` };
  }
  if (status === 408) return { code: 'timeout', problem: 'the registry gave up waiting (408)' };
  if (status >= 500) {
    return { code: 'unavailable', problem: `the registry answered ${status}${code}${wait(retryAfterMs)}` };
  }
  if (status >= 300 && status < 400) {
    return { code: 'redirect', problem: `a redirect (${status}) that cannot be followed` };
  }
  return { code: 'invalid-response', problem: `unexpected answer ${status}${code}` };
};

/** What an answer that is not the expected 200 means. Its text is never quoted: it may be a web page, or echo what was sent. */
export const errorOfResponse = (
  request: RegistryRequest,
  response: RegistryResponse,
  nowMs: number,
): RegistryError => {
  const registryCode = registryCodeOf(response);
  const retryAfterMs = parseRetryAfter(response.headers['retry-after'], nowMs);
  const { code, problem } = judge(request, response, registryCode, retryAfterMs);
  return requestError(request, code, problem, { status: response.status, registryCode, retryAfterMs });
};
