import type { Clock } from '../lib/clock.ts';
import { hurryOf } from '../oci/hurry.ts';
import { formatReference } from '../oci/reference.ts';
import type { Access, Reference, RegistryClient, Resolved } from '../oci/types.ts';
import { createContentSource, type Scope, scopeKey } from './content.ts';
import { type FetchedReference, fetchReference } from './image.ts';
import type { Journal } from './journal.ts';
import { statusOfError } from './outcome-status.ts';
import { createSharedAnswers } from './shared-answers.ts';
import { recordedReference, repositoryOf, type Source, tagOf } from './source.ts';
import { type UnreferencedImage, withoutTexts } from './to-image.ts';
import type { ImageImport, ImageOutcome, ImportContext, ResolveOutcome } from './types.ts';

export type WorkOptions = {
  readonly client: RegistryClient;
  readonly clock: Clock;
  /** Memory, in bytes, for manifests and configs that other imports lead to as well, and as much again for whole answers. */
  readonly cacheBytes: number;
  readonly journal: Journal;
};

/** Someone who asks: with which credentials and how, and how old an answer may be. */
export type Asker = { readonly access: Access } & Pick<ImportContext, 'freshSince'>;

/** A source to fetch, as somebody wants it and may ask for it. */
export type SourceImport = Omit<ImageImport, 'from' | 'insecure'> & {
  readonly source: Source;
  readonly asker: Asker;
};

/** Names what is asked of a registry in the journal; `undefined`: the list of tags. */
export const subjectKey = (
  scope: Scope,
  target: Reference['target'] | undefined,
  { placesOf }: Pick<RegistryClient, 'placesOf'>,
): string => JSON.stringify([scopeKey(scope, placesOf), target ?? 'tags']);

/** Digests kept for askers whom an answer from a while ago will do. */
const maxDigests = 10_000;

const bytesOf = ({ image, manifests }: FetchedReference): number =>
  [image, ...manifests].reduce(
    (sum, one) => sum + (one.dockerImageManifest?.length ?? 0) + (one.dockerImageConfig?.length ?? 0),
    0,
  );

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

/** Fetching and resolving, equal work once. Equal: same target, same way, equivalent credentials. */
export const createSharedWork = ({ client, clock, cacheBytes, journal }: WorkOptions) => {
  const contentOf = createContentSource(client, { maxBytes: cacheBytes });
  const fetches = createSharedAnswers<FetchedReference>({ clock, maxWeight: cacheBytes, weigh: bytesOf });
  const heads = createSharedAnswers<Resolved>({
    clock,
    maxWeight: maxDigests,
    weigh: () => 1,
  });

  const fetch = async (wanted: SourceImport, signal: AbortSignal): Promise<ImageOutcome> => {
    const { source, asker, importMode, preferArch = '', preferOs = '' } = wanted;
    const { target } = source.reference;
    const scope = { repository: repositoryOf(source.reference), access: asker.access };
    const preferred = { architecture: preferArch, os: preferOs };
    const options = { importMode, preferred, nowMs: clock.now() };
    const subject = { key: subjectKey(scope, target, client), question: 'import', scope } as const;
    const work = (inner: AbortSignal, hurry: AbortSignal): Promise<FetchedReference> =>
      journal.note(
        { ...subject, scope: { ...scope, access: { ...scope.access, hurry } } },
        (access) => fetchReference(contentOf({ ...scope, access }), target, options, inner),
        ({ sourceDigest }) => ({ digest: sourceDigest }),
      );
    const key = JSON.stringify([scopeKey(scope, client.placesOf), target, importMode, preferred]);
    try {
      return outcomeOf(
        wanted,
        await fetches({ key, freshSince: asker.freshSince, hurry: hurryOf(asker.access) }, work, signal),
      );
    } catch (error) {
      const status = statusOfError(error, formatReference(source.reference));
      return { ok: false, status, tag: tagOf(source.reference) };
    }
  };

  const resolve = async (
    { reference }: Source,
    { access, freshSince }: Asker,
    signal: AbortSignal,
  ): Promise<ResolveOutcome> => {
    const scope = { repository: repositoryOf(reference), access };
    const key = subjectKey(scope, reference.target, client);
    const work = (inner: AbortSignal, hurry: AbortSignal) =>
      journal.note(
        { key, question: 'resolve', scope: { ...scope, access: { ...access, hurry } } },
        (heard) => client.resolve(reference, heard, inner),
        ({ digest, rung }) => ({ digest, rung }),
      );
    try {
      const { digest } = await heads({ key, freshSince, hurry: hurryOf(access) }, work, signal);
      return { ok: true, digest };
    } catch (error) {
      return { ok: false, status: statusOfError(error, formatReference(reference)) };
    }
  };

  return { fetch, resolve };
};
