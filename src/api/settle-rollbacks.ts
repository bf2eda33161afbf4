import type { ImageStream, NamedTagEventList, TagEvent, TagEventCause } from './image-stream.ts';
import { isImportable } from './pending.ts';
import { type RollbackRequest, revisionAt, rollbackIdOf, rollbacksOf } from './rollback.ts';
import { addTagEvent, findTag, latestTagEvent, putTag, setTagConditions } from './tag-history.ts';
import { trackedTag } from './tag-tracking.ts';

/** When rollbacks are settled, and on whose behalf. */
export type SettleContext = {
  /** RFC 3339. */
  readonly now: string;
  /** Who writes, where it is known for sure; else requests say themselves who asked. */
  readonly by?: string | undefined;
};

const causedBy = (type: TagEventCause['type'], by: string | undefined): TagEventCause =>
  by === undefined ? { type } : { type, by };

/** The stream with the tag at an older image of its history, as an entry of its own. */
const pointAt = (
  stream: ImageStream,
  list: NamedTagEventList,
  event: TagEvent,
  { cause, now }: { readonly cause: TagEventCause; readonly now: string },
): NamedTagEventList => {
  const { revision: _, ...image } = event;
  const generation = list.items?.[0]?.generation ?? event.generation;
  const moved = addTagEvent(stream.status ?? {}, list.tag, { ...image, created: now, generation, cause });
  // Whether imports fail has nothing to do with which image is shown.
  const status = setTagConditions(moved, list.tag, list.conditions ?? []);
  return findTag(status, list.tag) ?? list;
};

const carryOut = (
  stream: ImageStream,
  list: NamedTagEventList,
  request: RollbackRequest,
  { now, by = request.by }: SettleContext,
): NamedTagEventList => {
  const items = list.items ?? [];
  const target = items.find(
    ({ image }, index) => image === request.image && revisionAt(items, index) === request.revision,
  );
  // Trimmed away meanwhile, or of a stream that had this name before; a mere reference is no image to go back to.
  if (target === undefined || target.image === '') return list;
  const moved = pointAt(stream, list, target, { cause: causedBy('Rollback', by), now });
  const rollback = { request: rollbackIdOf(request), since: now, ...(by === undefined ? {} : { by }) };
  return { ...moved, rollback: { ...rollback, held: true } };
};

/** Where a tag points that no registry is asked for when it is not held any more. */
const unheldImage = (stream: ImageStream, list: NamedTagEventList): TagEvent | undefined => {
  const tag = stream.spec?.tags?.find(({ name }) => name === list.tag);
  const source = tag && trackedTag(stream, tag);
  const followed = source === undefined ? undefined : latestTagEvent(stream.status, source);
  return followed ?? list.items?.find(({ cause }) => cause?.type !== 'Rollback');
};

const resume = (
  stream: ImageStream,
  list: NamedTagEventList,
  { now, by }: SettleContext,
): NamedTagEventList => {
  const isHeld = list.rollback?.held === true;
  const tag = stream.spec?.tags?.find(({ name }) => name === list.tag);
  // Pending now: the import that follows tells where the tag is.
  if (isHeld && tag !== undefined && isImportable(tag)) return list;
  const event = isHeld ? unheldImage(stream, list) : undefined;
  const cause = causedBy('Request', by);
  const { rollback: _, ...free } = event === undefined ? list : pointAt(stream, list, event, { cause, now });
  return free;
};

/**
 * Carries out the rollbacks that the stream asks for and its status lacks, and ends those that are asked for no more. Returns the
 * stream that was given when there is nothing to do; what its annotation says stays as it is.
 */
export const settleRollbacks = (stream: ImageStream, context: SettleContext): ImageStream => {
  const requests = rollbacksOf(stream);
  if (requests === undefined) return stream;
  return (stream.status?.tags ?? []).reduce((next, list) => {
    const request = requests.get(list.tag);
    if (request === undefined && list.rollback === undefined) return next;
    if (request !== undefined && rollbackIdOf(request) === list.rollback?.request) return next;
    const settled =
      request === undefined ? resume(next, list, context) : carryOut(next, list, request, context);
    return settled === list ? next : { ...next, status: putTag(next.status ?? {}, settled) };
  }, stream);
};
