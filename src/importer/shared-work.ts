import type { Clock } from '../lib/clock.ts';
import { createSingleFlight } from '../lib/single-flight.ts';
import { formatReference } from '../oci/reference.ts';
import type { Access, Digest, RegistryClient } from '../oci/types.ts';
import { createContentSource, scopeKey } from './content.ts';
import { type FetchedReference, fetchReference } from './image.ts';
import { statusOfError } from './outcome-status.ts';
import { recordedReference, repositoryOf, type Source, tagOf } from './source.ts';
import { type UnreferencedImage, withoutTexts } from './to-image.ts';
import type { ImageImport, ImageOutcome, ResolveOutcome } from './types.ts';

export type WorkOptions = {
  readonly client: RegistryClient;
  readonly clock: Clock;
  /** Manifests and configs kept for imports that lead to the same content, in bytes. */
  readonly cacheBytes: number;
};

/** A source to fetch, as somebody wants it and may ask for it. */
export type SourceImport = Omit<ImageImport, 'from' | 'insecure'> & {
  readonly source: Source;
  readonly access: Access;
};

/** Makes an Image of what was fetched, under the pull spec of this caller: shared work knows no spelling. */
const outcomeOf = ({ source, includeManifest }: SourceImport, fetched: FetchedReference): ImageOutcome => {
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

/** Fetching and resolving, each piece of equal work once while it runs. Equal: same target, same way, equivalent credentials. */
export const createSharedWork = ({ client, clock, cacheBytes }: WorkOptions) => {
  const contentOf = createContentSource(client, { maxBytes: cacheBytes });
  const fetches = createSingleFlight<FetchedReference>();
  const heads = createSingleFlight<{ readonly digest: Digest }>();

  const fetch = async (wanted: SourceImport, signal: AbortSignal): Promise<ImageOutcome> => {
    const { source, access, importMode, preferArch = '', preferOs = '' } = wanted;
    const { target } = source.reference;
    const scope = { repository: repositoryOf(source.reference), access };
    const preferred = { architecture: preferArch, os: preferOs };
    const work = (inner: AbortSignal): Promise<FetchedReference> =>
      fetchReference(contentOf(scope), target, { importMode, preferred, nowMs: clock.now() }, inner);
    const key = JSON.stringify([scopeKey(scope), target, importMode, preferred]);
    try {
      return outcomeOf(wanted, await fetches(key, work, signal));
    } catch (error) {
      const status = statusOfError(error, formatReference(source.reference));
      return { ok: false, status, tag: tagOf(source.reference) };
    }
  };

  const resolve = async (
    { reference }: Source,
    access: Access,
    signal: AbortSignal,
  ): Promise<ResolveOutcome> => {
    const scope = { repository: repositoryOf(reference), access };
    const key = JSON.stringify([scopeKey(scope), reference.target]);
    try {
      const { digest } = await heads(key, (inner) => client.resolve(reference, access, inner), signal);
      return { ok: true, digest };
    } catch (error) {
      return { ok: false, status: statusOfError(error, formatReference(reference)) };
    }
  };

  return { fetch, resolve };
};
