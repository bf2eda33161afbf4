import type { ApiClient } from './client.ts';
import { CliError } from './errors.ts';

/** A stream, or one tag of it. */
export type TagTarget = {
  readonly stream: string;
  readonly tag: string | undefined;
  /** Undefined: that of the command line or the kubeconfig. */
  readonly namespace: string | undefined;
};

const prefix = /^(?<kind>is|imagestreams?|istag|imagestreamtags?)(?:\.image\.openshift\.io)?\//i;

/** Whether a text begins with the kind of a stream or a tag, as `is/` and `istag/` do. */
export const namesKind = (text: string): boolean => prefix.test(text);

/**
 * Reads `STREAM[:TAG]`, with or without `is/` or `istag/` and then `NAMESPACE/` in front.
 *
 * @throws {CliError} `usage` for anything else.
 */
export const parseTagTarget = (text: string): TagTarget => {
  const isTag = /tag/i.test(prefix.exec(text)?.groups?.['kind'] ?? '');
  const parts = text.replace(prefix, '').split('/');
  const [stream = '', tag, ...rest] = (parts.pop() ?? '').split(':');
  const [namespace, ...more] = parts;
  const isOdd = stream === '' || tag === '' || namespace === '' || rest.length > 0 || more.length > 0;
  if (isOdd || /[@\s:]/.test(`${namespace ?? ''}${stream}${tag ?? ''}`))
    throw new CliError('usage', `"${text}" is no STREAM or STREAM:TAG, nor one with NAMESPACE/ in front`);
  return { stream, tag: tag ?? (isTag ? 'latest' : undefined), namespace };
};

/** The client for the namespace that a target names. */
export const clientFor = (client: ApiClient, { namespace }: TagTarget): ApiClient =>
  namespace === undefined ? client : client.in(namespace);
