import { once } from 'node:events';
import { get, type IncomingMessage, request } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { startTestServer } from '../../test/fakes/api-server.ts';
import { createManualClock, eventually } from '../../test/fakes/clock.ts';
import { createRecordingLogger } from '../../test/fakes/logger.ts';
import { configMaps } from '../api/core.ts';
import { administrator } from './authn/token.ts';
import type { RestStorage } from './rest-storage.ts';
import { createApiServer, type ExtraRoute } from './server.ts';

const streams = '/apis/image.openshift.io/v1/namespaces/default/imagestreams';
const maps = '/api/v1/namespaces/default/configmaps';

const notFound = (resource: string, name: string, details: object) => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  status: 'Failure',
  message: `${resource} "${name}" not found`,
  reason: 'NotFound',
  details,
  code: 404,
});

describe('API server', () => {
  let api: Awaited<ReturnType<typeof startTestServer>>;
  beforeAll(async () => {
    api = await startTestServer();
  });
  afterAll(() => api.close());

  it('answers who brings no token with 401', async () => {
    const { statusCode, body } = await api.server.inject({ url: streams });
    expect(statusCode).toBe(401);
    expect(JSON.parse(body)).toMatchObject({ kind: 'Status', reason: 'Unauthorized' });
  });

  it('answers who brings another token with 401', async () => {
    const { status } = await api.call('GET', streams, undefined, { authorization: 'Bearer wrong' });
    expect(status).toBe(401);
  });

  it('tells its health to anybody', async () => {
    for (const url of ['/livez', '/healthz', '/readyz'])
      expect(await api.server.inject({ url })).toMatchObject({ statusCode: 200, body: 'ok' });
  });

  it('names the resource and the object that it does not find', async () => {
    const { status, body } = await api.call('GET', `${streams}/nope`);
    expect(status).toBe(404);
    expect(body).toEqual(
      notFound('imagestreams.image.openshift.io', 'nope', {
        name: 'nope',
        group: 'image.openshift.io',
        kind: 'imagestreams',
      }),
    );
  });

  it('answers a resource, group, version or scope that it does not serve with 404', async () => {
    for (const path of [
      '/apis/image.openshift.io/v1/namespaces/default/nothing',
      '/apis/image.openshift.io/v2/imagestreams',
      '/apis/nothing.example.com/v1/imagestreams',
      '/api/v1/namespaces/default/namespaces',
      '/api/v1/configmaps/one',
      `${streams}/one/nothing`,
      '/nothing',
    ]) {
      const { status, body } = await api.call('GET', path);
      expect({ path, status, message: body['message'] }).toEqual({
        path,
        status: 404,
        message: 'the server could not find the requested resource',
      });
    }
  });

  it('creates, reads, changes and deletes an object', async () => {
    const created = await api.call('POST', maps, { metadata: { name: 'life' }, data: { a: '1' } });
    expect(created.status).toBe(201);
    expect(created.body).toMatchObject({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'life', namespace: 'default', uid: expect.any(String) },
      data: { a: '1' },
    });

    const updated = await api.call('PUT', `${maps}/life`, { ...created.body, data: { a: '2' } });
    expect(updated.status).toBe(200);
    expect((await api.call('GET', `${maps}/life`)).body).toEqual(updated.body);

    const stale = await api.call('PUT', `${maps}/life`, { ...created.body, data: { a: '3' } });
    expect(stale).toMatchObject({
      status: 409,
      body: {
        reason: 'Conflict',
        message:
          'Operation cannot be fulfilled on configmaps "life": the object has been modified; please apply your changes to the latest version and try again',
      },
    });

    const deleted = await api.call('DELETE', `${maps}/life`);
    expect(deleted).toMatchObject({
      status: 200,
      body: {
        status: 'Success',
        details: { name: 'life', kind: 'configmaps', uid: created.body['metadata']?.['uid'] },
      },
    });
    expect((await api.call('GET', `${maps}/life`)).status).toBe(404);
  });

  it('refuses an object in a namespace that is not there', async () => {
    const { status, body } = await api.call('POST', '/api/v1/namespaces/nowhere/configmaps', {
      metadata: { name: 'a' },
    });
    expect(status).toBe(404);
    expect(body).toEqual(notFound('namespaces', 'nowhere', { name: 'nowhere', kind: 'namespaces' }));
  });

  it('refuses a body that is not JSON, and one that is too large', async () => {
    expect(await api.call('POST', maps, '{"metadata":')).toMatchObject({
      status: 400,
      body: { reason: 'BadRequest' },
    });
    const large = { metadata: { name: 'large' }, data: { a: 'x'.repeat(3 * 1024 * 1024) } };
    expect(await api.call('POST', maps, large)).toMatchObject({
      status: 413,
      body: { reason: 'RequestEntityTooLarge' },
    });
    expect((await api.call('GET', `${maps}/large`)).status).toBe(404);
  });

  it('answers what the web framework refuses with a Status too', async () => {
    await api.server.listen('127.0.0.1', 0, new AbortController().signal);
    const { port } = new URL(api.server.address() ?? '');
    const ask = async (path: string, method: string) => {
      const asked = request({ host: '127.0.0.1', port, path, method, agent: false }).end();
      const [answer] = (await once(asked, 'response')) as [IncomingMessage];
      return { status: answer.statusCode, type: answer.headers['content-type'], body: await text(answer) };
    };
    expect(await ask('/%zz', 'GET')).toMatchObject({
      status: 400,
      type: 'application/json',
      body: expect.stringContaining('"reason":"BadRequest"'),
    });
    expect(await ask('/api/v1', 'PROPFIND')).toMatchObject({
      status: 405,
      body: expect.stringContaining('"reason":"MethodNotAllowed"'),
    });
  });

  it('serves YAML that readers of YAML 1.1 read as it was', async () => {
    const data = { a: 'on', b: '2026-01-01T00:00:00Z' };
    await api.call('POST', maps, { metadata: { name: 'yaml' }, data });
    const answer = await api.call('GET', `${maps}/yaml`, undefined, { accept: 'application/yaml' });
    expect(answer.headers['content-type']).toBe('application/yaml');
    expect(parse(answer.text, { schema: 'yaml-1.1' })).toMatchObject({ data });
  });

  it('reads YAML', async () => {
    const yaml = { 'content-type': 'application/yaml' };
    const created = await api.call('POST', maps, 'metadata: {name: from-yaml}\ndata: {a: "1"}\n', yaml);
    expect(created).toMatchObject({ status: 201, body: { data: { a: '1' } } });
    expect((await api.call('POST', maps, 'a: [', yaml)).status).toBe(400);
    expect((await api.call('POST', maps, 'a: 1', { 'content-type': 'text/plain' })).status).toBe(415);
  });
});

