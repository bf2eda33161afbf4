import { stringify as toYaml } from 'yaml';
import type { Status } from '../api/status.ts';
import type { BodyAnswer, HttpAnswer } from './http.ts';
import type { ResponseFormat } from './negotiate.ts';
import { renderList, renderObject, statusBody } from './render.ts';
import type { ApiAnswer, ApiRequest } from './request.ts';
import { formatWarnings } from './warnings.ts';

type Encoding = ResponseFormat['encoding'];

/** Readers of YAML 1.1, such as kubectl, take `on` for a flag and a bare time for a time: the schema quotes them. */
const encode = (value: unknown, encoding: Encoding): string =>
  encoding === 'yaml' ? toYaml(value, { schema: 'yaml-1.1' }) : `${JSON.stringify(value)}\n`;

/** No cache between us and the client may keep what we say. */
export const noCache = { 'cache-control': 'no-cache, private' } as const;

const warningHeaders = (warnings: readonly string[]): Readonly<Record<string, readonly string[]>> =>
  warnings.length === 0 ? {} : { warning: formatWarnings(warnings) };

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
