import Type from 'typebox';
import { type KubernetesObject, objectSchema } from './meta.ts';
import { int64, mapOf, nullable, type Value } from './schema.ts';

export const ImageLayerDataSchema = Type.Object({
  size: nullable(int64({ description: 'Bytes; null where that is not known.' })),
  mediaType: Type.String(),
});

export const ImageBlobReferencesSchema = Type.Object({
  imageMissing: Type.Boolean({ description: 'The history names an image that is gone.' }),
  layers: nullable(Type.Array(Type.String())),
  config: nullable(Type.String()),
  manifests: Type.Optional(Type.Array(Type.String())),
});

/** The blobs behind the images of a stream, by digest (openshift-semantics §5.5). */
export const ImageStreamLayersSchema = objectSchema(
  'ImageStreamLayers',
  'The blobs that the images of a stream refer to.',
  {
    blobs: mapOf(ImageLayerDataSchema),
    images: mapOf(ImageBlobReferencesSchema),
  },
);
export type ImageStreamLayers = KubernetesObject &
  Omit<Value<typeof ImageStreamLayersSchema>, 'apiVersion' | 'kind' | 'metadata'>;
export type ImageLayerData = Value<typeof ImageLayerDataSchema>;
export type ImageBlobReferences = Value<typeof ImageBlobReferencesSchema>;
