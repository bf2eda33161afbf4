import { once } from 'node:events';
import { createServer as createHttpServer, type RequestListener, request as sendRequest } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import type { Certificate } from './registry/certificate.ts';
import { type RecordedRequest, readRequest } from './registry/http.ts';

export type ReverseProxyOptions = {
  /** `HOST:PORT` of what stands behind, over http. */
  readonly target: string;
  /** Serves https with this certificate. Default http. */
  readonly tls?: Certificate;
  /** Lets only clients in whose certificates this authority (PEM) signed, and tells others so as nginx does. Default everybody. */
  readonly clientCa?: string;
};

/** What operators put in front of a registry, in this process: it ends TLS, and writes down what it is asked with every header. */
export type ReverseProxy = {
  readonly host: string;
  readonly requests: readonly RecordedRequest[];
  /** `GET /v2/app/manifests/v1` per request so far. */
  readonly log: () => readonly string[];
  readonly forgetRequests: () => void;
  readonly stop: () => Promise<void>;
};

/** The words of nginx where `ssl_verify_client` finds no certificate, or a wrong one. */
const refusalOf = (socket: Socket): string | undefined => {
  if (!(socket instanceof TLSSocket) || socket.authorized) return undefined;
  const hasShown = socket.getPeerX509Certificate() !== undefined;
  return hasShown ? 'The SSL certificate error' : 'No required SSL certificate was sent';
};

/** Starts a {@link ReverseProxy} on a free port of loopback. */
export const startReverseProxy = async (options: ReverseProxyOptions): Promise<ReverseProxy> => {
  const { target, tls, clientCa } = options;
  const requests: RecordedRequest[] = [];

  const listener: RequestListener = (incoming, outgoing) => {
    const refusal = clientCa === undefined ? undefined : refusalOf(incoming.socket);
    if (refusal !== undefined) {
      outgoing.writeHead(400, { 'content-type': 'text/html' });
      outgoing.end(
        `<html><head><title>400 ${refusal}</title></head><body><center>${refusal}</center></body></html>`,
      );
      return;
    }
    const forward = async (): Promise<void> => {
      const request = await readRequest(incoming);
      requests.push(request);
      const [host = '', port] = target.split(':');
      const headers = { ...incoming.headers, 'x-forwarded-proto': tls === undefined ? 'http' : 'https' };
      const forwarded = sendRequest({
        host,
        port,
        method: request.method,
        path: request.path,
        headers,
      });
      forwarded.on('response', (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      });
      forwarded.on('error', () => outgoing.destroy());
      forwarded.end(request.bytes);
    };
    forward().catch(() => incoming.socket.destroy());
  };
  const server =
    tls === undefined
      ? createHttpServer(listener)
      : createHttpsServer(
          {
            key: tls.key,
            cert: tls.cert,
            ...(clientCa === undefined ? {} : { ca: clientCa, requestCert: true, rejectUnauthorized: false }),
          },
          listener,
        );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    log: () => requests.map(({ method, path }) => `${method} ${path}`),
    forgetRequests: () => requests.splice(0),
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
};
