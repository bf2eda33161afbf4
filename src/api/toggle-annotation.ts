import type { ImageStream } from './image-stream.ts';

/** Whether an annotation of a stream is `true`; everything else is `false`. */
export const isOn = ({ metadata }: ImageStream, annotation: string): boolean =>
  metadata.annotations?.[annotation] === 'true';

/** What is wrong with such an annotation, for the user; undefined: nothing. */
export const toggleProblem = ({ metadata }: ImageStream, annotation: string): string | undefined => {
  const text = metadata.annotations?.[annotation];
  return text === undefined || text === 'true' || text === 'false'
    ? undefined
    : `annotation ${annotation}: "${text}" is neither "true" nor "false", and counts as "false"`;
};
