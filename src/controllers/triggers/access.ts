import type { KubernetesObject, ManagedFieldsEntry, Stored } from '../../api/meta.ts';
import { qualifiedName, type Resource } from '../../api/resource.ts';
import { applyWorkloadPatch, type WorkloadPatch } from '../../api/workload-patch.ts';
import { StoreError } from '../../store/errors.ts';
import type { ObjectKey, Store } from '../../store/store.ts';

/** How what follows tags is changed. {@link createStoreWorkloads} does it in a store, `kube/workloads.ts` in a cluster. */
export interface WorkloadAccess {
  /** Rejects with a StoreError: `conflict` when the object is not that revision, `not-found` when it is gone. */
  patch(
    resource: Resource,
    object: Pick<Stored<KubernetesObject>, 'metadata'>,
    patch: WorkloadPatch,
    signal: AbortSignal,
  ): Promise<void>;
  /** Who manages which fields of an object now; empty for one that is gone. */
  managedFields(
    resource: Resource,
    key: ObjectKey,
    signal: AbortSignal,
  ): Promise<readonly ManagedFieldsEntry[]>;
  /** Whether there is such a kind now. */
  isServed(resource: Resource, signal: AbortSignal): Promise<boolean>;
}

/** The name under which our changes stand in `managedFields`. */
export const ourFieldManager = 'imagestreams';

const keyOf = ({ metadata: { namespace = '', name } }: Pick<KubernetesObject, 'metadata'>): ObjectKey => ({
  namespace,
  name,
});

/** Workloads that are objects of a store of our own: nobody else writes between the read and the write of a revision. */
export const createStoreWorkloads = (store: Store): WorkloadAccess => ({
  patch: async (resource, object, patch, signal) => {
    const key = keyOf(object);
    const whole = await store.get(resource, key, signal);
    const name = `${qualifiedName(resource)} ${key.name}`;
    if (whole === undefined) throw new StoreError('not-found', `${name} not found`);
    if (whole.metadata.resourceVersion !== object.metadata.resourceVersion)
      throw new StoreError('conflict', `${name} changed`);
    await store.update(resource, applyWorkloadPatch(whole, patch), {}, signal);
  },
  managedFields: async (resource, key, signal) =>
    (await store.get(resource, key, signal))?.metadata.managedFields ?? [],
  isServed: async () => true,
});
