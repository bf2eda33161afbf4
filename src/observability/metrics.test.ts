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

describe('the series of the pause', () => {
  it('tells whether everything is paused, as it is at the scrape', async () => {
    const metrics = createMetrics(clock);
    let isPaused = false;
    metrics.watchPause(() => isPaused);
    const scraped = async () =>
      (await metrics.route.handle()).body.split('\n').find((line) => line.startsWith('imagestreams_paused '));
    expect(await scraped()).toBe('imagestreams_paused 0');
    isPaused = true;
    expect(await scraped()).toBe('imagestreams_paused 1');
  });
});
