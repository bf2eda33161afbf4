import type { ImageTrigger } from './annotation.ts';
import type { PodSpec } from './kinds.ts';
import { imageOf, withImage } from './patch.ts';

/** Which revision of which tag a container had last; `stream` is a uid, because revisions of a stream made anew start over. */
export type Applied = { readonly stream: string; readonly tag: string; readonly revision: number };

/** By field path. */
export type AppliedRevisions = Readonly<Record<string, Applied>>;

/** What a trigger's tag means now. */
export type ResolvedTag = Applied & {
  /** Pull spec of the newest entry. */
  readonly image: string;
  /** Whether a pull spec is that of an older entry of the tag. */
  readonly isOlder: (image: string) => boolean;
};

export type TriggerChange = {
  readonly trigger: ImageTrigger;
  readonly tag: ResolvedTag;
  /** Image of the container before. */
  readonly from: string;
};

export type TriggerPlan =
  | {
      readonly ok: true;
      /** The pod spec as it should be; the one that was given where nothing changes. */
      readonly podSpec: PodSpec;
      /** Containers that get another image. */
      readonly changes: readonly TriggerChange[];
      /** Containers left alone because somebody rolled them back since the tag moved last. */
      readonly held: readonly TriggerChange[];
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
  readonly onRollback: 'hold' | 'follow';
};

/** Whether the container already had this revision, or a newer one of the same tag. */
const hadAlready = (applied: Applied | undefined, tag: ResolvedTag): boolean =>
  applied?.stream === tag.stream && applied.tag === tag.tag && applied.revision >= tag.revision;

/**
 * Compares what the triggers ask for with the pod spec. A container with an older image of its tag, that had the newest one before, was
 * rolled back by hand, and is held until the tag moves again.
 */
export const planTriggers = (question: TriggerQuestion): TriggerPlan => {
  const changes: TriggerChange[] = [];
  const held: TriggerChange[] = [];
  const applied: Record<string, Applied> = {};
  let { podSpec } = question;
  for (const trigger of question.triggers) {
    const { fieldPath, container } = trigger;
    const from = imageOf(podSpec, container);
    if (from === undefined) return { ok: false, problem: `there is no container at ${fieldPath}` };
    const before = question.applied[fieldPath];
    const tag = question.resolve(trigger);
    if (tag === undefined) {
      if (before !== undefined) applied[fieldPath] = before;
      continue;
    }
    applied[fieldPath] = { stream: tag.stream, tag: tag.tag, revision: tag.revision };
    if (from === tag.image) continue;
    const isRollback = question.onRollback === 'hold' && hadAlready(before, tag) && tag.isOlder(from);
    (isRollback ? held : changes).push({ trigger, tag, from });
    if (!isRollback) podSpec = withImage(podSpec, container, tag.image);
  }
  return { ok: true, podSpec, changes, held, applied };
};
