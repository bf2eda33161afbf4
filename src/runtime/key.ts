import type { KubernetesObject } from '../api/meta.ts';
import type { ObjectKey } from '../store/store.ts';

/** `namespace/name`, or `/name` for an object without a namespace: an {@link ObjectKey} as a map key. */
export const formatKey = ({ namespace, name }: ObjectKey): string => `${namespace}/${name}`;

/** The opposite of {@link formatKey}; a namespace never holds a slash. */
export const parseKey = (text: string): ObjectKey => {
  const slash = text.indexOf('/');
  return { namespace: text.slice(0, slash), name: text.slice(slash + 1) };
};

/** The key of an object. */
export const keyOf = (object: KubernetesObject): ObjectKey => ({
  namespace: object.metadata.namespace ?? '',
  name: object.metadata.name,
});
