import { describe, expect, it } from 'vitest';
import { failure, type StatusReason } from '../api/status.ts';
import { nextSlot, type Refresh } from '../importer/index.ts';
import { nextTry } from './refresh-backoff.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const nowMs = Date.UTC(2026, 0, 1);

const refreshOf = (intervalMs: number, reference = 'quay.io/team/app:v1'): Refresh => ({
  reference,
  importMode: 'Legacy',
  credentialClass: '[]',
  intervalMs,
});
const status = (reason: StatusReason, retryAfterSeconds?: number) =>
  failure(reason, 'no', retryAfterSeconds === undefined ? undefined : { retryAfterSeconds });
/** How long after its slot it is tried again; it is asked a second late. */
const waitOf = (refresh: Refresh, attempt: number, reason: StatusReason = 'Timeout'): number => {
  const slotMs = nextSlot(refresh, nowMs);
  return nextTry({ refresh, status: status(reason), attempt, slotMs }, slotMs + 1_000) - slotMs;
};

describe('a refresh that failed', () => {
  it('is tried again at its next slot, however often it failed, where that is later than its delay', () => {
    for (const attempt of [1, 5, 50]) expect(waitOf(refreshOf(15 * minuteMs), attempt)).toBe(15 * minuteMs);
  });

  it('waits up to an hour for what somebody has to mend', () => {
    const waits = [1, 2, 3, 4, 5, 6, 7, 20].map(
      (attempt) => waitOf(refreshOf(minuteMs), attempt, 'Unauthorized') / minuteMs,
    );
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60]);
  });

  it('is tried again within the hour where its interval is longer, and not all at the same time', () => {
    const waits = Array.from({ length: 200 }, (_, index) =>
      waitOf(refreshOf(24 * hourMs, `quay.io/team/app:${index}`), 1),
    );
    for (const wait of waits) expect(wait).toBeLessThanOrEqual(hourMs);
    for (const quarter of [0, 1, 2, 3]) {
      const share = waits.filter((wait) => Math.floor((wait - 1) / (15 * minuteMs)) === quarter);
      expect(share.length).toBeGreaterThan(25);
    }
  });

  it('is not tried again before the registry said', () => {
    const refresh = refreshOf(minuteMs);
    const slotMs = nextSlot(refresh, nowMs);
    const tryMs = nextTry(
      { refresh, status: status('TooManyRequests', 600), attempt: 1, slotMs },
      slotMs + 5,
    );
    expect(tryMs).toBeGreaterThanOrEqual(slotMs + 5 + 600_000 - 1);
    expect((tryMs - slotMs) % minuteMs).toBe(0);
  });

  it('is never tried again in the past, however late it was asked', () => {
    const refresh = refreshOf(minuteMs);
    const slotMs = nextSlot(refresh, nowMs);
    const lateMs = slotMs + 10 * hourMs;
    const tryMs = nextTry({ refresh, status: status('Timeout'), attempt: 1, slotMs }, lateMs);
    expect(tryMs).toBeGreaterThan(lateMs);
    expect(tryMs).toBeLessThanOrEqual(lateMs + minuteMs);
  });
});
