import { onRollbackAnnotation, triggersAnnotation } from '../../api/annotations.ts';
import type { KubernetesObject } from '../../api/meta.ts';
import type { Lister } from '../../runtime/index.ts';
import type { ObjectKey } from '../../store/store.ts';
import { type ImageTrigger, type ParsedTriggers, parseTriggers } from './annotation.ts';
import { mergeApplied, readApplied, readBlocked } from './applied.ts';
import type { Workload, WorkloadKind } from './kinds.ts';
import { type Owners, readOwners } from './owners.ts';
import {
  type AppliedRevisions,
  planTriggers,
  strayed,
  type TriggerPlan,
  type TriggerQuestion,
} from './plan.ts';
import { onePerContainer } from './pod-spec.ts';
import type { TriggerPorts } from './ports.ts';
import { resolveTag } from './resolve.ts';

export type WorkloadTriggerPorts = TriggerPorts & {
  readonly kind: WorkloadKind;
  readonly workloads: Pick<Lister<Workload>, 'get'>;
};

/** Reads the triggers of a workload; undefined where it has none. */
export const triggersOf = (
  { metadata }: Pick<KubernetesObject, 'metadata'>,
  { podSpecPath }: Pick<WorkloadKind, 'podSpecPath'>,
): ParsedTriggers | undefined => {
  const text = metadata.annotations?.[triggersAnnotation];
  if (text === undefined || text === '') return undefined;
  return parseTriggers(text, { namespace: metadata.namespace ?? '', podSpecPath: podSpecPath.join('.') });
};

/** What is remembered of a workload while it is there. */
export type Seen = {
  readonly uid: string;
  /** What its containers were seen to have: `kubectl rollout undo` takes the workload's own record back with the image. */
  readonly applied: AppliedRevisions;
  readonly blocked: ReadonlySet<string>;
  /** Ids of the notes that stand: a lasting state is told once. */
  readonly told: ReadonlySet<string>;
  /** How often its record was written anew because somebody had removed it: not for ever, else that is a fight, too. */
  readonly rewrites: number;
};

export const neverSeen = (uid: string): Seen => ({
  uid,
  applied: {},
  blocked: new Set(),
  told: new Set(),
  rewrites: 0,
});

/** Everything that is known of one workload at one look. */
export type Look = {
  readonly workload: Workload;
  readonly seen: Seen;
  readonly plan: TriggerPlan;
  readonly owners: Owners;
  readonly refused: readonly ImageTrigger[];
  /** Why parts of the annotation do not count. */
  readonly ignored: readonly string[];
  /** What is wrong with what it says about rollbacks. */
  readonly onRollbackProblem: string | undefined;
};

/** What a workload says about rollbacks by hand; they are held where that cannot be read. */
const readOnRollback = ({
  metadata,
}: Workload): Pick<TriggerQuestion, 'onRollback'> & Pick<Look, 'onRollbackProblem'> => {
  const text = metadata.annotations?.[onRollbackAnnotation] ?? 'hold';
  if (text === 'hold' || text === 'follow') return { onRollback: text, onRollbackProblem: undefined };
  const onRollbackProblem = `it says ${JSON.stringify(text)}, which is neither "follow" nor "hold", so rollbacks by hand are held`;
  return { onRollback: 'hold', onRollbackProblem };
};

/** Compares a workload with what its triggers ask for; who set something back is asked for where that is the case. */
export const lookAt = async (
  ports: WorkloadTriggerPorts,
  key: ObjectKey,
  workload: Workload,
  parsed: ParsedTriggers,
  seen: Seen,
  signal: AbortSignal,
): Promise<Look> => {
  const { onRollback, onRollbackProblem } = readOnRollback(workload);
  const shared = { workload, seen, onRollbackProblem };
  if (!parsed.ok) return { ...shared, plan: parsed, owners: new Map(), refused: [], ignored: [] };
  const { triggers, doubled } = onePerContainer(workload.podSpec, parsed.triggers);
  const mayFollow = ({ namespace, stream }: ImageTrigger): boolean =>
    ports.isPermitted(key.namespace, { namespace, name: stream });
  const record = readApplied(workload);
  const question = {
    podSpec: workload.podSpec,
    triggers,
    resolve: (trigger: ImageTrigger) => {
      const stream = ports.streams.get({ namespace: trigger.namespace, name: trigger.stream });
      return stream && mayFollow(trigger) ? resolveTag(stream, trigger.tag) : undefined;
    },
    applied: mergeApplied(record ?? {}, seen.applied),
    // Without its record the workload was replaced as a whole: nobody released it.
    blocked: record === undefined ? seen.blocked : readBlocked(workload),
    onRollback,
  };
  const owners = await readOwners(ports, key, question, strayed(question), signal);
  const plan = planTriggers({ ...question, ownerOf: (fieldPath) => owners.get(fieldPath) });
  const refused = triggers.filter((one) => !mayFollow(one));
  return { ...shared, plan, owners, refused, ignored: [...parsed.ignored, ...doubled] };
};

/** Whether somebody replaced the workload as a whole, and so removed what was recorded on it. */
export const lostRecord = ({ workload, seen }: Pick<Look, 'workload' | 'seen'>): boolean =>
  readApplied(workload) === undefined && Object.keys(seen.applied).length > 0;
