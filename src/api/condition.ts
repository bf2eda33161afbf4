import Type from 'typebox';
import { int64, nullable, oneOf, time, type Value } from './schema.ts';

/** A condition in the shape of `meta.k8s.io/v1` Condition: `status.conditions[]` of a stream. */
export const ConditionSchema = Type.Object({
  type: Type.String(),
  status: oneOf(['True', 'False', 'Unknown']),
  observedGeneration: Type.Optional(int64()),
  lastTransitionTime: time(),
  reason: Type.String(),
  message: Type.String(),
});
export type Condition = Value<typeof ConditionSchema>;

/** A condition of one tag: OpenShift's own shape, only ever `ImportSuccess=False`. */
export const TagEventConditionSchema = Type.Object({
  type: Type.String(),
  status: oneOf(['True', 'False', 'Unknown']),
  lastTransitionTime: Type.Optional(nullable(time())),
  reason: Type.Optional(Type.String()),
  message: Type.Optional(Type.String()),
  generation: int64(),
});
export type TagEventCondition = Value<typeof TagEventConditionSchema>;

/** The only type of a tag's condition. */
export const importSuccess = 'ImportSuccess';

/**
 * Puts `next` in place of the condition of its type, keeping `lastTransitionTime` while the status stays the same.
 */
export const setCondition = (conditions: readonly Condition[], next: Condition): readonly Condition[] => {
  const previous = conditions.find((condition) => condition.type === next.type);
  const merged =
    previous?.status === next.status ? { ...next, lastTransitionTime: previous.lastTransitionTime } : next;
  const others = conditions.filter((condition) => condition.type !== next.type);
  return [...others, merged].toSorted((a, b) => (a.type < b.type ? -1 : 1));
};
