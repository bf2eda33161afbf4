import { isJsonObject, parseJsonObject } from './json.ts';
import { nextLink } from './link.ts';
import { formatRepository, isTag } from './reference.ts';
import { createRequest, repositoryUrl } from './request.ts';
import { type RegistryRequest, type RegistryResponse, requestError, type Send } from './transport/send.ts';
import { errorOfResponse } from './transport/status.ts';
import type { Access, Repository } from './types.ts';

export type ListingLimits = {
  /** Pages of one listing. Default 10,000. */
  readonly maxPages: number;
  /** Tags of one listing. Default 1,000,000. */
  readonly maxTags: number;
};

export const defaultListingLimits: ListingLimits = { maxPages: 10_000, maxTags: 1_000_000 };

/** Tags per page. ECR and distribution refuse more; some registries page only when asked to, and by far less by themselves. */
const pageSize = 1000;

/** GCR sends everything at once, with a record of every manifest. */
const maxPageBytes = 32 * 1024 * 1024;

/** What registries answer that do not like `n`. */
const dislikesPageSize: ReadonlySet<number> = new Set([400, 405, 413]);

type Page = {
  /** Names that a tag may have; others could not be fetched. */
  readonly tags: readonly string[];
  /** Entries sent, usable or not. */
  readonly size: number;
  readonly last: string | undefined;
  readonly next: URL | undefined;
};

const pageRequest = (repository: Repository, url: URL, access: Access): RegistryRequest => ({
  ...createRequest(
    repository,
    {
      method: 'GET',
      operation: 'tags',
      path: 'tags/list',
      subject: `${formatRepository(repository)}/tags/list`,
      accept: 'application/json',
      maxBytes: maxPageBytes,
    },
    access,
  ),
  url,
});

/**
 * The next page's address: opaque, but of the same host, because credentials go with it. The scheme stays ours: registries behind
 * a proxy that ends TLS write `http`.
 */
const nextPage = (request: RegistryRequest, response: RegistryResponse): URL | undefined => {
  const target = nextLink(response.headers['link'] ?? '');
  if (target === undefined) return undefined;
  const url = URL.parse(target, (response.url.host === request.url.host ? response.url : request.url).href);
  if (url === null) throw requestError(request, 'invalid-response', 'the link to the next page is no URL');
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw requestError(request, 'invalid-response', `the link to the next page is ${url.protocol}`);
  }
  if (url.host !== request.url.host || url.username !== '' || url.password !== '') {
    throw requestError(request, 'blocked', `the link to the next page leads to another host (${url.host})`);
  }
  url.protocol = request.url.protocol;
  url.hash = '';
  return url;
};

const parsePage = (request: RegistryRequest, response: RegistryResponse): Page => {
  const body = parseJsonObject(response.bytes);
  // Repositories without tags have `null`, or say nothing.
  const list = isJsonObject(body) ? (body['tags'] ?? []) : undefined;
  if (!Array.isArray(list) || !list.every((tag) => typeof tag === 'string')) {
    throw requestError(request, 'invalid-response', 'the answer is not a list of tags', {
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

const firstUrl = (repository: Repository): URL => {
  const url = repositoryUrl(repository, 'tags/list');
  url.searchParams.set('n', String(pageSize));
  return url;
};

/** A full page without a link: Nexus, for one, leaves it out although there is more. */
const probeUrl = (repository: Repository, last: string): URL => {
  const url = firstUrl(repository);
  url.searchParams.set('last', last);
  return url;
};

/**
 * Lists tags page by page, without holding more than one page. Every end is a true one: whatever is missing, repeated or over a
 * limit is an error, because whoever takes a part for the whole removes tags that still exist.
 */
export const createTagLister = (send: Send, now: () => number, limits: ListingLimits) => {
  const fetchPage = async (
    repository: Repository,
    url: URL,
    access: Access,
    signal: AbortSignal,
  ): Promise<Page> => {
    const request = pageRequest(repository, url, access);
    const response = await send(request, signal);
    if (response.status !== 200) throw errorOfResponse(request, response, now());
    return parsePage(request, response);
  };

  /** The first page, asked for again without a page size where the registry dislikes ours. */
  const fetchFirst = async (
    repository: Repository,
    access: Access,
    signal: AbortSignal,
  ): Promise<{ page: Page; isSized: boolean }> => {
    const request = pageRequest(repository, firstUrl(repository), access);
    const response = await send(request, signal);
    if (response.status === 200) return { page: parsePage(request, response), isSized: true };
    if (!dislikesPageSize.has(response.status)) throw errorOfResponse(request, response, now());
    const page = await fetchPage(repository, repositoryUrl(repository, 'tags/list'), access, signal);
    return { page, isSized: false };
  };

  return async function* listTags(
    repository: Repository,
    access: Access,
    signal: AbortSignal,
  ): AsyncGenerator<readonly string[], void, undefined> {
    const fail = (problem: string) =>
      requestError(pageRequest(repository, firstUrl(repository), access), 'too-large', problem);
    const visited = new Set<string>();
    let total = 0;
    const first = await fetchFirst(repository, access, signal);
    let page = first.page;
    for (let pages = 1; ; pages += 1) {
      total += page.size;
      if (total > limits.maxTags) throw fail(`the repository has more than ${limits.maxTags} tags`);
      yield page.tags;
      const isProbe =
        page.next === undefined && first.isSized && page.size === pageSize && page.last !== undefined;
      const next = isProbe ? probeUrl(repository, page.last ?? '') : page.next;
      if (next === undefined) return;
      if (pages >= limits.maxPages) throw fail(`the list of tags has more than ${limits.maxPages} pages`);
      if (visited.has(next.href)) {
        throw requestError(
          pageRequest(repository, next, access),
          'invalid-response',
          'the list of tags goes round in circles',
        );
      }
      visited.add(next.href);
      page = await fetchPage(repository, next, access, signal);
    }
  };
};
