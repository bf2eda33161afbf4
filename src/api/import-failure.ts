import { importSuccess, type TagEventCondition } from './condition.ts';
import type { ImageStream } from './image-stream.ts';
import { findTag } from './tag-history.ts';

/** Stands for `spec.dockerImageRepository` among the tags of a stream, none of which has an empty name. */
export const repositorySlot = '';

/** The condition that says that the last import failed; undefined: it went well, or there was none. */
export const failureIn = (
  conditions: readonly TagEventCondition[] | undefined,
): TagEventCondition | undefined =>
  conditions?.find(({ type, status }) => type === importSuccess && status === 'False');

/** The same of a tag of a stream or, by {@link repositorySlot}, of its repository. */
export const failureOf = ({ status }: ImageStream, slot: string): TagEventCondition | undefined =>
  failureIn((slot === repositorySlot ? status?.repository : findTag(status, slot))?.conditions);
