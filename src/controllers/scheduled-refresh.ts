import { createHash } from 'node:crypto';
import { importSuccess } from '../api/condition.ts';
import type { ImageStream } from '../api/image-stream.ts';
import type { Stored } from '../api/meta.ts';
import { settledDigests } from '../api/pending.ts';
import { isSuspended, suspensionProblem } from '../api/suspension.ts';
import { findTag } from '../api/tag-history.ts';
import {
  type Importer,
  type IntervalSettings,
  type Keychains,
  nextSlot,
  type ResolveOutcome,
  scheduledRefresh,
} from '../importer/index.ts';
import { type Clock, formatTime } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import {
  Controller,
  done,
  type Lister,
  type OnRuntime,
  type Reconcile,
  type Runnable,
  runWorkers,
  Timetable,
  WorkQueue,
} from '../runtime/index.ts';
import type { ObjectKey } from '../store/store.ts';
import type { DueTags } from './due-tags.ts';
import type { OnController } from './events.ts';
import type { Pause } from './pause.ts';
import type { RecordEvent } from './ports.ts';
import {
  createRefreshIndex,
  type RefreshEntry,
  type RefreshGroup,
  type RefreshMember,
} from './refresh-index.ts';

export type ScheduledRefreshPorts = {
  readonly streams: Lister<Stored<ImageStream>>;
  readonly importer: Importer;
  readonly keychains: Keychains;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly dueTags: DueTags;
  /** Has the image stream controller look at a stream. */
  readonly enqueue: (key: ObjectKey) => void;
  readonly intervals: IntervalSettings;
  readonly pause: Pick<Pause, 'reason'>;
  readonly recordEvent: RecordEvent;
  /** Sources asked at a time. */
  readonly workers: number;
  readonly onRuntime: OnRuntime;
  readonly onEvent: OnController;
};

/** Asks registries at fixed slots whether scheduled tags have moved, and marks those that have; it writes nothing itself. */
export type ScheduledRefresh = {
  /** Has a stream's tags put into the index as they are now; a pull secret changes them too. */
  readonly observe: (key: ObjectKey) => void;
  readonly runnables: readonly Runnable[];
  /** Scheduled tags in all. */
  readonly scheduled: () => number;
};

const indexWorkers = 4;

/** Other credentials mend these: they are tried again with growing delay and when a secret changes, not at every slot. */
const refusals: ReadonlySet<string> = new Set(['Unauthorized', 'Forbidden']);

/** The host that a canonical reference begins with. */
const registryOf = (reference: string): string => reference.slice(0, reference.indexOf('/'));

/** An annotation that is not taken as it stands: the reason of the Event, and a sentence. */
type Problem = { readonly reason: string; readonly message: string };

/** Tells the user of it. A courtesy: that it cannot be told stops no refresh. */
const tellProblem = async (
  { apiVersion, kind, metadata }: Stored<ImageStream>,
  { reason, message }: Problem,
  { recordEvent, clock, logger }: ScheduledRefreshPorts,
  signal: AbortSignal,
): Promise<void> => {
  const { namespace = '', name, uid } = metadata;
  const id = createHash('sha256')
    .update(JSON.stringify([uid, message]))
    .digest('hex');
  try {
    await recordEvent(
      {
        id,
        type: 'Warning',
        reason,
        message,
        involvedObject: { apiVersion, kind, namespace, name, uid },
        at: formatTime(clock.now()),
      },
      signal,
    );
  } catch (error) {
    signal.throwIfAborted();
    logger.warn({ err: error, namespace, name, problem: message }, 'cannot write the event');
  }
};

const entriesOf = async (
  key: ObjectKey,
  ports: ScheduledRefreshPorts,
  signal: AbortSignal,
): Promise<readonly RefreshEntry[]> => {
  const stream = ports.streams.get(key);
  if (stream === undefined || isSuspended(stream)) return [];
  const notSuspended = suspensionProblem(stream);
  if (notSuspended !== undefined)
    await tellProblem(stream, { reason: 'Suspend', message: notSuspended }, ports, signal);
  const tags = stream.spec?.tags?.filter(({ importPolicy }) => importPolicy?.scheduled === true) ?? [];
  if (tags.length === 0) return [];
  const keychain = await ports.keychains(key.namespace, signal);
  const { placesOf } = ports.importer;
  const found = tags.map((tag) => ({
    tag,
    scheduled: scheduledRefresh(stream, tag, { keychain, settings: ports.intervals, placesOf }),
  }));
  const problems = found.flatMap(({ scheduled }) => scheduled?.problem ?? []);
  for (const message of new Set(problems))
    await tellProblem(stream, { reason: 'RefreshInterval', message }, ports, signal);
  return found.flatMap(({ tag, scheduled }) => {
    if (scheduled === undefined) return [];
    const { problem: _problem, ...rest } = scheduled;
    return [
      {
        ...rest,
        // The registry in front: keys of one registry are one group of the queue.
        sharingKey: `${registryOf(rest.refresh.reference)} ${rest.sharingKey}`,
        tag: tag.name,
        request: { from: tag.from?.name ?? '', insecure: tag.importPolicy?.insecure === true },
      },
    ];
  });
};

