import type { Clock } from '../lib/clock.ts';
import { mapLimit } from '../lib/map-limit.ts';
import { createSingleFlight } from '../lib/single-flight.ts';
import { formatReference } from '../oci/reference.ts';
import type { Access, Reference, RegistryClient } from '../oci/types.ts';
import { type Content, createContentSource, type Scope, scopeKey } from './content.ts';
import { type FetchedReference, fetchReference } from './image.ts';
import { statusOfError } from './outcome-status.ts';
import { listTags } from './repository.ts';
import { parseSource, recordedReference, type Source, tagOf } from './source.ts';
import { type UnreferencedImage, withoutTexts } from './to-image.ts';
import type { ImageImport, ImageOutcome, ImportContext, Importer, RepositoryImport } from './types.ts';

export type ImporterOptions = {
  readonly client: RegistryClient;
  readonly clock: Clock;
  /** Manifests and configs kept for imports that lead to the same content. Default 16 MiB: some thousand of them. */
  readonly cacheBytes?: number;
};

/** Tags of one repository under way at a time; how many requests really run is for the registry's gate to say. */
const tagConcurrency = 16;

type Wanted = Pick<ImageImport, 'importMode' | 'preferArch' | 'preferOs' | 'includeManifest'>;

/** Makes an Image of what was fetched, under the pull spec of this caller: shared work knows no spelling. */
const outcomeOf = (
  source: Source,
  fetched: FetchedReference,
  includeManifest: boolean | undefined,
): ImageOutcome => {
  const finish = (image: UnreferencedImage) => ({
    ...(includeManifest === true ? image : withoutTexts(image)),
    dockerImageReference: recordedReference(source, image.metadata.name),
  });
  return {
    ok: true,
    image: finish(fetched.image),
    manifests: fetched.manifests.map(finish),
    tag: tagOf(source.reference),
    sourceDigest: fetched.sourceDigest,
  };
};

const accessOf = (insecure: boolean, { keychain, priority }: ImportContext): Access => ({
  keychain,
  insecure,
  priority,
});

const scopeOf = ({ registry, repository }: Reference, access: Access): Scope => ({
  repository: { registry, repository },
  access,
});

/** The importer over a registry client; see {@link Importer} for what it promises. */
export const createImporter = ({ client, clock, cacheBytes = 16 * 2 ** 20 }: ImporterOptions): Importer => {
  const contentOf: (scope: Scope) => Content = createContentSource(client, { maxBytes: cacheBytes });
  const fetches = createSingleFlight<FetchedReference>();
  const heads = createSingleFlight<Awaited<ReturnType<RegistryClient['resolve']>>>();

  const importSource = async (
    source: Source,
    wanted: Wanted,
    access: Access,
    signal: AbortSignal,
  ): Promise<ImageOutcome> => {
    const { reference } = source;
    const scope = scopeOf(reference, access);
    const { importMode, preferArch = '', preferOs = '' } = wanted;
    const work = (inner: AbortSignal): Promise<FetchedReference> =>
      fetchReference(
        contentOf(scope),
        reference.target,
        { importMode, preferred: { architecture: preferArch, os: preferOs }, nowMs: clock.now() },
        inner,
      );
    const key = JSON.stringify([scopeKey(scope), reference.target, importMode, preferArch, preferOs]);
    try {
      return outcomeOf(source, await fetches(key, work, signal), wanted.includeManifest);
    } catch (error) {
      signal.throwIfAborted();
      const status = statusOfError(error, formatReference(reference));
      return { ok: false, status, tag: tagOf(reference) };
    }
  };

  const importImage: Importer['importImage'] = async (request, context, signal) => {
    const parsed = parseSource(request.from);
    return parsed.ok
      ? importSource(parsed.source, request, accessOf(request.insecure, context), signal)
      : { ok: false, status: parsed.status, tag: '' };
  };

  const importTags = async (
    { source, request, access }: { source: Source; request: RepositoryImport; access: Access },
    signal: AbortSignal,
  ) => {
    const { registry, repository } = source.reference;
    const listing = await listTags(
      client,
      { registry, repository },
      { access, maxTags: request.maxTags },
      signal,
    );
    const importTag = (tag: string, inner: AbortSignal): Promise<ImageOutcome> => {
      const reference = { registry, repository, target: { kind: 'tag', tag } } as const;
      return importSource({ ...source, reference }, request, access, inner);
    };
    const images = await mapLimit(listing.tags, tagConcurrency, importTag, signal);
    return { images, additionalTags: listing.additionalTags };
  };

  const importRepository: Importer['importRepository'] = async (request, context, signal) => {
    const parsed = parseSource(request.from);
    if (!parsed.ok) return parsed;
    const access = accessOf(request.insecure, context);
    try {
      return { ok: true, ...(await importTags({ source: parsed.source, request, access }, signal)) };
    } catch (error) {
      signal.throwIfAborted();
      return { ok: false, status: statusOfError(error, request.from) };
    }
  };

  const resolve: Importer['resolve'] = async ({ from, insecure }, context, signal) => {
    const parsed = parseSource(from);
    if (!parsed.ok) return parsed;
    const { reference } = parsed.source;
    const access = accessOf(insecure, context);
    const key = JSON.stringify([scopeKey(scopeOf(reference, access)), reference.target]);
    try {
      const { digest } = await heads(key, (inner) => client.resolve(reference, access, inner), signal);
      return { ok: true, digest };
    } catch (error) {
      signal.throwIfAborted();
      return { ok: false, status: statusOfError(error, formatReference(reference)) };
    }
  };

  return { importImage, importRepository, resolve };
};
