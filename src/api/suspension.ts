import { suspendAnnotation } from './annotations.ts';
import type { ImageStream } from './image-stream.ts';

/**
 * Whether a stream is left alone: no refresh, no retry. What somebody asks for, an import request or a change of its spec, is carried out
 * all the same.
 */
export const isSuspended = ({ metadata }: ImageStream): boolean =>
  metadata.annotations?.[suspendAnnotation] === 'true';

/** What that means, for whoever looks at such a stream. */
export const whySuspended = `the annotation ${suspendAnnotation} is "true": nothing is refreshed or tried again; import requests and changes of the spec are carried out`;

/** What is wrong with the annotation, for the user; undefined: nothing. */
export const suspensionProblem = ({ metadata }: ImageStream): string | undefined => {
  const text = metadata.annotations?.[suspendAnnotation];
  return text === undefined || text === 'true' || text === 'false'
    ? undefined
    : `annotation ${suspendAnnotation}: "${text}" is neither "true" nor "false", so the stream is not suspended`;
};
