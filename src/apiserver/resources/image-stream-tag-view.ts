import type { Image } from '../../api/image.ts';
import type { ImageStream, TagEvent, TagReference } from '../../api/image-stream.ts';
import {
  formatImageStreamTagName,
  type ImageStreamTagName,
  parseImageStreamTagName,
} from '../../api/image-stream-names.ts';
import type { ImageStreamTag, ImageTag } from '../../api/image-stream-tag.ts';
import type { Stored } from '../../api/meta.ts';
import { resolveReference } from '../../api/reference-policy.ts';
import { apiVersionOf } from '../../api/resource.ts';
import { imageStreamTags, imageTags } from '../../api/resources.ts';
import { findTag, latestTagEvent } from '../../api/tag-history.ts';
import type { Store } from '../../store/store.ts';
import { badRequestError } from '../errors.ts';
import { bareImage, type EmbeddedImage, embedImage } from './embedded-image.ts';
import { findImage } from './stream-reader.ts';

/** @throws {StatusError} 400 when `name` is not `<stream>:<tag>`. */
export const splitTagName = (kind: string, name: string): ImageStreamTagName => {
  const parts = parseImageStreamTagName(name);
  if (parts === undefined) throw badRequestError(`${kind}s must be retrieved with <name>:<tag>`);
  return parts;
};

export const specTagOf = (stream: ImageStream, tag: string): TagReference | undefined =>
  stream.spec?.tags?.find(({ name }) => name === tag);

/** The event that a tag stands at; undefined while it has no image: not imported yet, or a mere reference. */
export const currentImageOf = (stream: ImageStream, tag: string): TagEvent | undefined => {
  const event = latestTagEvent(stream.status, tag);
  return event === undefined || event.image === '' ? undefined : event;
};

const isEmpty = (record: object): boolean => Object.keys(record).length === 0;

/** The annotations of a spec tag are laid over those of the image. */
const annotated = (image: EmbeddedImage, annotations: Readonly<Record<string, string>>): EmbeddedImage =>
  isEmpty(annotations)
    ? image
    : {
        ...image,
        metadata: { ...image.metadata, annotations: { ...image.metadata?.annotations, ...annotations } },
      };

const shownImage = (
  stream: ImageStream,
  tag: string,
  event: TagEvent | undefined,
  image: Image | undefined,
): EmbeddedImage => {
  const reference = event === undefined ? '' : resolveReference(stream, tag, event);
  if (image === undefined) return bareImage(event?.image ?? '', reference);
  return annotated(
    { ...embedImage(image), dockerImageReference: reference },
    specTagOf(stream, tag)?.annotations ?? {},
  );
};

/**
 * What an ImageStreamTag shows of a stream (openshift-semantics §5.1): the stream's identity, the tag's current event, and `image`, of
 * which only name and pull spec are shown where it is not given.
 */
export const imageStreamTagOf = (
  stream: Stored<ImageStream>,
  tag: string,
  image: Image | undefined,
): ImageStreamTag => {
  const specTag = specTagOf(stream, tag);
  const event = currentImageOf(stream, tag);
  const conditions = findTag(stream.status, tag)?.conditions ?? [];
  const annotations = specTag?.annotations ?? {};
  const { namespace, uid, resourceVersion, creationTimestamp, labels } = stream.metadata;
  return {
    apiVersion: apiVersionOf(imageStreamTags),
    kind: imageStreamTags.kind,
    metadata: {
      name: formatImageStreamTagName({ stream: stream.metadata.name, tag }),
      ...(namespace === undefined ? {} : { namespace }),
      uid,
      resourceVersion,
      creationTimestamp: event?.created ?? creationTimestamp,
      ...(labels === undefined ? {} : { labels }),
      ...(isEmpty(annotations) ? {} : { annotations }),
    },
    tag: specTag ?? null,
    generation: event?.generation ?? 0,
    lookupPolicy: { local: stream.spec?.lookupPolicy?.local ?? false },
    ...(conditions.length === 0 ? {} : { conditions }),
    image: shownImage(stream, tag, event, image),
  };
};

/** What an ImageTag shows of a stream (openshift-semantics §5.2); undefined when the stream knows no such tag. */
export const imageTagOf = (
  stream: Stored<ImageStream>,
  tag: string,
  image: Image | undefined,
): ImageTag | undefined => {
  const spec = specTagOf(stream, tag);
  const status = findTag(stream.status, tag);
  if (spec === undefined && status === undefined) return undefined;
  const event = currentImageOf(stream, tag);
  return {
    apiVersion: apiVersionOf(imageTags),
    kind: imageTags.kind,
    metadata: { ...stream.metadata, name: formatImageStreamTagName({ stream: stream.metadata.name, tag }) },
    spec: spec ?? null,
    status: status ?? null,
    image: image === undefined || event === undefined ? null : shownImage(stream, tag, event, image),
  };
};

/** Names of the tags that the spec or the status of a stream holds, in order. */
export const tagNamesOf = (stream: ImageStream): readonly string[] =>
  [
    ...new Set([
      ...(stream.spec?.tags ?? []).map(({ name }) => name),
      ...(stream.status?.tags ?? []).map(({ tag }) => tag),
    ]),
  ].toSorted();

/** The tag of a stream that was just written, with its image where it has one already. */
export const showImageStreamTag = async (
  store: Store,
  stream: Stored<ImageStream>,
  tag: string,
  signal: AbortSignal,
): Promise<ImageStreamTag> => {
  const event = currentImageOf(stream, tag);
  const image = event === undefined ? undefined : await findImage(store, event.image, signal);
  return imageStreamTagOf(stream, tag, image);
};
