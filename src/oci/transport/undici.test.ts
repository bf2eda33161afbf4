import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import { inspect } from 'node:util';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Certificate, createCertificate, trusting } from '../../../test/fakes/registry/index.ts';
import { aRequest, never } from '../../../test/fakes/send.ts';
import { anonymous } from '../index.ts';
import type { RegistryRequest } from './send.ts';
import { createUndiciSend, type UndiciOptions } from './undici.ts';

const cleanups: (() => Promise<void> | void)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

const listen = async (server: Server): Promise<number> => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
};

const serve = async (listener: RequestListener, tls?: Certificate): Promise<string> => {
  const server = tls === undefined ? createServer(listener) : createHttpsServer(tls, listener);
  const port = await listen(server);
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}/v2/`;
};

/** A server below HTTP. */
const serveRaw = async (onSocket: (socket: Socket) => void): Promise<string> => {
  const sockets = new Set<Socket>();
  const server = createTcpServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    onSocket(socket);
  });
  const port = await listen(server);
  cleanups.push(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `http://127.0.0.1:${port}/v2/`;
};

const clientWith = (options: Partial<UndiciOptions> = {}) => {
  const client = createUndiciSend({ addresses: { allowLoopback: true }, ...options });
  cleanups.push(client.close);
  return client;
};

const insecure = { keychain: anonymous, insecure: true };

const ask = (url: string, more: Partial<RegistryRequest> = {}, options: Partial<UndiciOptions> = {}) =>
  clientWith(options).send(aRequest({ url: new URL(url), ...more }), never);

const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

describe('the innermost Send', () => {
  it('gives status, headers and body, and who answered', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/plain', 'X-Twice': ['a', 'b'] });
      response.end('hello');
    });
    const response = await ask(url);
    expect(response).toMatchObject({
      status: 200,
      headers: { 'content-type': 'text/plain', 'x-twice': 'a, b' },
    });
    expect(textOf(response.bytes)).toBe('hello');
    expect(response.url.href).toBe(url);
  });

  it('sends what the request says, and asks for no compression', async () => {
    let seen: unknown;
    const url = await serve((request, response) => {
      const { method, url: path, headers } = request;
      let body = '';
      request.setEncoding('utf8').on('data', (chunk: string) => {
        body += chunk;
      });
      request.once('end', () => {
        seen = { method, path, headers, body };
        response.end();
      });
    });
    await ask(`${url}token?x=1`, { method: 'POST', headers: { accept: 'a', 'x-b': 'c' }, body: 'form' });
    expect(seen).toMatchObject({
      method: 'POST',
      path: '/v2/token?x=1',
      headers: { accept: 'a', 'x-b': 'c', 'accept-encoding': 'identity' },
      body: 'form',
    });
  });

  it('gives headers of a HEAD, whatever length they promise', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': '99999999' });
      response.end();
    });
    const response = await ask(url, { method: 'HEAD' });
    expect(response).toMatchObject({ status: 200, headers: { 'content-length': '99999999' } });
    expect(response.bytes).toHaveLength(0);
  });

  it('keeps connections, so that requests do not each open one', async () => {
    const sockets = new Set<unknown>();
    const url = await serve((request, response) => {
      sockets.add(request.socket);
      response.end('x');
    });
    const { send } = clientWith();
    for (let count = 0; count < 10; count += 1) await send(aRequest({ url: new URL(url) }), never);
    // A connection is free a moment after its answer: the next request may find it busy.
    expect(sockets.size).toBeLessThanOrEqual(2);
  });

  it('keeps connections also after a HEAD', async () => {
    const sockets = new Set<unknown>();
    const url = await serve((request, response) => {
      sockets.add(request.socket);
      response.writeHead(200, { 'content-length': '5' }).end();
    });
    const { send } = clientWith();
    for (let count = 0; count < 10; count += 1)
      await send(aRequest({ url: new URL(url), method: 'HEAD' }), never);
    expect(sockets.size).toBeLessThanOrEqual(2);
  });

  it('bears a server that sends a body after the answer to a HEAD, and then keeps no connection after one', async () => {
    let connections = 0;
    const url = await serveRaw((socket) => {
      connections += 1;
      let owed = '';
      socket.on('data', (chunk) => {
        const isHead = chunk.toString().startsWith('HEAD');
        socket.write(`${owed}HTTP/1.1 200 OK\r\ncontent-length: 4\r\n\r\n${isHead ? '' : 'good'}`);
        owed = isHead ? '{"a"' : '';
      });
    });
    const { send } = clientWith();
    const ask = (method: 'GET' | 'HEAD') => send(aRequest({ url: new URL(url), method }), never);
    for (let round = 0; round < 3; round += 1) {
      expect((await ask('HEAD')).status).toBe(200);
      expect(Buffer.from((await ask('GET')).bytes).toString()).toBe('good');
    }
    expect(connections).toBeGreaterThan(3);
  });
});

