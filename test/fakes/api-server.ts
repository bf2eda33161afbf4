import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { imageStreams } from '../../src/api/resources.ts';
import { administrator, createTokenAuthenticator } from '../../src/apiserver/authn/token.ts';
import { createGenericStorage } from '../../src/apiserver/generic-storage.ts';
import { withContentsDeleted } from '../../src/apiserver/namespaces.ts';
import { ageColumn, nameColumn } from '../../src/apiserver/resources/columns.ts';
import { configMapStrategy } from '../../src/apiserver/resources/config-map.ts';
import { deploymentStrategy } from '../../src/apiserver/resources/deployment.ts';
import { eventStrategy } from '../../src/apiserver/resources/event.ts';
import { namespaceStrategy } from '../../src/apiserver/resources/namespace.ts';
import { secretStrategy } from '../../src/apiserver/resources/secret.ts';
import type { RestStorage } from '../../src/apiserver/rest-storage.ts';
import { reviewStorages } from '../../src/apiserver/reviews.ts';
import { type ApiServerOptions, createApiServer } from '../../src/apiserver/server.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { openEmbeddedStore } from '../../src/store/embedded.ts';
import { createRecordingLogger } from './logger.ts';

/** The bearer token that a test server knows. */
export const testToken = 'test-token';

/** Built-in kinds, and streams without their rules: what the REST layer itself does shows best on them. */
const storagesOver = (store: ReturnType<typeof openEmbeddedStore>): readonly RestStorage[] => {
  const contents: readonly RestStorage[] = [
    createGenericStorage(store, configMapStrategy),
    createGenericStorage(store, secretStrategy),
    createGenericStorage(store, eventStrategy),
    createGenericStorage(store, deploymentStrategy),
    createGenericStorage(store, {
      resource: imageStreams,
      columns: [nameColumn, ageColumn],
      allowUnconditionalUpdate: false,
    }),
  ];
  const namespaces = withContentsDeleted(createGenericStorage(store, namespaceStrategy), contents);
  return [namespaces, ...contents, ...reviewStorages];
};

/** A server over an embedded store in a directory of its own; call `close` at the end. */
export const startTestServer = async (
  options: Partial<Omit<ApiServerOptions, 'storages' | 'authenticate'>> = {},
) => {
  const directory = await mkdtemp(join(tmpdir(), 'apiserver-'));
  const clock = options.clock ?? systemClock;
  const store = openEmbeddedStore({ file: join(directory, 'db'), clock });
  const logger = createRecordingLogger();
  const server = createApiServer({
    storages: storagesOver(store),
    clock,
    logger,
    authenticate: createTokenAuthenticator(testToken, administrator),
    ...options,
  });

  /** Sends one request without a socket; `body` goes as JSON unless `content-type` says otherwise. */
  const call = async (
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    url: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ) => {
    const answer = await server.inject({
      method,
      url,
      headers: { authorization: `Bearer ${testToken}`, 'content-type': 'application/json', ...headers },
      ...(body === undefined ? {} : { payload: typeof body === 'string' ? body : JSON.stringify(body) }),
    });
    return {
      status: answer.statusCode,
      headers: answer.headers,
      text: answer.body,
      body: parse(answer.body),
    };
  };

  await call('POST', '/api/v1/namespaces', { metadata: { name: 'default' } });
  return {
    server,
    store,
    logger,
    directory,
    call,
    close: async () => {
      await server.close();
      await store.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
};

/** Loosely typed on purpose: tests compare it with literals. Lists are read by index or with `Object.values`. */
export type Json = { readonly [key: string]: Json };

const parse = (text: string): Json => {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return {} as Json; // not every answer is JSON: `text` has it
  }
};
