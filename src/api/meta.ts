import Type from 'typebox';
import { int64, listByKey, mapOf, nullable, openObject, time, type Value } from './schema.ts';

/**
 * The parts of `meta.k8s.io/v1` that this program uses.
 *
 * @see https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/object-meta/
 */
export const OwnerReferenceSchema = Type.Object({
  apiVersion: Type.String(),
  kind: Type.String(),
  name: Type.String(),
  uid: Type.String(),
  controller: Type.Optional(Type.Boolean()),
  blockOwnerDeletion: Type.Optional(Type.Boolean()),
});

export const ManagedFieldsEntrySchema = Type.Object({
  manager: Type.Optional(Type.String()),
  operation: Type.Optional(Type.String()),
  apiVersion: Type.Optional(Type.String()),
  time: Type.Optional(time()),
  fieldsType: Type.Optional(Type.String()),
  fieldsV1: Type.Optional(openObject()),
  subresource: Type.Optional(Type.String()),
});

export const ObjectMetaSchema = Type.Object(
  {
    name: Type.Optional(Type.String()),
    generateName: Type.Optional(Type.String()),
    namespace: Type.Optional(Type.String()),
    uid: Type.Optional(Type.String()),
    resourceVersion: Type.Optional(Type.String()),
    generation: Type.Optional(int64()),
    creationTimestamp: Type.Optional(nullable(time())),
    deletionTimestamp: Type.Optional(time()),
    deletionGracePeriodSeconds: Type.Optional(int64()),
    labels: Type.Optional(mapOf(Type.String())),
    annotations: Type.Optional(mapOf(Type.String())),
    finalizers: Type.Optional(Type.Array(Type.String(), { 'x-kubernetes-list-type': 'set' })),
    ownerReferences: Type.Optional(listByKey(OwnerReferenceSchema, ['uid'])),
    managedFields: Type.Optional(Type.Array(ManagedFieldsEntrySchema)),
    selfLink: Type.Optional(Type.String()),
  },
  { description: 'Standard object metadata.' },
);

export type OwnerReference = Value<typeof OwnerReferenceSchema>;
export type ManagedFieldsEntry = Value<typeof ManagedFieldsEntrySchema>;
/** Metadata as it arrives from outside; nothing is certain yet. */
export type ObjectMetaInput = Value<typeof ObjectMetaSchema>;

/** Metadata of an object that has been named. */
export type ObjectMeta = ObjectMetaInput & { readonly name: string };

/** Metadata of an object that a store has accepted. */
export type StoredMeta = ObjectMeta & {
  readonly uid: string;
  readonly resourceVersion: string;
  readonly creationTimestamp: string;
};

/** Anything with the shape of a Kubernetes object. */
export type KubernetesObject = {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: ObjectMeta;
};

/** An object as a store returns it. */
export type Stored<T extends KubernetesObject> = T & { readonly metadata: StoredMeta };

export type ListMeta = {
  readonly resourceVersion?: string;
  readonly continue?: string;
  readonly remainingItemCount?: number;
};

/** `core/v1` ObjectReference, as far as image streams use it. */
export const ObjectReferenceSchema = Type.Object({
  kind: Type.Optional(Type.String()),
  namespace: Type.Optional(Type.String()),
  name: Type.Optional(Type.String()),
  uid: Type.Optional(Type.String()),
  apiVersion: Type.Optional(Type.String()),
  resourceVersion: Type.Optional(Type.String()),
  fieldPath: Type.Optional(Type.String()),
});
export type ObjectReference = Value<typeof ObjectReferenceSchema>;

/** `meta.k8s.io/v1` LabelSelector. */
export const LabelSelectorSchema = Type.Object(
  {
    matchLabels: Type.Optional(mapOf(Type.String(), { description: 'Labels that must have these values.' })),
    matchExpressions: Type.Optional(
      Type.Array(
        Type.Object({
          key: Type.String(),
          operator: Type.String({ description: 'In, NotIn, Exists or DoesNotExist.' }),
          values: Type.Optional(Type.Array(Type.String())),
        }),
      ),
    ),
  },
  { description: 'Objects by their labels; everything in it must match.' },
);

/** Wraps the fields of a kind into a whole object schema. */
export const objectSchema = <Fields extends Type.TProperties>(
  kind: string,
  description: string,
  fields: Fields,
) =>
  Type.Object(
    {
      apiVersion: Type.Optional(Type.String()),
      kind: Type.Optional(Type.String()),
      metadata: Type.Optional(ObjectMetaSchema),
      ...fields,
    },
    { description, title: kind },
  );
