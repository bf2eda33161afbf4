import type { ParkedEvent, SinkCursor } from '../api/change-cursor.ts';
import type { ChangeEvent } from '../api/change-event.ts';
import type { OutboxStep, TagCursors } from '../api/outbox.ts';
import { exponentialBackoff } from '../lib/backoff.ts';
import { type Clock, formatTime } from '../lib/clock.ts';
import { cloudEventOf } from './cloud-event.ts';
import type { CursorStore } from './cursor-store.ts';
import type { Post } from './http-post.ts';
import { retryAfterMs } from './retry-after.ts';
import { signatureHeaders } from './signature.ts';

export type CloudEventsSinkOptions = {
  readonly name: string;
  readonly post: Post;
  readonly close: () => void;
  readonly cursors: CursorStore;
  /** Read for each request: a secret that was replaced counts at once. Empty: nothing is signed. */
  readonly readSecrets: () => Promise<readonly Buffer[]>;
  readonly clock: Clock;
};

type Identity = { readonly uid: string; readonly namespace: string; readonly name: string };

/** The receiver cannot be reached, or says that it cannot take anything now. */
export class ReceiverError extends Error {
  override readonly name = 'ReceiverError';
  /** Milliseconds that the receiver asked to wait, when it did. */
  readonly retryAfterMs: number | undefined;

