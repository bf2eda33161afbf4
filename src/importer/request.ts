import type { Image } from '../api/image.ts';
import type { ImageStream, ImportMode } from '../api/image-stream.ts';
import type {
  ImageImportSpec,
  ImageImportStatus,
  ImageStreamImport,
  RepositoryImportSpec,
  RepositoryImportStatus,
} from '../api/image-stream-import.ts';
import { importModeOf, preferredPlatform } from '../api/pending.ts';
import type { Status } from '../api/status.ts';
import { tagFilterOf } from '../api/tag-filter.ts';
import { mapLimit } from '../lib/map-limit.ts';
import { formatRepository } from '../oci/reference.ts';
import type { Keychain } from '../oci/types.ts';
import { parseSource, tagOf } from './source.ts';
import { withoutTexts } from './to-image.ts';
import type { ImageImport, ImageOutcome, ImportContext, Importer, RepositoryOutcome } from './types.ts';

/** An ImageStreamImport to run, on whose behalf and into what. */
export type ImportRequest = {
  readonly spec: NonNullable<ImageStreamImport['spec']>;
  /** The stream as it is; its spec tags say which platform a tag prefers. */
  readonly stream: ImageStream | undefined;
  readonly keychain: Keychain;
  /** The namespace of the request. */
  readonly caller?: string | undefined;
  /** Tags of a repository to import at most; 0: all. */
  readonly maxTags: number;
};

/** What came of a request: for whoever asked, and with all that is known for whoever applies it to the stream. */
export type ImportRequestResult = {
  /** `status.images` is aligned with `spec.images`; `status.import` is for the caller to fill. */
  readonly status: Omit<NonNullable<ImageStreamImport['status']>, 'import'>;
  /** To be applied and stored: Images without the texts of `includeManifest`. */
  readonly images: readonly ImageOutcome[];
  readonly repository: RepositoryOutcome | undefined;
};

/** Images of one request under way at a time; how many requests really run is for the registries' gates to say. */
const imageConcurrency = 16;

const success: Status = { metadata: {}, status: 'Success' };

const storable = (outcome: ImageOutcome): ImageOutcome =>
  outcome.ok
    ? { ...outcome, image: withoutTexts(outcome.image), manifests: outcome.manifests.map(withoutTexts) }
    : outcome;

/** An Image inside of another object does not say its kind. */
const embedded = ({ apiVersion: _version, kind: _kind, ...image }: Image) => image;

const statusOfImage = (outcome: ImageOutcome): ImageImportStatus => {
  const tag = outcome.tag === '' ? {} : { tag: outcome.tag };
  if (!outcome.ok) return { status: { metadata: {}, ...outcome.status }, ...tag };
  const { image, manifests } = outcome;
  return {
    status: success,
    image: embedded(image),
    ...tag,
    ...(manifests.length === 0 ? {} : { manifests: manifests.map(embedded) }),
  };
};

/**
 * Whether texts are fetched. A dry run of a list kept whole shows those of its entries unasked, as the original does, which only takes
 * them off the list itself.
 */
const needsTexts = ({ includeManifest }: ImageImportSpec, mode: ImportMode, isDryRun: boolean): boolean =>
  includeManifest === true || (isDryRun && mode === 'PreserveOriginal');

const importOf = (
  image: ImageImportSpec,
  { stream, spec }: Pick<ImportRequest, 'stream' | 'spec'>,
): ImageImport => {
  const importMode = importModeOf(image);
  const from = image.from.name ?? '';
  const parsed = parseSource(from);
  const target = image.to?.name ?? (parsed.ok ? tagOf(parsed.source.reference) : '');
  return {
    from,
    insecure: image.importPolicy?.insecure === true,
    importMode,
    ...preferredPlatform(stream?.spec?.tags?.find(({ name }) => name === target)),
    includeManifest: needsTexts(image, importMode, spec.import !== true),
  };
};

/** The outcome as it is shown: an image says its own texts only where that was asked for. */
const shown = (outcome: ImageOutcome, { includeManifest }: ImageImportSpec): ImageOutcome =>
  outcome.ok && includeManifest !== true ? { ...outcome, image: withoutTexts(outcome.image) } : outcome;

