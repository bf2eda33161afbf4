import { formatDockerImageReference, parseDockerImageReference } from './docker-image-reference.ts';
import { type FieldError, internal, invalid, notFound, rootPath } from './field-error.ts';
import type { ImageStream, TagEvent, TagEventCause, TagReference } from './image-stream.ts';
import { imageMatchesId } from './image-stream-names.ts';
import { observeTag, tagFingerprint } from './pending.ts';
import { invalidStatus } from './status.ts';
import { addTagEvent, endHold, findTag, latestTagEvent, type NewTagEvent, putTag } from './tag-history.ts';
import { updateTrackingTags } from './tag-tracking.ts';

/** Streams of which tags are copied, already fetched; keys by {@link sourceKey}. One that is missing does not exist. */
export type SourceStreams = ReadonlyMap<string, ImageStream>;

/** What resolving tags needs to know of the world. */
export type ResolutionContext = {
  readonly sources: SourceStreams;
  /** RFC 3339. */
  readonly now: string;
  /** Host and port of the integrated registry, where there is one. */
  readonly internalRegistry?: string | undefined;
  /** Who or what caused the write. Default: the spec. */
  readonly cause?: TagEventCause | undefined;
};

export const sourceKey = ({
  namespace,
  name,
}: {
  readonly namespace: string;
  readonly name: string;
}): string => `${namespace}/${name}`;

/** The stream and the tag or image in it that a spec tag names. */
type Source = { readonly namespace: string; readonly name: string; readonly tagOrId: string };

const separators: Readonly<Record<string, string>> = { ImageStreamTag: ':', ImageStreamImage: '@' };

/** Reads `<tag>`, `<stream>:<tag>`, `<id>` or `<stream>@<id>`; undefined for any other form or kind. */
const sourceOf = (stream: ImageStream, from: NonNullable<TagReference['from']>): Source | undefined => {
  const { kind = '', name = '', namespace = '' } = from;
  const separator = Object.hasOwn(separators, kind) ? separators[kind] : undefined;
  if (separator === undefined) return undefined;
  const [first = '', second, ...rest] = name.split(separator);
  if (rest.length > 0) return undefined;
  const own = stream.metadata;
  return {
    namespace: namespace === '' ? (own.namespace ?? '') : namespace,
    name: second === undefined ? own.name : first,
    tagOrId: second ?? first,
  };
};

const isOwn = ({ metadata }: ImageStream, source: Source): boolean =>
  source.namespace === (metadata.namespace ?? '') && source.name === metadata.name;

/** Points at a container image and has nothing to be copied from. */
const pointsAtImage = (tag: TagReference): boolean => tag.from?.kind === 'DockerImage' && !!tag.from.name;

/** Whether a spec tag means another image than before, as the original sees it: policies but the import mode do not count. */
export const hasTagChanged = (old: TagReference, next: TagReference, namespace: string): boolean => {
  const { from } = next;
  if (from === undefined || (!from.kind && !from.name)) return false;
  const namespaceOf = (tag: TagReference): string => tag.from?.namespace || namespace;
  return (
    namespaceOf(old) !== namespaceOf(next) ||
    (old.from?.name ?? '') !== (from.name ?? '') ||
    (old.reference ?? false) !== (next.reference ?? false) ||
    (old.importPolicy?.importMode || 'Legacy') !== (next.importPolicy?.importMode || 'Legacy') ||
    (next.generation === 0 && typeof old.generation === 'number' && old.generation !== 0)
  );
};

/** The tags that a write adds or changes; all, where there was no stream before. */
const changedTags = (next: ImageStream, old: ImageStream | undefined): readonly TagReference[] => {
  const before = new Map((old?.spec?.tags ?? []).map((tag) => [tag.name, tag]));
  return (next.spec?.tags ?? []).filter((tag) => {
    const previous = before.get(tag.name);
    return previous === undefined || hasTagChanged(previous, tag, next.metadata.namespace ?? '');
  });
};