  constructor(message: string, options: { retryAfterMs?: number | undefined; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** Tries of an event that the receiver refuses before it is parked: half a minute. */
export const maxRefusals = 6;
/** Parked events that one stream may have at a receiver; a tag whose next event is refused then waits. */
const maxParked = 100;
const refusalBackoff = exponentialBackoff({ baseMs: 1_000, maxMs: 300_000, jitter: 0.2 });
/** For writing down what was delivered although the program stops: else it would be delivered again. */
const recordTimeoutMs = 3_000;

const isPassing = (status: number): boolean => status === 408 || status === 429 || status >= 500;

const tagsOf = (cursor: SinkCursor): TagCursors => new Map(Object.entries(cursor.tags ?? {}));

const moved = (cursor: SinkCursor, { tag, to }: OutboxStep): SinkCursor => {
  const others = Object.entries(cursor.tags ?? {}).filter(([name]) => name !== tag);
  return { ...cursor, tags: Object.fromEntries(to === 'deleted' ? others : [...others, [tag, to]]) };
};

const withParked = ({ name, tags }: SinkCursor, parked: readonly ParkedEvent[]): SinkCursor => ({
  name,
  ...(tags === undefined ? {} : { tags }),
  ...(parked.length === 0 ? {} : { parked }),
});

/** How often an event was refused, and when to try again. */
type Refusal = { readonly count: number; readonly notBeforeMs: number };

const createRefusals = (clock: Clock) => {
  const held = new Map<string, Refusal>();
  return {
    get: (id: string) => held.get(id),
    add: (id: string): Refusal => {
      const count = (held.get(id)?.count ?? 0) + 1;
      const refusal = { count, notBeforeMs: clock.monotonic() + refusalBackoff(count) };
      held.set(id, refusal);
      return refusal;
    },
    forget: (id: string) => held.delete(id),
    wait: ({ notBeforeMs }: Refusal) =>
      ({ kind: 'refused', retryAfterMs: Math.max(1, notBeforeMs - clock.monotonic()) }) as const,
  };
};

/** Sends one event; resolves to what the receiver said against it, undefined when it took it. */
const createSend =
  ({ post, readSecrets, clock }: CloudEventsSinkOptions) =>
  async (event: ChangeEvent, signal: AbortSignal): Promise<string | undefined> => {
    const body = JSON.stringify(cloudEventOf(event));
    const signature = signatureHeaders({ id: event.id, body, atMs: clock.now() }, await readSecrets());
    const headers = { 'content-type': 'application/cloudevents+json; charset=utf-8', ...signature };
    let answer: Awaited<ReturnType<Post>>;
    try {
      answer = await post(body, headers, signal);
    } catch (error) {
      signal.throwIfAborted();
      const problem = error instanceof Error ? error.message : String(error);
      throw new ReceiverError(`the receiver cannot be reached: ${problem}`, { cause: error });
    }
    const { status, retryAfter } = answer;
    if (status >= 200 && status < 300) return undefined;
    if (!isPassing(status)) return `HTTP ${status}`;
    throw new ReceiverError(`the receiver answered HTTP ${status}`, {
      retryAfterMs: retryAfterMs(retryAfter, clock.now()),
    });
  };

/**
 * Change events as CloudEvents over HTTP: at least once, in order per tag, a repeat under the same id. The cursor moves after the
 * receiver has taken an event; one that it refuses for good is parked and the tag goes on.
 */
export const createCloudEventsSink = (options: CloudEventsSinkOptions) => {
  const { name, cursors, clock, close } = options;
  const send = createSend(options);
  const refusals = createRefusals(clock);
  const recording = (): AbortSignal => AbortSignal.timeout(recordTimeoutMs);

  const publish = async (stream: Identity, step: OutboxStep, signal: AbortSignal) => {
    const { tag, after, event } = step;
    const before = await cursors.peek(stream, name, signal);
    if ((before.tags?.[tag] ?? 0) !== after) return { kind: 'stale' } as const;
    const last = refusals.get(event.id);
    if (last !== undefined && clock.monotonic() < last.notBeforeMs) return refusals.wait(last);
    const problem = await send(event, signal);
    if (problem !== undefined) {
      const refusal = refusals.add(event.id);
      if (refusal.count < maxRefusals || (before.parked?.length ?? 0) >= maxParked)
        return refusals.wait(refusal);
    }
    const at = formatTime(clock.now());
    const record = (cursor: SinkCursor): SinkCursor | undefined => {
      // Another program was quicker: what it wrote stands.
      if ((cursor.tags?.[tag] ?? 0) !== after) return undefined;
      const next = moved(cursor, step);
      return problem === undefined
        ? next
        : withParked(next, [...(next.parked ?? []), park(event, problem, at)]);
    };
    await cursors.write(stream, name, record, recording());
    refusals.forget(event.id);
    return { kind: problem === undefined ? 'published' : 'parked' } as const;
  };

  /** Sends what a person wants sent again; what is refused once more stays parked. */
  const resume = async (stream: Identity, signal: AbortSignal): Promise<void> => {
    const { parked = [] } = await cursors.read(stream, name, signal);
    for (const { id, event } of parked.filter((each) => each.resume === true)) {
      const problem = await send(JSON.parse(event) as ChangeEvent, signal);
      const settle = (each: ParkedEvent): readonly ParkedEvent[] => {
        if (each.id !== id) return [each];
        const { resume: _, ...kept } = each;
        return problem === undefined ? [] : [{ ...kept, problem }];
      };
      const record = (cursor: SinkCursor) => withParked(cursor, (cursor.parked ?? []).flatMap(settle));
      await cursors.write(stream, name, record, recording());
    }
  };

  return {
    name,
    close,
    publish,
    resume,
    load: async function* (signal: AbortSignal) {
      for await (const { cursor, ...stream } of cursors.list(name, signal))
        yield { ...stream, tags: tagsOf(cursor) };
    },
    read: async (stream: Identity, signal: AbortSignal) => tagsOf(await cursors.read(stream, name, signal)),
    /** Refused: it is nobody's loss. */
    tell: async (_stream: Identity, event: ChangeEvent, signal: AbortSignal): Promise<void> =>
      void (await send(event, signal)),
    forget: async (stream: Identity, signal: AbortSignal): Promise<void> => {
      const { parked = [] } = await cursors.read(stream, name, signal);
      // Parked events wait for a person longer than their stream lives.
      if (parked.length === 0) await cursors.remove(stream, name, signal);
    },
  };
};

const park = (event: ChangeEvent, problem: string, at: string): ParkedEvent => ({
  id: event.id,
  tag: event.tag,
  revision: event.revision,
  at,
  problem,
  event: JSON.stringify(event),
});
