import { createServer as createHttpServer } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { Readable } from 'node:stream';
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { failure, StatusError } from '../api/status.ts';
import { assertMayRead } from './access.ts';
import { failureAnswer } from './answer.ts';
import { impersonated } from './authn/impersonation.ts';
import {
  badRequestError,
  internalError,
  methodNotAllowedError,
  tooLargeError,
  unauthorizedError,
} from './errors.ts';
import { createHandler, type HandlerOptions } from './handler.ts';
import type { BodyAnswer, HttpRequest } from './http.ts';
import { sendWatch } from './watch-stream.ts';

/** Largest body that is read; what Kubernetes reads. */
const bodyLimitBytes = 3 * 1024 * 1024;
/** How long answers that are on their way get when the server stops, and how long to say then that they come to nothing. */
const drainMs = 3000;
const refuseMs = 1000;
/** Longer than clients keep idle connections, so that none is closed under a request; in milliseconds. */
const keepAliveTimeout = 120_000;

/** What something else supplies under a path of its own: a document such as metrics, or a stream that may never end. */
export type ExtraRoute = {
  readonly path: string;
  /** Needs no token. */
  readonly isPublic: boolean;
  /** Streams end when `signal` is aborted: the client has gone, or the server stops. */
  readonly handle: (
    request: {
      readonly query: URLSearchParams;
      readonly accept: string;
      /** `Last-Event-ID` of a client that comes back to a stream of server-sent events. */
      readonly lastEventId?: string | undefined;
    },
    signal: AbortSignal,
  ) => Promise<{
    readonly status?: number;
    readonly contentType: string;
    readonly body: string | AsyncIterable<string>;
  }>;
};

export type ApiServerOptions = HandlerOptions & {
  /** PEM texts. Undefined: plain HTTP, for tests and behind a proxy that ends TLS. */
  readonly tls?: { readonly key: string; readonly cert: string } | undefined;
  /** Whether `/readyz` says yes. Default: always. */
  readonly isReady?: () => boolean;
  readonly extraRoutes?: readonly ExtraRoute[];
};

/** A server of the Kubernetes API. */
export type ApiServer = {
  /** Resolves once it accepts connections. Port 0 takes a free one. Closes when `signal` is aborted. */
  readonly listen: (host: string, port: number, signal: AbortSignal) => Promise<void>;
  /** Where it listens, e.g. `https://127.0.0.1:8443`; undefined before it does. */
  readonly address: () => string | undefined;
  /** Ends watches at once, lets other answers finish for a few seconds, then closes every connection. */
  readonly close: () => Promise<void>;
  /** Answers a request without a socket; for tests. */
  readonly inject: FastifyInstance['inject'];
};

const shutDownError = (): StatusError =>
  new StatusError(failure('ServiceUnavailable', 'the server is shutting down', { retryAfterSeconds: 1 }));

/** What is refused before or beside the handler of the API, most of it by the web framework. */
const frameworkFailure = (error: unknown): StatusError => {
  if (error instanceof StatusError) return error;
  const { code, statusCode = 500, message } = error as Error & { code?: string; statusCode?: number };
  if (code === 'FST_ERR_CTP_BODY_TOO_LARGE')
    return tooLargeError(`Request entity too large: limit is ${bodyLimitBytes}`, error);
  return statusCode < 500 ? badRequestError(message, error) : internalError(error);
};

const sendBody = (reply: FastifyReply, answer: BodyAnswer): FastifyReply => {
  for (const [name, value] of Object.entries(answer.headers))
    reply.header(name, typeof value === 'string' ? value : [...value]);
  // As bytes: the framework would add a charset to the media type of a text.
  const { body } = answer;
  return reply.code(answer.status).send(typeof body === 'string' ? Buffer.from(body) : body);
};

const toHttpRequest = (request: FastifyRequest, signal: AbortSignal): HttpRequest => {
  const url = request.raw.url ?? '/';
  const at = url.indexOf('?');
  return {
    method: request.method,
    path: at < 0 ? url : url.slice(0, at),
    query: new URLSearchParams(at < 0 ? '' : url.slice(at + 1)),
    headers: request.headers,
    body: request.body instanceof Uint8Array ? request.body : new Uint8Array(),
    signal,
  };
};

/** No route has a schema: the framework would else load what compiles them, a tenth of the start of a server. */
const noSchemas = () => () => {
  throw new Error('no route has a schema');
};

