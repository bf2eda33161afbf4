import Type from 'typebox';
import { type KubernetesObject, objectSchema } from './meta.ts';
import { int64, openObject, type Value } from './schema.ts';

export const ImageLayerSchema = Type.Object({ name: Type.String(), size: int64(), mediaType: Type.String() });
export type ImageLayer = Value<typeof ImageLayerSchema>;

export const ImageManifestSchema = Type.Object({
  digest: Type.String(),
  mediaType: Type.String(),
  manifestSize: int64(),
  architecture: Type.String(),
  os: Type.String(),
  variant: Type.Optional(Type.String()),
});
export type ImageManifest = Value<typeof ImageManifestSchema>;

/** An image by its digest (openshift-semantics §1.3). The manifest and config bytes are never stored. */
export const ImageSchema = objectSchema('Image', 'An image, named by the digest of its manifest.', {
  dockerImageReference: Type.Optional(Type.String({ description: 'Pull spec of the first import.' })),
  dockerImageMetadata: Type.Optional(openObject({ nullable: true })),
  dockerImageMetadataVersion: Type.Optional(Type.String()),
  dockerImageManifest: Type.Optional(Type.String()),
  dockerImageConfig: Type.Optional(Type.String()),
  dockerImageManifestMediaType: Type.Optional(Type.String()),
  dockerImageLayers: Type.Optional(Type.Array(ImageLayerSchema, { nullable: true })),
  dockerImageManifests: Type.Optional(Type.Array(ImageManifestSchema)),
  dockerImageSignatures: Type.Optional(Type.Array(Type.String())),
  signatures: Type.Optional(Type.Array(openObject())),
});
type ImageFields = Omit<Value<typeof ImageSchema>, 'apiVersion' | 'kind' | 'metadata'>;
export type Image = KubernetesObject & ImageFields;
