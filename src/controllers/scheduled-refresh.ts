import type { Status } from '../api/status.ts';
import {
  Controller,
  done,
  type OnRuntime,
  type Reconcile,
  type Runnable,
  runWorkers,
  WorkQueue,
} from '../runtime/index.ts';
import type { ObjectKey } from '../store/store.ts';
import type { OnController } from './events.ts';
import type { Pause } from './pause.ts';
import { type EntryPorts, entriesOf } from './refresh-entries.ts';
import { createRefreshIndex } from './refresh-index.ts';
import type { QuestionPorts } from './refresh-listeners.ts';
import { createQuestions } from './refresh-questions.ts';
import { createSlots } from './refresh-slots.ts';
import { groupOf, type RegistrySchedule, schedulesOf } from './registry-schedules.ts';

export type ScheduledRefreshPorts = EntryPorts &
  QuestionPorts & {
    readonly pause: Pick<Pause, 'reason'>;
    /** Sources asked at a time. */
    readonly workers: number;
    readonly onRuntime: OnRuntime;
    readonly onEvent: OnController;
  };

/**
 * Asks registries at fixed slots whether scheduled tags have moved and whether repositories have new ones, and marks those that have; it
 * writes nothing itself.
 */
export type ScheduledRefresh = {
  /** Has a stream's tags put into the index as they are now; a pull secret changes them too. */
  readonly observe: (key: ObjectKey) => void;
  readonly runnables: readonly Runnable[];
  /** Scheduled tags in all, and repositories. */
  readonly scheduled: () => number;
  /** When a tag, or the repository (''), is asked about next, in milliseconds since the epoch; undefined: not on a schedule. */
  readonly atMs: (key: ObjectKey, slot: string) => number | undefined;
  readonly registries: () => readonly RegistrySchedule[];
};

const indexWorkers = 4;

/**
 * The slots of scheduled tags and repositories (DECISIONS.md, 11): each is asked once for all streams that follow the same source. What
 * was missed while the program was down waits for its next slot.
 */
export const createScheduledRefresh = (ports: ScheduledRefreshPorts): ScheduledRefresh => {
  const { clock, logger, workers, onRuntime, onEvent } = ports;
  const index = createRefreshIndex();
  const questions = createQuestions(ports);
  // First in, first out within a registry: what came up first is asked first, however many wait.
  const queue = new WorkQueue({
    name: 'scheduled-refresh',
    clock,
    onEvent: onRuntime,
    groupOf,
    // A registry that hangs must leave workers for the others.
    maxPerGroup: Math.ceil(workers / 2),
  });
  const slots = createSlots(ports, index.group, (sharingKey) => queue.add(sharingKey));
  const isPaused = (): boolean => ports.pause.reason() !== undefined;

  /** Asks a source whose slot has come; why it could not be asked. */
  const ask = async (sharingKey: string, signal: AbortSignal): Promise<Status | undefined> => {
    const group = index.group(sharingKey);
    if (group === undefined || isPaused()) return undefined;
    const lagMs = clock.now() - (slots.dueSinceMs(sharingKey) ?? clock.now());
    const { outcome, failure } = await questions.ask(group, isPaused, signal);
    if (outcome !== 'nobody') onEvent({ type: 'refresh', registry: groupOf(sharingKey), outcome, lagMs });
    return failure;
  };

  const work = async (sharingKey: string, signal: AbortSignal): Promise<void> => {
    let failure: Status | undefined;
    try {
      failure = await ask(sharingKey, signal);
    } catch (error) {
      if (signal.aborted) throw error;
      // What a registry does is an outcome: this is the store that could not be read, or a bug. The next slot comes in any case.
      logger.error({ err: error }, 'scheduled refresh failed');
    }
    slots.plan(sharingKey, failure);
  };

  const reindex: Reconcile = async (key, signal) => {
    questions.changed(key);
    const { opened, closed } = index.put(key, await entriesOf(key, ports, signal));
    for (const sharingKey of opened) slots.plan(sharingKey);
    for (const sharingKey of closed) slots.close(sharingKey);
    return done;
  };
  const named = { name: 'refresh-index', clock, logger, onEvent: onRuntime };
  const indexer = new Controller({ ...named, reconcile: reindex, workers: indexWorkers });

  return {
    observe: (key) => indexer.enqueue(key),
    scheduled: index.size,
    atMs: (key, slot) => {
      const sharingKey = index.sharingKeyOf(key, slot);
      return sharingKey === undefined ? undefined : slots.atMs(sharingKey);
    },
    registries: () => schedulesOf(index.keys(), slots.dueSinceMs, clock.now()),
    runnables: [
      indexer,
      { name: 'refresh-timetable', run: slots.run },
      { name: 'refresh-workers', run: (signal) => runWorkers(queue, workers, work, signal) },
    ],
  };
};
