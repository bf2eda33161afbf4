import type { RegistryErrorCode } from './errors.ts';
import { repositoryUrl } from './request.ts';
import { type Page, pageRequest, parsePage } from './tag-page.ts';
import { requestError, type Send } from './transport/send.ts';
import { errorOfResponse } from './transport/status.ts';
import type { Access, Repository } from './types.ts';

/** Where an endless listing ends, with an error. */
export type ListingLimits = {
  /** Pages of one listing. Default 10,000. */
  readonly maxPages: number;
  /** Tags of one listing. Default 1,000,000. */
  readonly maxTags: number;
};

/** Far above the largest repositories known. */
export const defaultListingLimits: ListingLimits = { maxPages: 10_000, maxTags: 1_000_000 };

/** Tags per page. ECR and distribution refuse more; some registries page only when asked to, and by far less by themselves. */
const pageSize = 1000;

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

/**
 * Lists tags page by page, without holding more than one page. Every end is a true one: whatever is missing, repeated or over a
 * limit is an error, because whoever takes a part for the whole removes tags that still exist.
 */
export const createTagLister = (send: Send, now: () => number, limits: ListingLimits) =>
  async function* listTags(
    repository: Repository,
    access: Access,
    signal: AbortSignal,
  ): AsyncGenerator<readonly string[], void, undefined> {
    const fail = (code: RegistryErrorCode, problem: string) =>
      requestError(pageRequest(repository, firstUrl(repository), access), code, problem, {
        fault: code === 'invalid-response' ? 'listing' : undefined,
      });

    /** A page, or `undefined` where the registry does not understand the question, which it need not where it `may` fail. */
    const fetchPage = async (url: URL, need: 'must' | 'may'): Promise<Page | undefined> => {
      const request = pageRequest(repository, url, access);
      const response = await send(request, signal);
      if (response.status === 200) return parsePage(request, response);
      if (need === 'may' && notUnderstood.has(response.status)) return undefined;
      throw errorOfResponse(request, response, now());
    };

    const visited = new Set([firstUrl(repository).href]);
    const sized = await fetchPage(firstUrl(repository), 'may');
    let page = sized ?? (await fetchPage(repositoryUrl(repository, 'tags/list'), 'must'));
    /** A registry that writes links leaves out only the one after the last page. */
    let mayOmitLinks = sized !== undefined;
    let total = 0;
    for (let pages = 1; page !== undefined; pages += 1) {
      total += page.size;
      if (total > limits.maxTags)
        throw fail('too-large', `the repository has more than ${limits.maxTags} tags`);
      yield page.tags;
      mayOmitLinks &&= page.next === undefined;
      const next: URL | undefined = page.next ?? (mayOmitLinks ? probeUrl(repository, page) : undefined);
      if (next === undefined) return;
      if (pages >= limits.maxPages) {
        throw fail('too-large', `the list of tags has more than ${limits.maxPages} pages`);
      }
      if (visited.has(next.href)) throw fail('invalid-response', 'the list of tags goes round in circles');
      visited.add(next.href);
      const following = await fetchPage(next, page.next === undefined ? 'may' : 'must');
      // The same page again, where nothing said that there is more: the registry always sends all it has.
      if (page.next === undefined && following?.last === page.last) return;
      page = following;
    }
  };
