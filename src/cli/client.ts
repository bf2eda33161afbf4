import type { IncomingMessage } from 'node:http';
import { Agent } from 'node:https';
import { text as readText } from 'node:stream/consumers';
import type { KubernetesObject } from '../api/meta.ts';
import type { Resource } from '../api/resource.ts';
import { type Status, StatusError } from '../api/status.ts';
import { formatDuration } from '../lib/duration.ts';
import type { Connection } from './connection.ts';
import { CliError } from './errors.ts';
import { type ApiRequest, exchange, linesOf, unreachable } from './exchange.ts';

/** The API server, as far as the commands need it. */
export type ApiClient = {
  readonly namespace: string;
  /** Reads an object of the namespace. Rejects with a StatusError as the server says, such as `NotFound`. */
  readonly get: <T extends KubernetesObject>(
    resource: Resource<T>,
    name: string,
    signal: AbortSignal,
  ) => Promise<T>;
  /** Creates an object in the namespace; resolves to what the server made of it. */
  readonly create: <T extends KubernetesObject>(
    resource: Resource<T>,
    object: unknown,
    signal: AbortSignal,
  ) => Promise<T>;
  /** Resolves when an answer begins that may never end, to its lines as they come; they end when the server closes it. */
  readonly lines: (path: string, signal: AbortSignal) => Promise<AsyncIterable<string>>;
};

/** Time limits in milliseconds; 0 waits for ever. Of `lines`, only the beginning of the answer is limited. */
export type ClientTimeouts = { readonly readMs: number; readonly createMs: number };

const agentOf = (connection: Connection): Agent =>
  new Agent({
    keepAlive: true,
    rejectUnauthorized: !connection.insecure,
    ...(connection.ca === undefined ? {} : { ca: connection.ca }),
    ...(connection.certificate === undefined ? {} : { cert: connection.certificate }),
    ...(connection.key === undefined ? {} : { key: connection.key }),
    ...(connection.serverName === undefined ? {} : { servername: connection.serverName }),
  });

const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const isObject = (value: unknown): value is { readonly kind?: unknown } =>
  typeof value === 'object' && value !== null;

const isSuccess = ({ statusCode = 0 }: IncomingMessage): boolean => statusCode >= 200 && statusCode < 300;

/** Answers of a server that is starting or stopping, or of a gateway in front of one that is gone. */
const isUnavailable = ({ statusCode = 0 }: IncomingMessage): boolean => [502, 503, 504].includes(statusCode);

/** The failure in an answer; one that is no Status came from something else than a Kubernetes API. */
const failureOf = (connection: Connection, response: IncomingMessage, body: string): Error => {
  const answer = parseJson(body);
  if (isObject(answer) && answer.kind === 'Status') return new StatusError(answer as Status);
  if (isUnavailable(response))
    return new CliError(
      'unreachable',
      `the API server at ${connection.server.origin} is not available now: HTTP ${response.statusCode ?? 0}`,
    );
  const type = response.headers['content-type'] ?? 'no content type';
  return new CliError(
    'failed',
    `${connection.server.origin} did not answer as a Kubernetes API: HTTP ${response.statusCode ?? 0}, ${type}`,
  );
};

/** Runs `work` under a time limit and turns what broke into what is said to the user. */
const limited = async <T>(
  connection: Connection,
  timeoutMs: number,
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> => {
  const limit = timeoutMs === 0 ? undefined : AbortSignal.timeout(timeoutMs);
  try {
    return await work(limit === undefined ? signal : AbortSignal.any([signal, limit]));
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof CliError || error instanceof StatusError) throw error;
    if (limit?.aborted !== true) throw unreachable(connection, error);
    throw new CliError(
      'unreachable',
      `the API server at ${connection.server.origin} did not answer within ${formatDuration(timeoutMs)}; --request-timeout allows more`,
      { cause: error },
    );
  }
};

/** Names of stream tags and images keep their `:` and `@`, as other clients send them. */
const segmentOf = (name: string): string =>
  encodeURIComponent(name).replaceAll('%3A', ':').replaceAll('%40', '@');

/** Speaks to the API server of `connection` over kept connections. */
export const createClient = (connection: Connection, timeouts: ClientTimeouts): ApiClient => {
  const agent = agentOf(connection);

  const call = (request: ApiRequest, timeoutMs: number, caller: AbortSignal): Promise<unknown> =>
    limited(connection, timeoutMs, caller, async (signal) => {
      const response = await exchange(connection, agent, request, signal);
      const body = await readText(response);
      const answer = isSuccess(response) ? parseJson(body) : undefined;
      if (!isObject(answer)) throw failureOf(connection, response, body);
      return answer;
    });

  const begin = (request: ApiRequest, caller: AbortSignal): Promise<IncomingMessage> =>
    limited(connection, timeouts.readMs, caller, async (limit) => {
      // Once the answer has begun, only the caller may end it: the limit must not reach it any more.
      const start = new AbortController();
      const onLimit = (): void => start.abort(limit.reason);
      limit.addEventListener('abort', onLimit, { once: true });
      const response = await exchange(connection, agent, request, AbortSignal.any([caller, start.signal]));
      limit.removeEventListener('abort', onLimit);
      if (!isSuccess(response)) throw failureOf(connection, response, await readText(response));
      return response;
    });

  async function* follow(response: IncomingMessage, signal: AbortSignal): AsyncGenerator<string> {
    try {
      yield* linesOf(response);
    } catch (error) {
      signal.throwIfAborted();
      throw unreachable(connection, error);
    } finally {
      response.destroy();
    }
  }

  const collectionOf = (resource: Resource): string =>
    `/apis/${resource.group}/${resource.version}/namespaces/${segmentOf(connection.namespace)}/${resource.plural}`;

  return {
    namespace: connection.namespace,
    get: async <T extends KubernetesObject>(resource: Resource<T>, name: string, signal: AbortSignal) => {
      const path = `${collectionOf(resource)}/${segmentOf(name)}`;
      return (await call({ method: 'GET', path }, timeouts.readMs, signal)) as T;
    },
    create: async <T extends KubernetesObject>(
      resource: Resource<T>,
      object: unknown,
      signal: AbortSignal,
    ) => {
      const request = { method: 'POST', path: collectionOf(resource), body: JSON.stringify(object) } as const;
      return (await call(request, timeouts.createMs, signal)) as T;
    },
    lines: async (path, signal) => follow(await begin({ method: 'GET', path }, signal), signal),
  };
};
