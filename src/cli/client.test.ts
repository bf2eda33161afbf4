import { createServer, type Server } from 'node:https';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import 'reflect-metadata';
import { X509CertificateGenerator } from '@peculiar/x509';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type FakeApi, notFound, startFakeApi } from '../../test/fakes/cli.ts';
import { startFakeProxy } from '../../test/fakes/proxy.ts';
import { imageStreams } from '../api/resources.ts';
import { StatusError } from '../api/status.ts';
import { createClient } from './client.ts';
import type { Connection } from './connection.ts';
import { CliError } from './errors.ts';
import { createSession } from './session.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const start = async (handler: Parameters<typeof startFakeApi>[0]): Promise<FakeApi> => {
  const api = await startFakeApi(handler);
  closers.push(api.close);
  return api;
};

const connectionTo = (url: string, more: Partial<Connection> = {}): Connection => ({
  server: new URL(url),
  namespace: 'ns',
  source: '/config',
  insecure: false,
  ...more,
});

const never = new AbortController().signal;
const timeouts = { readMs: 5000, createMs: 5000 };
const sessionOf = (connection: Connection) =>
  createSession(connection, { nowMs: () => 0, load: async () => connection });
const clientOf = (url: string, more: Partial<Connection> = {}, limits = timeouts) =>
  createClient(sessionOf(connectionTo(url, more)), limits);
const failureOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('createClient', () => {
  it('reads an object as whom the kubeconfig says, below the path of the server', async () => {
    const api = await start(() => ({ body: { kind: 'ImageStream', metadata: { name: 'app' } } }));
    const client = clientOf(`${api.url}/cluster/`, { authorization: 'Bearer sesame' });
    expect(await client.get(imageStreams, 'app:x@y z', never)).toMatchObject({ kind: 'ImageStream' });
    expect(api.calls[0]).toMatchObject({
      path: '/cluster/apis/image.openshift.io/v1/namespaces/ns/imagestreams/app:x@y%20z',
      headers: { authorization: 'Bearer sesame', accept: 'application/json' },
    });
  });

  it('writes, patches and deletes by name, in any namespace', async () => {
    const api = await start(({ body }) => ({ body: body ?? {} }));
    const client = clientOf(api.url).in('other');
    expect(client.namespace).toBe('other');
    expect(await client.replace(imageStreams, 'app', { spec: {} }, never)).toEqual({ spec: {} });
    await client.patch(imageStreams, 'app', { metadata: { labels: { a: null } } }, never);
    await client.delete(imageStreams, 'app', never);
    const path = '/apis/image.openshift.io/v1/namespaces/other/imagestreams/app';
    expect(
      api.calls.map(({ method, path: at, headers, body }) => [method, at, headers['content-type'], body]),
    ).toEqual([
      ['PUT', path, 'application/json', { spec: {} }],
      ['PATCH', path, 'application/merge-patch+json', { metadata: { labels: { a: null } } }],
      ['DELETE', path, 'application/json', { kind: 'DeleteOptions', apiVersion: 'image.openshift.io/v1' }],
    ]);
  });

  it('takes the plain 404 of an API that does not serve a resource for NotFound', async () => {
    const api = await start(() => ({
      code: 404,
      body: '404 page not found\n',
      type: 'text/plain; charset=utf-8',
    }));
    const error = await failureOf(clientOf(api.url).get(imageStreams, 'app', never));
    expect(error).toMatchObject({
      status: { reason: 'NotFound', message: 'the server could not find the requested resource' },
    });
  });

  it('rejects with the Status that the server answers', async () => {
    const api = await start(() => notFound('imagestreams', 'app'));
    const error = await failureOf(clientOf(api.url).get(imageStreams, 'app', never));
    expect(error).toBeInstanceOf(StatusError);
    expect(error).toMatchObject({ status: { reason: 'NotFound', code: 404 } });
  });

  for (const answer of [
    { code: 404, body: '<html>Not here</html>', type: 'text/html' },
    { code: 200, body: '<html>Sign in</html>', type: 'text/html' },
    { code: 302, body: '', type: 'text/plain' },
  ]) {
    it(`says that HTTP ${answer.code} with ${answer.type} is no Kubernetes API, and quotes none of it`, async () => {
      const api = await start(() => answer);
      const error = await failureOf(clientOf(api.url).get(imageStreams, 'app', never));
      expect(error).toMatchObject({
        code: 'failed',
        message: `${api.url} did not answer as a Kubernetes API: HTTP ${answer.code}, ${answer.type}`,
      });
    });
  }

  it('says that the server behind a gateway is not available', async () => {
    const api = await start(() => ({ code: 502, body: '<html>Bad gateway</html>', type: 'text/html' }));
    expect(await failureOf(clientOf(api.url).get(imageStreams, 'app', never))).toMatchObject({
      code: 'unreachable',
      message: `the API server at ${api.url} is not available now: HTTP 502`,
    });
  });

  it('says where nothing listens, and what to do', async () => {
    const server = createTcpServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const error = await failureOf(clientOf(`https://127.0.0.1:${port}`).get(imageStreams, 'app', never));
    expect(error).toBeInstanceOf(CliError);
    expect(error).toMatchObject({
      code: 'unreachable',
      message: `cannot reach the API server at https://127.0.0.1:${port} (connection refused): is the server of /config running? "imagestreams serve" starts one, --kubeconfig FILE names another`,
    });
  });

  it('gives up on a server that does not answer in time', async () => {
    const api = await start(() => undefined);
    const client = clientOf(api.url, {}, { readMs: 50, createMs: 5000 });
    expect(await failureOf(client.get(imageStreams, 'app', never))).toMatchObject({
      code: 'unreachable',
      message: `the API server at ${api.url} did not answer within 50ms; --request-timeout allows more`,
    });
  });

  it('rejects with the reason of its signal', async () => {
    const stop = new AbortController();
    const reason = new Error('enough');
    const api = await start(() => {
      stop.abort(reason);
      return undefined;
    });
    expect(await failureOf(clientOf(api.url).get(imageStreams, 'app', stop.signal))).toBe(reason);
  });
});

