/** What triggers do, for `observability/metrics.ts`. `kind` is that of the workload. */
export type TriggerEvent =
  /** The workload was patched; `containers` is how many got another image. */
  | { readonly type: 'triggered'; readonly kind: string; readonly containers: number }
  /** A rollback by hand was noticed and is left alone. */
  | { readonly type: 'held'; readonly kind: string }
  /** The annotation cannot be followed. */
  | { readonly type: 'invalid'; readonly kind: string };

/** Hears of every {@link TriggerEvent}; must not throw. */
export type OnTrigger = (event: TriggerEvent) => void;

/** Reasons of the Kubernetes Events that triggers write. */
export type TriggerReason = 'ImageTriggered' | 'TriggerHeld' | 'TriggerInvalid';
