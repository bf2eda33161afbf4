import { createWeightedCache } from '../../lib/weighted-cache.ts';
import { createBoundedMap } from '../bounded-map.ts';
import type { Layer, Operation, RegistryRequest, RegistryResponse } from './send.ts';

type Kept = { readonly etag: string; readonly response: RegistryResponse };

/** What changes seldom and is asked for again and again; configs are known by their digest and asked for once. */
const operations: ReadonlySet<Operation> = new Set(['manifest', 'tags']);

/** Answers of servers to `If-None-Match` that do not know it. */
const notUnderstood: ReadonlySet<number> = new Set([400, 412, 501]);

const maxHosts = 1_000;

/** What came over a connection that nobody verified is no answer to who wants one that is verified. */
const keyOf = ({ url, headers, access }: RegistryRequest): string =>
  JSON.stringify([access.insecure, url.href, headers['accept']]);

const unless = (request: RegistryRequest, etag: string): RegistryRequest => ({
  ...request,
  headers: { ...request.headers, 'if-none-match': etag },
});

/**
 * Asks for manifests and lists of tags that were fetched before only if they changed, where the registry gives ETags; keeps answers up
 * to `maxBytes` in all. Whoever asks has to be answered 304 by the registry, with credentials of their own, before they get what
 * somebody else fetched. Hosts that do not heed the question are no longer asked so.
 *
 * @see https://www.rfc-editor.org/rfc/rfc9110#name-if-none-match
 */
export const withValidators = (maxBytes: number): Layer => {
  const kept = createWeightedCache<Kept>(maxBytes);
  const heedless = createBoundedMap<true>(maxHosts);

  const keep = (request: RegistryRequest, response: RegistryResponse, known: Kept | undefined): void => {
    const etag = response.headers['etag'];
    if (response.status !== 200 || etag === undefined) return;
    if (known?.etag === etag) heedless.set(request.url.host, true);
    else kept.set(keyOf(request), { etag, response }, response.bytes.byteLength);
  };

  return (next) => async (request, signal) => {
    const isOurs = request.method === 'GET' && operations.has(request.operation);
    if (!isOurs || heedless.get(request.url.host) === true) return next(request, signal);
    const known = kept.get(keyOf(request));
    const response = await next(known === undefined ? request : unless(request, known.etag), signal);
    if (known !== undefined && response.status === 304) {
      const { url, credentials } = response;
      return { ...known.response, url, credentials };
    }
    if (known !== undefined && notUnderstood.has(response.status)) {
      heedless.set(request.url.host, true);
      return next(request, signal);
    }
    keep(request, response, known);
    return response;
  };
};
