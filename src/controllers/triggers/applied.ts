import { triggerBlockedAnnotation, triggeredRevisionsAnnotation } from '../../api/annotations.ts';
import type { KubernetesObject } from '../../api/meta.ts';
import type { Applied, AppliedRevisions } from './plan.ts';

const isApplied = (value: unknown): value is Applied => {
  if (typeof value !== 'object' || value === null) return false;
  const { stream, tag, revision, image, setBacks, left } = value as Partial<Record<keyof Applied, unknown>>;
  return (
    typeof stream === 'string' &&
    typeof tag === 'string' &&
    typeof revision === 'number' &&
    (image === undefined || typeof image === 'string') &&
    (setBacks === undefined || typeof setBacks === 'number') &&
    (left === undefined || typeof left === 'string')
  );
};

const entriesOf = (object: Pick<KubernetesObject, 'metadata'>, annotation: string) => {
  const text = object.metadata.annotations?.[annotation];
  if (text === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? Object.entries(value as object) : [];
  } catch {
    // Somebody wrote over it: nothing is known then.
    return [];
  }
};

/** What the object's own record says; anything unreadable in it counts as not there. Undefined: it has none. */
export const readApplied = (object: Pick<KubernetesObject, 'metadata'>): AppliedRevisions | undefined => {
  const entries = entriesOf(object, triggeredRevisionsAnnotation);
  return (
    entries && Object.fromEntries(entries.filter((entry): entry is [string, Applied] => isApplied(entry[1])))
  );
};

/** The field paths that the object itself says are blocked. */
export const readBlocked = (object: Pick<KubernetesObject, 'metadata'>): ReadonlySet<string> =>
  new Set(entriesOf(object, triggerBlockedAnnotation)?.map(([fieldPath]) => fieldPath));

/** Who is said to have blocked what, by field path. */
export const readBlockedTexts = (
  object: Pick<KubernetesObject, 'metadata'>,
): Readonly<Record<string, string>> =>
  Object.fromEntries(
    (entriesOf(object, triggerBlockedAnnotation) ?? []).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    ),
  );

/** The later of what two sources know of each container; where they speak of different tags, `b` counts. */
export const mergeApplied = (a: AppliedRevisions, b: AppliedRevisions): AppliedRevisions => {
  const merged: Record<string, Applied> = { ...a };
  for (const [path, next] of Object.entries(b)) {
    const known = merged[path];
    const isSame = known?.stream === next.stream && known.tag === next.tag;
    if (!isSame || known.revision < next.revision) merged[path] = next;
  }
  return merged;
};
