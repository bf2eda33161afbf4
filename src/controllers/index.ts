import type { ChangeEvent } from '../api/change-event.ts';
import type { ImageStream } from '../api/image-stream.ts';
import type { Stored } from '../api/meta.ts';
import type { ToldRevision } from '../api/object-budget.ts';
import { imageStreams } from '../api/resources.ts';
import { type Importer, type IntervalSettings, type Keychains } from '../importer/index.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import {
  Controller,
  createInformer,
  type Informer,
  type OnRuntime,
  reconcileChanges,
  runManager,
  type Source,
} from '../runtime/index.ts';
import type { ObjectKey, Store } from '../store/store.ts';
import { createDueTags } from './due-tags.ts';
import { createEventPublisher } from './event-publisher.ts';
import type { OnController } from './events.ts';
import { createImagePruner } from './image-pruner.ts';
import { createImageStreamReconciler } from './image-stream.ts';
import { createImportRequestController, type ImportRequestPorts } from './import-requests.ts';
import { createImageKeeper } from './keep-image.ts';
import { createPause, resumeAfterPause } from './pause.ts';
import type { EventNote, EventSink, RecordEvent, SinkEvent } from './ports.ts';
import { hurryOnChange, type PullSecretChanges } from './pull-secrets.ts';
import { createReferences, type ReferenceMode } from './references.ts';
import type { RegistrySchedule } from './registry-schedules.ts';
import { createRetries } from './retries.ts';
import { createScheduledRefresh } from './scheduled-refresh.ts';
import type { SinkPublisher } from './sink-publisher.ts';
import { createSinkPublishers } from './sink-publishers.ts';
import type { WaitingChanges } from './triggers/budget.ts';
import type { OnTrigger } from './triggers/events.ts';
import { createTriggerControllers, type TriggerTargets } from './triggers/index.ts';

export type { ControllerEvent, OnController } from './events.ts';
export { createNamespaceSecrets } from './namespace-secrets.ts';
export type { Delivery, EventNote, EventSink, RecordEvent, SinkEvent, StreamIdentity } from './ports.ts';
export { createPullSecrets, type PullSecretChanges, type PullSecrets } from './pull-secrets.ts';
export type { ReferenceMode } from './references.ts';
export type { RegistrySchedule } from './registry-schedules.ts';
export type { WaitingChanges } from './triggers/budget.ts';
export type { OnTrigger, TriggerEvent } from './triggers/events.ts';
export {
  buildKinds,
  createStoreWorkloads,
  type TriggerTargets,
  type WorkloadAccess,
  workloadKinds,
} from './triggers/index.ts';

export type ControllerSettings = ImportRequestPorts['settings'] & {
  readonly intervals: IntervalSettings;
  /** Streams imported at a time. */
  readonly importWorkers: number;
  /** How long Events are kept, in milliseconds. */
  readonly eventTtlMs: number;
  /** How long images that no stream refers to are kept, in milliseconds; undefined: for ever. */
  readonly pruneImagesAfterMs?: number | undefined;
  /** Workloads changed and builds started per minute and namespace; 0 for any number. */
  readonly triggersPerMinute: number;
};

export type ControllersOptions = {
  readonly store: Store;
  readonly importer: Importer;
  readonly keychains: Keychains;
  /** The same by the secrets that the watches have seen, where those are read afresh. */
  readonly watchedKeychains?: Keychains | undefined;
  readonly pullSecrets: PullSecretChanges;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly settings: ControllerSettings;
  readonly references: ReferenceMode;
  readonly targets: TriggerTargets;
  /** Where the ConfigMap that pauses everything is looked for. Default nowhere: nothing can be paused. */
  readonly pauseNamespace?: string | undefined;
  readonly recordEvent: RecordEvent;
  readonly noteOfChange: (event: ChangeEvent, stream: Stored<ImageStream>) => EventNote;
  /** Told of every change as it happens: the local feed. */
  readonly publish: (events: readonly ChangeEvent[]) => void;
  /** Where change events go besides Kubernetes Events and the feed. Default nowhere. */
  readonly sinks?: readonly EventSink[] | undefined;
  readonly onRuntime: OnRuntime;
  readonly onEvent: OnController;
  readonly onSink?: ((event: SinkEvent) => void) | undefined;
  readonly onTrigger: OnTrigger;
};

