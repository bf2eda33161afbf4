import type { ImageStream, TagEvent, TagReference } from '../../api/image-stream.ts';
import { type ImageStreamTagName, parseImageStreamTagName } from '../../api/image-stream-names.ts';
import { apiVersionOf } from '../../api/resource.ts';
import { imageStreams } from '../../api/resources.ts';
import { latestTagEvent, removeTag } from '../../api/tag-history.ts';
import type { ObjectKey } from '../../store/store.ts';
import { badRequestError } from '../errors.ts';

/** @throws {StatusError} 400 when `name` is not `<stream>:<tag>`. */
export const splitTagName = (kind: string, name: string): ImageStreamTagName => {
  const parts = parseImageStreamTagName(name);
  if (parts === undefined) throw badRequestError(`${kind}s must be retrieved with <name>:<tag>`);
  return parts;
};

/** @throws {StatusError} 400 when the name of an object to be created is not `<stream>:<tag>`. */
export const splitNewTagName = (name: string): ImageStreamTagName => {
  const parts = parseImageStreamTagName(name);
  if (parts === undefined)
    throw badRequestError(`${JSON.stringify(name)} must be of the form <stream_name>:<tag>`);
  return parts;
};

export const specTagOf = (stream: ImageStream, tag: string): TagReference | undefined =>
  stream.spec?.tags?.find(({ name }) => name === tag);

/** The event that a tag stands at; undefined while it has no image: not imported yet, or a mere reference. */
export const currentImageOf = (stream: ImageStream, tag: string): TagEvent | undefined => {
  const event = latestTagEvent(stream.status, tag);
  return event === undefined || event.image === '' ? undefined : event;
};

/** Names of the tags that the spec or the status of a stream holds, in order. */
export const tagNamesOf = (stream: ImageStream): readonly string[] =>
  [
    ...new Set([
      ...(stream.spec?.tags ?? []).map(({ name }) => name),
      ...(stream.status?.tags ?? []).map(({ tag }) => tag),
    ]),
  ].toSorted();

/** A stream that does not exist yet. */
export const newStream = ({ namespace, name }: ObjectKey): ImageStream => ({
  apiVersion: apiVersionOf(imageStreams),
  kind: imageStreams.kind,
  metadata: { namespace, name },
  spec: {},
  status: {},
});

/** The stream without the spec tag. */
export const withoutSpecTag = (stream: ImageStream, name: string): ImageStream => ({
  ...stream,
  spec: { ...stream.spec, tags: (stream.spec?.tags ?? []).filter((tag) => tag.name !== name) },
});

/** The stream with `tag` in the place of the spec tag of its name. */
export const withSpecTag = (stream: ImageStream, tag: TagReference): ImageStream => ({
  ...stream,
  spec: { ...stream.spec, tags: [...(withoutSpecTag(stream, tag.name).spec?.tags ?? []), tag] },
});

/** The stream without the tag: neither spec nor history. */
export const withoutTag = (stream: ImageStream, name: string): ImageStream => ({
  ...withoutSpecTag(stream, name),
  status: removeTag(stream.status ?? {}, name),
});