/** The other stream that a spec tag takes its image from; undefined where there is none. */
export const otherStreamOf = (
  stream: ImageStream,
  tag: TagReference,
): { readonly namespace: string; readonly name: string } | undefined => {
  const source = tag.from === undefined || pointsAtImage(tag) ? undefined : sourceOf(stream, tag.from);
  return source === undefined || isOwn(stream, source)
    ? undefined
    : { namespace: source.namespace, name: source.name };
};

/** The other streams that have to be fetched before {@link resolveTags} can run. */
export const requiredSources = (
  next: ImageStream,
  old: ImageStream | undefined,
): readonly { readonly namespace: string; readonly name: string }[] => {
  const sources = changedTags(next, old).flatMap((tag) => otherStreamOf(next, tag) ?? []);
  return [...new Map(sources.map((source) => [sourceKey(source), source])).values()];
};

/** What became of one tag: an event, or what is wrong; neither where the source has no image yet. */
type Resolution = { readonly event?: NewTagEvent | undefined; readonly error?: FieldError };

const imageKind = 'imagestreamimage.image.openshift.io';

const resolveImage = (
  source: ImageStream,
  id: string,
  now: string,
): NewTagEvent | { readonly error: string } => {
  const matches = (source.status?.tags ?? [])
    .flatMap(({ items }) => items ?? [])
    .filter(({ image }) => imageMatchesId(image, id));
  const images = [...new Set(matches.map(({ image }) => image))].toSorted();
  const [match] = matches;
  if (match === undefined) return { error: `${imageKind} "${id}" not found` };
  if (images.length > 1) {
    const problem = `multiple images match the prefix "${id}": ${images.join(', ')}`;
    return { error: `Operation cannot be fulfilled on ${imageKind} "${id}": ${problem}` };
  }
  return { ...copyOf(match), created: now };
};

/** An entry without what only its own history knows. */
const copyOf = (entry: TagEvent): NewTagEvent => {
  const { revision: _revision, cause: _cause, ...event } = entry;
  return event;
};

/** Pulls of what was pushed into the source stream go through this stream, whose readers may see it. */
const throughOwnRepository = (
  event: NewTagEvent,
  {
    source,
    own,
    internalRegistry,
  }: { readonly source: Source; readonly own: ImageStream; readonly internalRegistry: string | undefined },
): NewTagEvent => {
  const parsed = parseDockerImageReference(event.dockerImageReference);
  if ('error' in parsed || internalRegistry === undefined || parsed.registry !== internalRegistry)
    return event;
  if (parsed.namespace !== source.namespace || parsed.name !== source.name) return event;
  const { namespace = '', name } = own.metadata;
  return { ...event, dockerImageReference: formatDockerImageReference({ ...parsed, namespace, name }) };
};

const sourceNamePath = (tag: TagReference) =>
  rootPath.child('spec').child('tags').key(tag.name).child('from').child('name');

const malformedSource = (tag: TagReference): FieldError =>
  invalid(
    sourceNamePath(tag),
    tag.from?.name ?? '',
    'must be of the form <tag>, <repo>:<tag>, <id>, or <repo>@<id>',
  );

const causeOf = (tag: TagReference, { cause }: ResolutionContext): TagEventCause => {
  const { kind, namespace, name = '' } = tag.from ?? {};
  if (cause !== undefined) return cause;
  return kind === 'DockerImage'
    ? { type: 'Spec' }
    : { type: 'Tag', by: namespace ? `${namespace}/${name}` : name };
};

const copyFrom = (
  stream: ImageStream,
  tag: TagReference,
  from: NonNullable<TagReference['from']>,
  context: ResolutionContext,
): Resolution => {
  const { name = '' } = from;
  const path = sourceNamePath(tag);
  const source = sourceOf(stream, from);
  if (source === undefined) return { error: malformedSource(tag) };
  const sourceStream = isOwn(stream, source) ? stream : context.sources.get(sourceKey(source));
  if (sourceStream === undefined) return { error: notFound(path, name) };
  const latest = latestTagEvent(sourceStream.status, source.tagOrId || 'latest');
  const found =
    from.kind === 'ImageStreamImage'
      ? resolveImage(sourceStream, source.tagOrId, context.now)
      : latest && copyOf(latest);
  if (found === undefined) return {};
  if ('error' in found) return { error: invalid(path, name, `error generating tag event: ${found.error}`) };
  const { internalRegistry } = context;
  const isReference = tag.reference === true;
  return {
    event: isReference ? found : throughOwnRepository(found, { source, own: stream, internalRegistry }),
  };
};

