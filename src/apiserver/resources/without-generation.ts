import type { KubernetesObject } from '../../api/meta.ts';

/** Kinds that Kubernetes and OpenShift do not count generations of are answered without the one that the store counts. */
export const withoutGeneration = <T extends KubernetesObject>(object: T): T => {
  const { generation: _, ...metadata } = object.metadata;
  return { ...object, metadata };
};
