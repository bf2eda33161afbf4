import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Digest } from '../../../src/oci/types.ts';
import { type AuthOptions, createGuard } from './auth.ts';
import type { Certificate } from './certificate.ts';
import type { Content } from './content.ts';
import {
  answer,
  errorAnswer,
  type Hook,
  jsonAnswer,
  type RecordedRequest,
  readRequest,
  respond,
} from './http.ts';
import { parseRoute, type Route, type RouteOptions, route } from './routes.ts';
import { createStorage } from './storage.ts';
import { type RecordedConnection, recordWire } from './wire.ts';

export type { AuthOptions } from './auth.ts';
export { type Certificate, createCertificate, trusting } from './certificate.ts';
export { anImage, anIndex, type Content, type ImageOptions, rawManifest } from './content.ts';
export type { Fault, Hook, RecordedRequest } from './http.ts';
export { type PushTarget, push } from './push.ts';
export type { RecordedConnection } from './wire.ts';

/** Where a registry has content fetched from. */
export type Redirect = {
  readonly kinds: readonly ('manifests' | 'blobs' | 'tags')[];
  readonly status: 302 | 307;
  /** Another name of this server. What is asked there needs no login, and is refused with one. */
  readonly host: string;
  /** Default the same. */
  readonly pathOf?: (path: string) => string;
};

export type FakeRegistryOptions = RouteOptions & {
  /** Serves https with this certificate. Default http. */
  readonly tls?: Certificate;
  /** Asks clients for a certificate of this authority, over https. Default asks for none. */
  readonly clientCa?: { readonly ca: string; readonly isRequired: boolean };
  /** Default open to all. */
  readonly auth?: AuthOptions;
  /** Default answers everything itself. */
  readonly redirect?: Redirect;
  /** What tokens expire by. Default the system's clock. */
  readonly now?: () => number;
};

/** An OCI registry in this process. */
export type FakeRegistry = {
  /** `127.0.0.1:PORT`. */
  readonly host: string;
  readonly url: string;
  /** Every request so far, oldest first. */
  readonly requests: readonly RecordedRequest[];
  /** `GET /v2/app/manifests/v1` per request so far. */
  readonly log: () => readonly string[];
  /** Every connection so far with every byte that it brought. */
  readonly connections: readonly RecordedConnection[];
  readonly forgetRequests: () => void;
  /** Stores an image or index with all it refers to. Adding under a tag again moves it. */
  readonly add: (repository: string, content: Content, tag?: string) => void;
  /** The bytes of a blob, by the path that it is asked for at. */
  readonly blob: (repository: string, path: string) => Uint8Array;
  readonly deleteTag: (repository: string, tag: string) => void;
  /** Lets `hook` break requests until the returned function is called; hooks that came last are asked first. */
  readonly intercept: (hook: Hook) => () => void;
  readonly revokeTokens: () => void;
  readonly stop: () => Promise<void>;
};

/** Starts a {@link FakeRegistry} on a free port of loopback. */
export const startFakeRegistry = async (options: FakeRegistryOptions = {}): Promise<FakeRegistry> => {
  const storage = createStorage();
  const guard =
    options.auth === undefined ? undefined : createGuard(options.auth, options.now ?? (() => Date.now()));
  const requests: RecordedRequest[] = [];
  const hooks: Hook[] = [];
  let url = '';

  const { redirect } = options;
  const fromStorage = (found: Route, request: RecordedRequest) =>
    request.headers['authorization'] === undefined
      ? route(storage, found, request, options)
      : errorAnswer(400, 'UNSUPPORTED');

  const answerOf = (request: RecordedRequest) => {
    const { pathname } = request.url;
    if (guard?.isForToken(request) === true) return guard.token(request);
    const found = parseRoute(pathname);
    if (found !== undefined && request.url.host === redirect?.host) return fromStorage(found, request);
    const refusal = guard?.check(request, found?.repository ?? '');
    if (refusal !== undefined) return refusal;
    if (found !== undefined && redirect?.kinds.some((kind) => kind === found.kind) === true) {
      const target = new URL(redirect.pathOf?.(request.path) ?? request.path, request.url);
      target.host = redirect.host;
      return answer(redirect.status, { location: target.href });
    }
    if (pathname === '/v2/')
      return jsonAnswer(200, {}, { 'docker-distribution-api-version': 'registry/2.0' });
    return found === undefined ? errorAnswer(404, 'UNSUPPORTED') : route(storage, found, request, options);
  };

  const listener: RequestListener = (incoming, outgoing) => {
    const serve = async (): Promise<void> => {
      const request = await readRequest(incoming);
      requests.push(request);
      const fault = hooks.map((hook) => hook(request)).find((found) => found !== undefined);
      await respond(incoming, outgoing, fault, () => answerOf(request));
    };
    serve().catch(() => incoming.socket.destroy());
  };
  const server =
    options.tls === undefined
      ? createHttpServer(listener)
      : createHttpsServer(
          {
            key: options.tls.key,
            cert: options.tls.cert,
            ...(options.clientCa === undefined
              ? {}
              : {
                  ca: options.clientCa.ca,
                  requestCert: true,
                  rejectUnauthorized: options.clientCa.isRequired,
                }),
          },
          listener,
        );
  const connections = recordWire(server, options.tls !== undefined);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  url = `${options.tls === undefined ? 'http' : 'https'}://${host}`;

  return {
    host,
    url,
    requests,
    connections,
    log: () => requests.map(({ method, path }) => `${method} ${path}`),
    forgetRequests: () => requests.splice(0),
    add: storage.add,
    blob: (repository, path) => {
      const name = parseRoute(new URL(path, url).pathname)?.name ?? '';
      const found = storage.repository(repository)?.blobs.get(name as Digest);
      if (found === undefined) throw new Error(`no blob at ${path}`);
      return found.bytes;
    },
    deleteTag: (repository, tag) => storage.repository(repository)?.tags.delete(tag),
    intercept: (hook) => {
      hooks.unshift(hook);
      return () => hooks.splice(hooks.indexOf(hook), 1);
    },
    revokeTokens: () => guard?.revokeTokens(),
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
};
