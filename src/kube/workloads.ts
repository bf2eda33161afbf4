import type { KubernetesObject, ManagedFieldsEntry, Stored } from '../api/meta.ts';
import type { Resource } from '../api/resource.ts';
import { type WorkloadPatch, workloadPatchBody } from '../api/workload-patch.ts';
import type { ObjectKey } from '../store/store.ts';
import type { ApiClient } from './api-client.ts';
import { fieldManager } from './cluster-store.ts';
import { ApiError, toStoreError } from './errors.ts';
import { objectPath } from './wire.ts';

type ResourceList = { readonly resources?: readonly { readonly name: string }[] };

/**
 * Changes workloads of a cluster by patches that hold nothing but the change, under a field manager of our own: whoever else manages the
 * object keeps everything else.
 */
export const createClusterWorkloads = (client: ApiClient) => ({
  /** Rejects with a StoreError: `conflict` when the object is not that revision. */
  patch: async (
    resource: Resource,
    { metadata }: Pick<Stored<KubernetesObject>, 'metadata'>,
    patch: WorkloadPatch,
    signal: AbortSignal,
  ): Promise<void> => {
    const { namespace = '', name, resourceVersion } = metadata;
    const path = objectPath(resource, { namespace, name });
    const { contentType, body } = workloadPatchBody(patch, resourceVersion);
    try {
      await client.request({ method: 'PATCH', path, query: { fieldManager }, contentType, body }, signal);
    } catch (error) {
      throw toStoreError(error);
    }
  },

  /** Who manages which fields of an object now; empty for one that is gone. */
  managedFields: async (
    resource: Resource,
    key: ObjectKey,
    signal: AbortSignal,
  ): Promise<readonly ManagedFieldsEntry[]> => {
    try {
      const found = await client.request({ method: 'GET', path: objectPath(resource, key) }, signal);
      return (found as KubernetesObject).metadata.managedFields ?? [];
    } catch (error) {
      if (error instanceof ApiError && error.code === 404) return [];
      throw toStoreError(error);
    }
  },

  /** Whether the cluster has this kind of object now. */
  isServed: async ({ group, version, plural }: Resource, signal: AbortSignal): Promise<boolean> => {
    try {
      const found = await client.request({ method: 'GET', path: `/apis/${group}/${version}` }, signal);
      return (found as ResourceList).resources?.some(({ name }) => name === plural) === true;
    } catch (error) {
      if (error instanceof ApiError && error.code === 404) return false;
      throw toStoreError(error);
    }
  },
});
