import { changeEvents } from '../api/change-events.ts';
import type { ImageStream } from '../api/image-stream.ts';
import type { Stored } from '../api/meta.ts';
import { advanced, type OutboxStep, outboxSteps, type TagCursors } from '../api/outbox.ts';
import { type Clock, formatTime } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import {
  type ChangeHandler,
  Controller,
  done,
  type Lister,
  type OnRuntime,
  type ReconcileResult,
  type Runnable,
  requeue,
} from '../runtime/index.ts';
import type { ObjectKey } from '../store/store.ts';
import type { EventSink, SinkEvent, StreamIdentity } from './ports.ts';
import { createPause, type SinkPause } from './sink-pause.ts';
import { SinkWaiting } from './sink-waiting.ts';

export type SinkPublisherOptions = {
  readonly sink: EventSink;
  readonly streams: Lister<Stored<ImageStream>>;
  /** False while the first list is read: what stands there then happened before. */
  readonly hasSynced: () => boolean;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onEvent: OnRuntime;
  readonly onSink: (event: SinkEvent) => void;
};

/** Streams told of at a time. */
const workers = 4;
/** How often the truth is read anew within one look at a stream before it is left for later. */
const maxStaleReads = 3;
const staleRetryMs = 30_000;

const identityOf = ({ metadata }: Stored<ImageStream>): StreamIdentity => ({
  uid: metadata.uid,
  namespace: metadata.namespace ?? '',
  name: metadata.name,
});

/** What a sink asked us to wait, where its error says so. */
const retryAfterOf = (error: unknown): number | undefined =>
  error instanceof Error && 'retryAfterMs' in error && typeof error.retryAfterMs === 'number'
    ? error.retryAfterMs
    : undefined;

/**
 * Tells one sink what the histories of streams say that it was not told yet: the history is the outbox, and the sink's cursor says how
 * far it was emptied. Each sink has its own loop and pause, so that one that is down is in nobody's way.
 */
export class SinkPublisher implements Runnable {
  readonly name: string;
  readonly #options: SinkPublisherOptions;
  readonly #sink: EventSink;
  readonly #logger: Logger;
  readonly #controller: Controller;
  readonly #pause: SinkPause;
  readonly #waiting = new SinkWaiting();
  /** What the sink was told, as last read or written; a stream that is missing has to be read. */
  readonly #cursors = new Map<string, TagCursors>();
  /** Streams of which parked events are to be sent again, by uid. */
  readonly #resumed = new Map<string, StreamIdentity>();

