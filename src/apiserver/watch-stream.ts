import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { toStatus } from './errors.ts';
import type { WatchAnswer } from './http.ts';
import { statusBody } from './render.ts';

/** UTF-16 units of frames that are written together, about, however many there are. */
const batchSize = 64 * 1024;

/** Between two writes to one reader where much happens: nobody notices it, and many readers would cost the writers of objects dear. */
const paceMs = 50;

/** Writes to one reader that may follow each other at once, after a time in which little happened: a change that comes alone is told at once. */
const burst = 4;

/** What a watch is sent with. */
export type WatchPorts = { readonly logger: Logger; readonly clock: Pick<Clock, 'monotonic' | 'sleep'> };

/**
 * Writes together what comes in one turn of the event loop, and asks for no more until the next write may leave, one in {@link paceMs}
 * and {@link burst} at once, or for as long as the reader has no room: a write and its encryption cost more than making most frames does,
 * and so does being woken for each. A reader that does not keep up is waited for, while the store counts what piles up and gives up on it.
 */
const createBatchWriter = (response: ServerResponse, { clock }: WatchPorts, signal: AbortSignal) => {
  let waiting = '';
  let collecting: Promise<void> | undefined;
  let resting: Promise<void> | undefined;
  /** Writes that may leave at once, and when that was so. */
  let credit = burst;
  let creditAtMs = clock.monotonic();

  /** Milliseconds until another write may leave after this one. */
  const spend = (): number => {
    const nowMs = clock.monotonic();
    credit = Math.min(burst, credit + (nowMs - creditAtMs) / paceMs) - 1;
    creditAtMs = nowMs;
    return Math.max(0, (1 - credit) * paceMs);
  };
  const rest = async (waitMs: number | undefined): Promise<void> => {
    if (waitMs === undefined) await once(response, 'drain', { signal });
    else await clock.sleep(waitMs, signal);
  };
  const write = (): void => {
    const batch = waiting;
    waiting = '';
    const hasRoom = response.write(batch);
    const waitMs = batch.length > batchSize ? 0 : spend();
    if (hasRoom && waitMs === 0) return;
    resting = rest(hasRoom ? waitMs : undefined).finally(() => {
      resting = undefined;
    });
    // Fails only when the client has gone, or the server stops: then no more is taken.
    resting.catch(() => undefined);
  };
  const collect = async (): Promise<void> => {
    await nextTurn();
    collecting = undefined;
    write();
  };
  const addAfter = async (pause: Promise<void>): Promise<void> => {
    await pause;
    collecting ??= collect();
  };

  return {
    /** Takes a frame; what it gives resolves when there is room for another, undefined: there is. */
    add: (frame: string): Promise<void> | undefined => {
      signal.throwIfAborted();
      waiting += `${frame}\n`;
      if (resting !== undefined) return addAfter(resting);
      collecting ??= collect();
      return waiting.length > batchSize ? collecting : undefined;
    },
    /** Writes what is left. */
    finish: async (): Promise<void> => {
      await collecting;
      if (waiting !== '') response.write(waiting);
      waiting = '';
    },
  };
};

/**
 * Sends the frames of a watch as they happen, one JSON value a line, until they end or the client goes. A failure becomes the last
 * frame, since the answer's status has long been sent.
 */
export const sendWatch = async (
  response: ServerResponse,
  answer: WatchAnswer,
  ports: WatchPorts,
  signal: AbortSignal,
): Promise<void> => {
  for (const [name, value] of Object.entries(answer.headers))
    response.setHeader(name, typeof value === 'string' ? value : [...value]);
  response.writeHead(200);
  response.flushHeaders();
  const writer = createBatchWriter(response, ports, signal);
  try {
    for await (const frame of answer.frames) {
      const pause = writer.add(frame);
      if (pause !== undefined) await pause;
    }
    await writer.finish();
  } catch (error) {
    if (!signal.aborted) {
      const status = toStatus(error);
      if (status.code === 500) ports.logger.error({ err: error }, 'watch failed');
      await writer.finish();
      response.write(`${JSON.stringify({ type: 'ERROR', object: statusBody(status) })}\n`);
    }
  } finally {
    response.end();
  }
};
