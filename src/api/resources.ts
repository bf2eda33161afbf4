import { ourPrefix } from './annotations.ts';
import { type ChangeCursor, ChangeCursorSchema } from './change-cursor.ts';
import { type Image, ImageSchema } from './image.ts';
import { type ImageStream, ImageStreamSchema } from './image-stream.ts';
import { type ImageStreamGrant, ImageStreamGrantSchema } from './image-stream-grant.ts';
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
import { defineResource } from './resource.ts';
import { type SecretList, SecretListSchema } from './secret-list.ts';

const group = 'image.openshift.io';

export const imageStreams = defineResource<ImageStream>({
  group,
  plural: 'imagestreams',
  kind: 'ImageStream',
  schema: ImageStreamSchema,
  shortNames: ['is'],
  categories: ['all'],
  hasStatus: true,
  selectableFields: ['spec.dockerImageRepository', 'status.dockerImageRepository'],
});
export const images = defineResource<Image>({
  group,
  plural: 'images',
  kind: 'Image',
  schema: ImageSchema,
  namespaced: false,
});
export const imageStreamImports = defineResource<ImageStreamImport>({
  group,
  plural: 'imagestreamimports',
  kind: 'ImageStreamImport',
  schema: ImageStreamImportSchema,
  hasStatus: true,
});
export const imageStreamMappings = defineResource<ImageStreamMapping>({
  group,
  plural: 'imagestreammappings',
  kind: 'ImageStreamMapping',
  schema: ImageStreamMappingSchema,
});
export const imageStreamTags = defineResource<ImageStreamTag>({
  group,
  plural: 'imagestreamtags',
  kind: 'ImageStreamTag',
  schema: ImageStreamTagSchema,
  shortNames: ['istag'],
});
export const imageTags = defineResource<ImageTag>({
  group,
  plural: 'imagetags',
  kind: 'ImageTag',
  schema: ImageTagSchema,
  shortNames: ['itag'],
});
export const imageStreamImages = defineResource<ImageStreamImage>({
  group,
  plural: 'imagestreamimages',
  kind: 'ImageStreamImage',
  schema: ImageStreamImageSchema,
  shortNames: ['isimage'],
});

/** Subresource `layers`; named like the stream, whose name the request holds. */
export const imageStreamLayers = defineResource<ImageStreamLayers>({
  group,
  plural: imageStreams.plural,
  kind: 'ImageStreamLayers',
  schema: ImageStreamLayersSchema,
});
/** Subresource `secrets`; named like the stream, whose name the request holds. */
export const imageStreamSecrets = defineResource<SecretList>({
  group,
  plural: imageStreams.plural,
  kind: 'SecretList',
  schema: SecretListSchema,
});

/** Kinds of our own, beside those of OpenShift. */
export const imageStreamGrants = defineResource<ImageStreamGrant>({
  group: ourPrefix,
  plural: 'imagestreamgrants',
  kind: 'ImageStreamGrant',
  schema: ImageStreamGrantSchema,
  shortNames: ['isgrant'],
});
export const changeCursors = defineResource<ChangeCursor>({
  group: ourPrefix,
  plural: 'changecursors',
  kind: 'ChangeCursor',
  schema: ChangeCursorSchema,
});
