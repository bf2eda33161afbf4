import { onRollbackAnnotation, triggersAnnotation } from '../../api/annotations.ts';
import type { ImageStream } from '../../api/image-stream.ts';
import type { KubernetesObject, Stored } from '../../api/meta.ts';
import { notPermittedReason } from '../../api/reference-grants.ts';
import { type Clock, formatTime } from '../../lib/clock.ts';
import type { Logger } from '../../lib/logger.ts';
import { done, formatKey, type Lister, type Reconcile } from '../../runtime/index.ts';
import { isStoreError } from '../../store/errors.ts';
import type { ObjectKey, Store } from '../../store/store.ts';
import type { RecordEvent } from '../ports.ts';
import type { Permissions } from '../references.ts';
import { type ImageTrigger, type ParsedTriggers, parseTriggers } from './annotation.ts';
import { mergeApplied, readApplied, withApplied } from './applied.ts';
import type { OnTrigger } from './events.ts';
import type { WorkloadKind } from './kinds.ts';
import { heldNote, invalidNote, refusedNote, type TriggerNote, triggeredNote } from './notes.ts';
import { type AppliedRevisions, planTriggers, type TriggerChange, type TriggerPlan } from './plan.ts';
import { resolveTag } from './resolve.ts';

/** The workloads of one kind. {@link createStoreWorkloads} reads and writes them in the store. */
export interface Workloads<T extends KubernetesObject> {
  get(key: ObjectKey): Stored<T> | undefined;
  /** Rejects with a StoreError: `conflict` when the object is not the newest. */
  update(object: Stored<T>, signal: AbortSignal): Promise<void>;
}

export type TriggerPorts<T extends KubernetesObject> = {
  readonly kind: WorkloadKind<T>;
  readonly workloads: Workloads<T>;
  readonly streams: Pick<Lister<Stored<ImageStream>>, 'get'>;
  readonly isPermitted: Permissions['isPermitted'];
  readonly recordEvent: RecordEvent;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onEvent: OnTrigger;
};

/** {@link Workloads} of a store, read from an informer's cache. */
export const createStoreWorkloads = <T extends KubernetesObject>(
  kind: WorkloadKind<T>,
  cache: Pick<Lister<Stored<T>>, 'get'>,
  store: Store,
): Workloads<T> => ({
  get: (key) => cache.get(key),
  update: async (object, signal) => {
    await store.update(kind.resource, object, {}, signal);
  },
});

/** Reads the triggers of a workload; undefined where it has none. */
export const triggersOf = <T extends KubernetesObject>(
  object: T,
  kind: WorkloadKind<T>,
): ParsedTriggers | undefined => {
  const text = object.metadata.annotations?.[triggersAnnotation];
  if (text === undefined || text === '') return undefined;
  return parseTriggers(text, {
    namespace: object.metadata.namespace ?? '',
    podSpecPath: kind.podSpecPath,
  });
};

/** What is remembered of a workload while it is there. */
type Seen = {
  readonly uid: string;
  /** What its containers were seen to have: `kubectl rollout undo` takes the workload's own record back with the image. */
  readonly applied: AppliedRevisions;
  /** Ids of the notes that stand: a lasting state is told once. */
  readonly told: ReadonlySet<string>;
};

/** What is counted of the lasting states that are told. */
const stateOf = ({ reason }: TriggerNote): 'held' | 'refused' | 'invalid' => {
  if (reason === 'TriggerHeld') return 'held';
  return reason === notPermittedReason ? 'refused' : 'invalid';
};

/** Whether the workload's own record lacks a rollback that was noticed: it is written then, so that a restart still knows. */
const lacksHold = (object: KubernetesObject, held: readonly TriggerChange[]): boolean => {
  const record = readApplied(object);
  return held.some(({ trigger, tag }) => {
    const known = record[trigger.fieldPath];
    return known?.stream !== tag.stream || known.tag !== tag.tag || known.revision < tag.revision;
  });
};

const writePlan = async <T extends KubernetesObject>(
  { kind, workloads }: TriggerPorts<T>,
  object: Stored<T>,
  plan: Extract<TriggerPlan, { ok: true }>,
  signal: AbortSignal,
): Promise<void> => {
  if (plan.changes.length > 0) {
    const patched = { ...object, ...kind.withPodSpec(object, plan.podSpec) };
    await workloads.update(withApplied(patched, plan.applied), signal);
  } else if (lacksHold(object, plan.held)) {
    await workloads.update(withApplied(object, plan.applied), signal);
  }
};