const createApp = (tls: ApiServerOptions['tls']): FastifyInstance => {
  const app = Fastify({
    bodyLimit: bodyLimitBytes,
    forceCloseConnections: 'idle',
    schemaController: { compilersFactory: { buildValidator: noSchemas, buildSerializer: noSchemas } },
    serverFactory: (handler) =>
      tls === undefined
        ? createHttpServer({ keepAliveTimeout }, handler)
        : createHttpsServer({ ...tls, keepAliveTimeout }, handler),
    frameworkErrors: (error, _request, reply) => {
      sendBody(reply, failureAnswer(frameworkFailure(error).status, 'json'));
    },
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  app.setNotFoundHandler((_request, reply) =>
    sendBody(reply, failureAnswer(methodNotAllowedError().status, 'json')),
  );
  app.setErrorHandler((error, _request, reply) =>
    sendBody(reply, failureAnswer(frameworkFailure(error).status, 'json')),
  );
  return app;
};

const addHealth = (app: FastifyInstance, isReady: () => boolean): void => {
  const answer = (reply: FastifyReply, isWell: boolean) =>
    reply
      .code(isWell ? 200 : 503)
      .type('text/plain; charset=utf-8')
      .send(isWell ? 'ok' : 'not ready');
  app.get('/livez', (_request, reply) => answer(reply, true));
  app.get('/healthz', (_request, reply) => answer(reply, true));
  app.get('/readyz', (_request, reply) => answer(reply, isReady()));
};

const lastEventIdOf = ({ headers }: FastifyRequest): string | undefined => {
  const id = headers['last-event-id'];
  return typeof id === 'string' && id !== '' ? id : undefined;
};

const addExtraRoutes = (
  app: FastifyInstance,
  { extraRoutes = [], authenticate }: ApiServerOptions,
  signalOf: (reply: FastifyReply) => AbortSignal,
): void => {
  for (const { path, isPublic, handle } of extraRoutes)
    app.get(path, async (request, reply) => {
      const signal = signalOf(reply);
      if (!isPublic) {
        const sender = await authenticate(request, signal);
        if (sender === undefined) throw unauthorizedError();
        assertMayRead(impersonated(sender, request), path);
      }
      const query = new URLSearchParams(request.raw.url?.split('?')[1]);
      const {
        status = 200,
        contentType,
        body,
      } = await handle(
        { query, accept: request.headers.accept ?? '', lastEventId: lastEventIdOf(request) },
        signal,
      );
      reply.code(status).type(contentType);
      if (typeof body === 'string') return reply.send(body);
      reply.send(Readable.from(body));
      // Whoever follows a stream learns at once that it has begun, however long its first line takes.
      reply.raw.flushHeaders();
      return reply;
    });
};

/** The answers that are on their way, so that they can be told to stop. */
const createRunning = () => {
  const aborts = new Set<AbortController>();
  return {
    /** A signal for the work behind an answer; aborted when the client goes before it has it all. */
    begin: (reply: FastifyReply): AbortSignal => {
      const abort = new AbortController();
      aborts.add(abort);
      reply.raw.once('close', () => {
        aborts.delete(abort);
        if (!reply.raw.writableFinished) abort.abort(new Error('the client has gone'));
      });
      return abort.signal;
    },
    stop: (): void => {
      for (const abort of aborts) abort.abort(shutDownError());
    },
  };
};

/** Makes a server of the Kubernetes API from the storages of its resources. */
export const createApiServer = (options: ApiServerOptions): ApiServer => {
  const { clock, logger, tls, isReady = () => true } = options;
  const handle = createHandler(options);
  const app = createApp(tls);
  const running = createRunning();
  const watches = createRunning();

  addHealth(app, isReady);
  addExtraRoutes(app, options, watches.begin);
  app.all('/*', async (request, reply) => {
    const isWatch = new URLSearchParams(request.raw.url?.split('?')[1]).has('watch');
    const signal = (isWatch ? watches : running).begin(reply);
    const answer = await handle(toHttpRequest(request, signal));
    if (answer.kind === 'body') return sendBody(reply, answer);
    reply.hijack();
    return sendWatch(reply.raw, answer, { logger, clock }, signal);
  });

  const close = async (): Promise<void> => {
    watches.stop();
    const drained = new AbortController();
    const cutOff = async (): Promise<void> => {
      await clock.sleep(drainMs, drained.signal);
      running.stop();
      await clock.sleep(refuseMs, drained.signal);
      app.server.closeAllConnections();
    };
    const deadline = cutOff().catch(() => undefined); // everything was answered in time
    await app.close();
    drained.abort();
    await deadline;
  };

  return {
    listen: async (host, port, signal) => {
      signal.throwIfAborted();
      await app.listen({ host, port });
      const onAbort = (): void => void close();
      signal.addEventListener('abort', onAbort, { once: true });
    },
    address: () => {
      const address = app.server.address();
      if (address === null || typeof address === 'string') return undefined;
      const host = address.family === 'IPv6' ? `[${address.address}]` : address.address;
      return `${tls === undefined ? 'http' : 'https'}://${host}:${address.port}`;
    },
    close,
    inject: app.inject.bind(app),
  };
};
