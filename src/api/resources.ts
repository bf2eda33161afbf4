import type { TSchema } from 'typebox';
import { type Image, ImageSchema } from './image.ts';
import { type ImageStream, ImageStreamSchema } from './image-stream.ts';
import { type ImageStreamImport, ImageStreamImportSchema } from './image-stream-import.ts';
import { type ImageStreamLayers, ImageStreamLayersSchema } from './image-stream-layers.ts';
import { type ImageStreamMapping, ImageStreamMappingSchema } from './image-stream-mapping.ts';
import {
  type ImageStreamImage,
  ImageStreamImageSchema,
  type ImageStreamTag,
  ImageStreamTagSchema,
  type ImageTag,
  ImageTagSchema,
} from './image-stream-tag.ts';
import type { KubernetesObject } from './meta.ts';
import type { Resource } from './resource.ts';
import { type SecretList, SecretListSchema } from './secret-list.ts';

const imageGroup = 'image.openshift.io';

type ImageResourceOptions = {
  readonly plural: string;
  readonly kind: string;
  readonly schema: TSchema;
  readonly shortNames?: readonly string[];
  readonly namespaced?: boolean;
  readonly hasStatus?: boolean;
  readonly categories?: readonly string[];
  readonly selectableFields?: readonly string[];
};

const imageResource = <T extends KubernetesObject>(options: ImageResourceOptions): Resource<T> => ({
  group: imageGroup,
  version: 'v1',
  singular: options.kind.toLowerCase(),
  shortNames: [],
  categories: [],
  namespaced: true,
  hasStatus: false,
  selectableFields: [],
  ...options,
});

export const imageStreams = imageResource<ImageStream>({
  plural: 'imagestreams',
  kind: 'ImageStream',
  schema: ImageStreamSchema,
  shortNames: ['is'],
  categories: ['all'],
  hasStatus: true,
  selectableFields: ['spec.dockerImageRepository', 'status.dockerImageRepository'],
});
export const images = imageResource<Image>({
  plural: 'images',
  kind: 'Image',
  schema: ImageSchema,
  namespaced: false,
});
export const imageStreamImports = imageResource<ImageStreamImport>({
  plural: 'imagestreamimports',
  kind: 'ImageStreamImport',
  schema: ImageStreamImportSchema,
});
export const imageStreamMappings = imageResource<ImageStreamMapping>({
  plural: 'imagestreammappings',
  kind: 'ImageStreamMapping',
  schema: ImageStreamMappingSchema,
});
export const imageStreamTags = imageResource<ImageStreamTag>({
  plural: 'imagestreamtags',
  kind: 'ImageStreamTag',
  schema: ImageStreamTagSchema,
  shortNames: ['istag'],
});
export const imageTags = imageResource<ImageTag>({
  plural: 'imagetags',
  kind: 'ImageTag',
  schema: ImageTagSchema,
  shortNames: ['itag'],
});
export const imageStreamImages = imageResource<ImageStreamImage>({
  plural: 'imagestreamimages',
  kind: 'ImageStreamImage',
  schema: ImageStreamImageSchema,
  shortNames: ['isimage'],
});

/** Subresource `layers`; named like the stream, whose name the request holds. */
export const imageStreamLayers = imageResource<ImageStreamLayers>({
  plural: imageStreams.plural,
  kind: 'ImageStreamLayers',
  schema: ImageStreamLayersSchema,
});
/** Subresource `secrets`; named like the stream, whose name the request holds. */
export const imageStreamSecrets = imageResource<SecretList>({
  plural: imageStreams.plural,
  kind: 'SecretList',
  schema: SecretListSchema,
});