/** Everything that works on objects by itself, as one. */
export type Controllers = {
  readonly streams: Informer<ImageStream>;
  readonly hasSynced: () => boolean;
  /** Scheduled tags in all, and repositories. */
  readonly scheduledTags: () => number;
  /** When a tag, or the repository (''), is refreshed next, in milliseconds since the epoch; undefined: not on a schedule. */
  readonly refreshAtMs: (key: ObjectKey, tag: string) => number | undefined;
  /** What is asked on a schedule, by registry. */
  readonly schedules: () => readonly RegistrySchedule[];
  /** Why no stream is refreshed of itself; undefined: nobody has paused that. */
  readonly pausedBecause: () => string | undefined;
  readonly sinks: readonly SinkPublisher[];
  /** When a tag that failed is tried again, in milliseconds since the epoch; the repository of a stream is the empty tag. */
  readonly retryAtMs: (key: ObjectKey, tag: string) => number | undefined;
  /** The last revision of a tag that every sink was told. */
  readonly toldRevision: ToldRevision;
  /** Workloads and builds that wait for their turn to follow a tag. */
  readonly waitingTriggers: () => WaitingChanges;
  /** Works until `signal` is aborted and what ran then has stopped. */
  readonly run: (signal: AbortSignal) => Promise<void>;
};

const refreshWorkers = 32;

/** Makes the controllers and wires them to the informers that they share. */
export const createControllers = (options: ControllersOptions): Controllers => {
  const { store, clock, logger, settings, pullSecrets, onRuntime, onEvent } = options;
  const shared = { store, clock, logger, onEvent: onRuntime };
  const streams = createInformer<ImageStream>({ ...shared, resource: imageStreams });
  const dueTags = createDueTags();
  const retries = createRetries(clock);

  const enqueue = (key: ObjectKey): void => importing.enqueue(key);
  const references = createReferences(options.references, { ...shared, enqueue });
  const sinks = createSinkPublishers({ ...options, onEvent: onRuntime, streams });
  const graceMs = settings.pruneImagesAfterMs;
  const keepImage = createImageKeeper({ store, clock, graceMs });
  const pause = createPause(shared, options.pauseNamespace);
  const { toldRevision } = sinks;
  const tagPorts = { ...options, streams, dueTags, retries, keepImage, pause, toldRevision };
  const reconcile = createImageStreamReconciler({ ...tagPorts, references });
  const workers = settings.importWorkers;
  const importing = new Controller({ ...shared, name: 'image-stream', reconcile, workers });
  const refresh = createScheduledRefresh({ ...tagPorts, enqueue, workers: refreshWorkers });
  const publisher = createEventPublisher({
    ...options,
    noteOf: options.noteOfChange,
    eventTtlMs: settings.eventTtlMs,
    hasSynced: () => streams.hasSynced,
    onEvent: onRuntime,
    onPublished: ({ type }) => onEvent({ type: 'published', reason: type }),
  });

  const importRequests = createImportRequestController({ ...options, keepImage });
  const { permissions } = references;
  const triggers = createTriggerControllers({ ...options, streams, permissions });

  streams.onChange(reconcileChanges(importing));
  streams.onChange((_old, current, key) => {
    refresh.observe(key);
    references.observe(key, current);
  });
  streams.onChange(publisher.onChange);
  resumeAfterPause(pause, streams, enqueue);
  hurryOnChange({ pullSecrets, streams, retries, enqueue, observe: refresh.observe });

  const sources = [streams, ...sinks.sources];
  // Without the right to read one of these the rest goes on.
  const optional = [pullSecrets, triggers, permissions, pause, { sources: [importRequests.source] }];
  const optionalSources: readonly Source[] = optional.flatMap((part) => part.sources);
  const loops = [importing, importRequests.controller, publisher.controller, ...triggers.controllers];
  const pruners = graceMs === undefined ? [] : [createImagePruner({ ...options, streams, graceMs })];
  const runnables = [...loops, ...refresh.runnables, ...sinks.publishers, ...pruners];
  return {
    streams,
    hasSynced: () => streams.hasSynced && pullSecrets.hasSynced(),
    scheduledTags: refresh.scheduled,
    refreshAtMs: refresh.atMs,
    schedules: refresh.registries,
    retryAtMs: retries.atMs,
    pausedBecause: pause.reason,
    sinks: sinks.publishers,
    toldRevision,
    waitingTriggers: triggers.waiting,
    run: (signal) => runManager({ sources, optionalSources, runnables, clock, logger }, signal),
  };
};
