import type { Clock } from '../lib/clock.ts';
import type { RegistryErrorCode } from './errors.ts';
import type { Page } from './tag-page.ts';

/** Where an endless listing ends, with an error. */
export type ListingLimits = {
  /** Pages of one listing. Default 10,000. */
  readonly maxPages: number;
  /** Tags of one listing. Default 1,000,000. */
  readonly maxTags: number;
  /** Bytes of all pages of one listing. Default 256 MiB. */
  readonly maxBytes: number;
  /** Milliseconds that one listing may take, whatever its single pages take. Default 10 min. */
  readonly maxMs: number;
};

/** Far above the largest repositories known. */
export const defaultListingLimits: ListingLimits = {
  maxPages: 10_000,
  maxTags: 1_000_000,
  maxBytes: 256 * 2 ** 20,
  maxMs: 600_000,
};

/** The error of a listing. */
export type Fail = (code: RegistryErrorCode, problem: string) => Error;

/** Counts what a listing costs, over all its walks, and throws where it costs too much. */
export const createBudget = (limits: ListingLimits, clock: Pick<Clock, 'monotonic'>, fail: Fail) => {
  const startedMs = clock.monotonic();
  const spent = { pages: 0, tags: 0, bytes: 0 };
  const check = (used: number, limit: number, what: string): void => {
    if (used > limit) throw fail('too-large', `the list of tags has more than ${limit} ${what}`);
  };
  return {
    spend: ({ size, bytes }: Page): void => {
      spent.pages += 1;
      spent.tags += size;
      spent.bytes += bytes;
      check(spent.tags, limits.maxTags, 'tags');
      check(spent.bytes, limits.maxBytes, 'bytes');
    },
    /** Before another page is asked for. */
    reserve: (): void => {
      check(spent.pages + 1, limits.maxPages, 'pages');
      if (clock.monotonic() - startedMs >= limits.maxMs)
        throw fail('timeout', `the list of tags was not at its end after ${limits.maxMs} ms`);
    },
  };
};

/** What a listing may still cost. */
export type Budget = ReturnType<typeof createBudget>;
