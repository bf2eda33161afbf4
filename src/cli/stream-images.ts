import { matchHistory } from '../api/history-image.ts';
import type { ImageStream, TagEvent } from '../api/image-stream.ts';
import type { ImageStreamImageName, ImageStreamTagName } from '../api/image-stream-names.ts';
import { failureIn } from '../api/import-failure.ts';
import { resolveReference } from '../api/reference-policy.ts';
import { imageStreams } from '../api/resources.ts';
import { findTag, latestTagEvent } from '../api/tag-history.ts';
import { mapLimit } from '../lib/map-limit.ts';
import type { ApiClient } from './client.ts';
import type { EmbeddedImage } from './describe-image.ts';
import { CliError } from './errors.ts';
import { findImage } from './images.ts';

/*
 * Images of tags and streams where a server has no ImageStreamTags and ImageStreamImages: put together from the stream and the Image, as
 * OpenShift does.
 */

/** Images read at a time. */
const concurrency = 8;

/** Hears what could not be read and is left out. */
type OnNote = (note: string) => void;

const failed = (message: string): CliError => new CliError('failed', message);

/** Why a tag has no image to describe. */
const withoutImage = (stream: ImageStream, tag: string, event: TagEvent | undefined): CliError => {
  const { name } = stream.metadata;
  const list = findTag(stream.status, tag);
  const spec = stream.spec?.tags?.find((one) => one.name === tag);
  if (list === undefined && spec === undefined)
    return failed(`the image stream "${name}" has no tag "${tag}"`);
  if (event !== undefined)
    return failed(
      `the tag "${name}:${tag}" is only a reference to ${event.dockerImageReference}: it was never imported`,
    );
  const problem = failureIn(list?.conditions);
  const why = problem === undefined ? '' : ` (${problem.reason ?? ''}: ${problem.message ?? ''})`;
  return failed(`the tag "${name}:${tag}" has no image yet${why}`);
};

const readImage = async (
  client: ApiClient,
  digest: string,
  onNote: OnNote,
  signal: AbortSignal,
): Promise<EmbeddedImage> => {
  const found = await findImage(client, digest, signal);
  if (found.kind === 'found') return found.image;
  onNote(
    found.kind === 'forbidden'
      ? `you may not read images, which belong to no namespace: of ${digest} only the name is known`
      : `the image ${digest} is not there any more: only its name is known`,
  );
  return { metadata: { name: digest } };
};

/**
 * The image that a tag has now, with the annotations of the spec tag laid over its own.
 *
 * @throws {CliError} `failed` when it has none, with the reason; a StatusError where there is no such stream.
 */
export const imageOfTag = async (
  client: ApiClient,
  { stream: name, tag }: ImageStreamTagName,
  onNote: OnNote,
  signal: AbortSignal,
): Promise<EmbeddedImage> => {
  const stream = await client.get(imageStreams, name, signal);
  const event = latestTagEvent(stream.status, tag);
  if (event === undefined || event.image === '') throw withoutImage(stream, tag, event);
  const image = await readImage(client, event.image, onNote, signal);
  const annotations = stream.spec?.tags?.find((one) => one.name === tag)?.annotations ?? {};
  return {
    ...image,
    metadata: { ...image.metadata, annotations: { ...image.metadata?.annotations, ...annotations } },
    dockerImageReference: resolveReference(stream, tag, event),
  };
};

/** Digests of the manifests of those `digests` that are lists. */
const childDigests = async (
  client: ApiClient,
  digests: readonly string[],
  signal: AbortSignal,
): Promise<readonly string[]> => {
  const read = (digest: string, inner: AbortSignal) => findImage(client, digest, inner);
  const found = await mapLimit(digests, concurrency, read, signal);
  return found.flatMap((one) =>
    one.kind === 'found' ? (one.image.dockerImageManifests ?? []).map(({ digest }) => digest) : [],
  );
};

/**
 * The image of a stream's history that `id` names, or a manifest of one that is a list.
 *
 * @throws {CliError} `failed` when it names none or several; a StatusError where there is no such stream.
 */
export const imageOfStream = async (
  client: ApiClient,
  { stream: name, id }: ImageStreamImageName,
  onNote: OnNote,
  signal: AbortSignal,
): Promise<EmbeddedImage> => {
  const stream = await client.get(imageStreams, name, signal);
  const [digest, ...others] = await matchHistory(stream, id, (digests) =>
    childDigests(client, digests, signal),
  );
  if (digest === undefined) throw failed(`the history of the image stream "${name}" has no image "${id}"`);
  if (others.length > 0)
    throw failed(`"${id}" names several images of "${name}": ${[digest, ...others].join(', ')}`);
  return readImage(client, digest, onNote, signal);
};
