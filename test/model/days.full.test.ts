import { describe, it } from 'vitest';
import { checkDays } from './check-days.ts';

const minuteMs = 60_000;

describe('two days of 1,000 streams', () => {
  it(
    'miss no move, keep to the gate and ask no more than they must',
    () =>
      checkDays(
        {
          streams: 1000,
          sources: 600,
          hours: 48,
          seed: 4,
          meanMs: 360 * minuteMs,
          outageMs: 45 * minuteMs,
          concurrency: 4,
        },
        0,
      ),
    900_000,
  );
});
