import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { Logger } from '../lib/logger.ts';
import { toStatus } from './errors.ts';
import type { WatchAnswer } from './http.ts';
import { statusBody } from './render.ts';

const send = async (response: ServerResponse, frame: string, signal: AbortSignal): Promise<void> => {
  // A reader that does not keep up is waited for: the store counts what piles up and gives up on it.
  if (!response.write(`${frame}\n`)) await once(response, 'drain', { signal });
};

/**
 * Sends the frames of a watch as they happen, one JSON value a line, until they end or the client goes. A failure becomes the last
 * frame, since the answer's status has long been sent.
 */
export const sendWatch = async (
  response: ServerResponse,
  answer: WatchAnswer,
  logger: Logger,
  signal: AbortSignal,
): Promise<void> => {
  for (const [name, value] of Object.entries(answer.headers))
    response.setHeader(name, typeof value === 'string' ? value : [...value]);
  response.writeHead(200);
  response.flushHeaders();
  try {
    for await (const frame of answer.frames) await send(response, frame, signal);
  } catch (error) {
    if (!signal.aborted) {
      const status = toStatus(error);
      if (status.code === 500) logger.error({ err: error }, 'watch failed');
      response.write(`${JSON.stringify({ type: 'ERROR', object: statusBody(status) })}\n`);
    }
  } finally {
    response.end();
  }
};
