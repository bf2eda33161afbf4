import type { ImageStream, TagReference } from '../../api/image-stream.ts';
import { type ImageStreamTagName, parseImageStreamTagName } from '../../api/image-stream-names.ts';
import { apiVersionOf } from '../../api/resource.ts';
import { imageStreams } from '../../api/resources.ts';
import { removeTag } from '../../api/tag-history.ts';
import type { ObjectKey } from '../../store/store.ts';
import { badRequestError } from '../errors.ts';

/** @throws {StatusError} 400 when the name of an object to be created is not `<stream>:<tag>`. */
export const splitNewTagName = (name: string): ImageStreamTagName => {
  const parts = parseImageStreamTagName(name);
  if (parts === undefined)
    throw badRequestError(`${JSON.stringify(name)} must be of the form <stream_name>:<tag>`);
  return parts;
};

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
