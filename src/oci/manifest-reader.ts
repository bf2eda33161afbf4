import type { Clock } from '../lib/clock.ts';
import { createBoundedMap } from './bounded-map.ts';
import { digestAlgorithm, digestBytes, parseDigest } from './digest.ts';
import { parseManifest } from './manifest.ts';
import { acceptManifests, parseMediaType } from './media-type.ts';
import { formatReference } from './reference.ts';
import { createRequest, repositoryUrl } from './request.ts';
import { type RegistryRequest, type RegistryResponse, requestError, type Send } from './transport/send.ts';
import { errorOfResponse } from './transport/status.ts';
import type { Access, Digest, FetchedManifest, Reference, RegistryClient, Resolved } from './types.ts';

/** What containerd, oras and most registries agree on. */
const maxManifestBytes = 4 * 1024 * 1024;

/** How long a host is taken for one whose HEAD gives no digest. */
const rememberMs = 3_600_000;

/** Answers to HEAD after which GET may do better: no body says why, or HEAD is not (or badly) implemented. */
const worthGet: ReadonlySet<number> = new Set([400, 404, 405, 500, 501]);

const manifestRequest = (method: 'GET' | 'HEAD', reference: Reference, access: Access): RegistryRequest => {
  const { target } = reference;
  const path = `manifests/${target.kind === 'tag' ? target.tag : target.digest}`;
  return createRequest(
    reference,
    {
      method,
      operation: method === 'HEAD' ? 'resolve' : 'manifest',
      url: repositoryUrl(reference, path),
      subject: formatReference(reference),
      accept: acceptManifests,
      maxBytes: maxManifestBytes,
    },
    access,
  );
};

/** The digest that headers tell: the registry's own, or an ETag that is one. */
const digestOfHeaders = ({ headers }: RegistryResponse): Pick<Resolved, 'digest' | 'rung'> | undefined => {
  const own = parseDigest(headers['docker-content-digest'] ?? '');
  if (own !== undefined) return { digest: own, rung: 'digest-header' };
  const etag = parseDigest(/^(?:W\/)?"([^"]*)"$/.exec(headers['etag'] ?? '')?.[1] ?? '');
  return etag === undefined ? undefined : { digest: etag, rung: 'etag' };
};

const verifiedDigest = (
  request: RegistryRequest,
  response: RegistryResponse,
  { target }: Reference,
): Digest => {
  const promised =
    target.kind === 'digest' ? target.digest : parseDigest(response.headers['docker-content-digest'] ?? '');
  if (promised === undefined) return digestBytes(response.bytes);
  const digest = digestBytes(response.bytes, digestAlgorithm(promised));
  if (digest === promised) return digest;
  throw requestError(request, 'digest-mismatch', `the manifest has the digest ${digest}, not ${promised}`);
};

/** The two questions about manifests. */
export const createManifestReader = (
  send: Send,
  clock: Clock,
): Pick<RegistryClient, 'resolve' | 'getManifest'> => {
  /** Hosts whose HEAD is of no use, with the time until which that is believed. */
  const withoutHead = createBoundedMap<number>(1_000);

  const getManifest = async (
    reference: Reference,
    access: Access,
    signal: AbortSignal,
  ): Promise<FetchedManifest> => {
    const request = manifestRequest('GET', reference, access);
    const response = await send(request, signal);
    if (response.status !== 200) throw errorOfResponse(request, response, clock.now());
    const contentType = response.headers['content-type'];
    const parsed = parseManifest(response.bytes, contentType);
    if (!parsed.ok) {
      const { code, problem, fault } = parsed;
      throw requestError(request, code, problem, { fault, status: response.status });
    }
    const digest = verifiedDigest(request, response, reference);
    const { manifest } = parsed;
    return { digest, mediaType: manifest.mediaType, bytes: response.bytes, manifest };
  };

  const resolveByGet = async (
    reference: Reference,
    access: Access,
    signal: AbortSignal,
  ): Promise<Resolved> => {
    const { digest, mediaType } = await getManifest(reference, access, signal);
    return { digest, mediaType, rung: 'hash' };
  };

  return {
    getManifest,
    resolve: async (reference, access, signal) => {
      if ((withoutHead.get(reference.registry) ?? 0) > clock.monotonic()) {
        return resolveByGet(reference, access, signal);
      }
      const request = manifestRequest('HEAD', reference, access);
      const response = await send(request, signal);
      if (response.status === 200) {
        const told = digestOfHeaders(response);
        const { target } = reference;
        // Who answers for another digest than was asked for has to show its bytes.
        if (target.kind === 'digest' && told?.digest !== target.digest)
          return resolveByGet(reference, access, signal);
        const mediaType = parseMediaType(response.headers['content-type'] ?? '');
        if (told !== undefined) return { ...told, mediaType };
        withoutHead.set(reference.registry, clock.monotonic() + rememberMs);
        return resolveByGet(reference, access, signal);
      }
      if (worthGet.has(response.status)) return resolveByGet(reference, access, signal);
      throw errorOfResponse(request, response, clock.now());
    },
  };
};
