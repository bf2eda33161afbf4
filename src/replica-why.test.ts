import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { addressOf, createReplicaWhyRoute, identityOf } from './replica-why.ts';

const never = new AbortController().signal;
const query = new URLSearchParams({ namespace: 'team', stream: 'app', tag: 'v1' });
const ask = (route: ReturnType<typeof createReplicaWhyRoute>, headers: IncomingHttpHeaders = {}) =>
  route.handle({ query, headers }, never);

const stops: (() => void)[] = [];
afterEach(() => {
  for (const stop of stops.splice(0)) stop();
});

/** A replica that leads, as far as another sees it. */
const startLeader = async () => {
  const asked: { readonly url: string; readonly headers: IncomingHttpHeaders }[] = [];
  const server = createServer((request, response) => {
    asked.push({ url: request.url ?? '', headers: request.headers });
    response.writeHead(200, { 'content-type': 'application/json' }).end('{"items":[]}\n');
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  stops.push(() => server.close());
  const { port } = server.address() as AddressInfo;
  return { asked, identity: identityOf('pod-1', 'id', `127.0.0.1:${port}`) };
};

describe('the why of a replica', () => {
  it('answers by itself where it leads', async () => {
    const route = createReplicaWhyRoute({
      why:
        () =>
        async ({ name }, tag) => [
          { tag: tag ?? '', state: `of ${name}`, places: [], attempts: [], gates: [] },
        ],
      leader: () => undefined,
    });
    const { body, status } = await ask(route);
    expect(status).toBeUndefined();
    expect(JSON.parse(body)).toMatchObject({ items: [{ tag: 'v1', state: 'of app' }] });
  });

  it('passes the question on to the one that leads, with its answer back', async () => {
    const { asked, identity } = await startLeader();
    const route = createReplicaWhyRoute({ why: () => undefined, leader: () => identity });
    expect(await ask(route)).toEqual({
      status: 200,
      contentType: 'application/json',
      body: '{"items":[]}\n',
    });
    expect(asked[0]?.url).toBe('/apis/imagestreams.dev/v1/why?namespace=team&stream=app&tag=v1');
  });

  it('passes on nothing that was passed on, so that two cannot go round in circles', async () => {
    const { asked, identity } = await startLeader();
    const route = createReplicaWhyRoute({ why: () => undefined, leader: () => identity });
    const { status } = await ask(route, { 'x-imagestreams-forwarded': '1' });
    expect(status).toBe(503);
    expect(asked).toEqual([]);
  });

  it.each([
    ['nobody leads', undefined, /no replica leads now/],
    ['the one that leads has no address', 'pod-1_id', /no replica leads now/],
    [
      'the one that leads is gone',
      'pod-1_id@127.0.0.1:1',
      /pod-1_id@127\.0\.0\.1:1 leads and knows, but cannot be reached/,
    ],
  ])('says so when %s', async (_case, leader, message) => {
    const { status, body } = await ask(createReplicaWhyRoute({ why: () => undefined, leader: () => leader }));
    expect(status).toBe(503);
    expect((JSON.parse(body) as { readonly message: string }).message).toMatch(message);
  });
});

describe('addressOf', () => {
  it.each([
    ['pod_id@10.0.0.1:8080', '10.0.0.1:8080'],
    ['pod_id@[fd00::1]:8080', '[fd00::1]:8080'],
    ['pod_id', undefined],
    ['pod_id@evil/path:80', undefined],
  ])('%s is reached at %s', (identity, address) => {
    expect(addressOf(identity)).toBe(address);
  });
});
