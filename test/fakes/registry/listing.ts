import { type Answer, errorAnswer, jsonAnswer, type RecordedRequest } from './http.ts';
import type { Storage } from './storage.ts';

/** How a fake registry lists tags. */
export type ListingOptions = {
  /** Tags per page where the request names no `n`. Default all. */
  readonly defaultPageSize?: number;
  /** Larger `n` count as this. Default 1000. */
  readonly maxPageSize?: number;
  /** Answers 405 to a larger `n` instead. Default false. */
  readonly refusesLargePages?: boolean;
  /** Ignores `n` and `last`. Default false. */
  readonly neverPages?: boolean;
  /** Default lexical. */
  readonly order?: 'lexical' | 'as-added';
  /** How the next page is announced. Default a relative link. */
  readonly link?: 'relative' | 'absolute' | 'none';
  /** What stands for `last` in links. `sealed`: only what the registry wrote itself is understood. `page-size`: a number that means nothing. Default the tag. */
  readonly cursor?: 'tag' | 'sealed' | 'page-size';
  /** What the link makes of the path that was asked for. Default the same. */
  readonly linkPath?: (path: string) => string;
  /** Members of the answer besides `name` and `tags`. */
  readonly extra?: (repository: string) => Readonly<Record<string, unknown>>;
};

const seal = (tag: string): string => Buffer.from(`next:${tag}`).toString('base64url');
const unseal = (cursor: string): string | undefined => {
  const text = Buffer.from(cursor, 'base64url').toString();
  return text.startsWith('next:') ? text.slice('next:'.length) : undefined;
};

/** Where in `tags` the page behind `last` begins. */
const startOf = (tags: readonly string[], last: string, order: ListingOptions['order']): number => {
  if (last === '') return 0;
  if (order === 'as-added') return tags.indexOf(last) + 1;
  const index = tags.findIndex((tag) => tag > last);
  return index === -1 ? tags.length : index;
};

const linkTo = (
  request: RecordedRequest,
  { last, size }: { readonly last: string; readonly size: number },
  { link, cursor = 'tag', linkPath = (path) => path }: ListingOptions,
): Readonly<Record<string, string>> => {
  if (link === 'none') return {};
  const written = { tag: last, sealed: seal(last), 'page-size': String(size) }[cursor];
  const next = `${linkPath(request.url.pathname)}?last=${written}&n=${size}`;
  const target = link === 'absolute' ? new URL(next, request.url).href : next;
  return { link: `<${target}>; rel="next"` };
};

/** The true answer to a question for tags. */
export const listTags = (
  storage: Storage,
  repository: string,
  request: RecordedRequest,
  options: ListingOptions,
): Answer => {
  const stored = storage.repository(repository);
  if (stored === undefined) return errorAnswer(404, 'NAME_UNKNOWN');
  const { searchParams } = request.url;
  const { order = 'lexical', maxPageSize = 1000, neverPages = false } = options;
  const all = order === 'lexical' ? [...stored.tags.keys()].toSorted() : [...stored.tags.keys()];
  const asked = searchParams.get('n');
  if (options.refusesLargePages === true && Number(asked) > maxPageSize)
    return errorAnswer(405, 'UNSUPPORTED');
  const limit = asked === null ? options.defaultPageSize : Math.min(Number(asked), maxPageSize);
  const size = neverPages ? all.length : (limit ?? all.length);
  const cursor = searchParams.get('last') ?? '';
  const last = options.cursor === 'sealed' && cursor !== '' ? unseal(cursor) : cursor;
  if (last === undefined) return errorAnswer(405, 'UNSUPPORTED');
  const rest = neverPages ? all : all.slice(startOf(all, last, order));
  const tags = rest.slice(0, size);
  const body = { name: repository, tags, ...options.extra?.(repository) };
  const isLast = tags.length === rest.length;
  return jsonAnswer(200, body, isLast ? {} : linkTo(request, { last: tags.at(-1) ?? '', size }, options));
};
