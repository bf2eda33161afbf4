import type { Dispatcher } from 'undici';
import type { Status } from '../api/status.ts';
import type { Clock } from '../lib/clock.ts';
import { limitSignal } from '../lib/linked-signal.ts';
import { StoreError } from '../store/errors.ts';
import type { Connection, Credentials } from './connection.ts';
import { createDispatchers } from './dispatchers.ts';
import { ApiError } from './errors.ts';
import { readLines } from './lines.ts';
import type { Priority, Throttle } from './throttle.ts';

export type ApiRequest = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below the server's URL, each segment encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Which kind of JSON the body is. Default: `application/json`. */
  readonly contentType?: string;
  readonly priority?: Priority;
};

/** Requests to one API server. Both reject with an {@link ApiError}, with the StoreError `unavailable`, or with `signal.reason`. */
export type ApiClient = {
  /** The JSON that a request is answered with. */
  readonly request: (request: ApiRequest, signal: AbortSignal) => Promise<unknown>;
  /** The JSON documents of an answer that goes on, one per line, until the server ends it. */
  readonly stream: (request: ApiRequest, signal: AbortSignal) => AsyncGenerator<unknown, void, undefined>;
  readonly close: () => Promise<void>;
};

export type ApiClientOptions = {
  readonly connection: Connection;
  readonly throttle: Throttle;
  readonly clock: Clock;
  readonly userAgent: string;
  /**
   * Called right before a write is sent; throws where it must not be. A write is over {@link writeTimeoutMs} later, whatever the network
   * does, because the server is told, too.
   */
  readonly beforeWrite?: (() => void) | undefined;
};

/** Longest that a write may take. */
export const writeTimeoutMs = 2_500;
/** Longest that a read may take; a page of large objects needs some. */
const readTimeoutMs = 30_000;
/** A watch without a line for so long is dead: servers send a bookmark each minute. */
const silenceMs = 150_000;
/** How often a request is sent that the server has no time for. */
const maxAttempts = 5;
const maxRetryAfterMs = 10_000;

const urlOf = (server: URL, { path, query = {} }: ApiRequest): URL => {
  const url = new URL(server.pathname.replace(/\/$/, '') + path, server);
  for (const [name, value] of Object.entries(query))
    if (value !== undefined) url.searchParams.set(name, value);
  return url;
};

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    // A proxy or a server that is starting: the code says enough.
    return undefined;
  }
};

const isStatus = (value: unknown): value is Status =>
  typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'Status';

const refusal = ({ method, path }: ApiRequest, code: number, body: unknown): ApiError => {
  const status = isStatus(body) ? body : {};
  const why = status.message ?? `HTTP ${code}`;
  return new ApiError(code, status, `${method} ${path}: ${why}`);
};

/** What a failed connection is to whoever reads and writes objects; a bug stays what it is. */
const explain = (request: ApiRequest, error: unknown, isLate = false): unknown => {
  if (error instanceof StoreError) return error;
  const { method, path } = request;
  const isNetwork = error instanceof Error && 'code' in error && typeof error.code === 'string';
  if (!isLate && !isNetwork) return error;
  const why = isLate ? 'no answer in time' : error instanceof Error ? error.message : '';
  return new StoreError('unavailable', `${method} ${path}: ${why}`, { cause: error });
};

type Answer =
  | { readonly kind: 'body'; readonly body: unknown }
  | { readonly kind: 'busy'; readonly waitMs: number; readonly error: ApiError };

/** How long the server wants us to wait before the same request again; undefined: it did not say that. */
const retryAfterMs = ({ statusCode, headers }: Dispatcher.ResponseData): number | undefined => {
  const seconds = Number(headers['retry-after'] ?? Number.NaN);
  if (statusCode !== 429 || Number.isNaN(seconds)) return undefined;
  return Math.min(seconds * 1000, maxRetryAfterMs);
};

/** Opens requests: signs in, and has a write checked at the last moment. */
const createDispatch = ({ connection, userAgent, beforeWrite }: ApiClientOptions) => {
  const dispatchers = createDispatchers(connection.proxy);

  const signIn = async (): Promise<Credentials> => {
    try {
      return await connection.credentials();
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      const message = `cannot sign in to ${connection.server.host}: ${why}`;
      throw new StoreError('unavailable', message, { cause: error });
    }
  };

  const dispatch = async (
    request: ApiRequest,
    kind: 'requests' | 'streams',
    signal: AbortSignal,
  ): Promise<Dispatcher.ResponseData> => {
    const { headers, tls } = await signIn();
    const url = urlOf(connection.server, request);
    const hasBody = request.body !== undefined;
    // Nothing is awaited between this and the socket.
    if (request.method !== 'GET') beforeWrite?.();
    return dispatchers.for(tls)[kind].request({
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      method: request.method,
      headers: {
        ...headers,
        accept: 'application/json',
        'user-agent': userAgent,
        ...(hasBody ? { 'content-type': request.contentType ?? 'application/json' } : {}),
      },
      body: hasBody ? JSON.stringify(request.body) : null,
      headersTimeout: readTimeoutMs,
      bodyTimeout: silenceMs,
      signal,
    });
  };
  return { dispatch, close: dispatchers.close };
};

type Dispatch = ReturnType<typeof createDispatch>['dispatch'];

/** One try of a request, bounded in time. */
const once = async (dispatch: Dispatch, request: ApiRequest, signal: AbortSignal): Promise<Answer> => {
  const isWrite = request.method !== 'GET';
  const limit = limitSignal(signal, isWrite ? writeTimeoutMs : readTimeoutMs);
  const bounded = isWrite
    ? { ...request, query: { ...request.query, timeout: `${writeTimeoutMs}ms` } }
    : request;
  try {
    const response = await dispatch(bounded, 'requests', limit.signal);
    const body = parse(await response.body.text());
    if (response.statusCode < 300) return { kind: 'body', body };
    const error = refusal(request, response.statusCode, body);
    const waitMs = retryAfterMs(response);
    if (waitMs === undefined) throw error;
    return { kind: 'busy', waitMs, error };
  } catch (error) {
    signal.throwIfAborted();
    throw explain(request, error, limit.isOver());
  } finally {
    limit.release();
  }
};

/** Talks JSON to an API server with the credentials of a {@link Connection}. */
export const createApiClient = (options: ApiClientOptions): ApiClient => {
  const { throttle, clock } = options;
  const { dispatch, close } = createDispatch(options);
  return {
    request: async (request, signal) => {
      const { priority = 'other' } = request;
      for (let attempt = 1; ; attempt++) {
        const answer = await throttle(priority, () => once(dispatch, request, signal), signal);
        if (answer.kind === 'body') return answer.body;
        if (attempt === maxAttempts) throw answer.error;
        await clock.sleep(answer.waitMs, signal);
      }
    },
    stream: async function* (request, signal) {
      try {
        const response = await dispatch(request, 'streams', signal);
        if (response.statusCode >= 300)
          throw refusal(request, response.statusCode, parse(await response.body.text()));
        yield* readLines(response.body);
      } catch (error) {
        signal.throwIfAborted();
        throw explain(request, error);
      }
    },
    close,
  };
};
