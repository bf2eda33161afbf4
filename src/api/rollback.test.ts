import { describe, expect, it } from 'vitest';
import { formatRollbacks, parseRollbacks, revisionAt, rollbackIdOf } from './rollback.ts';

const image = `sha256:${'a'.repeat(64)}`;

describe('parseRollbacks', () => {
  it('reads what formatRollbacks writes', () => {
    const requests = new Map([
      ['v1', { revision: 3, image, at: '2026-11-23T12:00:00.000Z', by: 'alice' }],
      ['__proto__', { revision: 1, image }],
    ]);
    expect(parseRollbacks(formatRollbacks(requests))).toEqual(requests);
  });

  it('takes no annotation for no requests, and writes none for them', () => {
    expect(parseRollbacks(undefined)).toEqual(new Map());
    expect(parseRollbacks('')).toEqual(new Map());
    expect(formatRollbacks(new Map())).toBeUndefined();
  });

  for (const text of [
    '{',
    '[]',
    'null',
    '"v1"',
    '{"v1":3}',
    '{"v1":null}',
    `{"v1":{"revision":"3","image":"${image}"}}`,
    '{"v1":{"revision":3}}',
    `{"v1":{"revision":1.5,"image":"${image}"}}`,
    `{"v1":{"revision":3,"image":"${image}","at":5}}`,
    `{"v1":{"revision":3,"image":"${image}"},"v2":{}}`,
  ]) {
    it(`does not understand ${text}`, () => {
      expect(parseRollbacks(text)).toBeUndefined();
    });
  }
});

describe('rollbackIdOf', () => {
  it('tells requests for one entry apart by when they were made', () => {
    const [one, other] = ['2026-11-23T12:00:00.000Z', '2026-11-23T12:00:00.001Z'];
    expect(rollbackIdOf({ revision: 3, image, at: one })).not.toBe(
      rollbackIdOf({ revision: 3, image, at: other }),
    );
  });
});

describe('revisionAt', () => {
  it('counts entries that came without a number from the oldest on', () => {
    const item = { created: null, dockerImageReference: 'r/a', image, generation: 1 };
    expect([0, 1].map((index) => revisionAt([item, item], index))).toEqual([2, 1]);
    expect(revisionAt([{ ...item, revision: 9 }, item], 0)).toBe(9);
  });
});
