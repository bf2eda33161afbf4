import { describe, it } from 'vitest';
import { checkHistories } from './run.ts';

describe('the program against a simple model, at length', () => {
  it.each([1, 2, 3, 4])(
    'keeps every invariant through histories from seed %i',
    (seed) => checkHistories({ seed, runs: 200, length: 80 }),
    600_000,
  );
});
