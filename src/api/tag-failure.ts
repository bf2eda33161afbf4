import { importSuccess, type TagEventCondition } from './condition.ts';
import type { ImageStreamStatus } from './image-stream.ts';
import type { Status } from './status.ts';
import { findTag, setTagConditions } from './tag-history.ts';

/** What failed, for which generation of the spec, and when (RFC 3339). */
export type TagFailure = {
  readonly status: Pick<Status, 'reason' | 'message'>;
  readonly generation: number;
  readonly now: string;
};

/**
 * The failure as a tag's condition. One of the same reason for the same generation stays as it is, whatever its message says now: a
 * registry that is down says so in many words, and each of them would be a write.
 */
export const failureConditions = (
  current: readonly TagEventCondition[] | undefined,
  { status, generation, now }: TagFailure,
): readonly TagEventCondition[] => {
  const reason = status.reason ?? 'InternalError';
  const previous = current?.find(({ type }) => type === importSuccess);
  const isSameFailure = previous?.status === 'False' && previous.reason === reason;
  if (current !== undefined && isSameFailure && previous.generation === generation) return current;
  return [
    {
      type: importSuccess,
      status: 'False',
      lastTransitionTime: (isSameFailure ? previous.lastTransitionTime : undefined) ?? now,
      reason,
      message: status.message ?? 'unknown error prevented import',
      generation,
    },
  ];
};

/** The status with the failure as the condition of a tag; the status that was given where it says so already. */
export const addTagFailure = (
  status: ImageStreamStatus,
  tag: string,
  failure: TagFailure,
): ImageStreamStatus => {
  const current = findTag(status, tag)?.conditions;
  const next = failureConditions(current, failure);
  return next === current ? status : setTagConditions(status, tag, next);
};
