import type { ChangeEvent } from '../../src/api/change-event.ts';
import {
  intervalMsOf,
  isReachable,
  isSound,
  type Model,
  type StreamModel,
  spell,
  type TagModel,
} from './model.ts';
import { demand, type Observer } from './observer.ts';
import { password, type World } from './world.ts';

const minuteMs = 60_000;
/** Retries within one question, and time-outs of what is asked beside it. */
export const questionMs = 3 * minuteMs;
/** The longest delay of a retry, or of its slot after a start. */
const longestRetryMs = 60 * minuteMs;

export type Checked = { readonly model: Model; readonly world: World; readonly observer: Observer };

const isTrouble = (model: Model): boolean => [...model.hosts.values()].some((state) => state !== 'up');

/** A stream is written when all that was asked for it is answered: one bad registry takes it the time of a question. */
export const isHeldUp = (model: Model, { tags, followsRepository }: StreamModel, nowMs: number): boolean =>
  [...tags.values()].some(({ wish }) => !isSound(model, wish.source.host, nowMs)) ||
  (followsRepository && !isSound(model, 'public.example', nowMs));

/** How long a tag's next look may take, undisturbed; undefined: nobody owes it one. */
const patienceMs = (model: Model, tag: TagModel): number | undefined => {
  // What has no image of its spec yet is tried by the delays of its failure, whether it is scheduled or not.
  const intervalMs = tag.isOwed ? longestRetryMs : intervalMsOf(tag.wish);
  return intervalMs === undefined ? undefined : intervalMs + questionMs + (model.hasJumped ? minuteMs : 0);
};

const isSubsequence = (part: readonly string[], whole: readonly string[]): boolean => {
  let at = 0;
  for (const one of whole) if (one === part[at]) at += 1;
  return at === part.length;
};

const uidOf = async ({ world }: Checked, name: string): Promise<string> =>
  (await world.get(name))?.metadata.uid ?? '';

/** Whether a tag's history begins with what stands upstream, or the tag is held and has that. */
export const isSeen = async (checked: Checked, name: string, tagName: string): Promise<boolean> => {
  const { model, observer } = checked;
  const tag = model.streams.get(name)?.tags.get(tagName);
  const value = tag === undefined ? undefined : model.upstream.get(spell(tag.wish.source));
  if (tag === undefined || value === undefined) return true;
  const entries = observer.entriesOf(await uidOf(checked, name), tagName);
  return entries.at(-1)?.image === value || (tag.mayBeHeld && entries.some(({ image }) => image === value));
};

/** A tag has been looked at: its history must begin with what stands upstream, unless it is held. */
export const checkSeen = async (checked: Checked, name: string, tagName: string): Promise<void> => {
  const { model, observer } = checked;
  const tag = model.streams.get(name)?.tags.get(tagName);
  const value = tag === undefined ? undefined : model.upstream.get(spell(tag.wish.source));
  if (tag === undefined || value === undefined) return;
  const entries = observer.entriesOf(await uidOf(checked, name), tagName);
  const last = entries.at(-1);
  const isThere = await isSeen(checked, name, tagName);
  const invariant = isTrouble(model) ? 3 : 6;
  demand(
    isThere,
    invariant,
    () => `${name}:${tagName} is not at ${value}, which ${spell(tag.wish.source)} has`,
  );
  tag.isOwed = false;
  if (last?.image === value && last.cause?.type !== 'Rollback') tag.mayBeHeld = false;
};

const checkTag = async (checked: Checked, name: string, tagName: string, tag: TagModel): Promise<void> => {
  const { model, world, observer } = checked;
  const entries = observer.entriesOf(await uidOf(checked, name), tagName);
  const back = entries.filter(({ cause }) => cause?.type === 'Rollback').map(({ image }) => image);
  const found = entries.filter(({ cause }) => cause?.type !== 'Rollback').map(({ image }) => image);
  const what = `${name}:${tagName}`;
  demand(
    isSubsequence(found, tag.may),
    1,
    () => `${what} has ${found.join()}, its source had ${tag.may.join()}`,
  );
  demand(back.join() === tag.rollbacks.join(), 4, () => `${what} was rolled back to ${back.join()}`);
  const waitsMs = patienceMs(model, tag);
  const nowMs = world.clock.monotonic();
  const isDue =
    waitsMs !== undefined &&
    model.streams.get(name)?.isSuspended !== true &&
    isReachable(model, tag.wish, password, nowMs) &&
    nowMs - tag.undisturbedSinceMs >= waitsMs;
  if (isDue) await checkSeen(checked, name, tagName);
};

const isMove = ({ type }: ChangeEvent): boolean => type === 'TagCreated' || type === 'TagMoved';

/** Revisions by tag in the order in which they were told, of streams told apart by the ids of their events. */
const movesById = (events: readonly ChangeEvent[]): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>();
  for (const { id } of events.filter(isMove)) counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
};

const checkOrder = (events: readonly ChangeEvent[], who: string): void => {
  for (const [id, count] of movesById(events))
    demand(count === 1, 4, () => `the ${who} was told ${count} times of ${id}`);
};

/** What every sink was told until now is the beginning of what the histories say, in their order. */
const checkTold = ({ world, observer }: Checked, isComplete: boolean): void => {
  checkOrder(world.ledger.told, 'ledger');
  checkOrder(world.published, 'feed');
  const { told } = world.ledger;
  for (const { ids, isGone } of observer.toldIds()) {
    const seen = told.filter(({ id }) => ids.includes(id)).map(({ id }) => id);
    const expected = isComplete && !isGone ? ids : ids.slice(0, seen.length);
    demand(seen.join() === expected.join(), 4, () => `told ${seen.join()}, the history says ${ids.join()}`);
  }
};

/** Checks what must hold whenever the program is at rest. */
export const checkAtRest = async (checked: Checked): Promise<void> => {
  const { model, world, observer } = checked;
  observer.look();
  for (const [name, { tags }] of model.streams)
    for (const [tagName, tag] of tags) await checkTag(checked, name, tagName, tag);
  checkTold(checked, false);
  const refreshed = [...model.streams.values()].filter(({ isSuspended }) => !isSuspended);
  const wishes = refreshed.flatMap(({ tags }) => [...tags.values()]);
  const scheduled = wishes.filter(({ wish }) => wish.interval !== undefined).length;
  const indexed = world.program()?.scheduledTags() ?? scheduled;
  demand(indexed === scheduled, 9, () => `${indexed} tags are refreshed, of ${scheduled} that anybody wants`);
};

/** Checks what must hold once nothing has been wrong for long: every sink knows everything. */
export const checkInTheEnd = async (checked: Checked): Promise<void> => {
  const { world, observer } = checked;
  checkTold(checked, true);
  const names = (await world.events()).map(({ metadata }) => metadata.name);
  for (const { ids } of observer.toldIds())
    for (const id of ids) {
      const isTold = names.some((name) => name.endsWith(`.${id.slice(0, 16)}`));
      demand(isTold, 4, () => `no Event tells of ${id}`);
    }
};
