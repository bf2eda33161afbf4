import type { IncomingMessage } from 'node:http';
import { failure, type Status, StatusError } from '../api/status.ts';
import type { Connection } from './connection.ts';
import { CliError } from './errors.ts';

/** The value in a text, or undefined where it is no JSON. */
export const parseJson = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

/** Whether an answer is an object, as every answer of a Kubernetes API is. */
export const isObject = (value: unknown): value is { readonly kind?: unknown } =>
  typeof value === 'object' && value !== null;

/** Whether the server did what was asked. */
export const isSuccess = ({ statusCode = 0 }: IncomingMessage): boolean =>
  statusCode >= 200 && statusCode < 300;

/** Answers of a server that is starting or stopping, or of a gateway in front of one that is gone. */
const isUnavailable = ({ statusCode = 0 }: IncomingMessage): boolean => [502, 503, 504].includes(statusCode);

/** How a Kubernetes API answers for a resource that it does not serve: in plain words, without a Status. */
const isUnknownResource = ({ statusCode, headers }: IncomingMessage, body: string): boolean =>
  statusCode === 404 &&
  headers['content-type']?.startsWith('text/plain') === true &&
  body.trim() === '404 page not found';

/** The failure in an answer; one that is no Status came from something else than a Kubernetes API. */
export const failureOf = (connection: Connection, response: IncomingMessage, body: string): Error => {
  const answer = parseJson(body);
  if (isObject(answer) && answer.kind === 'Status') return new StatusError(answer as Status);
  if (isUnknownResource(response, body))
    return new StatusError(failure('NotFound', 'the server could not find the requested resource'));
  if (isUnavailable(response))
    return new CliError(
      'unreachable',
      `the API server at ${connection.server.origin} is not available now: HTTP ${response.statusCode ?? 0}`,
    );
  const type = response.headers['content-type'] ?? 'no content type';
  return new CliError(
    'failed',
    `${connection.server.origin} did not answer as a Kubernetes API: HTTP ${response.statusCode ?? 0}, ${type}`,
  );
};
