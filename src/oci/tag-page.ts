import { type JsonObject, parseJsonObject } from './json.ts';
import { nextPage } from './next-page.ts';
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
  readonly bytes: number;
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

/** Repositories without tags have `null`, or name themselves and say nothing more; what does neither is no list, and no empty one. */
const listOf = (body: JsonObject | undefined): unknown =>
  body !== undefined && ('tags' in body || typeof body['name'] === 'string')
    ? (body['tags'] ?? [])
    : undefined;

/**
 * Reads a page.
 *
 * @throws {RegistryError} when it is none, or when the next page would be somewhere else.
 */
export const parsePage = (request: RegistryRequest, response: RegistryResponse): Page => {
  const body = parseJsonObject(response.bytes);
  const list = listOf(body);
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
    next: nextPage(request, response, list),
    bytes: response.bytes.byteLength,
  };
};