describe('lines', () => {
  const collect = async (lines: AsyncIterable<string>, into: string[]): Promise<void> => {
    for await (const line of lines) into.push(line);
  };

  it('come one by one, however the answer is cut, and outlast the time limit', async () => {
    const api = await start((_, response) => {
      response.write('{"a":1}\n{"b"');
      setTimeout(() => response.write(':2}\n\n'), 60);
      setTimeout(() => response.end('{"c":3}'), 120);
      return undefined;
    });
    const lines: string[] = [];
    await collect(await clientOf(api.url, {}, { readMs: 50, createMs: 50 }).lines('/events', never), lines);
    expect(lines).toEqual(['{"a":1}', '{"b":2}', '{"c":3}']);
  });

  it('end with the reason of the signal', async () => {
    const stop = new AbortController();
    const reason = new Error('enough');
    const api = await start((_, response) => {
      response.write('first\n');
      return undefined;
    });
    const lines: string[] = [];
    const read = async (): Promise<void> => {
      for await (const line of await clientOf(api.url).lines('/events', stop.signal)) {
        lines.push(line);
        stop.abort(reason);
      }
    };
    expect(await failureOf(read())).toBe(reason);
    expect(lines).toEqual(['first']);
  });

  it('reject when the connection breaks, and when the answer is a Status', async () => {
    const api = await start((call, response) => {
      if (call.path === '/denied')
        return { code: 403, body: { kind: 'Status', reason: 'Forbidden', message: 'no', code: 403 } };
      response.write('first\n', () => response.destroy());
      return undefined;
    });
    const lines: string[] = [];
    expect(await failureOf(collect(await clientOf(api.url).lines('/broken', never), lines))).toMatchObject({
      code: 'unreachable',
    });
    expect(lines).toEqual(['first']);
    expect(await failureOf(clientOf(api.url).lines('/denied', never))).toBeInstanceOf(StatusError);
  });
});

