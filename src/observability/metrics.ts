import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type {
  ControllerEvent,
  RegistrySchedule,
  SinkEvent,
  TriggerEvent,
  WaitingChanges,
} from '../controllers/index.ts';
import { assertNever } from '../lib/assert.ts';
import type { Clock } from '../lib/clock.ts';
import type { HostGate, RequestEvent } from '../oci/index.ts';
import type { RuntimeEvent } from '../runtime/index.ts';

/** Registry hosts that get a label of their own; users choose the names, so their number must be bounded. */
const maxHosts = 200;
const otherHosts = 'other';

const seconds = [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60];

const help = {
  openshift_imagestreamcontroller_success_count: 'Imports that went well.',
  openshift_imagestreamcontroller_error_count: 'Imports that failed.',
  controller_runtime_reconcile_total: 'Reconciles by how they ended.',
  controller_runtime_reconcile_time_seconds: 'How long a reconcile took.',
  workqueue_depth: 'Keys that wait.',
  workqueue_adds_total: 'Keys added.',
  workqueue_retries_total: 'Keys added again after a failure.',
  workqueue_queue_duration_seconds: 'How long a key waited.',
  workqueue_work_duration_seconds: 'How long a key was worked on.',
  imagestreams_informer_objects: 'Objects of the last full list.',
  imagestreams_informer_errors_total: 'Lists and watches that failed.',
  imagestreams_registry_requests_total: 'Requests to registries, each try, redirect and token of its own.',
  imagestreams_registry_request_duration_seconds: 'How long a registry took to answer.',
  imagestreams_registry_requests_in_flight: 'Requests that a registry host has not answered yet.',
  imagestreams_registry_requests_waiting: 'Requests that wait for their turn at a registry host.',
  imagestreams_registry_pause_seconds:
    'How long no request leaves for a registry host, because it asked for that.',
  imagestreams_registry_rate_limit: 'Requests a second that a registry host is limited to, where it is.',
  imagestreams_registry_quota_remaining: 'What a registry host last said is left of its quota.',
  imagestreams_refreshes_total: 'Slots of scheduled tags, by outcome.',
  imagestreams_refresh_lag_seconds: 'How long after its slot a source was asked.',
  imagestreams_refresh_sources: 'Sources, tags and lists of repositories, that are asked on a schedule.',
  imagestreams_refreshes_due: 'Sources whose slot has come and that have not answered yet.',
  imagestreams_refresh_overdue_seconds: 'How long the one of them that waits longest has waited.',
  imagestreams_paused: 'Whether an operator has paused all scheduled refreshes and retries.',
  imagestreams_events_published_total: 'Change events told to a sink.',
  imagestreams_events_parked_total: 'Change events that a sink refused for good and that wait for a person.',
  imagestreams_events_gaps_total: 'Gaps told to a sink: history that was trimmed before it could be told.',
  imagestreams_events_lag_seconds: 'Age of the oldest change that a sink was not told.',
  imagestreams_sink_up: 'Whether a sink of change events could be reached last.',
  imagestreams_images_pruned_total: 'Images deleted because nothing refers to them.',
  imagestreams_triggers_total: 'What image triggers did to workloads and builds.',
  imagestreams_triggers_waiting:
    'Workloads and builds that wait because enough of their namespace was changed this minute.',
  imagestreams_triggers_waiting_longest_seconds: 'How long the one that waits longest has waited.',
} as const;
type Name = keyof typeof help;

