import { CliError } from './errors.ts';

/** A stream, or one tag of it. */
export type TagTarget = { readonly stream: string; readonly tag: string | undefined };

const streamPrefix = /^(?:is|imagestreams?(?:\.image\.openshift\.io)?)\//;

/** What stands behind `is/`, or everything where nothing does. */
export const withoutPrefix = (text: string): string => text.replace(streamPrefix, '');

/**
 * Reads `STREAM[:TAG]`, with or without `is/` in front.
 *
 * @throws {CliError} `usage` for anything else.
 */
export const parseTagTarget = (text: string): TagTarget => {
  const [stream = '', tag, ...rest] = withoutPrefix(text).split(':');
  if (stream === '' || tag === '' || rest.length > 0 || /[/@\s]/.test(`${stream}${tag ?? ''}`))
    throw new CliError('usage', `"${text}" is no STREAM or STREAM:TAG`);
  return { stream, tag };
};
