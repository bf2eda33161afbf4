import type { KubernetesObject, OwnerReference, Stored } from '../../api/meta.ts';
import { awaitsDependants, isOwnedBy, ownersOf } from '../../api/owner-references.ts';
import { apiVersionOf, type Resource } from '../../api/resource.ts';
import type { Store } from '../../store/store.ts';

const pageSize = 500;

/** What became of an owner: it is there, it waits for its dependants to go, or there is none. */
export type OwnerState = 'solid' | 'waiting' | 'absent';

/** An object and what it is one of. */
export type Found = { readonly resource: Resource; readonly object: Stored<KubernetesObject> };

export const resourceOf = (
  resources: readonly Resource[],
  { apiVersion, kind }: OwnerReference,
): Resource | undefined => resources.find((one) => apiVersionOf(one) === apiVersion && one.kind === kind);

/** Whether an object lets its owner go only after itself. */
export const isBlocking = ({ object }: Found, uid: string): boolean =>
  ownersOf(object).some((owner) => owner.uid === uid && owner.blockOwnerDeletion === true);

/** Reads and writes of the collector, all on the newest state: a cache may lag behind what it has to decide by. */
export const createGraph = (store: Store, resources: readonly Resource[]) => {
  const stateOf = async (
    { namespace = '' }: KubernetesObject['metadata'],
    reference: OwnerReference,
    signal: AbortSignal,
  ): Promise<OwnerState> => {
    const { name, uid } = reference;
    const resource = resourceOf(resources, reference);
    // Nobody here can tell whether it is there; nor can an object without namespace belong to one that has one.
    if (resource === undefined || (resource.namespaced && namespace === '')) return 'solid';
    const owner = await store.get(
      resource,
      { namespace: resource.namespaced ? namespace : '', name },
      signal,
    );
    if (owner?.metadata.uid !== uid) return 'absent';
    return awaitsDependants(owner) ? 'waiting' : 'solid';
  };

  const dependantsOf = async (
    owner: Stored<KubernetesObject>,
    signal: AbortSignal,
  ): Promise<readonly Found[]> => {
    const { namespace, uid } = owner.metadata;
    const found: Found[] = [];
    for (const resource of resources.filter(({ namespaced }) => namespaced || namespace === undefined)) {
      let continueToken: string | undefined;
      do {
        const page = await store.list(resource, { namespace, limit: pageSize, continueToken }, signal);
        found.push(
          ...page.items.filter((item) => isOwnedBy(item, uid)).map((object) => ({ resource, object })),
        );
        ({ continueToken } = page);
      } while (continueToken !== undefined);
    }
    return found;
  };

  const withoutOwners = async (
    { resource, object }: Found,
    uids: ReadonlySet<string>,
    signal: AbortSignal,
  ): Promise<void> => {
    const { ownerReferences: _ownerReferences, ...metadata } = object.metadata;
    const left = ownersOf(object).filter(({ uid }) => !uids.has(uid));
    const next = {
      ...object,
      metadata: { ...metadata, ...(left.length === 0 ? {} : { ownerReferences: left }) },
    };
    await store.update(resource, next as Stored<KubernetesObject>, {}, signal);
  };

  const withoutFinalizer = async (
    { resource, object }: Found,
    finalizer: string,
    signal: AbortSignal,
  ): Promise<void> => {
    const finalizers = object.metadata.finalizers?.filter((name) => name !== finalizer) ?? [];
    await store.update(resource, { ...object, metadata: { ...object.metadata, finalizers } }, {}, signal);
  };

  return { stateOf, dependantsOf, withoutOwners, withoutFinalizer };
};

/** What the collector asks of the store. */
export type Graph = ReturnType<typeof createGraph>;
