import { triggersAnnotation } from '../../api/annotations.ts';
import type { ImageStream } from '../../api/image-stream.ts';
import type { KubernetesObject, Stored } from '../../api/meta.ts';
import type { Resource } from '../../api/resource.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import {
  Controller,
  formatKey,
  Informer,
  KeyIndex,
  type Lister,
  type OnRuntime,
  parseKey,
  type Reconcile,
  reconcileChanges,
  type Source,
  whileServed,
} from '../../runtime/index.ts';
import type { ObjectKey, Store } from '../../store/store.ts';
import type { RecordEvent } from '../ports.ts';
import type { Permissions } from '../references.ts';
import type { WorkloadAccess } from './access.ts';
import type { BuildTrigger } from './annotation.ts';
import { createPatchBudget, type WaitingChanges } from './budget.ts';
import { type BuildObject, buildTriggersOf, createBuildTriggerReconciler } from './build.ts';
import type { BuildKind } from './build-kinds.ts';
import type { OnTrigger } from './events.ts';
import { toWorkload, type Workload, type WorkloadKind } from './kinds.ts';
import { triggersOf } from './look.ts';
import { createTriggerReconciler } from './trigger.ts';

export { createStoreWorkloads, type WorkloadAccess } from './access.ts';
export { type BuildKind, buildKinds } from './build-kinds.ts';
export { type WorkloadKind, workloadKinds } from './kinds.ts';

/** What follows tags, and how it is changed. */
export type TriggerTargets = {
  /** Kinds that are always there. */
  readonly workloads: readonly WorkloadKind[];
  /** Kinds that may be there, or come later. */
  readonly builds: readonly BuildKind[];
  readonly access: WorkloadAccess;
};

export type TriggerControllersOptions = {
  readonly targets: TriggerTargets;
  readonly streams: Informer<ImageStream>;
  readonly permissions: Permissions;
  readonly store: Store;
  readonly recordEvent: RecordEvent;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Workloads changed and builds started per minute and namespace; 0 for any number. */
  readonly settings: { readonly triggersPerMinute: number };
  readonly onRuntime: OnRuntime;
  readonly onTrigger: OnTrigger;
};

const workers = 4;

type Loop = { readonly source: Source; readonly controller: Controller };

type LoopOptions<Value> = {
  readonly resource: Resource;
  /** What to keep of an object that has triggers. */
  readonly project: (object: Stored<KubernetesObject>) => Value;
  readonly tagsOf: (value: Value) => readonly BuildTrigger[];
  readonly reconcile: (objects: Lister<Value>) => Reconcile;
};

const hasTriggers = ({ metadata }: KubernetesObject): boolean =>
  (metadata.annotations?.[triggersAnnotation] ?? '') !== '';

/** Stands for everything in a namespace: what is granted there concerns all who refer to it. */
const namespaceKey = (namespace: string): string => formatKey({ namespace, name: '' });

const isValue = <Value>(value: Value | undefined): value is Value => value !== undefined;

/** Has the objects of one kind looked at when they change, and when a stream does that their triggers name. */
const createLoop = <Value extends object>(
  { streams, permissions, store, clock, logger, onRuntime }: TriggerControllersOptions,
  { resource, project, tagsOf, reconcile }: LoopOptions<Value>,
): Loop => {
  const shared = { store, clock, logger, onEvent: onRuntime };
  const informer = new Informer<KubernetesObject, Value | undefined>({
    ...shared,
    resource,
    // Most objects have no triggers: nothing is kept of them.
    project: (object) => (hasTriggers(object) ? project(object) : undefined),
  });
  const objects: Lister<Value> = {
    get: informer.get,
    list: (namespace) => informer.list(namespace).filter(isValue),
  };
  const name = `${resource.singular}-trigger`;
  const controller = new Controller({ ...shared, name, reconcile: reconcile(objects), workers });
  const byStream = new KeyIndex();
  const notice = reconcileChanges<Value>(controller);
  informer.onChange((old, current, key: ObjectKey) => {
    if (old === undefined && current === undefined) return;
    const tags = current === undefined ? [] : tagsOf(current);
    byStream.set(
      formatKey(key),
      tags.flatMap(({ namespace, stream }) => [
        formatKey({ namespace, name: stream }),
        namespaceKey(namespace),
      ]),
    );
    notice(old, current, key);
  });
  const wake = (reference: string): void => {
    for (const id of byStream.referrers(reference)) controller.enqueue(parseKey(id));
  };
  streams.onChange((_old, _current, key) => wake(formatKey(key)));
  permissions.onChange((namespace) => wake(namespaceKey(namespace)));
  return { source: informer, controller };
};

/** Everything that follows tags, and how much of it waits for its turn. */
export type TriggerControllers = {
  readonly sources: readonly Source[];
  readonly controllers: readonly Controller[];
  readonly waiting: () => WaitingChanges;
};

/** Makes the loops of every kind that follows tags. */
export const createTriggerControllers = (options: TriggerControllersOptions): TriggerControllers => {
  const { targets, permissions, store, clock, logger, settings, onTrigger } = options;
  const { access } = targets;
  const budget = createPatchBudget({ perMinute: settings.triggersPerMinute, clock });
  const ports = {
    ...options,
    access,
    budget,
    isPermitted: permissions.isPermitted,
    onEvent: onTrigger,
  };

  const workloadLoop = (kind: WorkloadKind): Loop =>
    createLoop<Workload>(options, {
      resource: kind.resource,
      project: (object) => toWorkload(object, kind),
      tagsOf: (workload) => {
        const parsed = triggersOf(workload, kind);
        return parsed?.ok === true ? parsed.triggers : [];
      },
      reconcile: (workloads) => createTriggerReconciler({ ...ports, kind, workloads }),
    });

  const buildLoop = (kind: BuildKind): Loop => {
    const { source, controller } = createLoop<BuildObject>(options, {
      resource: kind.resource,
      project: ({ metadata }) => ({ metadata }),
      tagsOf: (build) => {
        const parsed = buildTriggersOf(build);
        return parsed?.ok === true ? parsed.triggers : [];
      },
      reconcile: (builds) => createBuildTriggerReconciler({ ...ports, kind, builds, store }),
    });
    const isServed = (signal: AbortSignal) => access.isServed(kind.resource, signal);
    return { source: whileServed({ source, isServed, clock, logger }), controller };
  };

  const loops = [...targets.workloads.map(workloadLoop), ...targets.builds.map(buildLoop)];
  return {
    sources: loops.map(({ source }) => source),
    controllers: loops.map(({ controller }) => controller),
    waiting: budget.waiting,
  };
};
