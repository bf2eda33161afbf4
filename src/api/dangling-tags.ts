import type { ImageStream, TagReference } from './image-stream.ts';
import { hasImageOfSpec, isImportable } from './pending.ts';
import { findTag, latestTagEvent } from './tag-history.ts';
import { trackedTag } from './tag-tracking.ts';

/** A tag that has no image, and the name of the tag or image that it should have one from. */
export type DanglingTag = { readonly name: string; readonly target: string };

const pointsIntoStream = ({ from, reference }: TagReference): boolean =>
  (from?.kind === 'ImageStreamTag' || from?.kind === 'ImageStreamImage') && reference !== true;

/**
 * Whether a tag's image may be that of what it points at. Only for a tag of the same stream is more known than that it has one: policies
 * change what was observed and move nothing, and history of which nothing was observed came with an import of old state.
 */
const hasImage = (stream: ImageStream, tag: TagReference): boolean => {
  const list = findTag(stream.status, tag.name);
  if (list?.items?.[0] === undefined) return false;
  if (list.observed === undefined || hasImageOfSpec(stream, tag)) return true;
  const source = trackedTag(stream, tag);
  return source === undefined || latestTagEvent(stream.status, source) !== undefined;
};

const targetOf = ({ from }: TagReference): string =>
  from?.namespace ? `${from.namespace}/${from.name ?? ''}` : (from?.name ?? '');

/**
 * Tags that should have the image of another tag, or an image of a stream, and have none: what they point at does not exist, or leads
 * back to them. Left out are references, and tags that follow one of their own stream whose import gave no image yet.
 */
export const danglingTags = (stream: ImageStream): readonly DanglingTag[] => {
  const tags = new Map((stream.spec?.tags ?? []).map((tag) => [tag.name, tag]));
  const awaitsImport = (start: TagReference): boolean => {
    const seen = new Set<string>();
    let at: TagReference | undefined = start;
    while (at !== undefined && !isImportable(at) && !seen.has(at.name)) {
      seen.add(at.name);
      at = tags.get(trackedTag(stream, at) ?? '');
    }
    return at !== undefined && isImportable(at) && !hasImageOfSpec(stream, at);
  };
  return [...tags.values()]
    .filter((tag) => pointsIntoStream(tag) && !hasImage(stream, tag) && !awaitsImport(tag))
    .map((tag) => ({ name: tag.name, target: targetOf(tag) }));
};
