import Type from 'typebox';
import { ConditionSchema } from './condition.ts';
import { ImageSchema } from './image.ts';
import { ImageStreamSchema, TagImportPolicySchema, TagReferencePolicySchema } from './image-stream.ts';
import { type KubernetesObject, ObjectReferenceSchema, objectSchema } from './meta.ts';
import { celRules, listByKey, type Value } from './schema.ts';
import { StatusSchema } from './status.ts';

const onlyImages = celRules({
  rule: "has(self.from.kind) && self.from.kind == 'DockerImage' && has(self.from.name) && self.from.name != ''",
  message: 'only DockerImage is supported, and needs a name',
  fieldPath: '.from',
});

export const ImageImportSpecSchema = Type.Object(
  {
    from: ObjectReferenceSchema,
    to: Type.Optional(Type.Object({ name: Type.Optional(Type.String()) })),
    importPolicy: Type.Optional(TagImportPolicySchema),
    referencePolicy: Type.Optional(TagReferencePolicySchema),
    includeManifest: Type.Optional(Type.Boolean()),
  },
  onlyImages,
);
export type ImageImportSpec = Value<typeof ImageImportSpecSchema>;

export const RepositoryImportSpecSchema = Type.Object(
  {
    from: ObjectReferenceSchema,
    importPolicy: Type.Optional(TagImportPolicySchema),
    referencePolicy: Type.Optional(TagReferencePolicySchema),
    includeManifest: Type.Optional(Type.Boolean()),
  },
  onlyImages,
);
export type RepositoryImportSpec = Value<typeof RepositoryImportSpecSchema>;

export const ImageImportStatusSchema = Type.Object({
  status: StatusSchema,
  image: Type.Optional(ImageSchema),
  tag: Type.Optional(Type.String()),
  manifests: Type.Optional(Type.Array(ImageSchema)),
});
export type ImageImportStatus = Value<typeof ImageImportStatusSchema>;

export const RepositoryImportStatusSchema = Type.Object({
  status: Type.Optional(StatusSchema),
  images: Type.Optional(Type.Array(ImageImportStatusSchema)),
  additionalTags: Type.Optional(Type.Array(Type.String())),
});
export type RepositoryImportStatus = Value<typeof RepositoryImportStatusSchema>;

/** A request to import into a stream, answered in its own status (openshift-semantics §1.5). */
export const ImageStreamImportSchema = objectSchema(
  'ImageStreamImport',
  'Imports images or a whole repository into the stream of its name.',
  {
    spec: Type.Optional(
      Type.Object(
        {
          stream: Type.Optional(
            Type.String({ description: 'The stream to import into. Default: the one of this name.' }),
          ),
          import: Type.Optional(Type.Boolean({ description: 'False only tries: nothing is stored.' })),
          repository: Type.Optional(RepositoryImportSpecSchema),
          images: Type.Optional(Type.Array(ImageImportSpecSchema)),
        },
        celRules({
          rule: 'has(self.repository) || (has(self.images) && size(self.images) > 0)',
          message: 'you must specify at least one image or a repository import',
        }),
      ),
    ),
    status: Type.Optional(
      Type.Object({
        import: Type.Optional(ImageStreamSchema),
        repository: Type.Optional(RepositoryImportStatusSchema),
        images: Type.Optional(Type.Array(ImageImportStatusSchema)),
        conditions: Type.Optional(listByKey(ConditionSchema, ['type'])),
      }),
    ),
  },
);
type ImageStreamImportFields = Omit<
  Value<typeof ImageStreamImportSchema>,
  'apiVersion' | 'kind' | 'metadata'
>;
export type ImageStreamImport = KubernetesObject & ImageStreamImportFields;