/** Every series of this program, in one place; the first names are those that dashboards for OpenShift and controller-runtime know. */
const createSeries = (registry: Registry) => {
  const registers = [registry];
  const counter = <Label extends string>(name: Name, ...labelNames: readonly Label[]) =>
    new Counter({ name, help: help[name], labelNames, registers });
  const gauge = <Label extends string>(name: Name, ...labelNames: readonly Label[]) =>
    new Gauge({ name, help: help[name], labelNames, registers });
  const histogram = <Label extends string>(name: Name, ...labelNames: readonly Label[]) =>
    new Histogram({ name, help: help[name], labelNames, registers, buckets: seconds });
  return {
    importSuccess: counter('openshift_imagestreamcontroller_success_count', 'scheduled', 'registry'),
    importError: counter('openshift_imagestreamcontroller_error_count', 'scheduled', 'registry', 'reason'),
    reconciles: counter('controller_runtime_reconcile_total', 'controller', 'result'),
    reconcileSeconds: histogram('controller_runtime_reconcile_time_seconds', 'controller'),
    queueDepth: gauge('workqueue_depth', 'name'),
    queueAdds: counter('workqueue_adds_total', 'name'),
    queueRetries: counter('workqueue_retries_total', 'name'),
    queueSeconds: histogram('workqueue_queue_duration_seconds', 'name'),
    workSeconds: histogram('workqueue_work_duration_seconds', 'name'),
    informerObjects: gauge('imagestreams_informer_objects', 'resource'),
    informerErrors: counter('imagestreams_informer_errors_total', 'resource'),
    registryRequests: counter(
      'imagestreams_registry_requests_total',
      'registry',
      'method',
      'operation',
      'code',
    ),
    registrySeconds: histogram('imagestreams_registry_request_duration_seconds', 'registry', 'operation'),
    gates: {
      inFlight: gauge('imagestreams_registry_requests_in_flight', 'registry'),
      waiting: gauge('imagestreams_registry_requests_waiting', 'registry'),
      pause: gauge('imagestreams_registry_pause_seconds', 'registry'),
      rate: gauge('imagestreams_registry_rate_limit', 'registry'),
      quota: gauge('imagestreams_registry_quota_remaining', 'registry'),
    },
    refreshes: counter('imagestreams_refreshes_total', 'registry', 'outcome'),
    refreshLag: histogram('imagestreams_refresh_lag_seconds', 'registry'),
    schedules: {
      sources: gauge('imagestreams_refresh_sources', 'registry'),
      due: gauge('imagestreams_refreshes_due', 'registry'),
      overdue: gauge('imagestreams_refresh_overdue_seconds', 'registry'),
    },
    paused: gauge('imagestreams_paused'),
    events: counter('imagestreams_events_published_total', 'sink', 'reason'),
    eventsParked: counter('imagestreams_events_parked_total', 'sink'),
    eventGaps: counter('imagestreams_events_gaps_total', 'sink'),
    sinkUp: gauge('imagestreams_sink_up', 'sink'),
    imagesPruned: counter('imagestreams_images_pruned_total'),
    triggers: counter('imagestreams_triggers_total', 'kind', 'outcome'),
    triggersWaiting: gauge('imagestreams_triggers_waiting'),
    triggersLongest: gauge('imagestreams_triggers_waiting_longest_seconds'),
  };
};

type Series = ReturnType<typeof createSeries>;

const onRuntime =
  (series: Series) =>
  (event: RuntimeEvent): void => {
    switch (event.type) {
      case 'queue-add':
        series.queueAdds.inc({ name: event.queue });
        series.queueDepth.set({ name: event.queue }, event.depth);
        return;
      case 'queue-get':
        series.queueDepth.set({ name: event.queue }, event.depth);
        series.queueSeconds.observe({ name: event.queue }, event.waitedMs / 1000);
        return;
      case 'queue-done':
        series.workSeconds.observe({ name: event.queue }, event.durationMs / 1000);
        return;
      case 'queue-retry':
        series.queueRetries.inc({ name: event.queue });
        return;
      case 'reconcile':
        series.reconciles.inc({ controller: event.controller, result: event.outcome.replace('-', '_') });
        series.reconcileSeconds.observe({ controller: event.controller }, event.durationMs / 1000);
        return;
      case 'informer-list':
        series.informerObjects.set({ resource: event.resource }, event.objects);
        return;
      case 'informer-error':
        series.informerErrors.inc({ resource: event.resource });
        return;
      default:
        assertNever(event);
    }
  };

const onController =
  (series: Series, hostOf: (registry: string) => string) =>
  (event: ControllerEvent): void => {
    switch (event.type) {
      case 'import': {
        const labels = { scheduled: String(event.isScheduled), registry: hostOf(event.registry) };
        if (event.reason === undefined) series.importSuccess.inc(labels);
        else series.importError.inc({ ...labels, reason: event.reason });
        return;
      }
      case 'refresh':
        series.refreshes.inc({ registry: hostOf(event.registry), outcome: event.outcome });
        series.refreshLag.observe({ registry: hostOf(event.registry) }, event.lagMs / 1000);
        return;
      case 'published':
        series.events.inc({ sink: 'kubernetes', reason: event.reason });
        return;
      case 'pruned':
        series.imagesPruned.inc();
        return;
      default:
        assertNever(event);
    }
  };

const onSink =
  (series: Series) =>
  (event: SinkEvent): void => {
    const { sink } = event;
    switch (event.type) {
      case 'published':
        series.events.inc({ sink, reason: event.reason });
        if (event.reason === 'Gap') series.eventGaps.inc({ sink });
        return;
      case 'parked':
        series.eventsParked.inc({ sink });
        return;
      case 'up':
        series.sinkUp.set({ sink }, event.isUp ? 1 : 0);
        return;
      default:
        assertNever(event);
    }
  };

/** A sink whose lag is measured when somebody asks. */
export type LaggingSink = { readonly name: string; readonly oldestPendingMs: () => number | undefined };

/** Starts the series of sinks at zero, so that rates work from the first scrape, and measures their lag at each. */
const watchSinks = (registry: Registry, series: Series, nowMs: () => number) => {
  // A program that leads again has other publishers of the same sinks.
  let watched: readonly LaggingSink[] = [];
  const name = 'imagestreams_events_lag_seconds';
  new Gauge({
    name,
    help: help[name],
    labelNames: ['sink'],
    registers: [registry],
    collect() {
      for (const sink of watched) {
        const oldestMs = sink.oldestPendingMs();
        const lagMs = oldestMs === undefined ? 0 : Math.max(0, nowMs() - oldestMs);
        this.set({ sink: sink.name }, lagMs / 1000);
      }
    },
  });
  return (sinks: readonly LaggingSink[]): void => {
    watched = sinks;
    for (const { name: sink } of sinks) {
      series.eventsParked.inc({ sink }, 0);
      series.eventGaps.inc({ sink }, 0);
      series.sinkUp.set({ sink }, 0);
    }
  };
};

