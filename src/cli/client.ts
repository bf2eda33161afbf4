import { text as readText } from 'node:stream/consumers';
import type { KubernetesObject } from '../api/meta.ts';
import { apiVersionOf, type Resource } from '../api/resource.ts';
import { StatusError } from '../api/status.ts';
import { formatDuration } from '../lib/duration.ts';
import { failureOf, isObject, isSuccess, parseJson } from './answers.ts';
import type { Connection } from './connection.ts';
import { CliError } from './errors.ts';
import { type ApiRequest, exchange, linesOf, unreachable } from './exchange.ts';
import type { Session, SignedIn } from './session.ts';

/** What has to be known of a kind to list it. */
export type ListedResource<T extends KubernetesObject = KubernetesObject> = Pick<
  Resource<T>,
  'group' | 'version' | 'plural' | '__object'
>;

/** Objects per page of a list. */
const pageSize = 500;

/** The API server, as far as the commands need it. */
export type ApiClient = {
  readonly namespace: string;
  /** The same server, another namespace. */
  readonly in: (namespace: string) => ApiClient;
  /** Reads an object of the namespace. Rejects with a StatusError as the server says, such as `NotFound`. */
  readonly get: <T extends KubernetesObject>(
    resource: Resource<T>,
    name: string,
    signal: AbortSignal,
  ) => Promise<T>;
  /** Reads all objects of a kind, of the namespace or of all of them, page by page. */
  readonly list: <T extends KubernetesObject>(
    resource: ListedResource<T>,
    scope: 'namespace' | 'all namespaces',
    signal: AbortSignal,
  ) => Promise<readonly T[]>;
  /** Creates an object in the namespace; resolves to what the server made of it. */
  readonly create: <T extends KubernetesObject>(
    resource: Resource<T>,
    object: unknown,
    signal: AbortSignal,
  ) => Promise<T>;
  /** Writes an object of the namespace under its name; resolves to what the server made of it. */
  readonly replace: <T extends KubernetesObject>(
    resource: Resource<T>,
    name: string,
    object: unknown,
    signal: AbortSignal,
  ) => Promise<T>;
  /** Changes fields of an object of the namespace by a JSON merge patch. */
  readonly patch: <T extends KubernetesObject>(
    resource: Resource<T>,
    name: string,
    patch: unknown,
    signal: AbortSignal,
  ) => Promise<T>;
  /** The same for the status of an object, which is written apart. */
  readonly patchStatus: <T extends KubernetesObject>(
    resource: Resource<T>,
    name: string,
    patch: unknown,
    signal: AbortSignal,
  ) => Promise<T>;
  /** Deletes an object of the namespace. */
  readonly delete: (resource: Resource, name: string, signal: AbortSignal) => Promise<void>;
  /** What the server has of the group and version of a resource, by plural; undefined where it does not say. */
  readonly resources: (resource: Resource, signal: AbortSignal) => Promise<readonly string[] | undefined>;
  /** Resolves when an answer begins that may never end, to its lines as they come; they end when the server closes it. */
  readonly lines: (path: string, signal: AbortSignal) => Promise<AsyncIterable<string>>;
};

/** Time limits in milliseconds; 0 waits for ever. Of `lines`, only the beginning of the answer is limited. */
export type ClientTimeouts = { readonly readMs: number; readonly createMs: number };

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

const mergePatch = (path: string, patch: unknown): ApiRequest => ({
  method: 'PATCH',
  path,
  body: JSON.stringify(patch),
  contentType: 'application/merge-patch+json',
});

type Call = (request: ApiRequest, timeoutMs: number, signal: AbortSignal) => Promise<unknown>;

type ListPage<T> = {
  readonly items?: readonly T[] | null;
  readonly metadata?: { readonly continue?: string };
};

