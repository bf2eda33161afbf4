import Type, { type TSchema } from 'typebox';
import { type KubernetesObject, objectSchema } from './meta.ts';
import type { Resource } from './resource.ts';
import { openObject, type Value } from './schema.ts';

/**
 * Questions that a client asks about itself: `kubectl auth can-i`, `kubectl auth whoami`. Answered, never stored.
 *
 * @see https://kubernetes.io/docs/reference/kubernetes-api/authorization-resources/
 */

export const SelfSubjectAccessReviewSchema = objectSchema(
  'SelfSubjectAccessReview',
  'Asks whether the current user may do something.',
  {
    spec: Type.Object({
      resourceAttributes: Type.Optional(openObject()),
      nonResourceAttributes: Type.Optional(openObject()),
    }),
    status: Type.Optional(
      Type.Object({
        allowed: Type.Boolean(),
        denied: Type.Optional(Type.Boolean()),
        reason: Type.Optional(Type.String()),
        evaluationError: Type.Optional(Type.String()),
      }),
    ),
  },
);
export type SelfSubjectAccessReview = KubernetesObject &
  Omit<Value<typeof SelfSubjectAccessReviewSchema>, 'apiVersion' | 'kind' | 'metadata'>;

const strings = () => Type.Array(Type.String());

export const SelfSubjectRulesReviewSchema = objectSchema(
  'SelfSubjectRulesReview',
  'Asks for all that the current user may do in a namespace.',
  {
    spec: Type.Object({ namespace: Type.Optional(Type.String()) }),
    status: Type.Optional(
      Type.Object({
        resourceRules: Type.Array(
          Type.Object({
            verbs: strings(),
            apiGroups: Type.Optional(strings()),
            resources: Type.Optional(strings()),
            resourceNames: Type.Optional(strings()),
          }),
        ),
        nonResourceRules: Type.Array(
          Type.Object({ verbs: strings(), nonResourceURLs: Type.Optional(strings()) }),
        ),
        incomplete: Type.Boolean(),
        evaluationError: Type.Optional(Type.String()),
      }),
    ),
  },
);
export type SelfSubjectRulesReview = KubernetesObject &
  Omit<Value<typeof SelfSubjectRulesReviewSchema>, 'apiVersion' | 'kind' | 'metadata'>;

export const SelfSubjectReviewSchema = objectSchema('SelfSubjectReview', 'Asks who the current user is.', {
  status: Type.Optional(
    Type.Object({
      userInfo: Type.Optional(
        Type.Object({
          username: Type.Optional(Type.String()),
          uid: Type.Optional(Type.String()),
          groups: Type.Optional(strings()),
          extra: Type.Optional(openObject()),
        }),
      ),
    }),
  ),
});
export type SelfSubjectReview = KubernetesObject &
  Omit<Value<typeof SelfSubjectReviewSchema>, 'apiVersion' | 'kind' | 'metadata'>;

const review = <T extends KubernetesObject>(group: string, kind: string, schema: TSchema): Resource<T> => ({
  group,
  version: 'v1',
  plural: `${kind.toLowerCase()}s`,
  singular: kind.toLowerCase(),
  kind,
  shortNames: [],
  categories: [],
  namespaced: false,
  hasStatus: false,
  schema,
  selectableFields: [],
});

export const selfSubjectAccessReviews = review<SelfSubjectAccessReview>(
  'authorization.k8s.io',
  'SelfSubjectAccessReview',
  SelfSubjectAccessReviewSchema,
);
export const selfSubjectRulesReviews = review<SelfSubjectRulesReview>(
  'authorization.k8s.io',
  'SelfSubjectRulesReview',
  SelfSubjectRulesReviewSchema,
);
export const selfSubjectReviews = review<SelfSubjectReview>(
  'authentication.k8s.io',
  'SelfSubjectReview',
  SelfSubjectReviewSchema,
);
