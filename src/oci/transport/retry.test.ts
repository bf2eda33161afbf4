import { describe, expect, it } from 'vitest';
import { createManualClock } from '../../../test/fakes/clock.ts';
import {
  anAnswer,
  answerInTurn,
  aRequest,
  createFakeSend,
  never,
  respondWith,
} from '../../../test/fakes/send.ts';
import { RegistryError } from '../errors.ts';
import { defaultRetryPolicy, type Outcome, withRetry } from './retry.ts';

const policy = defaultRetryPolicy({ backoff: (attempt) => attempt * 100 });

const answered = (status: number, headers = {}): Outcome => ({
  ok: true,
  response: respondWith(aRequest(), anAnswer(status, { headers })),
});

const failed = (code: RegistryError['code']): Outcome => ({
  ok: false,
  error: new RegistryError(code, code),
});

describe('defaultRetryPolicy', () => {
  it.each([429, 500, 502, 503, 504])('repeats after %d', (status) => {
    expect(policy(1, answered(status), 0)).toBe(100);
    expect(policy(2, answered(status), 0)).toBe(200);
  });

  it.each([200, 304, 400, 401, 403, 404, 405, 501])('takes %d for the answer', (status) => {
    expect(policy(1, answered(status), 0)).toBeUndefined();
  });

  it('repeats when the connection failed, and not when a failure would only repeat', () => {
    expect(policy(1, failed('unavailable'), 0)).toBe(100);
    for (const code of ['timeout', 'certificate', 'blocked', 'digest-mismatch', 'too-large'] as const) {
      expect(policy(1, failed(code), 0)).toBeUndefined();
    }
  });

  it('gives up after three tries', () => {
    expect(policy(3, answered(503), 0)).toBeUndefined();
    expect(policy(3, failed('unavailable'), 0)).toBeUndefined();
  });

  it('waits as long as the registry asks, up to what a caller may be kept waiting', () => {
    expect(policy(1, answered(429, { 'retry-after': '3' }), 0)).toBe(3_000);
    const date = 'Thu, 01 Jan 2026 00:00:04 GMT';
    expect(policy(1, answered(503, { 'retry-after': date }), Date.UTC(2026, 0, 1))).toBe(4_000);
    expect(policy(1, answered(429, { 'retry-after': '11' }), 0)).toBeUndefined();
  });
});

describe('withRetry', () => {
  it('sends again until an answer comes that is one', async () => {
    const clock = createManualClock();
    const fake = answerInTurn(new RegistryError('unavailable', 'reset'), anAnswer(503), anAnswer(200));
    const answer = withRetry(policy, clock)(fake.send)(aRequest(), never);
    await clock.advance(99);
    expect(fake.requests).toHaveLength(1);
    await clock.advance(1);
    expect(fake.requests).toHaveLength(2);
    await clock.advance(200);
    expect((await answer).status).toBe(200);
    expect(fake.requests).toHaveLength(3);
  });

  it('gives the last answer when none was better', async () => {
    const clock = createManualClock();
    const fake = answerInTurn(anAnswer(500), anAnswer(502), anAnswer(503));
    const answer = withRetry(policy, clock)(fake.send)(aRequest(), never);
    await clock.advance(1_000);
    expect((await answer).status).toBe(503);
  });

  it('throws the last failure when none was better', async () => {
    const clock = createManualClock();
    const last = new RegistryError('unavailable', 'last');
    const fake = answerInTurn(anAnswer(500), new RegistryError('unavailable', 'second'), last);
    const answer = expect(withRetry(policy, clock)(fake.send)(aRequest(), never)).rejects.toBe(last);
    await clock.advance(1_000);
    await answer;
  });

  it('stops waiting when it is told to stop', async () => {
    const clock = createManualClock();
    const stop = new AbortController();
    const fake = answerInTurn(anAnswer(500));
    const answer = withRetry(policy, clock)(fake.send)(aRequest(), stop.signal);
    const reason = new Error('told to stop');
    const stopped = expect(answer).rejects.toBe(reason);
    await clock.advance(50);
    stop.abort(reason);
    await stopped;
    expect(fake.requests).toHaveLength(1);
  });

  it('does not repeat what is no failure of the registry', async () => {
    const bug = new TypeError('bug');
    const fake = createFakeSend(() => {
      throw bug;
    });
    await expect(withRetry(policy, createManualClock())(fake.send)(aRequest(), never)).rejects.toBe(bug);
    expect(fake.requests).toHaveLength(1);
  });
});
