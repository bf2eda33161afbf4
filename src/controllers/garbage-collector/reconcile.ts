import {
  awaitsDependants,
  foregroundFinalizer,
  orphanFinalizer,
  orphansDependants,
  ownersOf,
  propagationOf,
} from '../../api/owner-references.ts';
import type { Resource } from '../../api/resource.ts';
import type { Logger } from '../../lib/logger.ts';
import { done, keyOf, type Reconcile } from '../../runtime/index.ts';
import { isStoreError } from '../../store/errors.ts';
import type { Store } from '../../store/store.ts';
import { type Found, type Graph, isBlocking } from './graph.ts';

export type CollectPorts = {
  readonly store: Store;
  readonly graph: Graph;
  /** Has everything looked at that names this uid as an owner. */
  readonly enqueueOwnedBy: (uid: string) => void;
  readonly logger: Logger;
};

/** Lets the dependants of an object that is deleted go on without it. */
const orphan = async ({ graph }: CollectPorts, found: Found, signal: AbortSignal): Promise<void> => {
  const uids = new Set([found.object.metadata.uid]);
  for (const dependant of await graph.dependantsOf(found.object, signal))
    await graph.withoutOwners(dependant, uids, signal);
  await graph.withoutFinalizer(found, orphanFinalizer, signal);
};

/** Lets an object go once nothing is left that blocks it; what is left is to go first. */
const finishForeground = async (
  { graph, enqueueOwnedBy }: CollectPorts,
  found: Found,
  signal: AbortSignal,
): Promise<void> => {
  const { uid } = found.object.metadata;
  const dependants = await graph.dependantsOf(found.object, signal);
  enqueueOwnedBy(uid);
  if (dependants.some((dependant) => isBlocking(dependant, uid))) return;
  await graph.withoutFinalizer(found, foregroundFinalizer, signal);
};

/** Deletes an object none of whose owners is left; of some that are gone it only forgets them. */
const collect = async (
  { store, graph, logger }: CollectPorts,
  { resource, object }: Found,
  signal: AbortSignal,
): Promise<void> => {
  const owners = await Promise.all(
    ownersOf(object).map(async ({ uid, ...owner }) => ({
      uid,
      state: await graph.stateOf(object.metadata, { uid, ...owner }, signal),
    })),
  );
  const gone = owners.filter(({ state }) => state !== 'solid');
  if (gone.length === 0) return;
  if (gone.length < owners.length)
    return graph.withoutOwners({ resource, object }, new Set(gone.map(({ uid }) => uid)), signal);
  const { uid, resourceVersion } = object.metadata;
  const isWaitedFor = gone.some(({ state }) => state === 'waiting');
  // An owner that waits for this object waits for what this object owns as well.
  const dependants = isWaitedFor ? await graph.dependantsOf(object, signal) : [];
  const propagation = dependants.some((one) => isBlocking(one, uid)) ? 'Foreground' : propagationOf(object);
  await store.delete(resource, keyOf(object), { uid, resourceVersion, propagation }, signal);
  logger.info({ ...keyOf(object), kind: resource.kind }, 'deleted, because its owners are gone');
};

/** Makes the reconciler of the objects of one kind: what they wish for their dependants, and whether they have an owner left. */
export const createCollectReconciler =
  (ports: CollectPorts, resource: Resource): Reconcile =>
  async (key, signal) => {
    const object = await ports.store.get(resource, key, signal);
    if (object === undefined) return done;
    const found: Found = { resource, object };
    try {
      if (orphansDependants(object)) await orphan(ports, found, signal);
      else if (awaitsDependants(object)) await finishForeground(ports, found, signal);
      else if (object.metadata.deletionTimestamp === undefined) await collect(ports, found, signal);
    } catch (error) {
      // Gone meanwhile, which is all that was wanted.
      if (!isStoreError(error, 'not-found')) throw error;
    }
    return done;
  };
