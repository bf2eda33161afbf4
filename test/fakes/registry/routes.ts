import { digestBytes, parseDigest } from '../../../src/oci/digest.ts';
import type { Digest } from '../../../src/oci/types.ts';
import { type Answer, answer, errorAnswer, jsonAnswer, type RecordedRequest } from './http.ts';
import type { Storage } from './storage.ts';

export type ListingOptions = {
  /** Tags per page where the request names no `n`. Default all. */
  readonly defaultPageSize?: number;
  /** Larger `n` count as this. Default 1000. */
  readonly maxPageSize?: number;
  /** How the next page is announced. Default a relative link. */
  readonly link?: 'relative' | 'absolute' | 'none';
};

/** What the path of a request names. */
export type Route = { readonly repository: string; readonly kind: string; readonly name: string };

export const parseRoute = (path: string): Route | undefined => {
  const match = /^\/v2\/(.+)\/(manifests|blobs|tags|blobs\/uploads)\/([^/]*)$/.exec(path);
  return match === null
    ? undefined
    : { repository: match[1] ?? '', kind: match[2] ?? '', name: match[3] ?? '' };
};

const getManifest = (storage: Storage, { repository, name }: Route): Answer => {
  const stored = storage.repository(repository);
  if (stored === undefined) return errorAnswer(404, 'NAME_UNKNOWN');
  const manifest = stored.manifests.get(parseDigest(name) ?? (stored.tags.get(name) as Digest));
  if (manifest === undefined) return errorAnswer(404, 'MANIFEST_UNKNOWN');
  const headers = {
    'content-type': manifest.mediaType,
    'docker-content-digest': manifest.digest,
    etag: `"${manifest.digest}"`,
  };
  return answer(200, headers, manifest.bytes);
};

const getBlob = (storage: Storage, { repository, name }: Route): Answer => {
  const blob = storage.repository(repository)?.blobs.get(name as Digest);
  if (blob === undefined) return errorAnswer(404, 'BLOB_UNKNOWN');
  const headers = { 'content-type': 'application/octet-stream', 'docker-content-digest': blob.digest };
  return answer(200, headers, blob.bytes);
};

const listTags = (
  storage: Storage,
  { repository }: Route,
  request: RecordedRequest,
  options: ListingOptions,
): Answer => {
  const stored = storage.repository(repository);
  if (stored === undefined) return errorAnswer(404, 'NAME_UNKNOWN');
  const { searchParams } = request.url;
  const asked = searchParams.get('n');
  const size =
    asked === null ? options.defaultPageSize : Math.min(Number(asked), options.maxPageSize ?? 1000);
  const last = searchParams.get('last') ?? '';
  const rest = [...stored.tags.keys()].toSorted().filter((tag) => tag > last);
  const tags = rest.slice(0, size);
  if (tags.length === rest.length || options.link === 'none')
    return jsonAnswer(200, { name: repository, tags });
  const next = `/v2/${repository}/tags/list?last=${tags.at(-1) ?? ''}&n=${size}`;
  const target = options.link === 'absolute' ? new URL(next, request.url).href : next;
  return jsonAnswer(200, { name: repository, tags }, { link: `<${target}>; rel="next"` });
};

const putBlob = (storage: Storage, { repository }: Route, request: RecordedRequest): Answer => {
  const digest = parseDigest(request.url.searchParams.get('digest') ?? '');
  if (digest === undefined || digestBytes(request.bytes) !== digest)
    return errorAnswer(400, 'DIGEST_INVALID');
  storage.putBlob(repository, { bytes: request.bytes, mediaType: 'application/octet-stream', digest });
  return answer(201, { location: `/v2/${repository}/blobs/${digest}`, 'docker-content-digest': digest });
};

const putManifest = (storage: Storage, { repository, name }: Route, request: RecordedRequest): Answer => {
  const digest = digestBytes(request.bytes);
  if (name.startsWith('sha256:') && name !== digest) return errorAnswer(400, 'DIGEST_INVALID');
  const mediaType = request.headers['content-type'] ?? '';
  const tag = name.startsWith('sha256:') ? undefined : name;
  storage.putManifest(repository, { bytes: request.bytes, mediaType, digest }, tag);
  return answer(201, { location: `/v2/${repository}/manifests/${digest}`, 'docker-content-digest': digest });
};

/** The true answer of a registry to a request that may pass. */
export const route = (
  storage: Storage,
  found: Route,
  request: RecordedRequest,
  options: ListingOptions,
): Answer => {
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  switch (found.kind) {
    case 'manifests':
      return isRead ? getManifest(storage, found) : putManifest(storage, found, request);
    case 'blobs':
      return getBlob(storage, found);
    case 'tags':
      return listTags(storage, found, request, options);
    case 'blobs/uploads':
      return request.method === 'POST'
        ? answer(202, { location: `/v2/${found.repository}/blobs/uploads/1` })
        : putBlob(storage, found, request);
    default:
      return errorAnswer(404, 'UNSUPPORTED');
  }
};
