import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { assertMay } from './access.ts';
import { failureAnswer, noCache } from './answer.ts';
import { impersonated } from './authn/impersonation.ts';
import type { Authenticate } from './authn/token.ts';
import { type Catalog, createCatalog } from './catalog.ts';
import { createDiscovery } from './discovery.ts';
import { methodNotAllowedError, toStatus, unauthorizedError, unknownPathError } from './errors.ts';
import { type HttpAnswer, type HttpRequest, headerOf } from './http.ts';
import { negotiateError } from './negotiate.ts';
import { createOpenApi } from './openapi.ts';
import { createOpenApiV2 } from './openapi-v2.ts';
import type { RestStorage } from './rest-storage.ts';
import { parseTarget } from './router.ts';
import { createServeResource } from './serve-resource.ts';

export type HandlerOptions = {
  readonly storages: readonly RestStorage[];
  readonly clock: Clock;
  readonly logger: Logger;
  readonly authenticate: Authenticate;
  /** Version of this program, as `/version` tells it. Default `0.0.0`. */
  readonly version?: string;
};

/** Answers one request. Never rejects: every failure becomes an answer. */
export type Handler = (request: HttpRequest) => Promise<HttpAnswer>;

const json = 'application/json';

type ServePath = (request: HttpRequest) => HttpAnswer | undefined;

/** For documents whose URL names their content. */
const cacheForEver = { 'cache-control': 'public, immutable, max-age=31536000' } as const;

const textAnswer = (
  contentType: string,
  body: string | Uint8Array,
  caching: Readonly<Record<string, string>> = noCache,
): HttpAnswer => ({
  kind: 'body',
  status: 200,
  headers: { ...caching, 'content-type': contentType },
  body,
});

/** The Kubernetes API that is spoken here: clients compare their own version with it. */
const kubernetes = { major: '1', minor: '32' } as const;

const versionInfo = (version: string) => ({
  ...kubernetes,
  gitVersion: `v${kubernetes.major}.${kubernetes.minor}.0+imagestreams.${version}`,
  gitCommit: '',
  gitTreeState: '',
  buildDate: '',
  goVersion: '',
  compiler: '',
  platform: `${process.platform}/${process.arch}`,
});

/** Documents about the server itself. */
const createServePath = (catalog: Catalog, version: string): ServePath => {
  const discovery = createDiscovery(catalog);
  const openApi = createOpenApi(catalog, version);
  const openApiV2 = createOpenApiV2(version);
  return (request) => {
    const path = request.path.replace(/\/+$/, '');
    if (path === '/version') return textAnswer(json, JSON.stringify(versionInfo(version)));
    if (path === '/openapi/v2') {
      const { contentType, body } = openApiV2(headerOf(request, 'accept'));
      return textAnswer(contentType, body);
    }
    const openApiDocument = openApi(path, request.query.get('hash'));
    if (openApiDocument !== undefined)
      return textAnswer(json, openApiDocument.text, openApiDocument.isPinned ? cacheForEver : noCache);
    const document = discovery(path, headerOf(request, 'accept'));
    return document === undefined
      ? undefined
      : textAnswer(document.contentType, `${JSON.stringify(document.body)}\n`);
  };
};

/** Makes the function behind every path of the API. */
export const createHandler = (options: HandlerOptions): Handler => {
  const { storages, clock, logger, authenticate, version = '0.0.0' } = options;
  const catalog = createCatalog(storages);
  const serveResource = createServeResource(catalog, clock);
  const servePath = createServePath(catalog, version);

  const serve = async (request: HttpRequest): Promise<HttpAnswer> => {
    const sender = await authenticate(request, request.signal);
    if (sender === undefined) throw unauthorizedError();
    const user = impersonated(sender, request);
    const target = parseTarget(request.path);
    assertMay(user, request.method, target, request.query);
    if (target.kind === 'resource') return serveResource(request, target, user);
    const answer = servePath(request);
    if (answer === undefined) throw unknownPathError();
    if (request.method !== 'GET' && request.method !== 'HEAD') throw methodNotAllowedError();
    return answer;
  };

  return async (request) => {
    try {
      return await serve(request);
    } catch (error) {
      const status = toStatus(error);
      const { method, path } = request;
      if (status.code === 500) logger.error({ method, url: path, err: error }, 'request failed');
      return failureAnswer(status, negotiateError(headerOf(request, 'accept')));
    }
  };
};
