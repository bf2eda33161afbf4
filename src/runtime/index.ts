export { Controller, type ControllerOptions, reconcileChanges } from './controller.ts';
export type { OnRuntime, ReconcileOutcome, RuntimeEvent } from './events.ts';
export {
  type ChangeHandler,
  createInformer,
  Informer,
  type InformerOptions,
  type Lister,
} from './informer.ts';
export { formatKey, keyOf, parseKey } from './key.ts';
export { KeyIndex } from './key-index.ts';
export {
  LeaderElection,
  type LeaderElectionOptions,
  type Lease,
  type LeaseKeeper,
  type StoredLease,
} from './leader-election.ts';
export { aborted, type ManagerOptions, type Runnable, runManager, type Source } from './manager.ts';
export { done, type Reconcile, type ReconcileResult, requeue } from './reconcile.ts';
export { type ServedSourceOptions, whileServed } from './served-source.ts';
export { Timetable, type TimetableOptions } from './timetable.ts';
export { runWorkers } from './workers.ts';
export { WorkQueue, type WorkQueueOptions } from './workqueue.ts';
