import { once } from 'node:events';
import { get, type IncomingMessage, request } from 'node:http';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Json, startTestServer, testToken } from '../../../test/fakes/api-server.ts';

const maps = '/api/v1/namespaces/default/configmaps';
const table = 'application/json;as=Table;v=v1;g=meta.k8s.io';

describe('watch', () => {
  let api: Awaited<ReturnType<typeof startTestServer>>;
  beforeAll(async () => {
    api = await startTestServer();
    await api.server.listen('127.0.0.1', 0, new AbortController().signal);
  });
  afterAll(() => api.close());

  /** Reads frames until there are `count`, or until the watch ends. */
  const watch = (query: string, count: number, accept = 'application/json'): Promise<readonly Json[]> =>
    new Promise((resolve, reject) => {
      const frames: Json[] = [];
      const url = `${api.server.address()}${maps}?watch=true&${query}`;
      const outgoing = request(
        url,
        { headers: { authorization: `Bearer ${testToken}`, accept } },
        (answer) => {
          const lines = createInterface(answer);
          lines.on('line', (line) => {
            frames.push(JSON.parse(line) as Json);
            if (frames.length === count) lines.close();
          });
          lines.on('close', () => {
            outgoing.destroy();
            resolve(frames);
          });
        },
      );
      outgoing.on('error', reject);
      outgoing.end();
    });

  const put = (name: string, data: object = {}, labels: object = {}) =>
    api.call('POST', maps, { metadata: { name, labels }, data });
  const revision = async () =>
    (await api.call('GET', maps)).body['metadata']?.['resourceVersion'] as unknown as string;
  const summary = (frames: readonly Json[]) =>
    frames.map(
      ({ type, object }) =>
        `${type as unknown as string} ${object?.['metadata']?.['name'] as unknown as string}`,
    );

  it('sends what changes after a revision, in order', async () => {
    const from = await revision();
    const frames = watch(`resourceVersion=${from}`, 3);
    await put('a');
    await api.call(
      'PATCH',
      `${maps}/a`,
      { data: { x: '1' } },
      { 'content-type': 'application/merge-patch+json' },
    );
    await api.call('DELETE', `${maps}/a`);
    expect(summary(await frames)).toEqual(['ADDED a', 'MODIFIED a', 'DELETED a']);
    expect((await frames)[1]).toMatchObject({
      object: { apiVersion: 'v1', kind: 'ConfigMap', data: { x: '1' } },
    });
  });

  it('sends what is there first when no revision is given', async () => {
    await put('b', {}, { set: 'initial' });
    for (const query of ['', '&resourceVersion=0'])
      expect(summary(await watch(`labelSelector=set%3Dinitial${query}`, 1))).toEqual(['ADDED b']);
  });

  it('ends after timeoutSeconds', async () => {
    expect(summary(await watch('labelSelector=set%3Dinitial&timeoutSeconds=1', 99))).toEqual(['ADDED b']);
  });

  it('marks the end of the initial state for clients that ask for it', async () => {
    const frames = await watch(
      'sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&labelSelector=set%3Dinitial',
      2,
    );
    expect(frames.map(({ type }) => type)).toEqual(['ADDED', 'BOOKMARK']);
    expect(frames[1]?.['object']).toEqual({
      kind: 'ConfigMap',
      apiVersion: 'v1',
      metadata: {
        resourceVersion: await revision(),
        creationTimestamp: null,
        annotations: { 'k8s.io/initial-events-end': 'true' },
      },
    });
  });

  it('sends rows to who wants tables, the columns with the first only', async () => {
    await put('c', { x: '1' }, { set: 'initial' });
    const frames = await watch('labelSelector=set%3Dinitial', 2, table);
    const [first, second] = frames.map(({ object }) => object);
    expect(first).toMatchObject({
      kind: 'Table',
      columnDefinitions: [{ name: 'Name' }, { name: 'Data' }, { name: 'Age' }],
      rows: [{ cells: ['b', 0, expect.any(String)], object: { kind: 'PartialObjectMetadata' } }],
    });
    expect(second).toMatchObject({
      kind: 'Table',
      columnDefinitions: null,
      rows: [{ cells: ['c', 1, expect.any(String)] }],
    });
  });

  it('watches one object by its name', async () => {
    const frames = watch('fieldSelector=metadata.name%3Ddee', 1);
    await put('d');
    await put('dee');
    expect(summary(await frames)).toEqual(['ADDED dee']);
  });

  it('says so as its last frame when a revision is not reached yet', async () => {
    const frames = await watch('resourceVersion=99999999', 99);
    expect(frames).toMatchObject([{ type: 'ERROR', object: { kind: 'Status', code: 504 } }]);
  });

  it('refuses a contradictory request before it starts', async () => {
    const { status, body } = await api.call('GET', `${maps}?watch=true&sendInitialEvents=true`);
    expect(status).toBe(422);
    expect(body).toMatchObject({ reason: 'Invalid', details: { kind: 'ListOptions' } });
  });
});

describe('a server that closes', () => {
  it('ends its watches at once', async () => {
    const api = await startTestServer();
    await api.server.listen('127.0.0.1', 0, new AbortController().signal);
    const url = `${api.server.address()}${maps}?watch=true`;
    const watching = await new Promise<IncomingMessage>((resolve, reject) => {
      get(url, { headers: { authorization: `Bearer ${testToken}` } }, resolve).on('error', reject);
    });
    const ended = once(watching.resume(), 'end');
    const startMs = performance.now();
    await api.close();
    await ended;
    expect(performance.now() - startMs).toBeLessThan(2000);
  });
});
