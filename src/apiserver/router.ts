import { badRequestError } from './errors.ts';

/** What a URL names, before it is known whether that is served. */
export type RequestTarget =
  | {
      readonly kind: 'resource';
      /** Empty for the core group. */
      readonly group: string;
      readonly version: string;
      readonly plural: string;
      /** Undefined: all namespaces, or a resource that has none. */
      readonly namespace: string | undefined;
      /** Undefined: the collection. */
      readonly name: string | undefined;
      readonly subresource: string | undefined;
    }
  | { readonly kind: 'path'; readonly path: string };

export type ResourceTarget = Extract<RequestTarget, { kind: 'resource' }>;

const decodeSegment = (segment: string): string => {
  try {
    return decodeURIComponent(segment);
  } catch (error) {
    throw badRequestError(`the path segment ${JSON.stringify(segment)} is not percent-encoded text`, error);
  }
};

/** `/api/v1/…` and `/apis/GROUP/VERSION/…` with at least a resource behind it, else undefined. */
const splitPrefix = (
  segments: readonly string[],
): { readonly group: string; readonly version: string; readonly rest: readonly string[] } | undefined => {
  const [prefix, first, second] = segments;
  if (prefix === 'api' && first !== undefined && segments.length > 2)
    return { group: '', version: first, rest: segments.slice(2) };
  if (prefix === 'apis' && first !== undefined && second !== undefined && segments.length > 3)
    return { group: first, version: second, rest: segments.slice(3) };
  return undefined;
};

/** Subresources of a namespace itself; any other third segment is a resource inside it. */
const namespaceSubresources = new Set(['status', 'finalize']);

/**
 * Reads the path of a request.
 *
 * @throws {StatusError} 400 when a segment is not properly encoded.
 * @see https://github.com/kubernetes/apiserver/blob/master/pkg/endpoints/request/requestinfo.go
 */
export const parseTarget = (path: string): RequestTarget => {
  const segments = path
    .split('/')
    .filter((segment) => segment !== '')
    .map(decodeSegment);
  const split = splitPrefix(segments);
  if (split === undefined) return { kind: 'path', path };
  const { group, version, rest } = split;
  const [first, second, third] = rest;
  const inNamespace =
    first === 'namespaces' &&
    second !== undefined &&
    third !== undefined &&
    !namespaceSubresources.has(third);
  const [plural = '', name, subresource, ...beyond] = inNamespace ? rest.slice(2) : rest;
  if (beyond.length > 0) return { kind: 'path', path };
  const namespace = inNamespace ? second : undefined;
  return { kind: 'resource', group, version, plural, namespace, name, subresource };
};
