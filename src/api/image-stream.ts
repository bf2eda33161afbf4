import Type from 'typebox';
import { ConditionSchema, TagEventConditionSchema } from './condition.ts';
import { type KubernetesObject, ObjectReferenceSchema, objectSchema } from './meta.ts';
import { int64, listByKey, mapOf, nullable, oneOf, time, type Value } from './schema.ts';

/** How a manifest list or index is imported: one chosen child, or the whole. An empty string means the default, `Legacy`. */
export const ImportModeSchema = Type.String({
  description: 'Legacy imports one manifest of a list, PreserveOriginal the list with all of them.',
});
export type ImportMode = 'Legacy' | 'PreserveOriginal';

export const TagImportPolicySchema = Type.Object({
  insecure: Type.Optional(
    Type.Boolean({ description: 'Allows certificates that do not verify, and plain http.' }),
  ),
  scheduled: Type.Optional(Type.Boolean({ description: 'Checks the registry again periodically.' })),
  importMode: Type.Optional(ImportModeSchema),
});
export type TagImportPolicy = Value<typeof TagImportPolicySchema>;

export const TagReferencePolicySchema = Type.Object({
  type: Type.Optional(
    Type.String({
      description: 'Source pulls from where the tag came from, Local from the integrated registry.',
    }),
  ),
});
export type TagReferencePolicy = Value<typeof TagReferencePolicySchema>;

export const ImageLookupPolicySchema = Type.Object({
  local: Type.Optional(
    Type.Boolean({ description: 'Lets workloads of the namespace name images by the stream alone.' }),
  ),
});

export const TagReferenceSchema = Type.Object({
  name: Type.String({ description: 'The tag.' }),
  annotations: Type.Optional(nullable(mapOf(Type.String()))),
  from: Type.Optional(ObjectReferenceSchema),
  reference: Type.Optional(Type.Boolean({ description: 'Points at the source and is never imported.' })),
  generation: Type.Optional(nullable(int64({ description: 'Write 0 to have the tag imported again.' }))),
  importPolicy: Type.Optional(TagImportPolicySchema),
  referencePolicy: Type.Optional(TagReferencePolicySchema),
});
export type TagReference = Value<typeof TagReferenceSchema>;

/** What made a tag take a new image. */
export const TagEventCauseSchema = Type.Object({
  type: oneOf(['Spec', 'Request', 'Schedule', 'Webhook', 'Rollback', 'Tag', 'Migration']),
  by: Type.Optional(Type.String({ description: 'Who or what asked, where known.' })),
});
export type TagEventCause = Value<typeof TagEventCauseSchema>;

/** One entry of a tag's history. `revision`, `sourceDigest` and `cause` are ours (design: the history is append-only). */
export const TagEventSchema = Type.Object({
  created: nullable(time()),
  dockerImageReference: Type.String(),
  image: Type.String({
    description: 'Digest, the name of the Image; empty for a tag that is only a reference.',
  }),
  generation: int64(),
  revision: Type.Optional(
    int64({ description: 'Counts the images that this tag had: 1, 2, 3… Never used twice.' }),
  ),
  sourceDigest: Type.Optional(
    Type.String({
      description:
        'What the tag itself resolved to: the digest of the list, where image is one of its manifests.',
    }),
  ),
  cause: Type.Optional(TagEventCauseSchema),
});
export type TagEvent = Value<typeof TagEventSchema>;

/** What was seen of a spec tag when it was last imported or tried. Made by `pending.ts`, kept by `tag-history.ts`. */
export const ObservedTagSchema = Type.Object({
  fingerprint: Type.Optional(
    Type.String({ description: 'Hash of the import-relevant fields of the spec tag, and its generation.' }),
  ),
  imported: Type.Optional(
    Type.Boolean({ description: 'The newest image came from what the fingerprint stands for.' }),
  ),
  requestedAt: Type.Optional(Type.String({ description: 'The import request that this import answered.' })),
  lastRevision: Type.Optional(
    int64({ description: 'Highest revision that the tag ever had, where its history no longer tells.' }),
  ),
  migrated: Type.Optional(
    Type.Boolean({ description: 'The conditions were not found here but came along with the history.' }),
  ),
});
export type ObservedTag = Value<typeof ObservedTagSchema>;

/** The last rollback of a tag that was carried out. Made by `settle-rollbacks.ts`. */
export const TagRollbackSchema = Type.Object({
  request: Type.String({ description: 'Which request it was; one that was carried out is not again.' }),
  since: time({ description: 'When the tag went back.' }),
  by: Type.Optional(Type.String({ description: 'Who asked, where known.' })),
  held: Type.Optional(
    Type.Boolean({
      description: 'The tag stays where it is until its source has an image that the history does not hold.',
    }),
  ),
});
export type TagRollback = Value<typeof TagRollbackSchema>;

export const NamedTagEventListSchema = Type.Object({
  tag: Type.String(),
  items: Type.Optional(nullable(Type.Array(TagEventSchema))),
  conditions: Type.Optional(Type.Array(TagEventConditionSchema)),
  observed: Type.Optional(ObservedTagSchema),
  rollback: Type.Optional(TagRollbackSchema),
});
export type NamedTagEventList = Value<typeof NamedTagEventListSchema>;

/** What was seen of `spec.dockerImageRepository` when it was last listed. */
export const ObservedRepositorySchema = Type.Object({
  fingerprint: Type.String(),
  imported: Type.Optional(
    Type.Boolean({ description: 'The repository that the fingerprint stands for was listed.' }),
  ),
  requestedAt: Type.Optional(Type.String()),
  leftOut: Type.Optional(
    int64({ description: 'Tags of the repository that the limit on their number left out.' }),
  ),
  conditions: Type.Optional(Type.Array(TagEventConditionSchema)),
});
export type ObservedRepository = Value<typeof ObservedRepositorySchema>;

export const ImageStreamSpecSchema = Type.Object({
  lookupPolicy: Type.Optional(ImageLookupPolicySchema),
  dockerImageRepository: Type.Optional(
    Type.String({ description: 'Imports the tags of this whole repository.' }),
  ),
  tags: Type.Optional(nullable(listByKey(TagReferenceSchema, ['name']))),
});
export type ImageStreamSpec = Value<typeof ImageStreamSpecSchema>;

export const ImageStreamStatusSchema = Type.Object({
  dockerImageRepository: Type.Optional(Type.String()),
  publicDockerImageRepository: Type.Optional(Type.String()),
  observedGeneration: Type.Optional(int64()),
  conditions: Type.Optional(listByKey(ConditionSchema, ['type'])),
  repository: Type.Optional(ObservedRepositorySchema),
  lastDeletedRevision: Type.Optional(
    int64({ description: 'Highest revision that a deleted tag had: tags that appear count on from here.' }),
  ),
  tags: Type.Optional(nullable(listByKey(NamedTagEventListSchema, ['tag']))),
});
export type ImageStreamStatus = Value<typeof ImageStreamStatusSchema>;

export const ImageStreamSchema = objectSchema(
  'ImageStream',
  'A named set of tags, each with the history of the images it pointed at.',
  {
    spec: Type.Optional(ImageStreamSpecSchema),
    status: Type.Optional(ImageStreamStatusSchema),
  },
);
export type ImageStream = KubernetesObject & {
  readonly spec?: ImageStreamSpec;
  readonly status?: ImageStreamStatus;
};
