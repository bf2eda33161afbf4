import { triggeredRevisionsAnnotation } from '../../api/annotations.ts';
import type { KubernetesObject } from '../../api/meta.ts';
import type { Applied, AppliedRevisions } from './plan.ts';

const isApplied = (value: unknown): value is Applied => {
  if (typeof value !== 'object' || value === null) return false;
  const { stream, tag, revision } = value as Partial<Record<keyof Applied, unknown>>;
  return typeof stream === 'string' && typeof tag === 'string' && typeof revision === 'number';
};

/** What the workload's own record says; anything unreadable in it counts as not there. */
export const readApplied = (object: KubernetesObject): AppliedRevisions => {
  const text = object.metadata.annotations?.[triggeredRevisionsAnnotation];
  if (text === undefined) return {};
  try {
    const value: unknown = JSON.parse(text);
    const entries = typeof value === 'object' && value !== null ? Object.entries(value) : [];
    return Object.fromEntries(entries.filter((entry): entry is [string, Applied] => isApplied(entry[1])));
  } catch {
    // Somebody wrote over it: nothing is known then.
    return {};
  }
};

/** The object with its record replaced. */
export const withApplied = <T extends KubernetesObject>(object: T, applied: AppliedRevisions): T => ({
  ...object,
  metadata: {
    ...object.metadata,
    annotations: { ...object.metadata.annotations, [triggeredRevisionsAnnotation]: JSON.stringify(applied) },
  },
});

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
