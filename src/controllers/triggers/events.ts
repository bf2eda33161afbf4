import type { notPermittedReason } from '../../api/reference-grants.ts';

/** What triggers do, for `observability/metrics.ts`. `kind` is that of the workload. */
export type TriggerEvent =
  /** The workload was patched; `containers` is how many got another image. */
  | { readonly type: 'triggered'; readonly kind: string; readonly containers: number }
  | {
      /**
       * `held`: a rollback by hand was noticed and is left alone; `refused`: it names a tag of a namespace that does not let others refer
       * to it; `invalid`: the annotation cannot be followed.
       */
      readonly type: 'held' | 'refused' | 'invalid';
      readonly kind: string;
    };

/** Hears of every {@link TriggerEvent}; must not throw. */
export type OnTrigger = (event: TriggerEvent) => void;

/** Reasons of the Kubernetes Events that triggers write. */
export type TriggerReason = 'ImageTriggered' | 'TriggerHeld' | 'TriggerInvalid' | typeof notPermittedReason;
