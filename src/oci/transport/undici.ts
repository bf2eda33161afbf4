import { promisify } from 'node:util';
import { brotliDecompress, gunzip, inflate, type ZlibOptions } from 'node:zlib';
import { type Dispatcher, errors } from 'undici';
import { type Clock, systemClock } from '../../lib/clock.ts';
import { limitSignal } from '../../lib/linked-signal.ts';
import { createBoundedMap } from '../bounded-map.ts';
import { RegistryError } from '../errors.ts';
import { type AddressPolicy, blockedHostname } from './address.ts';
import { type Certificates, noCertificates } from './certificates.ts';
import { createConnections } from './connections.ts';
import { describeNetworkError } from './network-error.ts';
import type { ChooseProxy } from './proxy.ts';
import { type RegistryRequest, type RegistryResponse, requestError, type Send } from './send.ts';

/** How long the parts of a request may take. */
export type Timeouts = {
  /** TCP and TLS. Default 10 s. */
  readonly connectMs: number;
  /** From the request to the headers, and between two pieces of the body. Default 30 s. */
  readonly idleMs: number;
  /** A whole request; ends what trickles in. Default 60 s. */
  readonly totalMs: number;
};

/** How sockets are opened. */
export type UndiciOptions = {
  readonly addresses: AddressPolicy;
  readonly timeouts?: Partial<Timeouts> | undefined;
  /** Authorities and client certificates per host. Default none but the authorities that Node knows. */
  readonly certificates?: Certificates | undefined;
  /** Default none: every host is asked directly. */
  readonly chooseProxy?: ChooseProxy | undefined;
  readonly clock?: Pick<Clock, 'monotonic'> | undefined;
};

/** Registries answer within a second or two; these bound what a broken one costs. */
const defaultTimeouts: Timeouts = { connectMs: 10_000, idleMs: 30_000, totalMs: 60_000 };

/** Origins of which it is remembered how they are spoken to: names of registries are anybody's to make up. */
const maxOrigins = 1_000;

/** Errors say what they have to say in the beginning. */
const maxErrorBytes = 64 * 1024;

type Decompress = (bytes: Uint8Array, options: ZlibOptions) => Promise<Uint8Array>;

const decompressors: Readonly<Record<string, Decompress>> = {
  gzip: promisify<Uint8Array, ZlibOptions, Uint8Array>(gunzip),
  'x-gzip': promisify<Uint8Array, ZlibOptions, Uint8Array>(gunzip),
  deflate: promisify<Uint8Array, ZlibOptions, Uint8Array>(inflate),
  br: promisify<Uint8Array, ZlibOptions, Uint8Array>(brotliDecompress),
};

const tooLarge = (request: RegistryRequest): RegistryError =>
  requestError(request, 'too-large', `the answer is larger than ${request.maxBytes} bytes`);

const joinHeaders = (headers: Dispatcher.ResponseData['headers']): Readonly<Record<string, string>> => {
  const joined: Record<string, string> = Object.create(null);
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) joined[name] = typeof value === 'string' ? value : value.join(', ');
  }
  return joined;
};