describe('a request with a deadline', () => {
  it('is answered when the time that the client gives it is over', async () => {
    const clock = createManualClock();
    const stuck: RestStorage = {
      resource: configMaps,
      columns: [],
      get: (_key, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason));
        }),
    };
    const server = createApiServer({
      storages: [stuck],
      clock,
      logger: createRecordingLogger(),
      authenticate: () => administrator,
    });
    const answer = server.inject({ url: `${maps}/a?timeout=1m30s` });
    await eventually(() => clock.sleeping() === 1);
    await clock.advance(90_000);
    expect(await answer).toMatchObject({
      statusCode: 504,
      body: expect.stringContaining('did not complete within the allotted timeout'),
    });
  });
});

describe('an extra route that streams', () => {
  it('begins its answer before there is anything to tell, and ends when the server stops', async () => {
    const route: ExtraRoute = {
      path: '/feed',
      isPublic: true,
      handle: async (_, signal) => ({
        status: 202,
        contentType: 'application/x-ndjson',
        body: untilAborted(signal),
      }),
    };
    const api = await startTestServer({ extraRoutes: [route] });
    await api.server.listen('127.0.0.1', 0, new AbortController().signal);
    const response = await new Promise<IncomingMessage>((resolve) => {
      get(`${api.server.address()}/feed`, { agent: false }, resolve);
    });
    expect(response.statusCode).toBe(202);
    expect(response.headers['content-type']).toContain('application/x-ndjson');
    const [words] = await Promise.all([text(response), api.close()]);
    expect(words).toBe('last words\n');
  });
});

/** Says nothing until it is told to stop. */
async function* untilAborted(signal: AbortSignal): AsyncGenerator<string> {
  await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  yield 'last words\n';
}
