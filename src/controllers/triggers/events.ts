import type { notPermittedReason } from '../../api/reference-grants.ts';

/** What triggers do, for `observability/metrics.ts`. `kind` is that of the object with the trigger. */
export type TriggerEvent =
  /** The workload was patched; `containers` is how many got another image. */
  | { readonly type: 'triggered'; readonly kind: string; readonly containers: number }
  | {
      /**
       * `started`: a build was started; `held`: a rollback by hand was noticed and is left alone; `blocked`: somebody else set it back
       * again and again, and it is left alone; `refused`: it names a tag of a namespace that does not let others refer to it; `invalid`:
       * the annotation cannot be followed; `deferred`: it waits, because enough of its namespace was changed this minute.
       */
      readonly type: 'started' | 'held' | 'blocked' | 'refused' | 'invalid' | 'deferred';
      readonly kind: string;
    };

/** Hears of every {@link TriggerEvent}; must not throw. */
export type OnTrigger = (event: TriggerEvent) => void;

/** Reasons of the Kubernetes Events that triggers write. */
export type TriggerReason =
  | 'ImageTriggered'
  | 'BuildTriggered'
  | 'TriggerHeld'
  | 'Blocked'
  | 'TriggerInvalid'
  | typeof notPermittedReason;
