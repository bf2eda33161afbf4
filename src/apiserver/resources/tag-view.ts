import type { Image } from '../../api/image.ts';
import type { ImageStream, TagEvent } from '../../api/image-stream.ts';
import { formatImageStreamTagName } from '../../api/image-stream-names.ts';
import type { ImageStreamTag, ImageTag } from '../../api/image-stream-tag.ts';
import type { Stored } from '../../api/meta.ts';
import { resolveReference } from '../../api/reference-policy.ts';
import { apiVersionOf } from '../../api/resource.ts';
import { imageStreamTags, imageTags } from '../../api/resources.ts';
import { findTag } from '../../api/tag-history.ts';
import { bareImage, type EmbeddedImage, embedImage } from './embedded-image.ts';
import { currentImageOf, specTagOf } from './stream-tags.ts';

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

/** What an ImageTag shows of a stream (openshift-semantics §5.2). */
export const imageTagOf = (stream: Stored<ImageStream>, tag: string, image: Image | undefined): ImageTag => {
  const event = currentImageOf(stream, tag);
  return {
    apiVersion: apiVersionOf(imageTags),
    kind: imageTags.kind,
    metadata: { ...stream.metadata, name: formatImageStreamTagName({ stream: stream.metadata.name, tag }) },
    spec: specTagOf(stream, tag) ?? null,
    status: findTag(stream.status, tag) ?? null,
    image: image === undefined || event === undefined ? null : shownImage(stream, tag, event, image),
  };
};
