import Type from 'typebox';
import { SecretSchema } from './core.ts';
import { type KubernetesObject, objectSchema } from './meta.ts';
import type { Value } from './schema.ts';

/** The pull secrets that imports of a stream may use (openshift-semantics §5.6). */
export const SecretListSchema = objectSchema(
  'SecretList',
  'The pull secrets that imports of a stream may use.',
  {
    items: Type.Array(SecretSchema),
  },
);
export type SecretList = KubernetesObject &
  Omit<Value<typeof SecretListSchema>, 'apiVersion' | 'kind' | 'metadata'>;
