import { Agent as HttpAgent, request as httpRequest, type RequestOptions } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';

/** What a receiver answered; bodies are not read: nothing of them is needed, and they may be anything. */
export type PostAnswer = { readonly status: number; readonly retryAfter: string | undefined };

/** Sends a body; rejects with Node's error when no answer comes in time, or with `signal.reason`. */
export type Post = (
  body: string,
  headers: Readonly<Record<string, string>>,
  signal: AbortSignal,
) => Promise<PostAnswer>;

export type PostOptions = {
  /** User and password in it become an Authorization header. */
  readonly url: URL;
  /** Certificates (PEM) to trust instead of the system's. */
  readonly ca: string | undefined;
  readonly timeoutMs: number;
};

const authorizationOf = ({ username, password }: URL): Readonly<Record<string, string>> => {
  if (username === '' && password === '') return {};
  const pair = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { authorization: `Basic ${Buffer.from(pair).toString('base64')}` };
};

/** Posts to one URL over kept connections. Redirects are not followed: the URL is what the operator wrote. */
export const createPost = ({
  url,
  ca,
  timeoutMs,
}: PostOptions): { readonly post: Post; readonly close: () => void } => {
  const isSecure = url.protocol === 'https:';
  const agent = isSecure
    ? new HttpsAgent({ keepAlive: true, ...(ca === undefined ? {} : { ca }) })
    : new HttpAgent({ keepAlive: true });
  const authorization = authorizationOf(url);
  const target = new URL(url);
  target.username = '';
  target.password = '';
  const post: Post = (body, headers, signal) =>
    new Promise((resolve, reject) => {
      const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
      const length = { 'content-length': String(Buffer.byteLength(body)) };
      const options: RequestOptions = {
        method: 'POST',
        agent,
        headers: { 'user-agent': 'imagestreams', ...authorization, ...headers, ...length },
        signal: limit,
      };
      const outgoing = isSecure ? httpsRequest(target, options) : httpRequest(target, options);
      outgoing.once('response', (response) => {
        // Read to its end, so that the connection can be used again; an end that never comes is cut off by the limit.
        response.resume().on('error', () => undefined);
        resolve({ status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'] });
      });
      outgoing.on('error', (error) => reject(signal.aborted ? signal.reason : error));
      outgoing.end(body);
    });
  return { post, close: () => agent.destroy() };
};
