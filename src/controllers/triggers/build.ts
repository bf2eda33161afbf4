import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import {
  runTemplateAnnotation,
  triggeredRevisionsAnnotation,
  triggersAnnotation,
} from '../../api/annotations.ts';
import type { Stored, StoredMeta } from '../../api/meta.ts';
import { formatTime } from '../../lib/clock.ts';
import { done, type Lister, type Reconcile, requeue } from '../../runtime/index.ts';
import { isStoreError } from '../../store/errors.ts';
import type { ObjectKey, Store } from '../../store/store.ts';
import { type BuildTrigger, type ParsedBuildTriggers, parseBuildTriggers } from './annotation.ts';
import { readApplied } from './applied.ts';
import type { BuildKind, RunObject } from './build-kinds.ts';
import type { TriggerEvent } from './events.ts';
import {
  ignoredNotes,
  invalidNote,
  type NoteScope,
  refusedNote,
  startedNote,
  type TriggerNote,
} from './notes.ts';
import type { Applied, AppliedRevisions, ResolvedTag } from './plan.ts';
import type { TriggerPorts } from './ports.ts';
import { resolveTag } from './resolve.ts';
import { describeCause, parseRunTemplate, type RunCause, type RunTemplate, runOf } from './run-template.ts';
import { tellNotes } from './tell.ts';

/** What is kept of an object that describes builds. */
export type BuildObject = { readonly metadata: StoredMeta };

export type BuildTriggerPorts = TriggerPorts & {
  readonly kind: BuildKind;
  readonly store: Pick<Store, 'create'>;
  readonly builds: Pick<Lister<BuildObject>, 'get'>;
};

/** Reads the triggers of a build; undefined where it has none. */
export const buildTriggersOf = ({ metadata }: BuildObject): ParsedBuildTriggers | undefined => {
  const text = metadata.annotations?.[triggersAnnotation];
  if (text === undefined || text === '') return undefined;
  return parseBuildTriggers(text, metadata.namespace ?? '');
};

/** A tag that a build follows; `tag` is undefined while it has no image. */
type Followed = { readonly trigger: BuildTrigger; readonly tag: ResolvedTag | undefined };
type Source = { readonly trigger: BuildTrigger; readonly tag: ResolvedTag };

const isSource = (followed: Followed): followed is Source => followed.tag !== undefined;

const idOf = ({ namespace, stream, tag }: BuildTrigger): string => `${namespace}/${stream}:${tag}`;

/** Recorded of a tag that has no image yet, so that its first one is not taken for history. */
const awaited = ({ tag }: BuildTrigger): Applied => ({ stream: '', tag, revision: 0 });

const hasMoved = (known: Applied | undefined, { stream, revision }: ResolvedTag): boolean =>
  known !== undefined && (known.stream === stream || known.stream === '') && known.revision < revision;

export type BuildPlan = {
  /** Where every tag is, as it is recorded. */
  readonly revisions: AppliedRevisions;
  /** The tags that moved since they were recorded, the one that moved last in front. */
  readonly moved: readonly Source[];
};

/** Compares where the tags are with what is recorded. What a tag had before anything was recorded of it is history: it starts nothing. */
export const planBuild = (followed: readonly Followed[], record: AppliedRevisions): BuildPlan => {
  const next = (one: Followed): Applied => {
    const { trigger, tag } = one;
    if (tag === undefined) return record[idOf(trigger)] ?? awaited(trigger);
    return { stream: tag.stream, tag: tag.tag, revision: tag.revision };
  };
  return {
    revisions: Object.fromEntries(followed.map((one) => [idOf(one.trigger), next(one)])),
    moved: followed
      .filter(isSource)
      .filter(({ trigger, tag }) => hasMoved(record[idOf(trigger)], tag))
      .toSorted((a, b) => b.tag.sinceMs - a.tag.sinceMs),
  };
};

const maxPrefix = 46;

/** Follows from the build and from where its tags are: whoever starts the run again finds it there. */
const runName = ({ metadata }: BuildObject, revisions: AppliedRevisions): string => {
  const state = Object.entries(revisions)
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([id, { stream, revision }]) => [id, stream, revision]);
  const hash = createHash('sha256')
    .update(JSON.stringify([metadata.uid, state]))
    .digest('hex');
  return `${metadata.name.slice(0, maxPrefix).replace(/[^a-z0-9]+$/, '')}-${hash.slice(0, 12)}`;
};

const causeOf = ({ trigger, tag }: Source): RunCause => ({
  namespace: trigger.namespace,
  stream: trigger.stream,
  tag: trigger.tag,
  revision: tag.revision,
  image: tag.image,
});

