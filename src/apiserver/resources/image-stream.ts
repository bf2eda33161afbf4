import type { ImageStream } from '../../api/image-stream.ts';
import { imageStreams } from '../../api/resources.ts';
import type { Store } from '../../store/store.ts';
import { createGenericStorage, type GenericStorage } from '../generic-storage.ts';
import type { Strategy } from '../strategy.ts';
import { imageStreamColumns } from './image-stream-columns.ts';
import { createImageStreamLayersStorage } from './image-stream-layers.ts';
import { createImageStreamSecretsStorage } from './image-stream-secrets.ts';

const imageStreamStrategy: Strategy<ImageStream> = {
  resource: imageStreams,
  columns: imageStreamColumns,
  allowUnconditionalUpdate: false,
};

/** Image streams, with their subresources. */
export const createImageStreamStorage = ({
  store,
}: {
  readonly store: Store;
}): GenericStorage<ImageStream> => {
  const storage = createGenericStorage(store, imageStreamStrategy);
  return {
    ...storage,
    subresources: {
      ...storage.subresources,
      layers: createImageStreamLayersStorage({ store }),
      secrets: createImageStreamSecretsStorage({ store }),
    },
  };
};