const readBody = async (
  request: RegistryRequest,
  response: Dispatcher.ResponseData,
  isError: boolean,
): Promise<Uint8Array> => {
  const maxBytes = isError ? maxErrorBytes : request.maxBytes;
  const chunks: Uint8Array[] = [];
  let size = 0;
  // Leaving the loop destroys the body, and with it the connection: nothing more is read.
  for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
    size += chunk.byteLength;
    if (size > maxBytes) {
      if (isError) break;
      throw tooLarge(request);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
};

/** Undoes a content encoding that nobody asked for: some caches compress all the same. */
const decode = async (
  request: RegistryRequest,
  bytes: Uint8Array,
  encoding: string | undefined,
): Promise<Uint8Array> => {
  if (encoding === undefined || encoding === '' || encoding.toLowerCase() === 'identity') return bytes;
  const decompress = decompressors[encoding.toLowerCase()];
  if (decompress === undefined) {
    throw requestError(
      request,
      'invalid-response',
      'the answer has a content encoding that was not asked for',
      { fault: 'content-encoding' },
    );
  }
  try {
    return await decompress(bytes, { maxOutputLength: request.maxBytes });
  } catch (error) {
    if (error instanceof RangeError) throw tooLarge(request);
    throw requestError(request, 'invalid-response', 'the answer is not what its content encoding says', {
      fault: 'content-encoding',
      cause: error,
    });
  }
};

const readAnswer = async (
  request: RegistryRequest,
  response: Dispatcher.ResponseData,
): Promise<RegistryResponse> => {
  const headers = joinHeaders(response.headers);
  const isError = response.statusCode < 200 || response.statusCode > 299;
  const answer = { status: response.statusCode, headers, url: request.url };
  if (!isError && request.method !== 'HEAD' && Number(headers['content-length']) > request.maxBytes) {
    response.body.destroy();
    throw tooLarge(request);
  }
  const raw = await readBody(request, response, isError);
  if (isError || request.method === 'HEAD') return { ...answer, bytes: raw };
  return { ...answer, bytes: await decode(request, raw, headers['content-encoding']) };
};

const noCertificatesAnywhere: Certificates = async () => ({ ok: true, certificates: noCertificates });

/**
 * The innermost Send: sockets. Connections are kept alive per host. HTTP/1.1 only: the gate spreads requests over connections
 * already.
 */
export const createUndiciSend = (options: UndiciOptions) => {
  const { addresses, certificates = noCertificatesAnywhere, clock = systemClock } = options;
  const { connectMs, idleMs, totalMs } = { ...defaultTimeouts, ...options.timeouts };
  const chooseProxy = options.chooseProxy ?? (() => undefined);
  const connections = createConnections({
    addresses,
    certificates,
    chooseProxy,
    connectMs,
    idleMs,
    clock,
  });

  const explain = (request: RegistryRequest, error: unknown): RegistryError => {
    const { code, problem, fault, cause } = describeNetworkError(error);
    const proxy = chooseProxy(request.url);
    // The host alone: the URL may hold a password.
    const way = proxy === undefined ? '' : `, by way of the proxy ${proxy.host}`;
    return requestError(request, code, `${problem}${way}`, { fault, cause });
  };

  /**
   * Whether connections are used on after a HEAD, by origin. A server that wrongly sends a body makes no HTTP of its next answer: that
   * one is asked for anew, and from then on each HEAD has a connection of its own.
   */
  const afterHead = createBoundedMap<'kept' | 'closed'>(maxOrigins);

  const send: Send = async (request, signal) => {
    signal.throwIfAborted();
    const blocked = blockedHostname(request.url.hostname, addresses);
    if (blocked !== undefined) throw requestError(request, 'blocked', blocked, { fault: 'address' });
    const limit = limitSignal(signal, totalMs);
    const { origin } = request.url;
    try {
      const dispatcher = await connections.for(request);
      const response = await dispatcher.request({
        origin,
        path: `${request.url.pathname}${request.url.search}`,
        method: request.method,
        headers: { 'accept-encoding': 'identity', ...request.headers },
        body: request.body ?? null,
        signal: limit.signal,
        // Else each HEAD, and so each refresh, costs a connection.
        ...(request.method === 'HEAD' && afterHead.get(origin) !== 'closed' ? { reset: false } : {}),
      });
      if (request.method === 'HEAD' && afterHead.get(origin) === undefined) afterHead.set(origin, 'kept');
      return await readAnswer(request, response);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof RegistryError) throw error;
      if (limit.isOver()) {
        const problem = `no complete answer within ${totalMs} ms`;
        throw requestError(request, 'timeout', problem, { fault: 'answer-slow' });
      }
      if (error instanceof errors.HTTPParserError && afterHead.get(origin) === 'kept') {
        afterHead.set(origin, 'closed');
        return send(request, signal);
      }
      throw explain(request, error);
    } finally {
      limit.release();
    }
  };

  return { send, tlsOf: connections.tlsOf, close: connections.close };
};

/** What carries requests to their hosts. */
export type Sockets = ReturnType<typeof createUndiciSend>;
