/** A request as it arrived, free of the web framework. Header names are in lower case. */
export type HttpRequest = {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Uint8Array;
  /** Aborted when nobody waits for the answer any more, or when the server stops. */
  readonly signal: AbortSignal;
};

type Headers = Readonly<Record<string, string | readonly string[]>>;

/** A whole answer. */
export type BodyAnswer = {
  readonly kind: 'body';
  readonly status: number;
  readonly headers: Headers;
  readonly body: string | Uint8Array;
};

/** The frames of a watch as they happen, each one JSON value as text, in one line. */
export type WatchAnswer = {
  readonly kind: 'watch';
  readonly headers: Headers;
  readonly frames: AsyncIterable<string>;
};

/** What is sent back. */
export type HttpAnswer = BodyAnswer | WatchAnswer;

/** The header's value, or undefined; of a repeated one all values. */
export const headerOf = ({ headers }: Pick<HttpRequest, 'headers'>, name: string): string | undefined => {
  const value = headers[name];
  return Array.isArray(value) ? value.join(',') : value;
};

/** The media type of a Content-Type header, without its parameters. */
export const mediaTypeOf = (header: string | undefined): string =>
  (header ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
