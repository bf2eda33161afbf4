import type { ImageStream } from '../../api/image-stream.ts';
import type { KubernetesObject, Stored } from '../../api/meta.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import {
  Controller,
  createInformer,
  formatKey,
  type Informer,
  KeyIndex,
  type OnRuntime,
  parseKey,
  reconcileChanges,
  type Source,
} from '../../runtime/index.ts';
import type { Store } from '../../store/store.ts';
import type { RecordEvent } from '../ports.ts';
import type { Permissions } from '../references.ts';
import type { OnTrigger } from './events.ts';
import type { WorkloadKind } from './kinds.ts';
import { createStoreWorkloads, createTriggerReconciler, triggersOf } from './trigger.ts';

export { deploymentKind } from './kinds.ts';

export type TriggerControllerOptions<T extends KubernetesObject> = {
  readonly kind: WorkloadKind<T>;
  readonly streams: Informer<ImageStream>;
  readonly permissions: Permissions;
  readonly store: Store;
  readonly recordEvent: RecordEvent;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onRuntime: OnRuntime;
  readonly onTrigger: OnTrigger;
};

const workers = 4;

/** The streams that a workload's triggers name, and their namespaces. */
const streamsOf = <T extends KubernetesObject>(
  object: Stored<T> | undefined,
  kind: WorkloadKind<T>,
): readonly string[] => {
  const parsed = object && triggersOf(object, kind);
  return parsed?.ok === true
    ? parsed.triggers.flatMap(({ namespace, stream }) => [
        formatKey({ namespace, name: stream }),
        namespaceKey(namespace),
      ])
    : [];
};

/** Stands for everything in a namespace: what is granted there concerns all who refer to it. */
const namespaceKey = (namespace: string): string => formatKey({ namespace, name: '' });

/** Has the workloads of one kind looked at when they change, and when a stream does that their triggers name. */
export const createTriggerController = <T extends KubernetesObject>(
  options: TriggerControllerOptions<T>,
): { readonly source: Source; readonly controller: Controller } => {
  const { kind, streams, permissions, store, clock, logger, onRuntime, onTrigger } = options;
  const workloads = createInformer<T>({ store, resource: kind.resource, clock, logger, onEvent: onRuntime });
  const reconcile = createTriggerReconciler({
    ...options,
    workloads: createStoreWorkloads(kind, workloads, store),
    isPermitted: permissions.isPermitted,
    onEvent: onTrigger,
  });
  const name = `${kind.resource.singular}-trigger`;
  const controller = new Controller({ name, reconcile, workers, clock, logger, onEvent: onRuntime });
  const byStream = new KeyIndex();
  workloads.onChange((_old, current, key) => byStream.set(formatKey(key), streamsOf(current, kind)));
  workloads.onChange(reconcileChanges(controller));
  const wake = (reference: string): void => {
    for (const id of byStream.referrers(reference)) controller.enqueue(parseKey(id));
  };
  streams.onChange((_old, _current, key) => wake(formatKey(key)));
  permissions.onChange((namespace) => wake(namespaceKey(namespace)));
  return { source: workloads, controller };
};
