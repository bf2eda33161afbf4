import type { KubernetesObject, OwnerReference, Stored } from '../../api/meta.ts';
import { awaitsDependants, orphansDependants, ownersOf } from '../../api/owner-references.ts';
import { qualifiedName, type Resource } from '../../api/resource.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import {
  aborted,
  type ChangeHandler,
  Controller,
  formatKey,
  Informer,
  KeyIndex,
  type OnRuntime,
  parseKey,
  runManager,
} from '../../runtime/index.ts';
import type { ObjectKey, Store } from '../../store/store.ts';
import { createGraph, resourceOf } from './graph.ts';
import { type CollectPorts, createCollectReconciler } from './reconcile.ts';

export type GarbageCollectorOptions = {
  readonly store: Store;
  /** The kinds whose objects may own others and be owned. */
  readonly resources: readonly Resource[];
  /** Copies of some of these that are kept anyhow, by qualified name. The others are read once these are complete. Default none. */
  readonly copies?: ReadonlyMap<string, Copy> | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onRuntime: OnRuntime;
};

const workers = 2;

/** What is kept of each object: who it is, whose it is, and what holds it. */
type Node = KubernetesObject & { readonly metadata: Pick<Stored<KubernetesObject>['metadata'], 'uid'> };

const projectNode = ({ apiVersion, kind, metadata }: Stored<KubernetesObject>): Node => {
  const { name, uid, deletionTimestamp, finalizers, ownerReferences } = metadata;
  return {
    apiVersion,
    kind,
    metadata: {
      name,
      uid,
      ...(deletionTimestamp === undefined ? {} : { deletionTimestamp }),
      ...(finalizers === undefined ? {} : { finalizers }),
      ...(ownerReferences === undefined ? {} : { ownerReferences }),
    },
  };
};

/** The objects of one kind as they were last seen. */
export type Copy = Pick<Informer<KubernetesObject, Node>, 'get' | 'onChange' | 'synced'>;

/** Whether there is anything to decide about an object. */
const isOfInterest = (object: Node): boolean =>
  object.metadata.deletionTimestamp === undefined
    ? ownersOf(object).length > 0
    : orphansDependants(object) || awaitsDependants(object);

/** One kind, and who works on its objects. */
type Kind = {
  readonly resource: Resource;
  readonly controller: Controller;
  readonly copy: Copy;
  /** Keeps the copy; undefined where somebody else does. */
  readonly informer: Informer<KubernetesObject, Node> | undefined;
};

const createKind = (options: GarbageCollectorOptions, resource: Resource, ports: CollectPorts): Kind => {
  const { store, clock, logger, onRuntime: onEvent } = options;
  const name = `garbage-collector-${resource.plural}`;
  const reconcile = createCollectReconciler(ports, resource);
  const controller = new Controller({ name, reconcile, workers, clock, logger, onEvent });
  const kept = options.copies?.get(qualifiedName(resource));
  if (kept !== undefined) return { resource, controller, copy: kept, informer: undefined };
  const informer = new Informer({ store, resource, project: projectNode, clock, logger, onEvent });
  return { resource, controller, copy: informer, informer };
};

/**
 * Deletes what is owned by objects that are all gone, and carries out how objects wish their dependants to be treated: what the garbage
 * collector of kube-controller-manager does in a cluster. Level-based: a restart looks at everything once.
 *
 * @see https://kubernetes.io/docs/concepts/architecture/garbage-collection/
 */
export const createGarbageCollector = (
  options: GarbageCollectorOptions,
): { readonly run: (signal: AbortSignal) => Promise<void> } => {
  const { store, resources, copies, clock, logger } = options;
  const kinds = new Map<string, Kind>();
  /** By an owner's uid: the kind and key of what names it. */
  const owned = new KeyIndex();
  const enqueueOwnedBy = (uid: string): void => {
    for (const id of owned.referrers(uid)) {
      const space = id.indexOf(' ');
      kinds.get(id.slice(0, space))?.controller.enqueue(parseKey(id.slice(space + 1)));
    }
  };

  /** An owner that waits is looked at again when what it may wait for has changed or is gone. */
  const enqueueWaiting = (reference: OwnerReference, { namespace }: ObjectKey): void => {
    const resource = resourceOf(resources, reference);
    const kind = resource && kinds.get(qualifiedName(resource));
    if (resource === undefined || kind === undefined) return;
    const key = { namespace: resource.namespaced ? namespace : '', name: reference.name };
    const owner = kind.copy.get(key);
    if (owner !== undefined && awaitsDependants(owner)) kind.controller.enqueue(key);
  };

  const onChangeOf =
    ({ resource, controller }: Kind): ChangeHandler<Node> =>
    (old, current, key) => {
      const [before, now] = [old, current].map((object) => (object === undefined ? [] : ownersOf(object)));
      owned.set(
        `${qualifiedName(resource)} ${formatKey(key)}`,
        (now ?? []).map(({ uid }) => uid),
      );
      for (const owner of [...(before ?? []), ...(now ?? [])]) enqueueWaiting(owner, key);
      if (old !== undefined && old.metadata.uid !== current?.metadata.uid) enqueueOwnedBy(old.metadata.uid);
      if (current !== undefined && isOfInterest(current)) controller.enqueue(key);
    };

  const ports: CollectPorts = { store, graph: createGraph(store, resources), enqueueOwnedBy, logger };
  for (const resource of resources) {
    const kind = createKind(options, resource, ports);
    kinds.set(qualifiedName(resource), kind);
    kind.copy.onChange(onChangeOf(kind));
  }
  const all = [...kinds.values()];
  return {
    run: async (signal) => {
      const complete = [...(copies?.values() ?? [])].map((copy) => copy.synced());
      await Promise.race([Promise.all(complete), aborted(signal)]);
      const sources = all.flatMap(({ informer }) => informer ?? []);
      const runnables = all.map(({ controller }) => controller);
      await runManager({ sources, runnables, clock, logger }, signal);
    },
  };
};