/** Creates a run unless it is there; true when it is new. */
const start = async (
  { kind, store }: BuildTriggerPorts,
  run: RunObject,
  signal: AbortSignal,
): Promise<boolean> => {
  try {
    await store.create(kind.run, run, {}, signal);
    return true;
  } catch (error) {
    if (isStoreError(error, 'already-exists')) return false;
    throw error;
  }
};

type Outcome = { readonly waitMs: number; readonly started: TriggerNote | undefined };

/** Starts what is due, then records it: a crash in between finds the run there. */
const carryOut = async (
  ports: BuildTriggerPorts,
  build: BuildObject,
  { plan, template, scope }: { plan: BuildPlan; template: RunTemplate; scope: NoteScope },
  signal: AbortSignal,
): Promise<Outcome> => {
  const { kind, access, budget } = ports;
  const { namespace = '', name } = build.metadata;
  const budgetId = `${kind.resource.kind} ${name}`;
  const [last] = plan.moved;
  let started: TriggerNote | undefined;
  if (last === undefined) budget.forget(namespace, budgetId);
  else {
    const waitMs = budget.take(namespace, budgetId, Math.min(...plan.moved.map(({ tag }) => tag.sinceMs)));
    if (waitMs > 0) return { waitMs, started };
    const cause = causeOf(last);
    const run = runOf(kind, { namespace, name }, runName(build, plan.revisions), template, cause);
    const isNew = await start(ports, run, signal);
    if (isNew)
      started = startedNote(scope, { kind: run.kind, name: run.metadata.name }, describeCause(cause));
  }
  if (!isDeepStrictEqual(readApplied(build), plan.revisions)) {
    const annotations = { [triggeredRevisionsAnnotation]: JSON.stringify(plan.revisions) };
    await access.patch(kind.resource, build, { annotations, podSpecPath: [], images: [] }, signal);
  }
  return { waitMs: 0, started };
};

const settle = async (
  ports: BuildTriggerPorts,
  key: ObjectKey,
  build: BuildObject,
  signal: AbortSignal,
): Promise<{ readonly waitMs: number; readonly notes: readonly TriggerNote[] }> => {
  const { kind, clock, onEvent, streams } = ports;
  const scope = {
    object: build as Pick<Stored<RunObject>, 'metadata'>,
    resource: kind.resource,
    at: formatTime(clock.now()),
  };
  const tell = (type: Exclude<TriggerEvent['type'], 'triggered'>): void =>
    onEvent({ type, kind: kind.resource.kind });
  const parsed = buildTriggersOf(build) ?? { ok: true, triggers: [], ignored: [] };
  const template = parseRunTemplate(build.metadata.annotations?.[runTemplateAnnotation]);
  if (!parsed.ok || !template.ok) {
    tell('invalid');
    const note = parsed.ok
      ? invalidNote(scope, template.ok ? '' : template.problem, runTemplateAnnotation)
      : invalidNote(scope, parsed.problem);
    return { waitMs: 0, notes: [note] };
  }
  const mayFollow = ({ namespace, stream }: BuildTrigger): boolean =>
    ports.isPermitted(key.namespace, { namespace, name: stream });
  const refused = parsed.triggers.filter((trigger) => !mayFollow(trigger));
  const followed = parsed.triggers.filter(mayFollow).map((trigger): Followed => {
    const stream = streams.get({ namespace: trigger.namespace, name: trigger.stream });
    return { trigger, tag: stream && resolveTag(stream, trigger.tag) };
  });
  const plan = planBuild(followed, readApplied(build) ?? {});
  const { waitMs, started } = await carryOut(
    ports,
    build,
    { plan, template: template.template, scope },
    signal,
  );
  if (waitMs > 0) tell('deferred');
  if (started !== undefined) tell('started');
  return {
    waitMs,
    notes: [
      ...(started === undefined ? [] : [started]),
      ...refused.map((one) => refusedNote(scope, one)),
      ...ignoredNotes(scope, parsed.ignored),
    ],
  };
};

/**
 * Starts a build when a tag moves that its annotation names. Level-based: a run's name follows from the build and the revisions of its
 * tags, so that each state of the tags is built once, whatever is missed or repeated; states that came and went unseen are left out.
 */
export const createBuildTriggerReconciler = (ports: BuildTriggerPorts): Reconcile => {
  const { kind, builds, budget } = ports;
  return async (key, signal) => {
    const build = builds.get(key);
    if (build === undefined) {
      budget.forget(key.namespace, `${kind.resource.kind} ${key.name}`);
      return done;
    }
    try {
      const { waitMs, notes } = await settle(ports, key, build, signal);
      await tellNotes(ports, notes, signal);
      return waitMs > 0 ? requeue(waitMs) : done;
    } catch (error) {
      // Deleted meanwhile: the informer will tell.
      if (isStoreError(error, 'not-found')) return done;
      throw error;
    }
  };
};
