import { type Backoff, exponentialBackoff } from '../lib/backoff.ts';
import type { Clock } from '../lib/clock.ts';
import { type LinkedSignal, linkSignal } from '../lib/linked-signal.ts';
import type { Logger } from '../lib/logger.ts';
import { isStoreError } from '../store/errors.ts';
import type { ObjectKey } from '../store/store.ts';
import type { OnRuntime, ReconcileOutcome } from './events.ts';
import type { ChangeHandler } from './informer.ts';
import { formatKey, parseKey } from './key.ts';
import type { Reconcile } from './reconcile.ts';
import { runWorkers } from './workers.ts';
import { WorkQueue } from './workqueue.ts';

export type ControllerOptions = {
  /** Names the controller in logs and events. */
  readonly name: string;
  readonly reconcile: Reconcile;
  /** Keys worked on at a time; at most half of them (rounded up) of one namespace. */
  readonly workers: number;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onEvent: OnRuntime;
  /** Delay after a failure. Default: that of the queue. */
  readonly backoff?: Backoff | undefined;
};

/** Why a reconcile was stopped although the program goes on. */
class ObjectDeleted extends Error {
  override readonly name = 'ObjectDeleted';
}

/** A conflict means that somebody else was quicker: the next look at the object soon settles it. */
const conflictBackoff = exponentialBackoff({ baseMs: 20, maxMs: 2_000, jitter: 0.5 });

/**
 * A queue of keys and the workers that reconcile them: the model of controller-runtime. What a reconcile throws concerns its own key
 * alone, which is tried again after a growing delay; a store conflict is tried again soon and quietly.
 */
export class Controller {
  readonly name: string;
  readonly #options: ControllerOptions;
  readonly #logger: Logger;
  readonly #queue: WorkQueue;
  readonly #running = new Map<string, LinkedSignal>();

  constructor(options: ControllerOptions) {
    const { name, clock, onEvent, backoff, workers } = options;
    this.name = name;
    this.#options = options;
    this.#logger = options.logger.child({ controller: name });
    this.#queue = new WorkQueue({
      name,
      clock,
      onEvent,
      backoff,
      groupOf: (id) => parseKey(id).namespace,
      maxPerGroup: Math.ceil(workers / 2),
    });
  }

  enqueue(key: ObjectKey): void {
    this.#queue.add(formatKey(key));
  }

  enqueueAfter(key: ObjectKey, delayMs: number): void {
    this.#queue.addAfter(formatKey(key), delayMs);
  }

  /** The object is gone: stops the work that runs for it, and reconciles the key once more so that what it held is freed. */
  cancel(key: ObjectKey): void {
    const id = formatKey(key);
    this.#running.get(id)?.abort(new ObjectDeleted(`${id} was deleted`));
    this.#queue.forget(id);
    this.#queue.add(id);
  }

  /** Works until `signal` is aborted and what ran then has stopped; then it just ends. */
  run(signal: AbortSignal): Promise<void> {
    return runWorkers(this.#queue, this.#options.workers, (id, stop) => this.#work(id, stop), signal);
  }

  async #work(id: string, signal: AbortSignal): Promise<void> {
    const { clock, onEvent } = this.#options;
    const own = linkSignal(signal);
    this.#running.set(id, own);
    const startedAt = clock.monotonic();
    let outcome: ReconcileOutcome;
    try {
      outcome = await this.#attempt(id, own.signal);
    } catch (error) {
      // Told to stop: no failure of the object, and nothing to count.
      if (signal.aborted) return;
      outcome = this.#failed(id, error, own.signal);
    } finally {
      this.#running.delete(id);
      own.release();
    }
    const durationMs = clock.monotonic() - startedAt;
    onEvent({ type: 'reconcile', controller: this.name, outcome, durationMs });
  }

  async #attempt(id: string, signal: AbortSignal): Promise<ReconcileOutcome> {
    const result = await this.#options.reconcile(parseKey(id), signal);
    this.#queue.forget(id);
    if (result.kind === 'done') return 'success';
    this.#queue.addAfter(id, result.afterMs);
    return 'requeue-after';
  }

  /** Decides what a failure means; the whole retry policy. */
  #failed(id: string, error: unknown, own: AbortSignal): ReconcileOutcome {
    const fields = { ...parseKey(id), err: error };
    if (own.aborted) {
      this.#queue.forget(id);
      return 'cancelled';
    }
    if (isStoreError(error, 'conflict')) {
      const attempt = this.#queue.retry(id, conflictBackoff);
      this.#logger.debug({ ...fields, attempt }, 'the object changed meanwhile: trying again');
      return 'conflict';
    }
    const attempt = this.#queue.retry(id);
    this.#logger.error({ ...fields, attempt }, 'reconcile failed: trying again');
    return 'error';
  }
}

/** Has a controller reconcile each object that an informer tells of. */
export const reconcileChanges =
  <Value>(controller: Pick<Controller, 'cancel' | 'enqueue'>): ChangeHandler<Value> =>
  (_old, current, key) => {
    if (current === undefined) controller.cancel(key);
    else controller.enqueue(key);
  };
