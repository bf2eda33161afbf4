import { onRollbackAnnotation } from '../../api/annotations.ts';
import { formatTime } from '../../lib/clock.ts';
import { done, formatKey, type Reconcile, requeue } from '../../runtime/index.ts';
import { isStoreError } from '../../store/errors.ts';
import type { ObjectKey } from '../../store/store.ts';
import type { TriggerEvent } from './events.ts';
import {
  type Look,
  lookAt,
  lostRecord,
  neverSeen,
  type Seen,
  triggersOf,
  type WorkloadTriggerPorts,
} from './look.ts';
import {
  blockedNote,
  heldNote,
  ignoredNotes,
  invalidNote,
  refusedNote,
  type TriggerNote,
  triggeredNote,
} from './notes.ts';
import { blockedTexts, type GoodPlan, lacksRecord, patchOf } from './record.ts';
import { tellNotes } from './tell.ts';

type LastingState = Exclude<TriggerEvent['type'], 'triggered' | 'started' | 'deferred'>;

/** How often a record that somebody removes is written anew. */
const maxRewrites = 3;

/** The name of a workload in the budget of its namespace. */
const budgetIdOf = ({ kind }: WorkloadTriggerPorts, { name }: ObjectKey): string =>
  `${kind.resource.kind} ${name}`;

type Written = 'nothing' | 'record' | 'images' | { readonly waitMs: number };

const write = async (
  ports: WorkloadTriggerPorts,
  key: ObjectKey,
  { workload, plan, owners, seen }: Look & { readonly plan: GoodPlan },
  signal: AbortSignal,
): Promise<Written> => {
  const { kind, access, budget } = ports;
  const { resource } = kind;
  const budgetId = budgetIdOf(ports, key);
  const mayRewrite = !lostRecord({ workload, seen }) || seen.rewrites < maxRewrites;
  const needsRecord = lacksRecord(workload, plan) && mayRewrite;
  if (plan.changes.length > 0) {
    const sinceMs = Math.min(...plan.changes.map(({ tag }) => tag.sinceMs));
    const waitMs = budget.take(key.namespace, budgetId, sinceMs);
    if (waitMs > 0) return { waitMs };
  } else {
    budget.forget(key.namespace, budgetId);
    if (!needsRecord) return 'nothing';
  }
  await access.patch(resource, workload, patchOf(kind, workload, plan, owners), signal);
  return plan.changes.length > 0 ? 'images' : 'record';
};

/** What is told of the states that last: of each once. */
const lastingNotes = (
  ports: WorkloadTriggerPorts,
  { workload, plan, owners, refused, ignored, onRollbackProblem }: Look,
): readonly (readonly [LastingState, TriggerNote])[] => {
  const scope = {
    object: workload,
    resource: ports.kind.resource,
    at: formatTime(ports.clock.now()),
  };
  if (!plan.ok) return [['invalid', invalidNote(scope, plan.problem)]];
  const who = blockedTexts(workload, plan, owners);
  return [
    ...plan.held.map((change) => ['held', heldNote(scope, change)] as const),
    ...plan.blocked.map(
      (change) => ['blocked', blockedNote(scope, change, who[change.trigger.fieldPath] ?? '')] as const,
    ),
    ...refused.map((one) => ['refused', refusedNote(scope, one)] as const),
    ...ignoredNotes(scope, ignored).map((note) => ['invalid', note] as const),
    ...(onRollbackProblem === undefined
      ? []
      : [['invalid', invalidNote(scope, onRollbackProblem, onRollbackAnnotation)] as const]),
  ];
};

/** What is to be remembered after a look. */
const nextSeen = (look: Look, written: Written, told: readonly TriggerNote[]): Seen => {
  const { seen, plan } = look;
  // A patch is not in the cache yet: what was seen stays until the workload is.
  const isSettled = plan.ok && plan.changes.length === 0;
  return {
    uid: seen.uid,
    applied: isSettled ? plan.applied : seen.applied,
    blocked: isSettled ? new Set(plan.blocked.map(({ trigger }) => trigger.fieldPath)) : seen.blocked,
    told: new Set(told.map((note) => note.id)),
    rewrites: seen.rewrites + (written === 'record' && lostRecord(look) ? 1 : 0),
  };
};

/** Counts what was done, and what lasts from now on; answers what to tell of it. */
const report = (
  { kind, clock, onEvent }: WorkloadTriggerPorts,
  { workload, seen, plan }: Look,
  written: Written,
  lasting: ReturnType<typeof lastingNotes>,
): readonly TriggerNote[] => {
  const { resource } = kind;
  if (typeof written === 'object') onEvent({ type: 'deferred', kind: resource.kind });
  const fresh = lasting.filter(([, note]) => !seen.told.has(note.id));
  for (const [type] of fresh) onEvent({ type, kind: resource.kind });
  const changes = plan.ok && written === 'images' ? plan.changes : [];
  if (changes.length > 0) onEvent({ type: 'triggered', kind: resource.kind, containers: changes.length });
  const scope = { object: workload, resource, at: formatTime(clock.now()) };
  return [...changes.map((change) => triggeredNote(scope, change)), ...fresh.map(([, note]) => note)];
};

/**
 * Keeps the containers of a workload at the tags that its annotation names. Level-based: it compares and patches the difference, so that
 * a change that was missed costs nothing. A workload rolled back by hand is held until the tag moves, one that somebody else sets back
 * again and again is left alone (DECISIONS.md).
 *
 * @see openshift-controller-manager `pkg/image/trigger`
 */
export const createTriggerReconciler = (ports: WorkloadTriggerPorts): Reconcile => {
  const { kind, workloads, budget } = ports;
  const memory = new Map<string, Seen>();

  return async (key, signal) => {
    const id = formatKey(key);
    const workload = workloads.get(key);
    const parsed = workload && triggersOf(workload, kind);
    if (workload === undefined || parsed === undefined) {
      memory.delete(id);
      budget.forget(key.namespace, budgetIdOf(ports, key));
      return done;
    }
    const { uid } = workload.metadata;
    const remembered = memory.get(id);
    const seen = remembered?.uid === uid ? remembered : neverSeen(uid);
    try {
      const look = await lookAt(ports, key, workload, parsed, seen, signal);
      const { plan } = look;
      const written: Written = plan.ok ? await write(ports, key, { ...look, plan }, signal) : 'nothing';
      const lasting = lastingNotes(ports, look);
      const told = lasting.map(([, note]) => note);
      memory.set(id, nextSeen(look, written, told));
      await tellNotes(ports, report(ports, look, written, lasting), signal);
      return typeof written === 'object' ? requeue(written.waitMs) : done;
    } catch (error) {
      // Deleted meanwhile: the informer will tell.
      if (isStoreError(error, 'not-found')) return done;
      throw error;
    }
  };
};