describe('the innermost Send, about sizes', () => {
  it('takes a body that is just as large as allowed', async () => {
    const url = await serve((_request, response) => response.end('x'.repeat(1024)));
    expect((await ask(url)).bytes.byteLength).toBe(1024);
  });

  it('does not read a body that says it is too large', async () => {
    const url = await serve((_request, response) => {
      response.writeHead(200, { 'content-length': '1025' });
      response.flushHeaders();
    });
    await expect(ask(url)).rejects.toMatchObject({
      code: 'too-large',
      message: 'GET registry.example/team/app:v1: the answer is larger than 1024 bytes',
    });
  });

  it('stops reading a body that never ends', async () => {
    let closed: Promise<unknown> = Promise.resolve();
    const url = await serve((_request, response) => {
      closed = once(response, 'close');
      const pour = (): void => {
        while (!response.destroyed && response.write('x'.repeat(512)));
        if (!response.destroyed) response.once('drain', pour);
      };
      pour();
    });
    await expect(ask(url)).rejects.toMatchObject({ code: 'too-large' });
    await closed;
  });

  it.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
  ] as const)('undoes %s, and stops a bomb', async (encoding, compress) => {
    const url = await serve((request, response) => {
      response.setHeader('content-encoding', encoding);
      response.end(compress(request.url === '/v2/bomb' ? 'x'.repeat(1_000_000) : 'hello'));
    });
    expect(textOf((await ask(url)).bytes)).toBe('hello');
    await expect(ask(`${url}bomb`, { maxBytes: 10_000 })).rejects.toMatchObject({ code: 'too-large' });
  });

  it.each([
    ['an encoding that it does not know', 'compress', 'a content encoding that was not asked for'],
    ['two encodings', 'gzip, br', 'a content encoding that was not asked for'],
    ['bytes that are not what they say', 'gzip', 'not what its content encoding says'],
  ])('refuses %s', async (_name, encoding, problem) => {
    const url = await serve((_request, response) => {
      response.setHeader('content-encoding', encoding);
      response.end('plain');
    });
    await expect(ask(url)).rejects.toMatchObject({
      code: 'invalid-response',
      message: expect.stringContaining(problem),
    });
  });

  it('cuts the body of an error off, and keeps its status', async () => {
    const url = await serve((_request, response) => {
      response.statusCode = 500;
      response.end('x'.repeat(1_000_000));
    });
    const response = await ask(url);
    expect(response.status).toBe(500);
    expect(response.bytes.byteLength).toBeLessThanOrEqual(64 * 1024);
  });
});

