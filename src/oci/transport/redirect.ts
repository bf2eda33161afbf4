import { type Layer, type RegistryRequest, type RegistryResponse, requestError } from './send.ts';

/** Registries need one (storage) or two (a regional host before it). */
const maxRedirects = 5;

const redirectStatuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

const nextUrl = (request: RegistryRequest, { headers, url }: RegistryResponse): URL => {
  const refuse = (why: string) => requestError(request, 'redirect', why);
  // A token server that redirects would have us send, or take for a token, what a stranger chose.
  if (request.operation === 'token') throw refuse('token servers may not redirect');
  const location = headers['location'];
  const target = location === undefined ? null : URL.parse(location, url.href);
  if (target === null) throw refuse('a redirect without a usable location');
  if (target.protocol !== 'https:' && target.protocol !== 'http:') {
    throw refuse(`a redirect to ${target.protocol}`);
  }
  if (target.protocol === 'http:' && url.protocol === 'https:') throw refuse('a redirect from https to http');
  if (target.username !== '' || target.password !== '')
    throw refuse('a redirect to an address with credentials');
  target.hash = '';
  return target;
};

const withoutAuthorization = (headers: RegistryRequest['headers']): RegistryRequest['headers'] =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'authorization'));

/**
 * Follows redirects by hand. Credentials stay with the origin (scheme, host and port) they were meant for, and a chain that left
 * an origin does not get them back when it returns.
 */
export const followRedirects = (): Layer => (next) => async (request, signal) => {
  let current = request;
  for (let hops = 0; ; hops += 1) {
    const response = await next(current, signal);
    if (!redirectStatuses.has(response.status)) return response;
    if (hops === maxRedirects) throw requestError(request, 'redirect', `more than ${maxRedirects} redirects`);
    const url = nextUrl(request, response);
    const headers =
      url.origin === response.url.origin ? current.headers : withoutAuthorization(current.headers);
    current = { ...current, url, headers };
  }
};
