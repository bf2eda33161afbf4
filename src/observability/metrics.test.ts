import { describe, expect, it } from 'vitest';
import { createManualClock } from '../../test/fakes/clock.ts';
import type { HostGate } from '../oci/index.ts';
import { createMetrics } from './metrics.ts';

const clock = createManualClock();

const aGate = (change: Partial<HostGate>): HostGate => ({
  host: 'quay.io',
  concurrency: 8,
  inFlight: 0,
  waiting: [],
  perSecond: undefined,
  pausedUntilMs: undefined,
  quota: undefined,
  refusal: undefined,
  ...change,
});

const scrape = async (gates: readonly HostGate[]): Promise<readonly string[]> => {
  const metrics = createMetrics(clock);
  metrics.watchGates(() => gates);
  const { body } = await metrics.route.handle();
  return body.split('\n').filter((line) => /^imagestreams_registry_\w+\{/.test(line));
};

describe('the series of gates', () => {
  it('show what waits and what holds it back', async () => {
    const quota = { remaining: 7, limit: 100, windowMs: undefined, resetsAtMs: undefined };
    const waiting = [
      { caller: 'a', requests: 2 },
      { caller: 'b', requests: 1 },
    ];
    const gate = aGate({ inFlight: 4, waiting, perSecond: 2.5, pausedUntilMs: clock.now() + 1_500, quota });
    expect(await scrape([gate])).toEqual([
      'imagestreams_registry_requests_in_flight{registry="quay.io"} 4',
      'imagestreams_registry_requests_waiting{registry="quay.io"} 3',
      'imagestreams_registry_pause_seconds{registry="quay.io"} 1.5',
      'imagestreams_registry_rate_limit{registry="quay.io"} 2.5',
      'imagestreams_registry_quota_remaining{registry="quay.io"} 7',
    ]);
  });

  it('name no limit and no quota where there is none', async () => {
    expect(await scrape([aGate({})])).toEqual([
      'imagestreams_registry_requests_in_flight{registry="quay.io"} 0',
      'imagestreams_registry_requests_waiting{registry="quay.io"} 0',
      'imagestreams_registry_pause_seconds{registry="quay.io"} 0',
    ]);
  });
});

describe('the series of the schedule', () => {
  const scrapeSchedule = async (
    schedules: Parameters<ReturnType<typeof createMetrics>['watchSchedule']>[0],
  ): Promise<readonly string[]> => {
    const metrics = createMetrics(clock);
    metrics.watchSchedule(schedules);
    const { body } = await metrics.route.handle();
    return body.split('\n').filter((line) => /^imagestreams_(refresh|paused)\w*[{ ]/.test(line));
  };

  it('tell what is due at each registry, and for how long', async () => {
    const registries = [
      { registry: 'quay.io', sources: 12, due: 2, longestMs: 4_500 },
      { registry: 'docker.io', sources: 3, due: 0, longestMs: 0 },
    ];
    expect(await scrapeSchedule(() => ({ isPaused: true, registries }))).toEqual([
      'imagestreams_refresh_sources{registry="quay.io"} 12',
      'imagestreams_refresh_sources{registry="docker.io"} 3',
      'imagestreams_refreshes_due{registry="quay.io"} 2',
      'imagestreams_refreshes_due{registry="docker.io"} 0',
      'imagestreams_refresh_overdue_seconds{registry="quay.io"} 4.5',
      'imagestreams_refresh_overdue_seconds{registry="docker.io"} 0',
      'imagestreams_paused 1',
    ]);
  });

  it('are bounded in number, however many registries users name', async () => {
    const registries = Array.from({ length: 1_000 }, (_, index) => ({
      registry: `r${index}.example`,
      sources: 1,
      due: 1,
      longestMs: index,
    }));
    const lines = await scrapeSchedule(() => ({ isPaused: false, registries }));
    expect(lines.filter((line) => line.startsWith('imagestreams_refreshes_due'))).toHaveLength(201);
    expect(lines).toContain('imagestreams_refreshes_due{registry="other"} 800');
    expect(lines).toContain('imagestreams_refresh_overdue_seconds{registry="other"} 0.999');
    expect(lines).toContain('imagestreams_paused 0');
  });
});