describe('the innermost Send, when connections fail', () => {
  it('says that nobody listens', async () => {
    const url = await serveRaw(() => undefined);
    await cleanups.pop()?.();
    await expect(ask(url)).rejects.toMatchObject({
      code: 'unavailable',
      message: 'GET registry.example/team/app:v1: connection refused',
    });
  });

  it('says that a name does not resolve', async () => {
    await expect(ask('https://registry.invalid/v2/')).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('notices a connection that breaks before the answer', async () => {
    const url = await serveRaw((socket) => socket.once('data', () => socket.destroy()));
    await expect(ask(url)).rejects.toMatchObject({ code: 'unavailable' });
  });

  it.each([
    ['shorter than it said', 'HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf'],
    ['chunked without an end', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n4\r\nhalf\r\n'],
  ])('notices a body %s', async (_name, bytes) => {
    const url = await serveRaw((socket) => socket.once('data', () => socket.end(bytes)));
    await expect(ask(url)).rejects.toMatchObject({ code: 'unavailable' });
  });

  it('notices what is not HTTP, and does not quote it', async () => {
    const url = await serveRaw((socket) => socket.once('data', () => socket.end('hunter2 hunter2\r\n\r\n')));
    const error: unknown = await ask(url).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'invalid-response' });
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('hunter2');
  });

  it.each([
    ['does not answer', () => undefined, { idleMs: 100 }, 'no answer in time'],
    [
      'stops in the middle',
      (socket: Socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nx'),
      { idleMs: 100 },
      'the answer stopped coming',
    ],
  ])('gives up on a server that %s', async (_name, onData, timeouts, problem) => {
    const url = await serveRaw((socket) => socket.once('data', () => void onData(socket)));
    await expect(ask(url, {}, { timeouts })).rejects.toMatchObject({
      code: 'timeout',
      message: `GET registry.example/team/app:v1: ${problem}`,
    });
  });

  it('gives up on an answer that trickles in', async () => {
    const url = await serve((_request, response) => {
      const trickle = setInterval(() => response.write('x'), 10);
      response.once('close', () => clearInterval(trickle));
    });
    await expect(ask(url, {}, { timeouts: { totalMs: 150 } })).rejects.toMatchObject({
      code: 'timeout',
      message: 'GET registry.example/team/app:v1: no complete answer within 150 ms',
    });
  });

  it.each(['before the answer', 'in the middle of the body'])('stops %s when it is told to', async (when) => {
    const { promise: asked, resolve } = Promise.withResolvers<void>();
    const url = await serve((_request, response) => {
      if (when !== 'before the answer') response.write('x');
      resolve();
    });
    const stop = new AbortController();
    const answer = expect(clientWith().send(aRequest({ url: new URL(url) }), stop.signal)).rejects.toBe(
      'stop',
    );
    await asked;
    stop.abort('stop');
    await answer;
  });

  it('sends nothing for a signal that is aborted already', async () => {
    const answer = clientWith().send(
      aRequest({ url: new URL('https://registry.invalid/') }),
      AbortSignal.abort('stop'),
    );
    await expect(answer).rejects.toBe('stop');
  });
});

describe('the innermost Send, about addresses', () => {
  it('dials no metadata address, however it is written', async () => {
    for (const host of ['169.254.169.254', '[fd00:ec2::254]', '[::ffff:a9fe:a9fe]']) {
      await expect(ask(`http://${host}/latest/meta-data`)).rejects.toMatchObject({ code: 'blocked' });
    }
  });

  it('dials loopback only where that is allowed', async () => {
    let asked = 0;
    const url = await serve((_request, response) => {
      asked += 1;
      response.end('x');
    });
    const addresses = { allowLoopback: false };
    await expect(ask(url, {}, { addresses })).rejects.toMatchObject({ code: 'blocked' });
    const named = url.replace('127.0.0.1', 'localhost');
    await expect(ask(named, {}, { addresses })).rejects.toMatchObject({
      code: 'blocked',
      message: expect.stringMatching(/localhost: (127\.0\.0\.1|::1) is a loopback address$/),
    });
    expect(asked).toBe(0);
    expect((await ask(named)).status).toBe(200);
    expect(asked).toBe(1);
  });
});

describe('the innermost Send, over TLS', () => {
  let certificate: Certificate;
  beforeAll(async () => {
    certificate = await createCertificate();
  });
  afterAll(() => expect(cleanups).toEqual([]));

  const secret = 'Bearer hunter2';
  const serveTls = async (tls = certificate) => {
    const seen: unknown[] = [];
    const url = await serve((request, response) => {
      seen.push(request.headers.authorization);
      response.end('x');
    }, tls);
    return { url, seen };
  };

  it('trusts no authority that it was not told of, and sends it nothing', async () => {
    const { url, seen } = await serveTls();
    await expect(ask(url, { headers: { authorization: secret } })).rejects.toMatchObject({
      code: 'certificate',
      message: 'GET registry.example/team/app:v1: the certificate is signed by an unknown authority',
    });
    expect(seen).toEqual([]);
  });

  it('trusts an authority that it was told of', async () => {
    const { url } = await serveTls();
    expect((await ask(url, {}, { certificates: trusting(certificate.ca) })).status).toBe(200);
  });

  it('does not take a certificate for another host', async () => {
    const other = await createCertificate([{ type: 'dns', value: 'other.example' }]);
    const { url } = await serveTls(other);
    await expect(ask(url, {}, { certificates: trusting(other.ca) })).rejects.toMatchObject({
      code: 'certificate',
      message: 'GET registry.example/team/app:v1: the certificate is for another host',
    });
  });

  it('takes any certificate for a request that may be insecure, and for no other after it', async () => {
    const { url } = await serveTls();
    const { send } = clientWith();
    expect((await send(aRequest({ url: new URL(url), access: insecure }), never)).status).toBe(200);
    await expect(send(aRequest({ url: new URL(url) }), never)).rejects.toMatchObject({ code: 'certificate' });
  });

  it('tells a server that speaks http from one that is broken', async () => {
    const plain = await serve((_request, response) => response.end());
    await expect(ask(plain.replace('http:', 'https:'))).rejects.toMatchObject({ code: 'http-not-https' });
    const broken = await serveRaw((socket) => socket.once('data', () => socket.destroy()));
    await expect(ask(broken.replace('http:', 'https:'))).rejects.toMatchObject({ code: 'unavailable' });
  });
});
