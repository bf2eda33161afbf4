import { anonymous } from '../../src/oci/index.ts';
import type { RegistryRequest, RegistryResponse, Send } from '../../src/oci/transport/send.ts';

export const aRequest = (more: Partial<RegistryRequest> = {}): RegistryRequest => ({
  method: 'GET',
  operation: 'manifest',
  repository: { registry: 'registry.example', repository: 'team/app' },
  subject: 'registry.example/team/app:v1',
  url: new URL('https://registry.example/v2/team/app/manifests/v1'),
  headers: { accept: 'application/json' },
  access: { keychain: anonymous, insecure: false },
  maxBytes: 1024,
  ...more,
});

export type AnswerOptions = {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly url?: URL;
};

/** What a Send answers with; by default the URL that was asked. */
export type FakeAnswer = { readonly status: number } & AnswerOptions;

export const anAnswer = (status: number, options: AnswerOptions = {}): FakeAnswer => ({ status, ...options });

export const respondWith = (
  request: RegistryRequest,
  { status, headers, body, url }: FakeAnswer,
): RegistryResponse => ({
  status,
  headers: headers ?? {},
  bytes: new TextEncoder().encode(body ?? ''),
  url: url ?? request.url,
});

/** A Send that answers by `handle` and keeps what it was asked. */
export type FakeSend = { readonly send: Send; readonly requests: readonly RegistryRequest[] };

export const createFakeSend = (
  handle: (request: RegistryRequest, signal: AbortSignal, index: number) => FakeAnswer | Promise<FakeAnswer>,
): FakeSend => {
  const requests: RegistryRequest[] = [];
  return {
    requests,
    send: async (request, signal) => {
      requests.push(request);
      return respondWith(request, await handle(request, signal, requests.length - 1));
    },
  };
};

/** A Send that gives these answers in turn; an Error is thrown. The last one repeats. */
export const answerInTurn = (...answers: readonly (FakeAnswer | Error)[]): FakeSend =>
  createFakeSend((_request, _signal, index) => {
    const answer = answers[Math.min(index, answers.length - 1)];
    if (answer === undefined || answer instanceof Error) throw answer;
    return answer;
  });

/** A signal that nobody aborts. */
export const never: AbortSignal = new AbortController().signal;