  constructor(options: SinkPublisherOptions) {
    const { sink, clock, onEvent } = options;
    this.#options = options;
    this.#sink = sink;
    this.name = sink.name;
    this.#logger = options.logger.child({ sink: sink.name });
    this.#pause = createPause(clock);
    this.#controller = new Controller({
      name: `sink-${sink.name}`,
      reconcile: (key, signal) => this.#reconcile(key, signal),
      workers,
      clock,
      logger: this.#logger,
      onEvent,
    });
  }

  /** Works until `signal` is aborted. */
  async run(signal: AbortSignal): Promise<void> {
    for (let isLoaded = false; !isLoaded && !signal.aborted; ) {
      try {
        await this.#load(signal);
        this.#worked();
        isLoaded = true;
      } catch (error) {
        if (signal.aborted) return;
        this.#failed(error);
        // Told to stop while waiting: the loop ends by itself.
        await this.#options.clock.sleep(this.#pause.leftMs(), signal).catch(() => undefined);
      }
    }
    await this.#controller.run(signal);
  }

  /** Hears of every change of a stream. */
  readonly onChange: ChangeHandler<Stored<ImageStream>> = (old, current, key) => {
    const { clock, hasSynced } = this.#options;
    if (old !== undefined) {
      if (old.metadata.uid !== current?.metadata.uid) this.#waiting.addGone(key, identityOf(old));
      this.#waiting.rememberEntries(old, current);
    }
    if (hasSynced() && current !== undefined) {
      const { status: _, ...unseen } = current;
      const events = changeEvents(old ?? unseen, current, formatTime(clock.now()));
      const health = events.filter(({ type }) => type === 'ImportFailed' || type === 'ImportRecovered');
      this.#waiting.addHealth(key, health);
    }
    this.#waiting.noticed(key, clock.now());
    // Not Controller.cancel: what is being told of a stream that is deleted now goes on.
    this.#controller.enqueue(key);
  };

  /** Somebody wants parked events of a stream sent again. */
  resume(stream: StreamIdentity): void {
    this.#resumed.set(stream.uid, stream);
    this.#controller.enqueue(stream);
  }

  /** The last revision of a tag that the sink was told, as far as is known; 0: none. */
  toldRevision(uid: string, tag: string): number {
    return this.#cursors.get(uid)?.get(tag) ?? 0;
  }

  /** Since when the oldest event waits that the sink lacks, in milliseconds since the epoch. */
  oldestPendingMs(): number | undefined {
    return this.#waiting.oldestMs();
  }

  /** Streams that were deleted while nobody watched are known by their cursors alone. */
  async #load(signal: AbortSignal): Promise<void> {
    for await (const { tags, ...stream } of this.#sink.load(signal)) {
      this.#cursors.set(stream.uid, tags);
      if (this.#options.streams.get(stream)?.metadata.uid === stream.uid) continue;
      this.#waiting.addGone(stream, stream);
      this.#controller.enqueue(stream);
    }
  }

  async #reconcile(key: ObjectKey, signal: AbortSignal): Promise<ReconcileResult> {
    if (this.#pause.leftMs() > 0) return requeue(this.#pause.leftMs());
    try {
      const result = await this.#tellAll(key, signal);
      this.#worked();
      return result;
    } catch (error) {
      signal.throwIfAborted();
      // Whether the last event was taken is not known: the sink is asked.
      for (const { uid } of this.#waiting.gone(key)) this.#cursors.delete(uid);
      this.#cursors.delete(this.#options.streams.get(key)?.metadata.uid ?? '');
      this.#failed(error);
      return requeue(this.#pause.leftMs());
    }
  }

  async #tellAll(key: ObjectKey, signal: AbortSignal): Promise<ReconcileResult> {
    for (const stream of this.#waiting.gone(key)) {
      const afterMs = await this.#tell(key, stream, undefined, signal);
      if (afterMs !== undefined) return requeue(afterMs);
      await this.#sink.forget(stream, signal);
      this.#cursors.delete(stream.uid);
      this.#waiting.removeGone(key, stream.uid);
    }
    for (const stream of this.#resumed.values()) {
      if (stream.namespace !== key.namespace || stream.name !== key.name) continue;
      await this.#sink.resume?.(stream, signal);
      this.#resumed.delete(stream.uid);
    }
    const object = this.#options.streams.get(key);
    if (object !== undefined) {
      const stream = identityOf(object);
      const afterMs = await this.#tell(key, stream, object, signal);
      await this.#tellHealth(key, stream, signal);
      if (afterMs !== undefined) return requeue(afterMs);
      this.#waiting.forgetEntries(stream.uid);
    }
    this.#waiting.told(key);
    return done;
  }

  /** Resolves to after how long to come back for what could not be told; undefined: all is told. */
  async #tell(
    key: ObjectKey,
    stream: StreamIdentity,
    object: Stored<ImageStream> | undefined,
    signal: AbortSignal,
  ): Promise<number | undefined> {
    const options = {
      now: formatTime(this.#options.clock.now()),
      lastEntry: (tag: string, revision: number) => this.#waiting.entry(stream.uid, tag, revision),
    };
    for (let attempt = 1; attempt <= maxStaleReads; attempt += 1) {
      const cursors = this.#cursors.get(stream.uid) ?? (await this.#sink.read(stream, signal));
      this.#cursors.set(stream.uid, cursors);
      const steps = outboxSteps(object ?? { metadata: stream }, cursors, options);
      for (const { event } of steps.slice(0, 1)) this.#waiting.waitsSince(key, Date.parse(event.time));
      const outcome = await this.#publish(stream, steps, signal);
      if (outcome !== 'stale') return outcome;
      this.#cursors.delete(stream.uid);
    }
    this.#logger.debug({ ...key }, 'somebody else tells of this stream');
    return staleRetryMs;
  }

  async #publish(
    stream: StreamIdentity,
    steps: readonly OutboxStep[],
    signal: AbortSignal,
  ): Promise<number | 'stale' | undefined> {
    const { onSink } = this.#options;
    const refused = new Map<string, number>();
    for (const step of steps) {
      // What follows an event that is not taken waits, else the order of its tag would be lost; other tags go on.
      if (refused.has(step.tag)) continue;
      const delivery = await this.#sink.publish(stream, step, signal);
      if (delivery.kind === 'stale') return 'stale';
      if (delivery.kind === 'refused') {
        refused.set(step.tag, delivery.retryAfterMs);
        continue;
      }
      this.#cursors.set(stream.uid, advanced(this.#cursors.get(stream.uid) ?? new Map(), step));
      onSink({ type: delivery.kind, sink: this.#sink.name, reason: step.event.type });
    }
    return refused.size === 0 ? undefined : Math.min(...refused.values());
  }

  /** Best effort: what cannot be told now is not news later, but is tried until the sink takes it or there is a newer word. */
  async #tellHealth(key: ObjectKey, stream: StreamIdentity, signal: AbortSignal): Promise<void> {
    for (const event of this.#waiting.health(key)) {
      await this.#sink.tell(stream, event, signal);
      this.#waiting.removeHealth(key, event);
      this.#options.onSink({ type: 'published', sink: this.#sink.name, reason: event.type });
    }
  }

  #failed(error: unknown): void {
    if (!this.#pause.isDown())
      this.#logger.warn({ err: error }, 'a sink of change events cannot be reached: trying again');
    this.#pause.failed(retryAfterOf(error));
    this.#options.onSink({ type: 'up', sink: this.#sink.name, isUp: false });
  }

  #worked(): void {
    if (this.#pause.isDown()) this.#logger.info({}, 'a sink of change events is reached again');
    this.#pause.worked();
    this.#options.onSink({ type: 'up', sink: this.#sink.name, isUp: true });
  }
}