const codeOf = ({ outcome }: RequestEvent): string => {
  switch (outcome.kind) {
    case 'answered':
      return String(outcome.status);
    case 'failed':
      return outcome.code;
    case 'aborted':
      return 'aborted';
    default:
      return assertNever(outcome);
  }
};

/** Keeps the number of registry labels bounded: hosts beyond the first ones share a label. */
const createHostLabels = () => {
  const hosts = new Set<string>();
  return (registry: string): string => {
    if (hosts.has(registry)) return registry;
    if (registry === '' || hosts.size >= maxHosts) return otherHosts;
    hosts.add(registry);
    return registry;
  };
};

/** Shows the gates as they are now; hosts that are no longer known have no series. */
const showGates = (
  { inFlight, waiting, pause, rate, quota }: Series['gates'],
  gates: readonly HostGate[],
  hostOf: (registry: string) => string,
  nowMs: number,
): void => {
  for (const series of [inFlight, waiting, pause, rate, quota]) series.reset();
  for (const gate of gates) {
    const labels = { registry: hostOf(gate.host) };
    inFlight.inc(labels, gate.inFlight);
    waiting.inc(
      labels,
      gate.waiting.reduce((sum, { requests }) => sum + requests, 0),
    );
    pause.inc(labels, Math.max(0, (gate.pausedUntilMs ?? 0) - nowMs) / 1000);
    if (gate.perSecond !== undefined) rate.set(labels, gate.perSecond);
    if (gate.quota !== undefined) quota.set(labels, gate.quota.remaining);
  }
};

/** Shows what is asked on a schedule; registries beyond the first ones are one series, which waits as long as the one that waits longest. */
const showSchedules = (
  { sources, due, overdue }: Series['schedules'],
  schedules: readonly RegistrySchedule[],
  hostOf: (registry: string) => string,
): void => {
  for (const series of [sources, due, overdue]) series.reset();
  const longestMs = new Map<string, number>();
  for (const schedule of schedules) {
    const registry = hostOf(schedule.registry);
    sources.inc({ registry }, schedule.sources);
    due.inc({ registry }, schedule.due);
    longestMs.set(registry, Math.max(longestMs.get(registry) ?? 0, schedule.longestMs));
  }
  for (const [registry, ms] of longestMs) overdue.set({ registry }, ms / 1000);
};

/** What is known of the schedule when somebody looks. */
export type ScheduleState = {
  readonly isPaused: boolean;
  readonly registries: readonly RegistrySchedule[];
};

/** Turns what the parts tell into Prometheus series; `route` serves them under `/metrics`. */
export const createMetrics = ({ now }: Pick<Clock, 'now'>) => {
  const registry = new Registry();
  const series = createSeries(registry);
  const hostOf = createHostLabels();
  let gatesOf: () => readonly HostGate[] = () => [];
  let scheduleOf = (): ScheduleState => ({ isPaused: false, registries: [] });
  let waitingTriggers: () => WaitingChanges = () => ({ count: 0, longestMs: 0 });
  return {
    /** Where the state of the gates is read from when somebody looks. */
    watchGates: (gates: () => readonly HostGate[]): void => {
      gatesOf = gates;
    },
    /** Where it is read from what is asked on a schedule, and whether that is paused. */
    watchSchedule: (read: () => ScheduleState): void => {
      scheduleOf = read;
    },
    /** Where it is read from what waits to follow its tag. */
    watchTriggers: (waiting: () => WaitingChanges): void => {
      waitingTriggers = waiting;
    },
    onRuntime: onRuntime(series),
    onController: onController(series, hostOf),
    onSink: onSink(series),
    watchSinks: watchSinks(registry, series, now),
    onTrigger: ({ kind, type }: TriggerEvent): void => series.triggers.inc({ kind, outcome: type }),
    onRequest: (event: RequestEvent): void => {
      const host = hostOf(event.registry);
      const { method, operation, durationMs } = event;
      series.registryRequests.inc({ registry: host, method, operation, code: codeOf(event) });
      series.registrySeconds.observe({ registry: host, operation }, durationMs / 1000);
    },
    route: {
      path: '/metrics',
      isPublic: false,
      handle: async () => {
        showGates(series.gates, gatesOf(), hostOf, now());
        const { isPaused, registries } = scheduleOf();
        series.paused.set(isPaused ? 1 : 0);
        showSchedules(series.schedules, registries, hostOf);
        const { count, longestMs } = waitingTriggers();
        series.triggersWaiting.set(count);
        series.triggersLongest.set(longestMs / 1000);
        return { contentType: registry.contentType, body: await registry.metrics() };
      },
    },
  };
};
