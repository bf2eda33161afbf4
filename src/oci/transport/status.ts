import type { CredentialTrial, RegistryError, RegistryErrorCode, RegistryFault } from '../errors.ts';
import { isJsonObject, parseJsonObject } from '../json.ts';
import { parseMediaType } from '../media-type.ts';
import { parseChallenges } from './challenge.ts';
import { retryAfterOf } from './retry-after.ts';
import { type RegistryRequest, type RegistryResponse, requestError } from './send.ts';

type Verdict = {
  readonly code: RegistryErrorCode;
  readonly problem: string;
  readonly fault?: RegistryFault;
};

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

/** Whether somebody answered who is no registry: a web server, a login page, something in between. */
export const isWebPage = ({ headers }: RegistryResponse): boolean =>
  parseMediaType(headers['content-type'] ?? '') === 'text/html';

/**
 * Whether somebody else refuses access, after a redirect: nothing was offered there, so it says nothing about the credentials for
 * the registry.
 */
export const isRefusalElsewhere = (
  { url: asked }: RegistryRequest,
  { url, status }: RegistryResponse,
): boolean => (status === 401 || status === 403) && url.host !== asked.host;

const faultsOfTrials: Readonly<Record<CredentialTrial['outcome'], RegistryFault | undefined>> = {
  accepted: undefined,
  refused: 'credential-refused',
  insufficient: 'credential-insufficient',
  unfit: 'login-unknown',
  nothing: 'helper-silent',
};

/** Why nobody was let in, by what became of the credentials. */
export const faultOfRefusal = (
  code: RegistryErrorCode,
  credentials: readonly CredentialTrial[],
): RegistryFault | undefined => {
  if (code !== 'unauthorized' && code !== 'denied') return undefined;
  // The first credential is the most specific: what became of it is what somebody has to mend.
  const [first] = credentials
    .map(({ outcome }) => faultsOfTrials[outcome])
    .filter((fault) => fault !== undefined);
  return first ?? (code === 'unauthorized' ? 'no-credential' : undefined);
};

/** A 401 that asks for nothing that we know. */
const isUnknownLogin = ({ headers }: RegistryResponse): boolean =>
  !parseChallenges(headers['www-authenticate'] ?? '').some(({ scheme }) =>
    ['basic', 'bearer'].includes(scheme),
  );

const notFound = (request: RegistryRequest, registryCode: string | undefined): Verdict => {
  if (registryCode === 'NAME_UNKNOWN') return { code: 'name-unknown', problem: 'repository unknown' };
  if (registryCode === 'MANIFEST_UNKNOWN') return { code: 'manifest-unknown', problem: 'manifest unknown' };
  if (registryCode === 'BLOB_UNKNOWN') return { code: 'not-found', problem: 'blob unknown' };
  return {
    code: 'not-found',
    problem: request.operation === 'tags' ? 'repository not found' : 'not found',
  };
};

/** How nginx says, with a 400, that it wants a client certificate, or another one. */
const certificatePages = [/No required SSL certificate was sent/, /The SSL certificate error/];

const isCertificatePage = ({ bytes }: RegistryResponse): boolean => {
  const text = new TextDecoder().decode(bytes);
  return certificatePages.some((page) => page.test(text));
};

const wait = (retryAfterMs: number | undefined): string =>
  retryAfterMs === undefined ? '' : `; the registry asks to wait ${Math.ceil(retryAfterMs / 1000)} s`;

const judge = (
  request: RegistryRequest,
  response: RegistryResponse,
  registryCode: string | undefined,
  retryAfterMs: number | undefined,
): Verdict => {
  const { status, url } = response;
  const code = registryCode === undefined ? '' : ` ${registryCode}`;
  const who = request.operation === 'token' ? 'the token server' : 'the registry';
  if (isRefusalElsewhere(request, response)) {
    return { code: 'redirect', problem: `${url.host}, where the registry redirects to, answers ${status}` };
  }
  if (status === 401) {
    const hasCredentials = request.access.keychain(request.repository).length > 0;
    return {
      code: 'unauthorized',
      problem: hasCredentials ? 'no credentials were accepted' : 'authentication required',
      ...(request.operation !== 'token' && isUnknownLogin(response) ? { fault: 'login-unknown' } : {}),
    };
  }
  // A registry that knows who asks says so in its own format; a page comes from something in front of it.
  if (status === 403 && isWebPage(response))
    return { code: 'denied', fault: 'web-page', problem: 'access denied, by a web page' };
  if (status === 403) return { code: 'denied', problem: 'access denied' };
  if (status === 404 && request.operation !== 'token') {
    return { ...notFound(request, registryCode), ...(isWebPage(response) ? { fault: 'web-page' } : {}) };
  }
  if (status === 429) {
    return { code: 'rate-limited', problem: `too many requests${wait(retryAfterMs)}` };
  }
  if (status === 408) return { code: 'timeout', problem: `${who} gave up waiting (408)` };
  if (status >= 500) {
    const problem = `${who} answered ${status}${code}${wait(retryAfterMs)}`;
    return { code: 'unavailable', fault: 'server-error', problem };
  }
  if (status >= 300 && status < 400) {
    return { code: 'redirect', problem: `a redirect (${status}) that cannot be followed` };
  }
  if (status === 400 && isCertificatePage(response)) {
    const problem = 'the server wants a client certificate, or another one';
    return { code: 'certificate', fault: 'client-certificate', problem };
  }
  const problem = `unexpected answer ${status}${code}`;
  return { code: 'invalid-response', problem, ...(isWebPage(response) ? { fault: 'web-page' } : {}) };
};

/** What an answer that is not the expected 200 means. Its text is never quoted: it may be a web page, or echo what was sent. */
export const errorOfResponse = (
  request: RegistryRequest,
  response: RegistryResponse,
  nowMs: number,
): RegistryError => {
  const registryCode = registryCodeOf(response);
  const retryAfterMs = retryAfterOf(response, nowMs);
  const { code, problem, ...found } = judge(request, response, registryCode, retryAfterMs);
  const { status, credentials = [] } = response;
  const fault = found.fault ?? faultOfRefusal(code, credentials);
  return requestError(request, code, problem, { fault, credentials, status, registryCode, retryAfterMs });
};
