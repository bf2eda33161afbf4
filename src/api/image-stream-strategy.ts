import { isDeepStrictEqual } from 'node:util';
import { applyImageStreamDefaults, decorateImageStream } from './defaults.ts';
import type { ImageStream, ImageStreamStatus, NamedTagEventList, TagReference } from './image-stream.ts';
import { settleRollbacks } from './settle-rollbacks.ts';
import { findTag, keepRevisions } from './tag-history.ts';
import { hasTagChanged, type ResolutionContext, type ResolvedStream, resolveTags } from './tag-resolution.ts';

/*
 * What a write to an image stream stores: generations and the tags that are resolved at once. Two kinds of writers: users, who write
 * the spec alone, and requests that change spec and status together ("internal"): an ImageStreamImport, a write to an ImageStreamTag.
 * After openshift-apiserver `pkg/image/apiserver/registry/imagestream/strategy.go`.
 */

/** What a write needs to know of the world. */
export type WriteContext = ResolutionContext & {
  /** Who writes, where known. */
  readonly by?: string | undefined;
  /** Host and port of the integrated registry from outside, where there is one. */
  readonly externalRegistry?: string | undefined;
};

const decorate = (stream: ImageStream, { internalRegistry, externalRegistry }: WriteContext): ImageStream =>
  decorateImageStream(stream, { internal: internalRegistry, external: externalRegistry });

const withTags = (stream: ImageStream, change: (tag: TagReference) => TagReference): ImageStream => {
  const tags = stream.spec?.tags ?? [];
  return tags.length === 0 ? stream : { ...stream, spec: { ...stream.spec, tags: tags.map(change) } };
};

const withGeneration = (stream: ImageStream, generation: number): ImageStream => ({
  ...stream,
  metadata: { ...stream.metadata, generation },
});

/** Ends every write in the same way: one shape, rollbacks carried out, tags resolved, computed fields filled in. */
const finish = (stream: ImageStream, old: ImageStream | undefined, context: WriteContext): ResolvedStream => {
  const { stream: resolved, errors } = resolveTags(settleRollbacks(stream, context), old, context);
  return { stream: decorate(applyImageStreamDefaults(resolved), context), errors };
};

/** A stream that an internal request creates, with the status that it brings. */
export const prepareInternalCreate = (stream: ImageStream, context: WriteContext): ResolvedStream => {
  const first = withGeneration(applyImageStreamDefaults(stream), 1);
  return finish(
    withTags(first, (tag) => ({ ...tag, generation: 1 })),
    undefined,
    context,
  );
};

/** A stream that a user creates: a status that came along is forgotten, generations begin at 1. */
export const prepareImageStreamForCreate = (stream: ImageStream, context: WriteContext): ResolvedStream =>
  prepareInternalCreate({ ...stream, status: {} }, context);

const isEmptyList = ({ items, conditions, observed }: NamedTagEventList): boolean =>
  (items ?? []).length === 0 && (conditions ?? []).length === 0 && observed === undefined;

const withoutEmptyLists = (status: ImageStreamStatus): ImageStreamStatus => ({
  ...status,
  tags: (status.tags ?? []).filter((list) => !isEmptyList(list)),
});

/** A user may write 0 to have a tag imported; any other generation stays what it was. */
const keepGenerations = (next: ImageStream, old: ImageStream): ImageStream => {
  const before = new Map((old.spec?.tags ?? []).map((tag) => [tag.name, tag.generation ?? null]));
  return withTags(next, (tag) => {
    const generation = before.get(tag.name);
    return tag.generation === 0 || generation === undefined ? tag : { ...tag, generation };
  });
};

/** New and changed tags, and those without one, get the generation of the stream. */
const setGenerations = (next: ImageStream, old: ImageStream): ImageStream => {
  const { generation = 1, namespace = '' } = next.metadata;
  const before = new Map((old.spec?.tags ?? []).map((tag) => [tag.name, tag]));
  return withTags(next, (tag) => {
    const previous = before.get(tag.name);
    const isNew = previous === undefined || hasTagChanged(previous, tag, namespace);
    return isNew || !tag.generation ? { ...tag, generation } : tag;
  });
};

const prepareUpdate = (
  next: ImageStream,
  old: ImageStream,
  status: ImageStreamStatus,
  context: WriteContext,
): ResolvedStream => {
  const before = applyImageStreamDefaults(old);
  const kept = keepGenerations(applyImageStreamDefaults({ ...next, status }), before);
  const { generation = 0 } = old.metadata;
  // A tag that never had a generation is given one now, which the store counts as a change of the spec.
  const lacksGeneration = (kept.spec?.tags ?? []).some((tag) => tag.generation === null);
  const isChanged = lacksGeneration || generation === 0 || !isDeepStrictEqual(kept.spec, before.spec);
  const numbered = withGeneration(kept, isChanged ? generation + 1 : generation);
  return finish(setGenerations(numbered, before), before, context);
};

/**
 * A stream as a user changes it: the status stays, `metadata.generation` counts changes of the spec, and the generation of a tag moves
 * with it where the tag is new, means another image or was set to 0.
 */
export const prepareImageStreamForUpdate = (
  next: ImageStream,
  old: ImageStream,
  context: WriteContext,
): ResolvedStream => prepareUpdate(next, old, old.status ?? {}, context);

/** A stream as an internal request changes it, spec and status together. */
export const prepareInternalUpdate = (
  next: ImageStream,
  old: ImageStream,
  context: WriteContext,
): ResolvedStream => {
  const status = keepRevisions(withoutEmptyLists(next.status ?? {}), old.status ?? {});
  return prepareUpdate(next, old, status, context);
};

/** The generation of a newest entry that came without one: its tag's where the entry is news, else the stream's. */
const withObservedGeneration = (
  list: NamedTagEventList,
  next: ImageStream,
  old: ImageStream,
): NamedTagEventList => {
  const [latest, ...older] = list.items ?? [];
  if (latest === undefined || latest.generation !== 0) return list;
  const previous = findTag(old.status, list.tag)?.items?.[0];
  const isNews =
    previous !== undefined &&
    (previous.image !== latest.image || previous.dockerImageReference !== latest.dockerImageReference);
  const tag = next.spec?.tags?.find(({ name }) => name === list.tag);
  const ofStream = next.metadata.generation ?? 0;
  const generation = isNews ? (tag?.generation ?? ofStream) : ofStream;
  return { ...list, items: [{ ...latest, generation }, ...older] };
};

/** A stream whose status alone is written: the spec stays, and no revision that the history knew can come again. */
export const prepareImageStreamForStatusUpdate = (
  next: ImageStream,
  old: ImageStream,
  context: WriteContext,
): ImageStream => {
  const { spec = {} } = old;
  const stream = applyImageStreamDefaults({ ...next, spec });
  const status = keepRevisions(stream.status ?? {}, old.status ?? {});
  const tags = (status.tags ?? []).map((list) => withObservedGeneration(list, stream, old));
  return decorate({ ...stream, status: { ...status, ...(tags.length === 0 ? {} : { tags }) } }, context);
};
