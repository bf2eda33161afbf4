import type { ImageStreamTag } from '../../api/image-stream-tag.ts';
import { imageStreamTags } from '../../api/resources.ts';
import type { Store } from '../../store/store.ts';
import { notFoundError } from '../errors.ts';
import type { RestStorage } from '../rest-storage.ts';
import { imageStreamTagColumns } from './image-columns.ts';
import { currentImageOf, imageStreamTagOf, splitTagName } from './image-stream-tag-view.ts';
import { getImage, getStream } from './stream-reader.ts';
import { listFromStreams } from './virtual-list.ts';

/** Tags with their images, computed from streams (openshift-semantics §5.1). */
export const createImageStreamTagStorage = ({
  store,
}: {
  readonly store: Store;
}): RestStorage<ImageStreamTag> => ({
  resource: imageStreamTags,
  columns: imageStreamTagColumns,

  async get({ namespace, name }, { signal }) {
    const { stream: streamName, tag } = splitTagName('ImageStreamTag', name);
    const stream = await getStream(store, imageStreamTags, { namespace, name: streamName }, signal);
    const event = currentImageOf(stream, tag);
    if (event === undefined) throw notFoundError(imageStreamTags, name);
    const image = await getImage(store, imageStreamTags, event.image, signal);
    return imageStreamTagOf(stream, tag, image);
  },

  list: (options, { signal }) =>
    listFromStreams(
      store,
      options,
      (stream) =>
        (stream.status?.tags ?? [])
          .filter(({ tag }) => currentImageOf(stream, tag) !== undefined)
          .map(({ tag }) => imageStreamTagOf(stream, tag, undefined)),
      signal,
    ),
});
