import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import type { ChangeEvent } from '../../src/api/change-event.ts';

/** One request that the receiver was sent, whatever it answered. */
export type Received = {
  readonly event: ChangeEvent;
  readonly body: string;
  readonly headers: IncomingHttpHeaders;
};

/** What a receiver does with a request; default 204. */
export type Answer = (received: Received, response: ServerResponse) => void;

/** An HTTP server on loopback that takes CloudEvents. */
export type Receiver = {
  readonly url: URL;
  /** Requests that were answered with success. */
  readonly taken: Received[];
  readonly requests: Received[];
  answer: Answer;
  readonly stop: () => Promise<void>;
};

const accept: Answer = (_received, response) => void response.writeHead(204).end();

/** Starts a receiver. */
export const startReceiver = async (answer: Answer = accept): Promise<Receiver> => {
  const taken: Received[] = [];
  const requests: Received[] = [];
  const take = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await text(request);
    const { data } = JSON.parse(body) as { readonly data: ChangeEvent };
    const received = { event: data, body, headers: request.headers };
    requests.push(received);
    receiver.answer(received, response);
    if (response.statusCode < 300 && response.headersSent) taken.push(received);
  };
  const server = createServer((request, response) => void take(request, response));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { readonly port: number };
  const receiver: Receiver = {
    url: new URL(`http://127.0.0.1:${port}/hook`),
    taken,
    requests,
    answer,
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return receiver;
};
