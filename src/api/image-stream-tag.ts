import Type from 'typebox';
import { TagEventConditionSchema } from './condition.ts';
import { ImageSchema } from './image.ts';
import { ImageLookupPolicySchema, NamedTagEventListSchema, TagReferenceSchema } from './image-stream.ts';
import { type KubernetesObject, objectSchema } from './meta.ts';
import { int64, nullable, type Value } from './schema.ts';

/** One tag of a stream with its current image, named `<stream>:<tag>`; computed, never stored (openshift-semantics §5.1). */
export const ImageStreamTagSchema = objectSchema(
  'ImageStreamTag',
  'A tag of an image stream with its current image.',
  {
    tag: Type.Optional(nullable(TagReferenceSchema)),
    generation: Type.Optional(int64()),
    lookupPolicy: Type.Optional(ImageLookupPolicySchema),
    conditions: Type.Optional(Type.Array(TagEventConditionSchema)),
    image: Type.Optional(ImageSchema),
  },
);
export type ImageStreamTag = KubernetesObject &
  Omit<Value<typeof ImageStreamTagSchema>, 'apiVersion' | 'kind' | 'metadata'>;

/** One tag of a stream, spec and status apart, named `<stream>:<tag>`; computed (openshift-semantics §5.2). */
export const ImageTagSchema = objectSchema(
  'ImageTag',
  'A tag of an image stream: what it follows and what it had.',
  {
    spec: Type.Optional(nullable(TagReferenceSchema)),
    status: Type.Optional(nullable(NamedTagEventListSchema)),
    image: Type.Optional(nullable(ImageSchema)),
  },
);
export type ImageTag = KubernetesObject &
  Omit<Value<typeof ImageTagSchema>, 'apiVersion' | 'kind' | 'metadata'>;

/** One image of a stream, named `<stream>@<digest>`; computed (openshift-semantics §5.3). */
export const ImageStreamImageSchema = objectSchema(
  'ImageStreamImage',
  'An image of a stream, by its digest.',
  {
    image: Type.Optional(ImageSchema),
  },
);
export type ImageStreamImage = KubernetesObject &
  Omit<Value<typeof ImageStreamImageSchema>, 'apiVersion' | 'kind' | 'metadata'>;
