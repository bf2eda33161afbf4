import type { TagEventCondition } from './condition.ts';
import type { ImageStream, ImageStreamStatus, NamedTagEventList, TagReference } from './image-stream.ts';
import { isHeld, observeTag } from './pending.ts';
import {
  addEventWhileHeld,
  addTagEvent,
  findTag,
  latestTagEvent,
  putTag,
  setTagConditions,
} from './tag-history.ts';

/**
 * The tag of the same stream that a spec tag follows, or undefined. `from.name` is `<tag>` or `<stream>:<tag>`; a tag of another stream
 * is copied once and never followed.
 */
export const trackedTag = (stream: ImageStream, tag: TagReference): string | undefined => {
  const { kind, namespace = '', name = '' } = tag.from ?? {};
  if (kind !== 'ImageStreamTag' || name === '') return undefined;
  if (namespace !== '' && namespace !== stream.metadata.namespace) return undefined;
  const colon = name.indexOf(':');
  if (colon === -1) return name;
  return name.slice(0, colon) === stream.metadata.name ? name.slice(colon + 1) || 'latest' : undefined;
};

/** How many tags stand between a tag and the one that its image comes from; a cycle ends where it began. */
const depthOf = (sources: ReadonlyMap<string, string>, tag: string): number => {
  const seen = new Set<string>();
  for (let at: string | undefined = tag; at !== undefined && !seen.has(at); at = sources.get(at))
    seen.add(at);
  return seen.size;
};

const sameConditions = (
  a: readonly TagEventCondition[] = [],
  b: readonly TagEventCondition[] = [],
): boolean => JSON.stringify(a) === JSON.stringify(b);

const hasChanged = (is: NamedTagEventList, was: NamedTagEventList | undefined): boolean =>
  is !== was &&
  (JSON.stringify(is.items?.[0]) !== JSON.stringify(was?.items?.[0]) ||
    !sameConditions(is.conditions, was?.conditions));

/** Gives a tag what the tag that it follows has: its image and whether its last import failed. */
const follow = (stream: ImageStream, tag: TagReference, source: string): ImageStreamStatus => {
  const status = stream.status ?? {};
  const event = latestTagEvent(status, source);
  const conditions = findTag(status, source)?.conditions ?? [];
  const add = isHeld(stream, tag.name) ? addEventWhileHeld : addTagEvent;
  const added =
    event === undefined ? status : add(status, tag.name, { ...event, cause: { type: 'Tag', by: source } });
  const settled = sameConditions(findTag(added, tag.name)?.conditions, conditions)
    ? added
    : setTagConditions(added, tag.name, conditions);
  if (settled === status || event === undefined) return settled;
  const list = findTag(settled, tag.name) ?? { tag: tag.name };
  return putTag(settled, { ...list, observed: observeTag(stream, tag, { succeeded: true }) });
};

/**
 * Lets tags follow the tags of the same stream that they name, wherever one has changed since `old` (undefined: all have). Chains
 * settle at once, in one entry each; a cycle is left as it is. Returns the stream that was given when nothing moves.
 *
 * @see openshift-apiserver `internalimageutil` UpdateTrackingTags, which leaves chains to chance
 */
export const updateTrackingTags = (next: ImageStream, old: ImageStream | undefined): ImageStream => {
  const followers = (next.spec?.tags ?? []).flatMap((tag) => {
    const source = trackedTag(next, tag);
    return source === undefined ? [] : [{ tag, source }];
  });
  if (followers.length === 0) return next;
  const before = new Map(old?.status?.tags?.map((list) => [list.tag, list]));
  const sources = new Map(followers.map(({ tag, source }) => [tag.name, source]));
  const update = (stream: ImageStream, changed: string, path: readonly string[]): ImageStream =>
    followers
      .filter(({ tag, source }) => source === changed && !path.includes(tag.name))
      .reduce((now, { tag, source }) => {
        const status = follow(now, tag, source);
        if (status === now.status) return now;
        return update({ ...now, status }, tag.name, [...path, tag.name]);
      }, stream);
  return (next.status?.tags ?? [])
    .filter((list) => hasChanged(list, before.get(list.tag)))
    .map(({ tag }) => tag)
    .toSorted((a, b) => depthOf(sources, a) - depthOf(sources, b))
    .reduce((stream, tag) => update(stream, tag, [tag]), next);
};
