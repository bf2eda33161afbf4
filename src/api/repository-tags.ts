import type { TagEventCondition } from './condition.ts';
import type { ImageStream, NamedTagEventList } from './image-stream.ts';
import { failureIn } from './import-failure.ts';

/** Tags that a listing found and that stand in the status alone. */
const foundTags = ({ spec, status }: ImageStream): readonly NamedTagEventList[] => {
  const inSpec = new Set(spec?.tags?.map(({ name }) => name));
  return (status?.tags ?? []).filter(({ tag }) => !inSpec.has(tag));
};

/** The failures of the tags that a listing found and whose image could not be imported. */
export const foundFailures = (stream: ImageStream): readonly TagEventCondition[] =>
  foundTags(stream).flatMap(({ conditions }) => failureIn(conditions) ?? []);

/** Tags that a stream has seen, whatever came of them; where the spec names one, it says itself where that comes from. */
export const seenTags = ({ spec, status }: ImageStream): ReadonlySet<string> =>
  new Set([...(spec?.tags ?? []).map(({ name }) => name), ...(status?.tags ?? []).map(({ tag }) => tag)]);

/** Those of them that the next listing need not fetch: they have an image, and no failure that is to be mended. */
export const knownTags = (stream: ImageStream): ReadonlySet<string> =>
  new Set([
    ...(stream.spec?.tags ?? []).map(({ name }) => name),
    ...foundTags(stream)
      .filter((list) => (list.items ?? []).length > 0 && failureIn(list.conditions) === undefined)
      .map(({ tag }) => tag),
  ]);
