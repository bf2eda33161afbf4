import { hash } from 'node:crypto';
import type { Clock } from '../lib/clock.ts';
import { type Budget, createBudget, type Fail, type ListingLimits } from './listing-budget.ts';
import { repositoryUrl } from './request.ts';
import { type Page, pageRequest, parsePage } from './tag-page.ts';
import { requestError, type Send } from './transport/send.ts';
import { errorOfResponse } from './transport/status.ts';
import type { Access, Repository } from './types.ts';

/** Tags per page. ECR and distribution refuse more; some registries page only when asked to, and by far less by themselves. */
const pageSize = 1000;

/** Walks through one list: it begins anew where the tag that it has come to is deleted meanwhile. */
const maxWalks = 3;

/** What registries answer that do not like `n`, or that know `last` only as they wrote it themselves. */
const notUnderstood: ReadonlySet<number> = new Set([400, 405, 413]);

const firstUrl = (repository: Repository): URL => {
  const url = repositoryUrl(repository, 'tags/list');
  url.searchParams.set('n', String(pageSize));
  return url;
};

/** Where to look behind a full page without a link: Nexus, for one, leaves it out although there is more. */
const probeUrl = (repository: Repository, { size, last }: Page): URL | undefined => {
  if (size !== pageSize || last === undefined) return undefined;
  const url = firstUrl(repository);
  url.searchParams.set('last', last);
  return url;
};

/** How a walk ended: at the last tag, or because the registry has lost the place that it had come to. */
type WalkEnd = 'whole' | 'lost';

type Query = { readonly repository: Repository; readonly access: Access };

/** Asks for pages. */
const createPages = (send: Send, now: () => number) => {
  const ask = async ({ repository, access }: Query, url: URL, signal: AbortSignal) => {
    const request = pageRequest(repository, url, access);
    return { request, response: await send(request, signal) };
  };

  /** A page, or the status of an answer that `mayBe` one of these. */
  const fetchPage = async (
    query: Query,
    url: URL,
    mayBe: ReadonlySet<number>,
    signal: AbortSignal,
  ): Promise<Page | number> => {
    const { request, response } = await ask(query, url, signal);
    if (response.status === 200) return parsePage(request, response);
    if (mayBe.has(response.status)) return response.status;
    throw errorOfResponse(request, response, now());
  };

  /** The first page, and whether the registry takes our size of pages. */
  const begin = async (query: Query, signal: AbortSignal): Promise<{ page: Page; isSized: boolean }> => {
    const sized = await fetchPage(query, firstUrl(query.repository), notUnderstood, signal);
    if (typeof sized !== 'number') return { page: sized, isSized: true };
    const url = repositoryUrl(query.repository, 'tags/list');
    const page = await fetchPage(query, url, new Set(), signal);
    if (typeof page === 'number') throw new Error(`a status (${page}) that may not be was let through`);
    return { page, isSized: false };
  };

  return { fetchPage, begin };
};

/** One walk through the list, from its beginning. */
async function* walk(
  { pages, budget, fail }: { pages: ReturnType<typeof createPages>; budget: Budget; fail: Fail },
  query: Query,
  signal: AbortSignal,
): AsyncGenerator<readonly string[], WalkEnd, undefined> {
  const { repository } = query;
  // Hashes, because an address may be as long as a registry likes.
  const visited = new Set([hash('sha256', firstUrl(repository).href)]);
  budget.reserve();
  const first = await pages.begin(query, signal);
  let page = first.page;
  /** A registry that writes links leaves out only the one after the last page. */
  let mayOmitLinks = first.isSized;
  for (;;) {
    budget.spend(page);
    yield page.tags;
    mayOmitLinks &&= page.next === undefined;
    const isProbe = page.next === undefined;
    const url = page.next ?? (mayOmitLinks ? probeUrl(repository, page) : undefined);
    if (url === undefined) return 'whole';
    const key = hash('sha256', url.href);
    if (visited.has(key)) throw fail('invalid-response', 'the list of tags goes round in circles');
    visited.add(key);
    budget.reserve();
    const following = await pages.fetchPage(query, url, isProbe ? notUnderstood : new Set([404]), signal);
    if (typeof following === 'number') return isProbe ? 'whole' : 'lost';
    // The same page again, where nothing said that there is more: the registry always sends all it has.
    if (isProbe && following.last === page.last) return 'whole';
    page = following;
  }
}

/**
 * Lists tags page by page, without holding more than one page. Every end is a true one: whatever is missing, repeated or over a
 * limit is an error, because whoever takes a part for the whole removes tags that still exist.
 */
export const createTagLister = (
  send: Send,
  clock: Pick<Clock, 'now' | 'monotonic'>,
  limits: ListingLimits,
) => {
  const pages = createPages(send, clock.now);
  return async function* listTags(
    repository: Repository,
    access: Access,
    signal: AbortSignal,
  ): AsyncGenerator<readonly string[], void, undefined> {
    const fail: Fail = (code, problem) =>
      requestError(pageRequest(repository, firstUrl(repository), access), code, problem, {
        fault: code === 'invalid-response' ? 'listing' : undefined,
      });
    const budget = createBudget(limits, clock, fail);
    for (let walks = 1; ; walks += 1) {
      const end = yield* walk({ pages, budget, fail }, { repository, access }, signal);
      if (end === 'whole') return;
      if (walks === maxWalks)
        throw fail('invalid-response', 'the registry loses its place in the list of tags again and again');
    }
  };
};