/** Whether a tag already says what was just found out: then there is nothing to do, and nothing to write. */
const isSettled = (stream: Stored<ImageStream>, tag: string, resolved: ResolveOutcome): boolean => {
  const hasFailed = failureOf(stream, tag) !== undefined;
  return resolved.ok && !hasFailed && settledDigests(stream, tag).includes(resolved.digest);
};

const failureOf = (stream: Stored<ImageStream>, tag: string) =>
  findTag(stream.status, tag)?.conditions?.find(
    ({ type, status }) => type === importSuccess && status === 'False',
  );

const createAsk = (ports: ScheduledRefreshPorts) => {
  const { streams, importer, keychains, clock, dueTags, enqueue, onEvent } = ports;

  const tell = ({ key, tag }: RefreshMember, resolved: ResolveOutcome, sinceMs: number): boolean => {
    const stream = streams.get(key);
    if (stream === undefined || isSuspended(stream) || isSettled(stream, tag, resolved)) return false;
    dueTags.mark(key, tag, { cause: { type: 'Schedule' }, resolved, sinceMs });
    enqueue(key);
    return true;
  };

  const isRefused = ({ key, tag }: RefreshMember): boolean => {
    const stream = streams.get(key);
    return stream !== undefined && refusals.has(failureOf(stream, tag)?.reason ?? '');
  };

  /** One question for all members of a group. */
  return async (group: RefreshGroup, slotMs: number, signal: AbortSignal): Promise<void> => {
    const [first] = [...group.members.values()].filter((member) => !isRefused(member));
    if (first === undefined) return;
    const askedMs = clock.now();
    const caller = first.key.namespace;
    const context = { keychain: await keychains(caller, signal), caller, priority: 'scheduled' } as const;
    const resolved = await importer.resolve(group.request, context, signal);
    const told = [...group.members.values()].filter((member) => tell(member, resolved, askedMs)).length;
    const outcome = !resolved.ok ? 'failed' : told > 0 ? 'moved' : 'unchanged';
    onEvent({
      type: 'refresh',
      registry: registryOf(group.refresh.reference),
      outcome,
      lagMs: askedMs - slotMs,
    });
  };
};

/**
 * The slots of scheduled tags (DECISIONS.md, 11): each is asked once for all streams that follow the same source. What was missed
 * while the program was down waits for its next slot.
 */
export const createScheduledRefresh = (ports: ScheduledRefreshPorts): ScheduledRefresh => {
  const { clock, logger, workers, onRuntime } = ports;
  const index = createRefreshIndex();
  const ask = createAsk(ports);
  const slots = new Map<string, number>();
  const queue = new WorkQueue({
    name: 'scheduled-refresh',
    clock,
    onEvent: onRuntime,
    groupOf: (sharingKey) => sharingKey.slice(0, sharingKey.indexOf(' ')),
    // A registry that hangs must leave workers for the others.
    maxPerGroup: Math.ceil(workers / 2),
  });
  const timetable = new Timetable({ clock, time: 'wall', onDue: (sharingKey) => queue.add(sharingKey) });

  const plan = (sharingKey: string): void => {
    const group = index.group(sharingKey);
    if (group === undefined) return;
    const slotMs = nextSlot(group.refresh, clock.now());
    slots.set(sharingKey, slotMs);
    timetable.set(sharingKey, slotMs);
  };

  const work = async (sharingKey: string, signal: AbortSignal): Promise<void> => {
    const group = index.group(sharingKey);
    try {
      const isPaused = ports.pause.reason() !== undefined;
      if (group !== undefined && !isPaused) await ask(group, slots.get(sharingKey) ?? clock.now(), signal);
    } catch (error) {
      if (signal.aborted) throw error;
      // What a registry does is an outcome: this is the store that could not be read, or a bug. The next slot comes in any case.
      logger.error({ err: error }, 'scheduled refresh failed');
    }
    plan(sharingKey);
  };

  const reindex: Reconcile = async (key, signal) => {
    const { opened, closed } = index.put(key, await entriesOf(key, ports, signal));
    for (const sharingKey of opened) plan(sharingKey);
    for (const sharingKey of closed) {
      timetable.delete(sharingKey);
      slots.delete(sharingKey);
    }
    return done;
  };
  const indexer = new Controller({
    name: 'refresh-index',
    reconcile: reindex,
    workers: indexWorkers,
    clock,
    logger,
    onEvent: onRuntime,
  });

  return {
    observe: (key) => indexer.enqueue(key),
    scheduled: index.size,
    runnables: [
      indexer,
      { name: 'refresh-timetable', run: (signal) => timetable.run(signal) },
      { name: 'refresh-workers', run: (signal) => runWorkers(queue, workers, work, signal) },
    ],
  };
};
