import { stringify as toYaml } from 'yaml';
import type { Status } from '../api/status.ts';
import type { BodyAnswer, HttpAnswer } from './http.ts';
import type { ResponseFormat } from './negotiate.ts';
import { renderList, renderObject, statusBody } from './render.ts';
import type { ApiAnswer, ApiRequest } from './request.ts';

type Encoding = ResponseFormat['encoding'];

const encode = (value: unknown, encoding: Encoding): string =>
  encoding === 'yaml' ? toYaml(value) : `${JSON.stringify(value)}\n`;

/** No cache between us and the client may keep what we say. */
export const noCache = { 'cache-control': 'no-cache, private' } as const;

/** @see https://www.rfc-editor.org/rfc/rfc7234#section-5.5 code 299 is the one that clients print. */
const warningHeaders = (warnings: readonly string[]): Readonly<Record<string, readonly string[]>> =>
  warnings.length === 0
    ? {}
    : { warning: [...new Set(warnings)].map((warning) => `299 - ${JSON.stringify(warning)}`) };

/** What a verb answers, in the form and encoding that the client asked for. */
export const answerOf = (
  answer: ApiAnswer,
  request: ApiRequest,
  encoding: Encoding,
  warnings: readonly string[],
): HttpAnswer => {
  const headers = { ...noCache, ...warningHeaders(warnings) };
  const bodyHeaders = { ...headers, 'content-type': `application/${encoding}` };
  switch (answer.kind) {
    case 'object': {
      const body = encode(renderObject(answer.object, request), encoding);
      return { kind: 'body', status: answer.code, headers: bodyHeaders, body };
    }
    case 'list': {
      const body = encode(renderList(answer.list, request), encoding);
      return { kind: 'body', status: 200, headers: bodyHeaders, body };
    }
    case 'watch':
      return {
        kind: 'watch',
        headers: { ...headers, 'content-type': 'application/json' },
        frames: answer.events,
      };
  }
};

/** The answer to a request that failed. */
export const failureAnswer = (status: Status, encoding: Encoding): BodyAnswer => {
  const retryAfterSeconds = status.details?.retryAfterSeconds;
  return {
    kind: 'body',
    status: status.code ?? 500,
    headers: {
      ...noCache,
      'content-type': `application/${encoding}`,
      ...(retryAfterSeconds === undefined ? {} : { 'retry-after': String(retryAfterSeconds) }),
    },
    body: encode(statusBody(status), encoding),
  };
};
