import type { FieldOwner } from '../../api/field-owner.ts';
import type { ImageChange } from '../../api/workload-patch.ts';
import type { ImageTrigger } from './annotation.ts';
import type { PodSpec } from './kinds.ts';
import { findContainer } from './pod-spec.ts';

/** Which revision of which tag a container had last; `stream` is a uid, because revisions of a stream made anew start over. */
export type Applied = {
  readonly stream: string;
  readonly tag: string;
  readonly revision: number;
  /** The image that was put there. Records of before have none. */
  readonly image?: string | undefined;
  /** How often somebody put another image there instead. */
  readonly setBacks?: number | undefined;
  /** The image that somebody put there and that is left, until the tag moves. */
  readonly left?: string | undefined;
};

/** By field path. */
export type AppliedRevisions = Readonly<Record<string, Applied>>;

/** What a trigger's tag means now. */
export type ResolvedTag = {
  readonly stream: string;
  readonly tag: string;
  readonly revision: number;
  /** Pull spec of the newest entry. */
  readonly image: string;
  /** When the tag came to point there, in milliseconds. */
  readonly sinceMs: number;
  /** Whether a pull spec is that of an older entry of the tag. */
  readonly isOlder: (image: string) => boolean;
};

export type TriggerChange = {
  readonly trigger: ImageTrigger;
  readonly tag: ResolvedTag;
  readonly container: ImageChange;
  /** Image of the container before. */
  readonly from: string;
};

export type TriggerPlan =
  | {
      readonly ok: true;
      /** Containers that get another image. */
      readonly changes: readonly TriggerChange[];
      /** Containers left alone because somebody rolled them back since the tag moved last. */
      readonly held: readonly TriggerChange[];
      /** Containers left alone because somebody set them back again and again. */
      readonly blocked: readonly TriggerChange[];
      /** Field paths whose stream, tag or image is not there: what is known of them stays. */
      readonly waiting: readonly string[];
      /** What each container will have had last. */
      readonly applied: AppliedRevisions;
    }
  | { readonly ok: false; readonly problem: string };

export type TriggerQuestion = {
  readonly podSpec: PodSpec;
  readonly triggers: readonly ImageTrigger[];
  /** Undefined where stream, tag or image is not there: that trigger waits. */
  readonly resolve: (trigger: ImageTrigger) => ResolvedTag | undefined;
  readonly applied: AppliedRevisions;
  /** Field paths that were blocked before and that nobody has released since. */
  readonly blocked: ReadonlySet<string>;
  readonly onRollback: 'hold' | 'follow';
  /** Who put the image there that stands at a field path; needed for those of {@link strayed} alone. */
  readonly ownerOf: (fieldPath: string) => FieldOwner | undefined;
};

/** So many times somebody else may put another image in place of the tag's, whatever time lies between. */
const maxSetBacks = 2;

/** What is known of a container that follows this tag, with its count begun anew where somebody released it. */
const knownOf = (
  { applied, blocked }: Pick<TriggerQuestion, 'applied' | 'blocked'>,
  fieldPath: string,
  tag: ResolvedTag,
): Applied | undefined => {
  const known = applied[fieldPath];
  // What is left alone for good is so for another stream of that name, too.
  const isSame = known?.tag === tag.tag && (known.stream === tag.stream || blocked.has(fieldPath));
  if (!isSame) return undefined;
  const isReleased = (known.setBacks ?? 0) >= maxSetBacks && !blocked.has(fieldPath);
  return isReleased ? { ...known, setBacks: 0, left: undefined } : known;
};

/** Whether somebody put another image there than we did, which was not counted yet. */
const hasStrayed = (known: Applied | undefined, tag: ResolvedTag, from: string): boolean => {
  if (known === undefined || from === tag.image || from === known.left) return false;
  const expected = known.image ?? (known.revision >= tag.revision ? tag.image : from);
  return from !== expected;
};

/** The field paths where somebody put another image than we did: of these it has to be known who that was. */
export const strayed = (question: Omit<TriggerQuestion, 'ownerOf'>): readonly string[] =>
  question.triggers
    .filter((trigger) => {
      const { fieldPath } = trigger;
      const from = findContainer(question.podSpec, trigger.container)?.image;
      const tag = question.resolve(trigger);
      if (from === undefined || tag === undefined || question.blocked.has(fieldPath)) return false;
      return hasStrayed(knownOf(question, fieldPath, tag), tag, from);
    })
    .map(({ fieldPath }) => fieldPath);

type Verdict = {
  readonly kind: 'follows' | 'change' | 'held' | 'blocked';
  readonly setBacks: number;
};

const judge = (
  question: TriggerQuestion,
  { trigger: { fieldPath }, tag, from }: TriggerChange,
  known: Applied | undefined,
): Verdict => {
  const before = known?.setBacks ?? 0;
  if (from === tag.image) return { kind: 'follows', setBacks: before };
  if (before >= maxSetBacks) return { kind: 'blocked', setBacks: before };
  const hadNewest = known !== undefined && known.revision >= tag.revision;
  const isRollback = question.onRollback === 'hold' && tag.isOlder(from);
  // Whoever rolls back by hand means it, and will do so again; a program that applies manifests does it for ever.
  const counts =
    hasStrayed(known, tag, from) && (!isRollback || question.ownerOf(fieldPath)?.isApplier === true);
  const setBacks = before + (counts ? 1 : 0);
  if (setBacks >= maxSetBacks) return { kind: 'blocked', setBacks };
  return { kind: isRollback && hadNewest ? 'held' : 'change', setBacks };
};

/** What is recorded. Of one that is blocked nothing but that: its tag may move, and nothing is to be written for it. */
const recordOf = (
  { tag, from }: TriggerChange,
  { kind, setBacks }: Verdict,
  known: Applied | undefined,
): Applied => {
  const { stream, revision, image } = kind === 'blocked' && known !== undefined ? known : tag;
  return {
    stream,
    tag: tag.tag,
    revision,
    ...(image === undefined ? {} : { image }),
    ...(setBacks === 0 ? {} : { setBacks }),
    ...(kind === 'held' ? { left: from } : {}),
  };
};

/**
 * Compares what the triggers ask for with the pod spec. A container with an older image of its tag, that had the newest one before, was
 * rolled back by hand, and is held until the tag moves again. One that somebody else sets back a second time is left alone for good.
 */
export const planTriggers = (question: TriggerQuestion): TriggerPlan => {
  const found: Readonly<Record<Verdict['kind'], TriggerChange[]>> = {
    follows: [],
    change: [],
    held: [],
    blocked: [],
  };
  const applied: Record<string, Applied> = {};
  const waiting: string[] = [];
  for (const trigger of question.triggers) {
    const { fieldPath } = trigger;
    const container = findContainer(question.podSpec, trigger.container);
    if (container === undefined) return { ok: false, problem: `there is no container at ${fieldPath}` };
    const tag = question.resolve(trigger);
    if (tag === undefined) {
      waiting.push(fieldPath);
      const before = question.applied[fieldPath];
      if (before !== undefined) applied[fieldPath] = before;
      continue;
    }
    const change = { trigger, tag, container, from: container.image };
    const known = knownOf(question, fieldPath, tag);
    const verdict = judge(question, change, known);
    applied[fieldPath] = recordOf(change, verdict, known);
    found[verdict.kind].push(change);
  }
  const { change: changes, held, blocked } = found;
  return { ok: true, changes, held, blocked, waiting, applied };
};
