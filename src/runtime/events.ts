/** How a reconcile ended. `conflict`: the object changed meanwhile; `cancelled`: the object was deleted. */
export type ReconcileOutcome = 'success' | 'requeue-after' | 'conflict' | 'error' | 'cancelled';

/** What the machinery does, for `observability/metrics.ts`. Durations are in milliseconds. */
export type RuntimeEvent =
  | { readonly type: 'queue-add'; readonly queue: string; readonly depth: number }
  | {
      readonly type: 'queue-get';
      readonly queue: string;
      readonly depth: number;
      /** From the add to now. */
      readonly waitedMs: number;
    }
  | { readonly type: 'queue-done'; readonly queue: string; readonly durationMs: number }
  | { readonly type: 'queue-retry'; readonly queue: string }
  | {
      readonly type: 'reconcile';
      readonly controller: string;
      readonly outcome: ReconcileOutcome;
      readonly durationMs: number;
    }
  | { readonly type: 'informer-list'; readonly resource: string; readonly objects: number }
  | { readonly type: 'informer-error'; readonly resource: string };

/** Hears of every {@link RuntimeEvent}; must not throw. */
export type OnRuntime = (event: RuntimeEvent) => void;
