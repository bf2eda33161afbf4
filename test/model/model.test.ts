import { describe, it } from 'vitest';
import { checkHistories } from './run.ts';

describe('the program against a simple model', () => {
  it(
    'keeps every invariant through whatever users, registries, sinks, clocks and restarts do',
    () => checkHistories({ seed: 6, runs: 30, length: 80 }),
    120_000,
  );
});
