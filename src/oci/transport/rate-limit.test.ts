import { describe, expect, it } from 'vitest';
import { parseQuota } from './rate-limit.ts';

const now = Date.UTC(2026, 0, 1);
const nothing = { limit: undefined, windowMs: undefined, resetMs: undefined };

describe('parseQuota', () => {
  it.each([
    {
      name: 'the two headers of Docker Hub',
      headers: { 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': '76;w=21600' },
      expected: { remaining: 76, limit: 100, windowMs: 21_600_000, resetMs: undefined },
    },
    {
      name: 'the three headers of the first drafts',
      headers: { 'ratelimit-limit': '100', 'ratelimit-remaining': '50', 'ratelimit-reset': '30' },
      expected: { remaining: 50, limit: 100, windowMs: undefined, resetMs: 30_000 },
    },
    {
      name: 'a limit with its policies',
      headers: { 'ratelimit-limit': '10, 10;w=1, 50;w=60', 'ratelimit-remaining': '9' },
      expected: { ...nothing, remaining: 9, limit: 10, windowMs: 1_000 },
    },
    {
      name: 'the one header of draft 7',
      headers: { ratelimit: 'limit=100, remaining=50, reset=5', 'ratelimit-policy': '100;w=60' },
      expected: { remaining: 50, limit: 100, windowMs: 60_000, resetMs: 5_000 },
    },
    {
      name: 'the named policy of later drafts',
      headers: { ratelimit: '"default";r=50;t=30', 'ratelimit-policy': '"default";q=100;w=60' },
      expected: { remaining: 50, limit: 100, windowMs: 60_000, resetMs: 30_000 },
    },
    {
      name: 'the forerunners, whose reset is a point in time',
      headers: {
        'x-ratelimit-limit': '60',
        'x-ratelimit-remaining': '0',
        'x-ratelimit-reset': String(now / 1000 + 90),
      },
      expected: { remaining: 0, limit: 60, windowMs: undefined, resetMs: 90_000 },
    },
    {
      name: 'a reset that is far away as an hour',
      headers: { 'ratelimit-remaining': '0', 'ratelimit-reset': '999999' },
      expected: { ...nothing, remaining: 0, resetMs: 3_600_000 },
    },
  ])('reads $name', ({ headers, expected }) => {
    expect(parseQuota({ headers }, now)).toEqual(expected);
  });

  it.each([
    {},
    { 'ratelimit-limit': '100' },
    { 'ratelimit-remaining': '' },
    { 'ratelimit-remaining': '-1' },
    { 'ratelimit-remaining': 'lots' },
    { ratelimit: 'unlimited' },
  ])('finds nothing in %j', (headers) => {
    expect(parseQuota({ headers }, now)).toBeUndefined();
  });
});
