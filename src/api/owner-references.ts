import type { KubernetesObject, OwnerReference } from './meta.ts';

/*
 * What the deletion of an object means for those that name it as their owner.
 *
 * @see https://kubernetes.io/docs/concepts/architecture/garbage-collection/
 */

/** `Background`: dependants go after their owner; `Foreground`: before it; `Orphan`: they stay. */
export type Propagation = 'Background' | 'Foreground' | 'Orphan';

export const propagations: readonly Propagation[] = ['Foreground', 'Background', 'Orphan'];

/** Holds an object until its dependants are gone. */
export const foregroundFinalizer = 'foregroundDeletion';
/** Holds an object until its dependants no longer name it. */
export const orphanFinalizer = 'orphan';

/** What holds an object that is deleted; without a wish, what it says itself already. */
export const finalizersForDeletion = (
  current: readonly string[],
  propagation: Propagation | undefined,
): readonly string[] => {
  if (propagation === undefined) return current;
  const others = current.filter((name) => name !== foregroundFinalizer && name !== orphanFinalizer);
  if (propagation === 'Foreground') return [...others, foregroundFinalizer];
  return propagation === 'Orphan' ? [...others, orphanFinalizer] : others;
};

const isMarkedWith = ({ metadata }: KubernetesObject, finalizer: string): boolean =>
  metadata.deletionTimestamp !== undefined && metadata.finalizers?.includes(finalizer) === true;

/** Whether an object waits for its dependants to go. */
export const awaitsDependants = (object: KubernetesObject): boolean =>
  isMarkedWith(object, foregroundFinalizer);

/** Whether an object waits for its dependants to be let go. */
export const orphansDependants = (object: KubernetesObject): boolean => isMarkedWith(object, orphanFinalizer);

export const ownersOf = ({ metadata }: KubernetesObject): readonly OwnerReference[] =>
  metadata.ownerReferences ?? [];

/** Whether `object` names the object of this uid as one of its owners. */
export const isOwnedBy = (object: KubernetesObject, uid: string): boolean =>
  ownersOf(object).some((owner) => owner.uid === uid);

/** How deleting an object because its owners are gone treats its own dependants: as it wishes itself. */
export const propagationOf = ({ metadata }: KubernetesObject): Propagation => {
  if (metadata.finalizers?.includes(orphanFinalizer) === true) return 'Orphan';
  return metadata.finalizers?.includes(foregroundFinalizer) === true ? 'Foreground' : 'Background';
};
