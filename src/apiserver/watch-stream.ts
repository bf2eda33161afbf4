import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { toStatus } from './errors.ts';
import type { WatchAnswer } from './http.ts';
import { statusBody } from './render.ts';

/** UTF-16 units of frames that wait to be written, about, before no more are asked for. */
const batchSize = 64 * 1024;

/** Between two writes to one reader: in a stream of changes nobody notices it, and many readers would cost the writers of objects dear. */
const paceMs = 20;

/** What a watch is sent with. */
export type WatchPorts = { readonly logger: Logger; readonly clock: Pick<Clock, 'monotonic' | 'sleep'> };

/**
 * Writes together what comes in one turn of the event loop, and in a stream of changes what comes within {@link paceMs}: a write and its
 * encryption cost more than making most frames does. A reader that does not keep up is waited for: the store counts what piles up and
 * gives up on it.
 */
const createBatchWriter = (response: ServerResponse, { clock }: WatchPorts, signal: AbortSignal) => {
  let waiting = '';
  let writing: Promise<void> | undefined;
  let wroteAtMs = Number.NEGATIVE_INFINITY;
  /** One change after a quiet time goes out at once. */
  const untilTurn = async (): Promise<void> => {
    const leftMs = wroteAtMs + paceMs - clock.monotonic();
    await (leftMs > 0 && waiting.length < batchSize ? clock.sleep(leftMs, signal) : nextTurn());
  };
  const writeAll = async (): Promise<void> => {
    do {
      await untilTurn();
      wroteAtMs = clock.monotonic();
      const batch = waiting;
      waiting = '';
      if (!response.write(batch)) await once(response, 'drain', { signal });
    } while (waiting !== '');
    writing = undefined;
  };
  return {
    /** Takes a frame; resolves when there is room for another. */
    add: async (frame: string): Promise<void> => {
      waiting += `${frame}\n`;
      if (writing === undefined) {
        writing = writeAll();
        // Fails only when the client has gone, or the server stops: the frames end by the same signal.
        writing.catch(() => undefined);
      }
      if (waiting.length > batchSize) await writing;
    },
    /** Resolves when everything is written. */
    flush: async (): Promise<void> => writing,
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
    for await (const frame of answer.frames) await writer.add(frame);
    await writer.flush();
  } catch (error) {
    if (!signal.aborted) {
      const status = toStatus(error);
      if (status.code === 500) ports.logger.error({ err: error }, 'watch failed');
      const last = JSON.stringify({ type: 'ERROR', object: statusBody(status) });
      // Who goes while it is written does not miss it.
      await writer
        .add(last)
        .then(writer.flush)
        .catch(() => undefined);
    }
  } finally {
    response.end();
  }
};
