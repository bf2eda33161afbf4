import type { IncomingMessage, ServerResponse } from 'node:http';
import { TLSSocket } from 'node:tls';

/** A request as it came in, with every header. */
export type RecordedRequest = {
  readonly method: string;
  /** Path with query. */
  readonly path: string;
  /** With the host that was asked: a server may have several names. */
  readonly url: URL;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly bytes: Uint8Array;
  /** Common name of the certificate that the client showed. */
  readonly clientCertificate: string | undefined;
};

/** What a fake answers. */
export type Answer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
};

/** What goes wrong with a request. */
export type Fault =
  /** Another answer. */
  | {
      readonly kind: 'answer';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: string | Uint8Array;
    }
  /** The true answer with changes; headers that are `undefined` are left out. */
  | {
      readonly kind: 'edit';
      readonly status?: number;
      readonly headers?: Readonly<Record<string, string | undefined>>;
      readonly body?: string | Uint8Array;
    }
  /** The true answer, once the promise settles. */
  | { readonly kind: 'wait'; readonly until: Promise<unknown> }
  /** The connection breaks, before an answer or after that many bytes of its body. */
  | { readonly kind: 'reset'; readonly afterBytes?: number }
  /** Anything else. */
  | { readonly kind: 'raw'; readonly handle: (request: IncomingMessage, response: ServerResponse) => void };

/** Looks at each request and may break it. */
export type Hook = (request: RecordedRequest) => Fault | undefined;

const encode = (body: string | Uint8Array): Uint8Array =>
  typeof body === 'string' ? new TextEncoder().encode(body) : body;

export const answer = (
  status: number,
  headers: Readonly<Record<string, string>> = {},
  body: string | Uint8Array = '',
): Answer => ({ status, headers, body: encode(body) });

export const jsonAnswer = (
  status: number,
  value: unknown,
  headers: Readonly<Record<string, string>> = {},
): Answer => answer(status, { 'content-type': 'application/json', ...headers }, JSON.stringify(value));

/** An error document as the distribution specification has it. */
export const errorAnswer = (
  status: number,
  code: string,
  headers: Readonly<Record<string, string>> = {},
): Answer => jsonAnswer(status, { errors: [{ code, message: code.toLowerCase(), detail: {} }] }, headers);

const shownCertificate = ({ socket }: IncomingMessage): string | undefined => {
  const subject = socket instanceof TLSSocket ? socket.getPeerCertificate().subject : undefined;
  return typeof subject?.CN === 'string' ? subject.CN : undefined;
};

export const readRequest = async (request: IncomingMessage): Promise<RecordedRequest> => {
  const chunks: Uint8Array[] = [];
  for await (const chunk of request as AsyncIterable<Uint8Array>) chunks.push(chunk);
  const bytes = Buffer.concat(chunks);
  const headers = Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  );
  const path = request.url ?? '/';
  const scheme = request.socket instanceof TLSSocket ? 'https' : 'http';
  return {
    method: request.method ?? 'GET',
    path,
    url: new URL(path, `${scheme}://${request.headers.host ?? 'nobody.invalid'}`),
    headers,
    body: bytes.toString(),
    bytes,
    clientCertificate: shownCertificate(request),
  };
};

const edited = (original: Answer, fault: Extract<Fault, { kind: 'edit' }>): Answer => {
  const headers = Object.entries({ ...original.headers, ...fault.headers }).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return {
    status: fault.status ?? original.status,
    headers: Object.fromEntries(headers),
    body: fault.body === undefined ? original.body : encode(fault.body),
  };
};

const write = (
  request: IncomingMessage,
  response: ServerResponse,
  { status, headers, body }: Answer,
): void => {
  response.writeHead(status, { 'content-length': body.byteLength, ...headers });
  response.end(request.method === 'HEAD' ? undefined : body);
};

/** Sends the answer, or what a fault makes of it. */
export const respond = async (
  request: IncomingMessage,
  response: ServerResponse,
  fault: Fault | undefined,
  createAnswer: () => Answer,
): Promise<void> => {
  switch (fault?.kind) {
    case undefined:
      return write(request, response, createAnswer());
    case 'answer':
      return write(request, response, answer(fault.status, fault.headers, fault.body));
    case 'edit':
      return write(request, response, edited(createAnswer(), fault));
    case 'wait':
      await fault.until;
      return write(request, response, createAnswer());
    case 'reset': {
      if (fault.afterBytes === undefined) {
        request.socket.destroy();
        return;
      }
      const { status, headers, body } = createAnswer();
      response.writeHead(status, { 'content-length': body.byteLength, ...headers });
      response.write(body.subarray(0, fault.afterBytes), () => request.socket.destroy());
      return;
    }
    case 'raw':
      return fault.handle(request, response);
  }
};