/** What of a fetch decides which image a tag gives, apart from the tag. */
const placeOf = ({ from, importMode, preferArch, preferOs }: Omit<ImageImport, 'insecure'>): string => {
  const parsed = parseSource(from);
  const repository = parsed.ok ? formatRepository(parsed.source.reference) : undefined;
  return JSON.stringify([repository, importMode, preferArch, preferOs]);
};

type Fetched = { readonly request: ImageImport; readonly outcome: ImageOutcome };

/** The filter of a stream holds for the repository that it follows, whoever has it imported. */
const filterFor = (
  { from }: RepositoryImportSpec,
  stream: ImageStream | undefined,
): { readonly filter?: string } => {
  const filter =
    stream?.spec?.dockerImageRepository === from.name ? stream && tagFilterOf(stream) : undefined;
  return filter === undefined ? {} : { filter };
};

const importRepository = async (
  importer: Importer,
  repository: RepositoryImportSpec,
  {
    context,
    maxTags,
    fetched,
    stream,
  }: Pick<ImportRequest, 'maxTags' | 'stream'> & { context: ImportContext; fetched: readonly Fetched[] },
  signal: AbortSignal,
): Promise<RepositoryOutcome> => {
  const request = {
    from: repository.from.name ?? '',
    insecure: repository.importPolicy?.insecure === true,
    importMode: importModeOf(repository),
    maxTags,
    includeManifest: repository.includeManifest === true,
    ...filterFor(repository, stream),
  };
  const outcome = await importer.importRepository(request, context, signal);
  if (!outcome.ok) return outcome;
  // A tag beyond the limit that the same request fetched by itself is not left out.
  const byTag = new Map(
    fetched
      .filter((one) => one.outcome.ok && placeOf(one.request) === placeOf(request))
      .map((one) => [one.outcome.tag, one.outcome] as const),
  );
  const promoted = outcome.additionalTags.flatMap((tag) => byTag.get(tag) ?? []);
  return {
    ok: true,
    images: [...outcome.images, ...promoted],
    additionalTags: outcome.additionalTags.filter((tag) => !byTag.has(tag)),
  };
};

const statusOfRepository = (outcome: RepositoryOutcome): RepositoryImportStatus => {
  if (!outcome.ok) return { status: { metadata: {}, ...outcome.status } };
  const failures = outcome.images.filter(({ ok }) => !ok).length;
  const which = failures === 1 ? 'one' : `${failures}`;
  const failed: Status = {
    metadata: {},
    status: 'Failure',
    message: `${which} of the images from this repository failed to import`,
    reason: 'ImportFailed',
  };
  return {
    status: failures === 0 ? success : failed,
    ...(outcome.images.length === 0 ? {} : { images: outcome.images.map(statusOfImage) }),
    ...(outcome.additionalTags.length === 0 ? {} : { additionalTags: [...outcome.additionalTags] }),
  };
};

/**
 * Fetches what an ImageStreamImport asks for and says what came of each part. Applies nothing, so that a dry run is the same without
 * the applying.
 *
 * Every credential is tried, then none, by the registry client: the original's second run without secrets is not needed.
 *
 * @see openshift-semantics §3.2 steps 5–8, §1.5
 */
export const runImportRequest = async (
  importer: Importer,
  { spec, stream, keychain, caller, maxTags }: ImportRequest,
  signal: AbortSignal,
): Promise<ImportRequestResult> => {
  const context: ImportContext = { keychain, caller, priority: 'interactive' };
  const fetched = await mapLimit(
    spec.images ?? [],
    imageConcurrency,
    async (image, inner): Promise<Fetched & { readonly image: ImageImportSpec }> => {
      const request = importOf(image, { stream, spec });
      return { image, request, outcome: await importer.importImage(request, context, inner) };
    },
    signal,
  );
  const images = fetched.map(({ outcome }) => outcome);
  const repository =
    spec.repository === undefined
      ? undefined
      : await importRepository(importer, spec.repository, { context, maxTags, fetched, stream }, signal);
  return {
    status: {
      ...(repository === undefined ? {} : { repository: statusOfRepository(repository) }),
      ...(images.length === 0
        ? {}
        : { images: fetched.map(({ image, outcome }) => statusOfImage(shown(outcome, image))) }),
    },
    images: images.map(storable),
    repository: repository?.ok ? { ...repository, images: repository.images.map(storable) } : repository,
  };
};
