import Type from 'typebox';
import { ImageSchema } from './image.ts';
import { type KubernetesObject, objectSchema } from './meta.ts';
import type { Value } from './schema.ts';

/** Says that an image was pushed and which tag it is; never stored (openshift-semantics §5.4). */
export const ImageStreamMappingSchema = objectSchema(
  'ImageStreamMapping',
  'Points a tag of the stream of its name at an image that somebody pushed.',
  {
    image: Type.Optional(ImageSchema),
    tag: Type.Optional(Type.String()),
  },
);
export type ImageStreamMapping = KubernetesObject &
  Omit<Value<typeof ImageStreamMappingSchema>, 'apiVersion' | 'kind' | 'metadata'>;
