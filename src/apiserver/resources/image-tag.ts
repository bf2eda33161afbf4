import type { ImageTag } from '../../api/image-stream-tag.ts';
import { imageTags } from '../../api/resources.ts';
import type { Store } from '../../store/store.ts';
import { notFoundError } from '../errors.ts';
import type { RestStorage } from '../rest-storage.ts';
import { currentImageOf, imageTagOf, splitTagName, tagNamesOf } from './image-stream-tag-view.ts';
import { imageTagColumns } from './image-tag-columns.ts';
import { findImage, getStream } from './stream-reader.ts';
import { listFromStreams } from './virtual-list.ts';

/** Tags, spec and status apart, computed from streams (openshift-semantics §5.2). */
export const createImageTagStorage = ({ store }: { readonly store: Store }): RestStorage<ImageTag> => ({
  resource: imageTags,
  columns: imageTagColumns,

  async get({ namespace, name }, { signal }) {
    const { stream: streamName, tag } = splitTagName('ImageTag', name);
    const stream = await getStream(store, imageTags, { namespace, name: streamName }, signal);
    const event = currentImageOf(stream, tag);
    const image = event === undefined ? undefined : await findImage(store, event.image, signal);
    const shown = imageTagOf(stream, tag, image);
    if (shown === undefined) throw notFoundError(imageTags, name);
    return shown;
  },

  list: (options, { signal }) =>
    listFromStreams(
      store,
      options,
      (stream) =>
        tagNamesOf(stream)
          .map((tag) => imageTagOf(stream, tag, undefined))
          .filter((shown) => shown !== undefined),
      signal,
    ),
});
