import Type from 'typebox';
import { type KubernetesObject, objectSchema } from './meta.ts';
import type { Value } from './schema.ts';

/** As a namespace of a grant: every one. */
export const everyNamespace = '*';

/** A DNS label, which the name of every namespace is. */
const namespacePattern = '^(\\*|[a-z0-9]([-a-z0-9]*[a-z0-9])?)$';

export const GrantFromSchema = Type.Object({
  namespace: Type.String({
    description: 'A namespace whose streams and workloads may refer to streams here; * for every namespace.',
    minLength: 1,
    maxLength: 63,
    pattern: namespacePattern,
  }),
});

export const GrantToSchema = Type.Object({
  name: Type.String({ description: 'A stream of this namespace.', minLength: 1, maxLength: 253 }),
});

/**
 * Lets other namespaces refer to streams of the namespace that it stands in. In a cluster nobody can tell who wrote a spec, so the owner
 * of what is referred to has to say so, as with the ReferenceGrant of the Gateway API, whose words these are.
 */
export const ImageStreamGrantSchema = objectSchema(
  'ImageStreamGrant',
  'Lets streams and workloads of other namespaces refer to image streams of this namespace.',
  {
    spec: Type.Object({
      from: Type.Array(GrantFromSchema, {
        description: 'Who may refer. Everything that is listed here may.',
        minItems: 1,
        maxItems: 64,
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['namespace'],
      }),
      to: Type.Optional(
        Type.Array(GrantToSchema, {
          description: 'Which streams may be referred to; all of this namespace, where none is named.',
          maxItems: 64,
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['name'],
        }),
      ),
    }),
  },
);
export type ImageStreamGrant = KubernetesObject &
  Omit<Value<typeof ImageStreamGrantSchema>, 'apiVersion' | 'kind' | 'metadata'>;
