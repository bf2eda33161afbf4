import { namespaces } from '../../src/api/core.ts';
import { administrator, createTokenAuthenticator } from '../../src/apiserver/authn/token.ts';
import { newNamespace } from '../../src/apiserver/resources/namespace.ts';
import { createApiServer } from '../../src/apiserver/server.ts';
import { createStorages } from '../../src/apiserver/storages.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { createFakeImporter, type FakeImporterOptions } from './importer.ts';
import { createRecordingLogger } from './logger.ts';
import { MemoryStore } from './store.ts';

const token = 'test-token';

/** Where the streams of an {@link startImageServer} are. */
export const imageBase = '/apis/image.openshift.io/v1/namespaces/ns';

/** Everything that standalone mode serves, over a store in memory, with the namespace `ns`; call `close` at the end. */
export const startImageServer = async (images: FakeImporterOptions = {}) => {
  const store = new MemoryStore();
  const { signal } = new AbortController();
  await store.create(namespaces, newNamespace('ns'), {}, signal);
  const storages = createStorages({
    store,
    importer: createFakeImporter(images),
    keychains: () => Promise.resolve(() => []),
    clock: systemClock,
    historyLimit: 20,
    maxTagsPerRepository: 500,
  });
  const logger = createRecordingLogger();
  const authenticate = createTokenAuthenticator(token, administrator);
  const server = createApiServer({ storages, clock: systemClock, logger, authenticate });
  return {
    store,
    /** Sends one request without a socket; the answer is loosely typed: tests compare it with literals. */
    call: async (
      method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
      path: string,
      body?: unknown,
      contentType = 'application/json',
    ): Promise<{ readonly status: number; readonly body: Record<string, unknown> }> => {
      const answer = await server.inject({
        method,
        url: path.startsWith('/') ? path : `${imageBase}/${path}`,
        headers: { authorization: `Bearer ${token}`, 'content-type': contentType },
        ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
      });
      return { status: answer.statusCode, body: JSON.parse(answer.body) as Record<string, unknown> };
    },
    close: () => server.close(),
  };
};
