import { isTerminating, type Namespace, namespaces } from '../api/core.ts';
import type { KubernetesObject } from '../api/meta.ts';
import type { Resource } from '../api/resource.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import {
  Controller,
  createInformer,
  done,
  keyOf,
  type OnRuntime,
  type Reconcile,
  reconcileChanges,
  requeue,
  runManager,
} from '../runtime/index.ts';
import { isStoreError } from '../store/errors.ts';
import type { Store } from '../store/store.ts';

export type NamespaceControllerOptions = {
  readonly store: Store;
  /** The kinds whose objects may stand in a namespace. */
  readonly resources: readonly Resource[];
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onRuntime: OnRuntime;
};

const pageSize = 500;
/** How often it is looked whether those who hold objects of a namespace up have let go; in milliseconds. */
const pollMs = 1000;

/** Gone already is as good. */
const deleteIfThere = async (
  store: Store,
  resource: Resource,
  object: KubernetesObject,
  signal: AbortSignal,
): Promise<void> => {
  try {
    await store.delete(resource, keyOf(object), { uid: object.metadata.uid }, signal);
  } catch (error) {
    if (!isStoreError(error, 'not-found') && !isStoreError(error, 'conflict')) throw error;
  }
};

/** Deletes the objects of one kind; false while some of them are held up by finalizers. */
const empty = async (
  store: Store,
  resource: Resource,
  namespace: string,
  signal: AbortSignal,
): Promise<boolean> => {
  let continueToken: string | undefined;
  do {
    const page = await store.list(resource, { namespace, limit: pageSize, continueToken }, signal);
    for (const object of page.items)
      if (object.metadata.deletionTimestamp === undefined)
        await deleteIfThere(store, resource, object, signal);
    ({ continueToken } = page);
  } while (continueToken !== undefined);
  const left = await store.list(resource, { namespace, limit: 1 }, signal);
  return left.items.length === 0;
};

const createReconciler =
  ({ store, resources, logger }: NamespaceControllerOptions): Reconcile =>
  async (key, signal) => {
    const namespace = await store.get(namespaces, key, signal);
    if (namespace === undefined || !isTerminating(namespace)) return done;
    let isEmpty = true;
    for (const resource of resources) isEmpty = (await empty(store, resource, key.name, signal)) && isEmpty;
    if (!isEmpty) return requeue(pollMs);
    await deleteIfThere(store, namespaces, namespace, signal);
    logger.info({ name: key.name, kind: namespaces.kind }, 'deleted, now that it is empty');
    return done;
  };

/**
 * Completes what a deletion of a namespace began and could not end at once: it was interrupted, or finalizers held something up. What the
 * namespace controller of kube-controller-manager does in a cluster.
 */
export const createNamespaceController = (
  options: NamespaceControllerOptions,
): { readonly run: (signal: AbortSignal) => Promise<void> } => {
  const { store, clock, logger, onRuntime: onEvent } = options;
  const controller = new Controller({
    name: 'namespaces',
    reconcile: createReconciler(options),
    workers: 1,
    clock,
    logger,
    onEvent,
  });
  const informer = createInformer<Namespace>({ store, resource: namespaces, clock, logger, onEvent });
  informer.onChange(reconcileChanges(controller));
  return {
    run: (signal) => runManager({ sources: [informer], runnables: [controller], clock, logger }, signal),
  };
};
