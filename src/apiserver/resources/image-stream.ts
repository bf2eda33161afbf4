import { applyImageStreamDefaults, decorateImageStream } from '../../api/defaults.ts';
import type { ImageStream } from '../../api/image-stream.ts';
import { imageStreams } from '../../api/resources.ts';
import type { Store } from '../../store/store.ts';
import { createGenericStorage, type GenericStorage } from '../generic-storage.ts';
import type { Strategy } from '../strategy.ts';
import { imageStreamColumns } from './image-stream-columns.ts';
import { createImageStreamLayersStorage } from './image-stream-layers.ts';
import { createImageStreamSecretsStorage } from './image-stream-secrets.ts';
import type { StreamRules } from './stream-rules.ts';

/**
 * What a user's write of a stream means. The validate functions prepare once more what was prepared already, which changes nothing and
 * tells what is wrong with the tags that had to be resolved.
 */
const createStrategy = (rules: StreamRules): Strategy<ImageStream> => ({
  resource: imageStreams,
  columns: imageStreamColumns,
  applyDefaults: applyImageStreamDefaults,
  prepareForCreate: async (stream, context) =>
    (await rules.prepareForUser(stream, undefined, context)).stream,
  validate: async (stream, context) => (await rules.prepareForUser(stream, undefined, context)).errors,
  prepareForUpdate: async (next, old, context) => (await rules.prepareForUser(next, old, context)).stream,
  validateUpdate: async (next, old, context) => (await rules.prepareForUser(next, old, context)).errors,
  prepareForStatusUpdate: (next, old) => rules.prepareStatus(next, old).stream,
  validateStatusUpdate: (next, old) => rules.prepareStatus(next, old).errors,
  decorate: (stream) => decorateImageStream(stream),
  allowUnconditionalUpdate: false,
});

/** Image streams, with their subresources. */
export const createImageStreamStorage = ({
  store,
  rules,
}: {
  readonly store: Store;
  readonly rules: StreamRules;
}): GenericStorage<ImageStream> => {
  const storage = createGenericStorage(store, createStrategy(rules));
  return {
    ...storage,
    subresources: {
      ...storage.subresources,
      layers: createImageStreamLayersStorage({ store }),
      secrets: createImageStreamSecretsStorage({ store }),
    },
  };
};
