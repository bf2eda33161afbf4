import { digestBytes, parseDigest } from '../../../src/oci/digest.ts';
import type { Digest } from '../../../src/oci/types.ts';
import { type Answer, answer, errorAnswer, type RecordedRequest } from './http.ts';
import { type ListingOptions, listTags } from './listing.ts';
import type { Storage } from './storage.ts';

/** How a registry answers; every member has a default. */
export type RouteOptions = ListingOptions & {
  /** Which answers about manifests state the digest. Default `always`. */
  readonly digestHeader?: 'always' | 'head-only' | 'never';
  /** What an ETag of a manifest is. Default the digest. */
  readonly etag?: 'digest' | 'opaque' | 'none';
  /** Answers 404 to who does not accept a manifest's media type. Default false. */
  readonly insistsOnAccept?: boolean;
};

/** What the path of a request names. */
export type Route = { readonly repository: string; readonly kind: string; readonly name: string };

export const parseRoute = (path: string): Route | undefined => {
  const match = /^\/v2\/(.+)\/(manifests|blobs|tags|blobs\/uploads)\/([^/]*)$/.exec(path);
  return match === null
    ? undefined
    : { repository: match[1] ?? '', kind: match[2] ?? '', name: match[3] ?? '' };
};

const etagOf = (digest: Digest, etag: RouteOptions['etag']): Readonly<Record<string, string>> => {
  if (etag === 'none') return {};
  return { etag: etag === 'opaque' ? `"${digest.slice(-16)}-1"` : `"${digest}"` };
};

const getManifest = (
  storage: Storage,
  { repository, name }: Route,
  request: RecordedRequest,
  { digestHeader = 'always', etag, insistsOnAccept = false }: RouteOptions,
): Answer => {
  const stored = storage.repository(repository);
  if (stored === undefined) return errorAnswer(404, 'NAME_UNKNOWN');
  const manifest = stored.manifests.get(parseDigest(name) ?? (stored.tags.get(name) as Digest));
  if (manifest === undefined) return errorAnswer(404, 'MANIFEST_UNKNOWN');
  const isAccepted = request.headers['accept']?.includes(manifest.mediaType) ?? false;
  if (insistsOnAccept && !isAccepted) return errorAnswer(404, 'MANIFEST_UNKNOWN');
  const states = digestHeader === 'always' || (digestHeader === 'head-only' && request.method === 'HEAD');
  const headers = {
    'content-type': manifest.mediaType,
    ...(states ? { 'docker-content-digest': manifest.digest } : {}),
    ...etagOf(manifest.digest, etag),
  };
  return answer(200, headers, manifest.bytes);
};

const getBlob = (storage: Storage, { repository, name }: Route): Answer => {
  const blob = storage.repository(repository)?.blobs.get(name as Digest);
  if (blob === undefined) return errorAnswer(404, 'BLOB_UNKNOWN');
  const headers = { 'content-type': 'application/octet-stream', 'docker-content-digest': blob.digest };
  return answer(200, headers, blob.bytes);
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
  options: RouteOptions,
): Answer => {
  const isRead = request.method === 'GET' || request.method === 'HEAD';
  switch (found.kind) {
    case 'manifests':
      return isRead ? getManifest(storage, found, request, options) : putManifest(storage, found, request);
    case 'blobs':
      return getBlob(storage, found);
    case 'tags':
      return listTags(storage, found.repository, request, options);
    case 'blobs/uploads':
      return request.method === 'POST'
        ? answer(202, { location: `/v2/${found.repository}/blobs/uploads/1` })
        : putBlob(storage, found, request);
    default:
      return errorAnswer(404, 'UNSUPPORTED');
  }
};
