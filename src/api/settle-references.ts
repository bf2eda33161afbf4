import { isDeepStrictEqual } from 'node:util';
import { formatFieldError } from './field-error.ts';
import type { ImageStream, ImageStreamStatus, TagReference } from './image-stream.ts';
import { isHeld, isImportable, observeTag, tagFingerprint } from './pending.ts';
import { notPermittedMessage, notPermittedReason, type ReferencedStream } from './reference-grants.ts';
import { addTagFailure } from './tag-failure.ts';
import { findTag, putTag, setTagConditions } from './tag-history.ts';
import { otherStreamOf, recordResolved, resolveTag, sourceKey } from './tag-resolution.ts';

/*
 * Tags that no registry is asked for, resolved by whoever watches the stream. Where a server of ours takes the writes it resolves them at
 * once (image-stream-strategy.ts); over CRDs the controller finds them in the spec, later, not knowing who wrote them.
 */

/** What is known of the streams that the tags of one stream point at. */
export type ReferenceFacts = {
  /** By {@link sourceKey}; undefined for one that does not exist. What was not looked up is left for the next time. */
  readonly sources: ReadonlyMap<string, ImageStream | undefined>;
  readonly isPermitted: (to: ReferencedStream) => boolean;
};

/** Never resolved as the spec says it now. A copy that was made once stays what it is: nothing asks for another. */
const isUnresolved = (stream: ImageStream, tag: TagReference): boolean => {
  if (tag.from === undefined || isImportable(tag) || isHeld(stream, tag.name)) return false;
  const observed = findTag(stream.status, tag.name)?.observed;
  return observed?.imported !== true || observed.fingerprint !== tagFingerprint(tag);
};

const unresolvedTags = (stream: ImageStream): readonly TagReference[] =>
  (stream.spec?.tags ?? []).filter((tag) => isUnresolved(stream, tag));

/** The other streams that a stream waits for, each once. */
export const awaitedStreams = (stream: ImageStream): readonly ReferencedStream[] => {
  const others = unresolvedTags(stream).flatMap((tag) => otherStreamOf(stream, tag) ?? []);
  return [...new Map(others.map((other) => [sourceKey(other), other])).values()];
};

const withFailure = (
  stream: ImageStream,
  tag: TagReference,
  status: { readonly reason: string; readonly message: string },
  now: string,
): ImageStreamStatus => {
  const generation = tag.generation || stream.metadata.generation || 0;
  const failed = addTagFailure(stream.status ?? {}, tag.name, { status, generation, now });
  const list = { tag: tag.name, ...findTag(failed, tag.name) };
  const observed = { ...observeTag(stream, tag, { succeeded: false }), imported: false };
  return isDeepStrictEqual(list.observed, observed) ? failed : putTag(failed, { ...list, observed });
};

const settleTag = (
  stream: ImageStream,
  tag: TagReference,
  { sources, isPermitted }: ReferenceFacts,
  now: string,
): ImageStreamStatus | undefined => {
  const other = otherStreamOf(stream, tag);
  // Asked first: whether the stream exists is nothing that a stranger may learn.
  if (other !== undefined && !isPermitted(other)) {
    const message = notPermittedMessage(stream.metadata.namespace ?? '', other);
    return withFailure(stream, tag, { reason: notPermittedReason, message }, now);
  }
  if (other !== undefined && !sources.has(sourceKey(other))) return stream.status;
  const known = [...sources].flatMap(([key, source]) =>
    source === undefined ? [] : [[key, source] as const],
  );
  const { event, error } = resolveTag(stream, tag, { sources: new Map(known), now });
  if (error !== undefined) {
    const reason = error.type === 'FieldValueNotFound' ? 'NotFound' : 'Invalid';
    return withFailure(stream, tag, { reason, message: formatFieldError(error) }, now);
  }
  if (event !== undefined)
    return setTagConditions(recordResolved(stream, tag, event).status ?? {}, tag.name, []);
  // Its source has no image yet; what kept it from being looked at before is over.
  return stream.status && setTagConditions(stream.status, tag.name, []);
};

/**
 * Gives the tags that point at other tags or images of streams what these have now, and says of the others what is wrong; level-driven, so
 * that a grant or a stream that appears later is enough. The stream that was given where nothing changes, and where `facts` is undefined.
 */
export const settleReferences = (
  stream: ImageStream,
  facts: ReferenceFacts | undefined,
  now: string,
): ImageStream => {
  if (facts === undefined) return stream;
  return unresolvedTags(stream).reduce((next, tag) => {
    const status = settleTag(next, tag, facts, now);
    return status === next.status || status === undefined ? next : { ...next, status };
  }, stream);
};
