import { isJsonObject, parseJsonObject } from './json.ts';
import { nextLink } from './link.ts';
import { formatRepository, isTag } from './reference.ts';
import { createRequest } from './request.ts';
import { type RegistryRequest, type RegistryResponse, requestError } from './transport/send.ts';
import { isWebPage } from './transport/status.ts';
import type { Access, Repository } from './types.ts';

/** GCR sends everything at once, with a record of every manifest. */
const maxPageBytes = 32 * 1024 * 1024;

/** One answer to the question for tags. */
export type Page = {
  /** Names that a tag may have; others could not be fetched. */
  readonly tags: readonly string[];
  /** Entries sent, usable or not. */
  readonly size: number;
  readonly last: string | undefined;
  readonly next: URL | undefined;
};

/** Asks for a page of tags. */
export const pageRequest = (repository: Repository, url: URL, access: Access): RegistryRequest =>
  createRequest(
    repository,
    {
      method: 'GET',
      operation: 'tags',
      url,
      subject: `${formatRepository(repository)}/tags/list`,
      accept: 'application/json',
      maxBytes: maxPageBytes,
    },
    access,
  );

/**
 * The next page's address: opaque, but of the same host, because credentials go with it. The scheme stays ours: registries behind
 * a proxy that ends TLS write `http`.
 */
const nextPage = (request: RegistryRequest, response: RegistryResponse): URL | undefined => {
  const target = nextLink(response.headers['link'] ?? '');
  if (target === undefined) return undefined;
  const url = URL.parse(target, (response.url.host === request.url.host ? response.url : request.url).href);
  if (url === null)
    throw requestError(request, 'invalid-response', 'the link to the next page is no URL', {
      fault: 'listing',
    });
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw requestError(request, 'invalid-response', `the link to the next page is ${url.protocol}`, {
      fault: 'listing',
    });
  }
  if (url.host !== request.url.host || url.username !== '' || url.password !== '') {
    throw requestError(request, 'blocked', `the link to the next page leads to another host (${url.host})`, {
      fault: 'foreign-link',
    });
  }
  url.protocol = request.url.protocol;
  url.hash = '';
  return url;
};

/**
 * Reads a page.
 *
 * @throws {RegistryError} when it is none, or when the next page would be somewhere else.
 */
export const parsePage = (request: RegistryRequest, response: RegistryResponse): Page => {
  const body = parseJsonObject(response.bytes);
  // Repositories without tags have `null`, or say nothing.
  const list = isJsonObject(body) ? (body['tags'] ?? []) : undefined;
  if (!Array.isArray(list) || !list.every((tag) => typeof tag === 'string')) {
    throw requestError(request, 'invalid-response', 'the answer is not a list of tags', {
      fault: isWebPage(response) ? 'web-page' : 'listing',
      status: response.status,
    });
  }
  return {
    tags: list.filter(isTag),
    size: list.length,
    last: list.at(-1),
    next: nextPage(request, response),
  };
};
