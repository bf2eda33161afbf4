import type { ObjectKey } from '../store/store.ts';

/** What a reconciler asks for: nothing more, or another look after a while. Failures are thrown and mean back-off. */
export type ReconcileResult =
  | { readonly kind: 'done' }
  | { readonly kind: 'requeue'; readonly afterMs: number };

export const done: ReconcileResult = { kind: 'done' };
export const requeue = (afterMs: number): ReconcileResult => ({ kind: 'requeue', afterMs });

/** Brings one object closer to what its spec asks for. Level-based: the key is all it is told. */
export type Reconcile = (key: ObjectKey, signal: AbortSignal) => Promise<ReconcileResult>;
