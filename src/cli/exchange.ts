import { type Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { formatDuration } from '../lib/duration.ts';
import type { Connection } from './connection.ts';
import { CliError, messageOf, systemCodeOf } from './errors.ts';

/** One request to the API server. */
export type ApiRequest = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Below the server's own path; with its query. */
  readonly path: string;
  readonly body?: string;
  /** Of the body; default `application/json`. */
  readonly contentType?: string;
};

/** Longest wait for a connection: tells a host that drops packets from a slow import. */
const connectTimeoutMs = 10_000;

/** Node does not say by itself how long the body of a DELETE is. */
const bodyHeaders = (body: string, contentType = 'application/json'): Readonly<Record<string, string>> => ({
  'content-type': contentType,
  'content-length': String(Buffer.byteLength(body)),
});

/**
 * Sends one request; resolves when the answer begins. Rejects with Node's own error, or with `signal.reason`.
 */
export const exchange = (
  connection: Connection,
  agent: Agent,
  request: ApiRequest,
  signal: AbortSignal,
): Promise<IncomingMessage> =>
  new Promise((resolve, reject) => {
    const base = connection.server.pathname.replace(/\/$/, '');
    const url = new URL(`${base}${request.path}`, connection.server);
    const headers = {
      accept: 'application/json',
      'user-agent': 'imagestreams',
      ...(request.body === undefined ? {} : bodyHeaders(request.body, request.contentType)),
      ...(connection.authorization === undefined ? {} : { authorization: connection.authorization }),
      ...connection.impersonation,
    };
    const options = { method: request.method, headers, signal, agent };
    const outgoing = url.protocol === 'https:' ? httpsRequest(url, options) : httpRequest(url, options);
    outgoing.once('response', resolve);
    outgoing.on('error', (error) => reject(signal.aborted ? signal.reason : error));
    outgoing.once('socket', (socket) => {
      if (!socket.connecting) return;
      const limit = AbortSignal.timeout(connectTimeoutMs);
      const onLimit = (): void => {
        outgoing.destroy(new Error(`no connection within ${formatDuration(connectTimeoutMs)}`));
      };
      limit.addEventListener('abort', onLimit, { once: true });
      socket.once('connect', () => limit.removeEventListener('abort', onLimit));
    });
    outgoing.end(request.body);
  });

/** The lines of an answer as they come, without the empty ones. */
export async function* linesOf(response: IncomingMessage): AsyncGenerator<string> {
  let rest = '';
  for await (const chunk of response.setEncoding('utf8')) {
    const lines = `${rest}${String(chunk)}`.split('\n');
    rest = lines.pop() ?? '';
    yield* lines.filter((line) => line !== '');
  }
  if (rest !== '') yield rest;
}

const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the host name cannot be resolved now',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'network unreachable',
  ECONNRESET: 'connection reset',
  ETIMEDOUT: 'connection timed out',
  EPROTO: 'it does not speak TLS there',
};

/** Codes of OpenSSL and of Node for a certificate that does not verify. */
const certificateCodes = /CERT|SIGNATURE|ISSUER/;

/** What to tell the user of a server that gave no answer. */
export const unreachable = (connection: Connection, error: unknown): CliError => {
  const code = systemCodeOf(error) ?? '';
  const { source } = connection;
  const advice = certificateCodes.test(code)
    ? `${source} does not trust its certificate; use the kubeconfig that this server wrote, or check certificate-authority and tls-server-name`
    : `is the server of ${source} running? "imagestreams serve" starts one, --kubeconfig FILE names another`;
  const reason = reasons[code] ?? messageOf(error);
  return new CliError(
    'unreachable',
    `cannot reach the API server at ${connection.server.origin} (${reason}): ${advice}`,
    { cause: error },
  );
};
