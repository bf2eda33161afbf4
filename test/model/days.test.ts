import { describe, it } from 'vitest';
import { checkDays } from './check-days.ts';

const minuteMs = 60_000;

describe('six hours of 50 streams', () => {
  it('miss no move, keep to the gate and ask no more than they must', () =>
    // Each stream of a host that failed may try once more when it is back.
    checkDays(
      {
        streams: 50,
        sources: 30,
        hours: 6,
        seed: 4,
        meanMs: 90 * minuteMs,
        outageMs: 35 * minuteMs,
        concurrency: 2,
      },
      15,
    ));
});
