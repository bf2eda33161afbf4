import { once } from 'node:events';
import { Agent as HttpAgent, request as httpRequest, type IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';

/** A server of the Kubernetes API. */
export type Place = { readonly url: string; readonly token: string };

export type Answer = { readonly status: number; readonly body: unknown };

/** One line of a watch. */
export type Frame = { readonly type: string; readonly object: unknown };

/** Talks to one server over so many connections at most; `close` drops them. */
export const createClient = ({ url, token }: Place, maxSockets = 256) => {
  const isSecure = url.startsWith('https:');
  const options = { keepAlive: true, maxSockets };
  // The certificate of a server that a test started a moment ago proves nothing.
  const agent = isSecure ? new HttpsAgent({ ...options, rejectUnauthorized: false }) : new HttpAgent(options);

  const send = async (
    method: string,
    path: string,
    body?: unknown,
    contentType = 'application/json',
    signal?: AbortSignal,
  ): Promise<IncomingMessage> => {
    const payload = body === undefined ? '' : JSON.stringify(body);
    const headers = {
      authorization: `Bearer ${token}`,
      accept: 'application/json',
      'content-type': contentType,
      'content-length': Buffer.byteLength(payload),
    };
    const sent = (isSecure ? httpsRequest : httpRequest)(new URL(path, url), {
      method,
      headers,
      agent,
      ...(signal === undefined ? {} : { signal }),
    });
    sent.end(payload);
    const [response] = (await once(sent, 'response')) as [IncomingMessage];
    return response;
  };

  const call = async (
    method: string,
    path: string,
    body?: unknown,
    contentType?: string,
  ): Promise<Answer> => {
    const response = await send(method, path, body, contentType);
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString('utf8');
    return { status: response.statusCode ?? 0, body: text.startsWith('{') ? JSON.parse(text) : text };
  };

  /** The lines of a watch as they come, until `signal` is aborted. */
  async function* watchLines(path: string, signal: AbortSignal): AsyncGenerator<string> {
    const response = await send('GET', path, undefined, undefined, signal);
    if (response.statusCode !== 200) throw new Error(`${path}: ${response.statusCode}`);
    let rest = '';
    for await (const chunk of response) {
      const lines = `${rest}${(chunk as Buffer).toString('utf8')}`.split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
    }
  }

  /** The frames of a watch as they come, until `signal` is aborted. */
  async function* watch(path: string, signal: AbortSignal): AsyncGenerator<Frame> {
    for await (const line of watchLines(path, signal)) yield JSON.parse(line) as Frame;
  }

  return { call, watch, watchLines, close: () => agent.destroy() };
};

export type Client = ReturnType<typeof createClient>;