/**
 * Where a tag that no registry is asked for points: what it names itself (`reference`), or the image that the tag or image of a stream
 * has now. A copy is made once; only tags of the same stream are followed later (tag-tracking.ts).
 */
export const resolveTag = (
  stream: ImageStream,
  tag: TagReference,
  context: ResolutionContext,
): Resolution => {
  const { from, reference } = tag;
  if (from === undefined) return {};
  const generation = tag.generation ?? stream.metadata.generation ?? 0;
  if (!pointsAtImage(tag)) {
    const { event, error } = copyFrom(stream, tag, from, context);
    if (error !== undefined) return { error };
    return { event: event && { ...event, generation, cause: causeOf(tag, context) } };
  }
  // Images of registries are in no namespace: whoever names another one meant a stream there.
  const { namespace = '' } = from;
  if (namespace !== '' && namespace !== stream.metadata.namespace) return { error: malformedSource(tag) };
  if (reference !== true) return {};
  const { now: created } = context;
  const dockerImageReference = from.name ?? '';
  return { event: { created, dockerImageReference, image: '', generation, cause: causeOf(tag, context) } };
};

/** A tag of the same stream that was copied counts as seen at the generation of the copy, as in the original. */
const markSource = (stream: ImageStream, tag: TagReference, generation: number): ImageStream => {
  const source = tag.from?.kind === 'ImageStreamTag' ? sourceOf(stream, tag.from) : undefined;
  if (source === undefined || !isOwn(stream, source)) return stream;
  const list = findTag(stream.status, source.tagOrId || 'latest');
  const [latest, ...older] = list?.items ?? [];
  if (list === undefined || latest === undefined) return stream;
  return {
    ...stream,
    status: putTag(stream.status ?? {}, { ...list, items: [{ ...latest, generation }, ...older] }),
  };
};

/** The stream with the event of a resolved tag recorded, and the tag observed. */
export const recordResolved = (stream: ImageStream, tag: TagReference, event: NewTagEvent): ImageStream => {
  const marked = markSource(stream, tag, event.generation);
  const status = addTagEvent(marked.status ?? {}, tag.name, event);
  const list = findTag(status, tag.name) ?? { tag: tag.name };
  return {
    ...marked,
    status: putTag(status, { ...endHold(list), observed: observeTag(marked, tag, { succeeded: true }) }),
  };
};

/** A stream whose added and changed tags point where they should, and what is wrong with those that cannot. */
export type ResolvedStream = { readonly stream: ImageStream; readonly errors: readonly FieldError[] };

/**
 * Resolves the tags that a write adds or changes, then lets the tags that follow them follow.
 *
 * @see openshift-apiserver `pkg/image/apiserver/registry/imagestream/strategy.go` tagsChanged
 */
export const resolveTags = (
  next: ImageStream,
  old: ImageStream | undefined,
  context: ResolutionContext,
): ResolvedStream => {
  const errors: FieldError[] = [];
  const resolved = changedTags(next, old).reduce((stream, tag) => {
    // Resolved already at this very spec, elsewhere: a migration brings what was observed before the spec.
    if (findTag(stream.status, tag.name)?.observed?.fingerprint === tagFingerprint(tag)) return stream;
    const { event, error } = resolveTag(stream, tag, context);
    if (error !== undefined) errors.push(error);
    return event === undefined ? stream : recordResolved(stream, tag, event);
  }, next);
  return { stream: updateTrackingTags(resolved, old), errors };
};

/** The one cause that the original makes of all errors of resolution: users of `oc` see it in these words. */
export const foldTagErrors = (name: string, errors: readonly FieldError[]): readonly FieldError[] => {
  if (errors.length === 0) return [];
  const { message = '' } = invalidStatus({ group: '', kind: 'imagestreams', name }, errors);
  return [internal(rootPath, message)];
};