/** The verbs for the objects of one namespace. */
const verbsIn = (
  namespace: string,
  call: Call,
  timeouts: ClientTimeouts,
): Omit<ApiClient, 'in' | 'lines'> => {
  const collectionOf = ({ group, version, plural, namespaced }: Resource): string =>
    `/${group === '' ? 'api' : `apis/${group}`}/${version}${namespaced ? `/namespaces/${segmentOf(namespace)}` : ''}/${plural}`;
  const pathOf = (resource: Resource, name: string): string => `${collectionOf(resource)}/${segmentOf(name)}`;
  // A request for an object of a kind is answered with one: the server is trusted with that.
  const ask = async <T>(request: ApiRequest, signal: AbortSignal): Promise<T> =>
    (await call(request, request.method === 'POST' ? timeouts.createMs : timeouts.readMs, signal)) as T;
  return {
    namespace,
    list: async <T extends KubernetesObject>(
      { group, version, plural }: ListedResource<T>,
      scope: 'namespace' | 'all namespaces',
      signal: AbortSignal,
    ) => {
      const place = scope === 'namespace' ? `namespaces/${segmentOf(namespace)}/` : '';
      const items: T[] = [];
      for (let position: string | undefined = ''; position !== undefined; ) {
        const query = new URLSearchParams({
          limit: String(pageSize),
          ...(position === '' ? {} : { continue: position }),
        });
        const path = `/apis/${group}/${version}/${place}${plural}?${query.toString()}`;
        const page: ListPage<T> = await ask({ method: 'GET', path }, signal);
        items.push(...(page.items ?? []));
        position = page.metadata?.continue || undefined;
      }
      return items;
    },
    get: (resource, name, signal) => ask({ method: 'GET', path: pathOf(resource, name) }, signal),
    create: (resource, object, signal) =>
      ask({ method: 'POST', path: collectionOf(resource), body: JSON.stringify(object) }, signal),
    replace: (resource, name, object, signal) =>
      ask({ method: 'PUT', path: pathOf(resource, name), body: JSON.stringify(object) }, signal),
    patch: (resource, name, patch, signal) => ask(mergePatch(pathOf(resource, name), patch), signal),
    patchStatus: (resource, name, patch, signal) =>
      ask(mergePatch(`${pathOf(resource, name)}/status`, patch), signal),
    resources: async ({ group, version }, signal) => {
      const path = `/apis/${group}/${version}`;
      const list = await ask<{ readonly kind?: unknown; readonly resources?: unknown }>(
        { method: 'GET', path },
        signal,
      );
      const found =
        list.kind === 'APIResourceList' && Array.isArray(list.resources) ? list.resources : undefined;
      return found?.map((one: { readonly name: string }) => one.name);
    },
    delete: async (resource, name, signal) => {
      const body = JSON.stringify({ kind: 'DeleteOptions', apiVersion: apiVersionOf(resource) });
      await ask({ method: 'DELETE', path: pathOf(resource, name), body }, signal);
    },
  };
};

/** Speaks to an API server over kept connections. */
export const createClient = (session: Session, timeouts: ClientTimeouts): ApiClient => {
  const call: Call = (request, timeoutMs, caller) =>
    session.signedIn(({ connection, agent }) =>
      limited(connection, timeoutMs, caller, async (signal) => {
        const response = await exchange(connection, agent, request, signal);
        const body = await readText(response);
        const answer = isSuccess(response) ? parseJson(body) : undefined;
        if (!isObject(answer)) throw failureOf(connection, response, body);
        return answer;
      }),
    );

  const begin = ({ connection, agent }: SignedIn, request: ApiRequest, caller: AbortSignal) =>
    limited(connection, timeouts.readMs, caller, async (limit) => {
      // Once the answer has begun, only the caller may end it: the limit must not reach it any more.
      const start = new AbortController();
      const onLimit = (): void => start.abort(limit.reason);
      limit.addEventListener('abort', onLimit, { once: true });
      const response = await exchange(connection, agent, request, AbortSignal.any([caller, start.signal]));
      limit.removeEventListener('abort', onLimit);
      if (!isSuccess(response)) throw failureOf(connection, response, await readText(response));
      return { connection, response };
    });

  async function* follow(
    { connection, response }: Awaited<ReturnType<typeof begin>>,
    signal: AbortSignal,
  ): AsyncGenerator<string> {
    try {
      yield* linesOf(response);
    } catch (error) {
      signal.throwIfAborted();
      throw unreachable(connection, error);
    } finally {
      response.destroy();
    }
  }

  const lines: ApiClient['lines'] = async (path, signal) =>
    follow(await session.signedIn((now) => begin(now, { method: 'GET', path }, signal)), signal);
  const clientIn = (namespace: string): ApiClient => ({
    ...verbsIn(namespace, call, timeouts),
    in: clientIn,
    lines,
  });
  return clientIn(session.namespace);
};
