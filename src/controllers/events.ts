/** What the controllers do, for `observability/metrics.ts`. */
export type ControllerEvent =
  | {
      /** One tag or repository was imported, or could not be. */
      readonly type: 'import';
      /** Host of the registry. */
      readonly registry: string;
      readonly isScheduled: boolean;
      /** Undefined: it went well. */
      readonly reason: string | undefined;
    }
  | {
      /** A slot came up and the source was asked. */
      readonly type: 'refresh';
      readonly registry: string;
      readonly outcome: 'unchanged' | 'moved' | 'failed';
      /** How long after its slot, in milliseconds. */
      readonly lagMs: number;
    }
  | { readonly type: 'published'; readonly reason: string }
  /** An image that nothing refers to was deleted. */
  | { readonly type: 'pruned' };

/** Hears of every {@link ControllerEvent}; must not throw. */
export type OnController = (event: ControllerEvent) => void;