/** Writes notes that were not told yet. They are a courtesy: one that cannot be written is logged, and the work goes on. */
const tell = async <T extends KubernetesObject>(
  { recordEvent, logger }: TriggerPorts<T>,
  notes: readonly TriggerNote[],
  signal: AbortSignal,
): Promise<void> => {
  for (const note of notes) {
    try {
      await recordEvent(note, signal);
    } catch (error) {
      signal.throwIfAborted();
      const { kind, namespace, name } = note.involvedObject;
      logger.warn({ err: error, kind, namespace, name }, 'cannot write the event');
    }
  }
};

/**
 * Keeps the containers of a workload at the tags that its annotation names. Level-based: it compares and patches the difference, so that
 * a change that was missed costs nothing. A workload rolled back by hand is held until the tag moves (DECISIONS.md).
 *
 * @see openshift-controller-manager `pkg/image/trigger`
 */
export const createTriggerReconciler = <T extends KubernetesObject>(ports: TriggerPorts<T>): Reconcile => {
  const { kind, workloads, streams, clock, onEvent } = ports;
  const { resource } = kind;
  const memory = new Map<string, Seen>();

  const mayFollow = (object: Stored<T>, { namespace, stream }: ImageTrigger): boolean =>
    ports.isPermitted(object.metadata.namespace ?? '', { namespace, name: stream });

  const resolve = (object: Stored<T>, trigger: ImageTrigger) => {
    if (!mayFollow(object, trigger)) return undefined;
    const stream = streams.get({ namespace: trigger.namespace, name: trigger.stream });
    return stream && resolveTag(stream, trigger.tag);
  };

  const plan = (object: Stored<T>, parsed: ParsedTriggers, seen: Seen | undefined): TriggerPlan =>
    parsed.ok
      ? planTriggers({
          podSpec: kind.podSpec(object) ?? { containers: [] },
          triggers: parsed.triggers,
          resolve: (trigger) => resolve(object, trigger),
          applied: mergeApplied(readApplied(object), seen?.applied ?? {}),
          onRollback: object.metadata.annotations?.[onRollbackAnnotation] === 'follow' ? 'follow' : 'hold',
        })
      : parsed;

  return async (key, signal) => {
    const id = formatKey(key);
    const object = workloads.get(key);
    const parsed = object && triggersOf(object, kind);
    if (object === undefined || parsed === undefined) {
      memory.delete(id);
      return done;
    }
    const { uid } = object.metadata;
    const seen = memory.get(id)?.uid === uid ? memory.get(id) : undefined;
    const planned = plan(object, parsed, seen);
    if (planned.ok) {
      try {
        await writePlan(ports, object, planned, signal);
      } catch (error) {
        // Deleted meanwhile: the informer will tell.
        if (isStoreError(error, 'not-found')) return done;
        throw error;
      }
    }
    const scope = { object, resource, at: formatTime(clock.now()) };
    const refused = parsed.ok ? parsed.triggers.filter((trigger) => !mayFollow(object, trigger)) : [];
    const lasting = planned.ok
      ? [
          ...planned.held.map((change) => heldNote(scope, change)),
          ...refused.map((one) => refusedNote(scope, one)),
        ]
      : [invalidNote(scope, planned.problem)];
    const fresh = lasting.filter((note) => seen?.told.has(note.id) !== true);
    // A patch is not in the cache yet: what was seen stays until the workload is.
    const applied = planned.ok && planned.changes.length === 0 ? planned.applied : (seen?.applied ?? {});
    memory.set(id, { uid, applied, told: new Set(lasting.map((note) => note.id)) });
    for (const note of fresh) onEvent({ type: stateOf(note), kind: resource.kind });
    const changes = planned.ok ? planned.changes : [];
    if (changes.length > 0) onEvent({ type: 'triggered', kind: resource.kind, containers: changes.length });
    await tell(ports, [...changes.map((change) => triggeredNote(scope, change)), ...fresh], signal);
    return done;
  };
};
