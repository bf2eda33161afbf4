import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createManualClock, eventually } from '../../test/fakes/clock.ts';
import { StoreError } from '../store/errors.ts';
import { type ApiClient, type ApiClientOptions, createApiClient } from './api-client.ts';
import { noThrottle } from './throttle.ts';

const signal = AbortSignal.timeout(20_000);
const clock = createManualClock();
const open: { readonly server: Server; readonly client: ApiClient }[] = [];
afterEach(async () => {
  for (const { server, client } of open.splice(0)) {
    await client.close();
    server.closeAllConnections();
    server.close();
  }
});

const start = async (listener: RequestListener, more: Partial<ApiClientOptions> = {}) => {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const client = createApiClient({
    connection: {
      server: new URL(`http://127.0.0.1:${port}/clusters/one`),
      proxy: undefined,
      namespace: undefined,
      credentials: async () => ({ headers: { Authorization: 'Bearer token' }, tls: {} }),
    },
    throttle: noThrottle,
    clock,
    userAgent: 'test',
    ...more,
  });
  open.push({ server, client });
  return { server, client };
};

const read = { method: 'GET', path: '/api/v1/things' } as const;
const write = { method: 'POST', path: '/api/v1/things', body: { a: 1 } } as const;

describe('a request', () => {
  it('signs in, below the path of the server, and tells it how long a write may take', async () => {
    const seen: unknown[] = [];
    const { client } = await start((request, response) => {
      seen.push([request.method, request.url, request.headers.authorization]);
      response.end('{"kind":"Thing"}');
    });
    expect(await client.request(read, signal)).toEqual({ kind: 'Thing' });
    await client.request(write, signal);
    expect(seen).toEqual([
      ['GET', '/clusters/one/api/v1/things', 'Bearer token'],
      ['POST', '/clusters/one/api/v1/things?timeout=2500ms', 'Bearer token'],
    ]);
  });

  it('is sent again when the server says so, after the time that it wants', async () => {
    let asked = 0;
    const { client } = await start((_request, response) => {
      asked += 1;
      if (asked === 1) response.writeHead(429, { 'retry-after': '3' }).end('{}');
      else response.end('{"done":true}');
    });
    const answer = client.request(read, signal);
    await eventually(() => clock.sleeping() === 1, 'the wait');
    await clock.advance(2_900);
    expect(asked).toBe(1);
    await clock.advance(200);
    expect(await answer).toEqual({ done: true });
  });

  it('rejects with what the server says', async () => {
    const { client } = await start((_request, response) => {
      const status = { kind: 'Status', reason: 'Forbidden', message: 'things is forbidden', code: 403 };
      response.writeHead(403).end(JSON.stringify(status));
    });
    await expect(client.request(read, signal)).rejects.toMatchObject({
      name: 'ApiError',
      code: 403,
      message: 'GET /api/v1/things: things is forbidden',
    });
  });

  it('is unavailable where nobody answers or signing in fails', async () => {
    const { server, client } = await start((request) => request.socket.destroy());
    await expect(client.request(read, signal)).rejects.toMatchObject({ code: 'unavailable' });
    server.close();
    const { client: nobody } = await start(() => undefined, {
      connection: {
        server: new URL('https://cluster.example'),
        proxy: undefined,
        namespace: undefined,
        credentials: async () => Promise.reject(new Error('the plugin failed')),
      },
    });
    await expect(nobody.request(read, signal)).rejects.toMatchObject({
      code: 'unavailable',
      message: 'cannot sign in to cluster.example: the plugin failed',
    });
  });

  it('rejects with the reason of an aborted signal', async () => {
    const { client } = await start(() => undefined);
    const reason = new Error('enough');
    await expect(client.request(read, AbortSignal.abort(reason))).rejects.toBe(reason);
  });

  it('that writes is not sent once it must not be; one that reads is', async () => {
    const seen: (string | undefined)[] = [];
    const refusal = new StoreError('unavailable', 'not the leader any more');
    const { client } = await start(
      (request, response) => {
        seen.push(request.method);
        response.end('{}');
      },
      {
        beforeWrite: () => {
          throw refusal;
        },
      },
    );
    await expect(client.request(write, signal)).rejects.toBe(refusal);
    await client.request(read, signal);
    expect(seen).toEqual(['GET']);
  });
});

describe('a stream', () => {
  it('gives documents line by line, however their bytes arrive', async () => {
    const bytes = Buffer.from('{"a":"ü"}\n\n{"b":2}\n{"cut');
    const { client } = await start((_request, response) => {
      const send = async (): Promise<void> => {
        for (const byte of bytes) {
          response.write(Uint8Array.of(byte));
          await new Promise((resolve) => setImmediate(resolve));
        }
        response.end();
      };
      void send();
    });
    const documents: unknown[] = [];
    for await (const document of client.stream(read, signal)) documents.push(document);
    expect(documents).toEqual([{ a: 'ü' }, { b: 2 }]);
  });

  it('is unavailable when the connection breaks', async () => {
    const { client } = await start((request, response) => {
      response.write('{"a":1}\n', () => request.socket.destroy());
    });
    const documents: unknown[] = [];
    const reading = async (): Promise<void> => {
      for await (const document of client.stream(read, signal)) documents.push(document);
    };
    await expect(reading()).rejects.toMatchObject({ name: 'StoreError', code: 'unavailable' });
    expect(documents).toEqual([{ a: 1 }]);
  });
});