describe('createClient over TLS', () => {
  type Pair = { readonly certificate: string; readonly key: string };
  const pairFor = async (name: string): Promise<Pair> => {
    const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
    const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
    const { SubjectAlternativeNameExtension, BasicConstraintsExtension } = await import('@peculiar/x509');
    const certificate = await X509CertificateGenerator.createSelfSigned({
      name: `CN=${name}`,
      keys,
      signingAlgorithm: algorithm,
      extensions: [
        new BasicConstraintsExtension(true),
        new SubjectAlternativeNameExtension([{ type: 'dns', value: name }]),
      ],
    });
    const key = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
    return {
      certificate: certificate.toString('pem'),
      key: `-----BEGIN PRIVATE KEY-----\n${key}\n-----END PRIVATE KEY-----\n`,
    };
  };
  let server: Pair;
  let user: Pair;
  beforeAll(async () => {
    [server, user] = await Promise.all([pairFor('api.example'), pairFor('alice')]);
  });

  const startTls = async (): Promise<string> => {
    const listener: Server = createServer(
      {
        cert: server.certificate,
        key: server.key,
        ca: user.certificate,
        requestCert: true,
        rejectUnauthorized: false,
      },
      (request, response) => {
        const socket = request.socket as unknown as { readonly authorized: boolean };
        response.end(JSON.stringify({ kind: 'ImageStream', metadata: { name: String(socket.authorized) } }));
      },
    ).listen(0, '127.0.0.1');
    await new Promise((resolve) => listener.once('listening', resolve));
    closers.push(() => {
      listener.closeAllConnections();
      return new Promise((resolve) => listener.close(resolve));
    });
    return `https://127.0.0.1:${(listener.address() as AddressInfo).port}`;
  };

  it('trusts the authority of the kubeconfig under the name that it gives, and shows its certificate', async () => {
    const url = await startTls();
    const client = clientOf(url, {
      ca: server.certificate,
      serverName: 'api.example',
      certificate: user.certificate,
      key: user.key,
    });
    expect((await client.get(imageStreams, 'app', never)).metadata.name).toBe('true');
  });

  it('says whose certificate is not trusted', async () => {
    const url = await startTls();
    const error = await failureOf(clientOf(url, { ca: user.certificate }).get(imageStreams, 'app', never));
    expect(error).toMatchObject({ code: 'unreachable' });
    expect(String(error)).toContain('/config does not trust its certificate');
  });

  it('says that the certificate is for another name', async () => {
    const url = await startTls();
    const error = await failureOf(clientOf(url, { ca: server.certificate }).get(imageStreams, 'app', never));
    expect(String(error)).toContain('check certificate-authority and tls-server-name');
  });

  it('verifies the server through a tunnel of a proxy, which gets no credentials', async () => {
    const url = new URL(await startTls());
    const proxy = await startFakeProxy();
    closers.push(proxy.stop);
    const client = clientOf(url.href, {
      ca: server.certificate,
      serverName: 'api.example',
      authorization: 'Bearer sesame',
      proxy: { HTTPS_PROXY: proxy.url.href },
    });
    expect((await client.get(imageStreams, 'app', never)).metadata.name).toBe('false');
    expect(proxy.lines()).toEqual([`CONNECT ${url.host}`]);
    expect(proxy.received()).not.toContain('sesame');
  });

  it('checks nothing where the kubeconfig says so', async () => {
    const url = await startTls();
    const stream = await clientOf(url, { insecure: true }).get(imageStreams, 'app', never);
    expect(stream.metadata.name).toBe('false');
  });
});
