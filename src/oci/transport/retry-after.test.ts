import { describe, expect, it } from 'vitest';
import { anAnswer, aRequest, respondWith } from '../../../test/fakes/send.ts';
import { allowedPerSecond, parseRetryAfter, retryAfterOf } from './retry-after.ts';

const now = Date.UTC(2026, 0, 1, 12, 0, 0);

describe('parseRetryAfter', () => {
  it.each([
    ['0', 0],
    ['2', 2_000],
    [' 30 ', 30_000],
    ['0.5', 500],
    ['Thu, 01 Jan 2026 12:00:10 GMT', 10_000],
    ['Thursday, 01-Jan-26 12:00:10 GMT', 10_000],
    ['Thu Jan  1 12:00:10 2026', 10_000],
    ['Thu, 01 Jan 2026 11:00:00 GMT', 0],
    ['86400', 3_600_000],
    [String(now / 1000 + 7), 7_000],
    ['331.163µs', 1],
    ['331.163Âµs', 1],
    ['1m30s', 90_000],
    ['1.5s', 1_500],
    ['250ms', 250],
    ['99999999999999999999', 3_600_000],
  ])('reads %j as %d ms', (header, expected) => {
    expect(parseRetryAfter(header, now)).toBe(expected);
  });

  it.each([undefined, '', '-1', 'soon', '1e3', '0x10', '12 apples', 'Thu, nonsense', '5 s', '3d', 's'])(
    'finds nothing in %j',
    (header) => {
      expect(parseRetryAfter(header, now)).toBeUndefined();
    },
  );
});

describe('retryAfterOf', () => {
  const answer = (status: number, body: string, headers = {}) =>
    respondWith(aRequest(), anAnswer(status, { body, headers }));

  it.each([
    ['the header', answer(429, '', { 'retry-after': '3' }), 3_000],
    ['the older header of Docker Hub', answer(429, '', { 'x-retry-after': String(now / 1000 + 3) }), 3_000],
    ['the text of GHCR', answer(429, 'retry-after: 2.5s, allowed: 44000/minute'), 2_500],
    ['the header before the text', answer(429, 'retry-after: 9s', { 'retry-after': '3' }), 3_000],
  ])('reads %s', (_name, response, expected) => {
    expect(retryAfterOf(response, now)).toBe(expected);
  });

  it('goes by the clock of who answers', () => {
    const theirs = now + 7_200_000;
    const headers = {
      date: new Date(theirs).toUTCString(),
      'retry-after': new Date(theirs + 5_000).toUTCString(),
    };
    expect(retryAfterOf(answer(429, '', headers), now)).toBe(5_000);
  });

  it('reads no text but that of a 429', () => {
    expect(retryAfterOf(answer(503, 'retry-after: 2s'), now)).toBeUndefined();
    expect(retryAfterOf(answer(429, '<h1>Too Many Requests</h1>'), now)).toBeUndefined();
  });

  it('reads which rate is allowed', () => {
    expect(allowedPerSecond(answer(429, 'retry-after: 1s, allowed: 600/minute'))).toBe(10);
    expect(allowedPerSecond(answer(429, 'slow down'))).toBeUndefined();
  });
});
