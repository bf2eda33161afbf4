import type { RegistryErrorCode, RegistryFault } from './errors.ts';
import { nextLink } from './link.ts';
import { type RegistryRequest, type RegistryResponse, requestError } from './transport/send.ts';

/**
 * Artifactory may write the size of the page where the last tag belongs; asked like that it would begin anew, or leave tags out.
 */
const mendCursor = (query: URLSearchParams, tags: readonly string[]): void => {
  const cursor = query.get('last');
  const lastTag = tags.at(-1);
  const isSize = cursor !== null && cursor === query.get('n') && !tags.includes(cursor);
  if (isSize && lastTag !== undefined) query.set('last', lastTag);
};

/**
 * The address of the page after one that held `tags`: where the list is, with what the link asks for there. Only the query of a link
 * is opaque; its path is lost or another one at registries behind proxies (Nexus, Artifactory), and a token must not be carried
 * about. The scheme stays ours, too: registries behind a proxy that ends TLS write `http`.
 *
 * @throws {RegistryError} when the link leads to another host: credentials would go there.
 */
export const nextPage = (
  request: RegistryRequest,
  response: RegistryResponse,
  tags: readonly string[],
): URL | undefined => {
  const refuse = (code: RegistryErrorCode, fault: RegistryFault, problem: string) =>
    requestError(request, code, `the link to the next page ${problem}`, { fault });
  const target = nextLink(response.headers['link'] ?? '');
  if (target === undefined) return undefined;
  const link = URL.parse(target, (response.url.host === request.url.host ? response.url : request.url).href);
  if (link === null) throw refuse('invalid-response', 'listing', 'is no URL');
  if (link.protocol !== 'https:' && link.protocol !== 'http:') {
    throw refuse('invalid-response', 'listing', `is ${link.protocol}`);
  }
  if (link.host !== request.url.host || link.username !== '' || link.password !== '') {
    throw refuse('blocked', 'foreign-link', `leads to another host (${link.host})`);
  }
  mendCursor(link.searchParams, tags);
  const url = new URL(request.url);
  url.search = link.search;
  return url;
};
