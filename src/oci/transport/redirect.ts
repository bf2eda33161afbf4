import type { RegistryFault } from '../errors.ts';
import { type Layer, type RegistryRequest, type RegistryResponse, requestError } from './send.ts';

/** Registries need one (storage) or two (a regional host before it). */
const maxRedirects = 5;

const redirectStatuses: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

const nextUrl = (request: RegistryRequest, { headers, url }: RegistryResponse): URL => {
  const refuse = (why: string, fault?: RegistryFault) => requestError(request, 'redirect', why, { fault });
  // A token server that redirects would have us send, or take for a token, what a stranger chose.
  if (request.operation === 'token') throw refuse('token servers may not redirect', 'redirect-token');
  const location = headers['location'];
  const target = location === undefined ? null : URL.parse(location, url.href);
  if (target === null) throw refuse('a redirect without a usable location');
  if (target.protocol !== 'https:' && target.protocol !== 'http:') {
    throw refuse(`a redirect to ${target.protocol}`);
  }
  if (target.protocol === 'http:' && url.protocol === 'https:')
    throw refuse('a redirect from https to http', 'redirect-downgrade');
  if (target.username !== '' || target.password !== '')
    throw refuse('a redirect to an address with credentials');
  target.hash = '';
  return target;
};

/** The same request of another origin, without what proves to this one who asks. */
const elsewhere = (request: RegistryRequest, url: URL): RegistryRequest => ({
  ...request,
  url,
  headers: Object.fromEntries(Object.entries(request.headers).filter(([name]) => name !== 'authorization')),
  credential: undefined,
});

/**
 * Follows redirects by hand. Credentials stay with the origin (scheme, host and port) they were meant for, and a chain that left
 * an origin does not get them back when it returns.
 */
export const followRedirects = (): Layer => (next) => async (request, signal) => {
  let current = request;
  for (let hops = 0; ; hops += 1) {
    const response = await next(current, signal);
    if (!redirectStatuses.has(response.status)) return response;
    if (hops === maxRedirects) {
      throw requestError(request, 'redirect', `more than ${maxRedirects} redirects`, {
        fault: 'redirect-loop',
      });
    }
    const url = nextUrl(request, response);
    current = url.origin === response.url.origin ? { ...current, url } : elsewhere(current, url);
  }
};
