import { isDeepStrictEqual } from 'node:util';
import {
  changeCauseAnnotation,
  triggerBlockedAnnotation,
  triggeredRevisionsAnnotation,
} from '../../api/annotations.ts';
import { describeOwner } from '../../api/field-owner.ts';
import type { WorkloadPatch } from '../../api/workload-patch.ts';
import { readApplied, readBlocked, readBlockedTexts } from './applied.ts';
import type { Workload, WorkloadKind } from './kinds.ts';
import type { Owners } from './owners.ts';
import type { TriggerChange, TriggerPlan } from './plan.ts';

/** A plan that can be carried out. */
export type GoodPlan = Extract<TriggerPlan, { ok: true }>;

const causeOf = ({ trigger, tag }: TriggerChange): string =>
  `${trigger.namespace}/${trigger.stream}:${trigger.tag} is at revision ${tag.revision}, ${tag.image}`;

/** What is blocked, or was when its stream was still there. */
const blockedPaths = (workload: Workload, { blocked, waiting }: GoodPlan): readonly string[] => {
  const before = readBlocked(workload);
  return [
    ...blocked.map(({ trigger }) => trigger.fieldPath),
    ...waiting.filter((fieldPath) => before.has(fieldPath)),
  ];
};

/** Which containers are blocked, and who did it, as it is written. */
export const blockedTexts = (workload: Workload, plan: GoodPlan, owners: Owners): Record<string, string> => {
  const before = readBlockedTexts(workload);
  return Object.fromEntries(
    blockedPaths(workload, plan).map((fieldPath) => {
      const owner = owners.get(fieldPath);
      return [fieldPath, owner === undefined ? (before[fieldPath] ?? 'somebody') : describeOwner(owner)];
    }),
  );
};

/** Whether the workload's own record lacks what a restart has to know: that something was rolled back, or set back. */
export const lacksRecord = (workload: Workload, plan: GoodPlan): boolean => {
  const { held, blocked, applied } = plan;
  const record = readApplied(workload) ?? {};
  const isMissing = [...held, ...blocked].some(
    ({ trigger: { fieldPath } }) => !isDeepStrictEqual(record[fieldPath], applied[fieldPath]),
  );
  return isMissing || !isDeepStrictEqual(readBlocked(workload), new Set(blockedPaths(workload, plan)));
};

/** What a plan changes of a workload: images, why, and what has to be known of them later. */
export const patchOf = (
  kind: WorkloadKind,
  workload: Workload,
  plan: GoodPlan,
  owners: Owners,
): WorkloadPatch => {
  const blocked = blockedTexts(workload, plan, owners);
  const isBlocked = Object.keys(blocked).length > 0;
  return {
    podSpecPath: kind.podSpecPath,
    images: plan.changes.map(({ container, tag }) => ({ ...container, image: tag.image })),
    annotations: {
      [triggeredRevisionsAnnotation]: JSON.stringify(plan.applied),
      ...(plan.changes.length === 0 ? {} : { [changeCauseAnnotation]: plan.changes.map(causeOf).join('; ') }),
      ...(isBlocked || readBlocked(workload).size > 0
        ? { [triggerBlockedAnnotation]: isBlocked ? JSON.stringify(blocked) : null }
        : {}),
    },
  };
};
