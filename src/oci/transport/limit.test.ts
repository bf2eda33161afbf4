import { describe, expect, it } from 'vitest';
import { createManualClock, settle } from '../../../test/fakes/clock.ts';
import {
  anAnswer,
  answerInTurn,
  aRequest,
  createFakeSend,
  type FakeAnswer,
  never,
} from '../../../test/fakes/send.ts';
import { anonymous } from '../index.ts';
import { withLimit } from './limit.ts';
import type { RegistryRequest } from './send.ts';

const at = (host: string, name = '', more: Partial<RegistryRequest> = {}): RegistryRequest =>
  aRequest({ url: new URL(`https://${host}/${name}`), ...more });

const interactive = { access: { keychain: anonymous, insecure: false, priority: 'interactive' } } as const;

/** A Send whose answers are given by hand. */
const createHeldSend = () => {
  const held: { request: RegistryRequest; answer: (answer: FakeAnswer) => void }[] = [];
  const fake = createFakeSend((request) => {
    const { promise, resolve } = Promise.withResolvers<FakeAnswer>();
    held.push({ request, answer: resolve });
    return promise;
  });
  const answerAll = async (answer = anAnswer(200)): Promise<void> => {
    for (const { answer: give } of held.splice(0)) give(answer);
    await settle();
  };
  return { ...fake, held, answerAll };
};

const paths = (requests: readonly RegistryRequest[]) => requests.map(({ url }) => url.pathname.slice(1));

const options = (clock = createManualClock()) => ({ concurrency: 2, maxPauseWaitMs: 10_000, clock });

describe('withLimit', () => {
  it('lets so many requests per host through, whatever other hosts do', async () => {
    const fake = createHeldSend();
    const send = withLimit(options())(fake.send);
    const answers = ['a', 'a', 'a', 'b'].map((host) => send(at(`${host}.example`), never));
    await settle();
    expect(fake.held.map(({ request }) => request.url.host)).toEqual(['a.example', 'a.example', 'b.example']);
    await fake.answerAll();
    expect(fake.held).toHaveLength(1);
    await fake.answerAll();
    await Promise.all(answers);
  });

  it('lets interactive requests go before scheduled ones', async () => {
    const fake = createHeldSend();
    const send = withLimit({ ...options(), concurrency: 1 })(fake.send);
    const answers = [
      send(at('a.example', 'first'), never),
      send(at('a.example', 'scheduled'), never),
      send(at('a.example', 'interactive', interactive), never),
    ];
    for (let step = 0; step < 3; step += 1) {
      await settle();
      await fake.answerAll();
    }
    await Promise.all(answers);
    expect(paths(fake.requests)).toEqual(['first', 'interactive', 'scheduled']);
  });

  it('holds a host back for everybody after a 429, for as long as it asks', async () => {
    const clock = createManualClock();
    const fake = answerInTurn(anAnswer(429, { headers: { 'retry-after': '2' } }), anAnswer(200));
    const send = withLimit(options(clock))(fake.send);
    expect((await send(at('a.example', 'limited'), never)).status).toBe(429);
    const waiting = [send(at('a.example', 'one'), never), send(at('a.example', 'two', interactive), never)];
    await clock.advance(1_999);
    expect(paths(fake.requests)).toEqual(['limited']);
    await send(at('b.example', 'elsewhere'), never);
    expect(paths(fake.requests)).toEqual(['limited', 'elsewhere']);
    await clock.advance(1);
    await Promise.all(waiting);
    expect(fake.requests).toHaveLength(4);
  });

  it('holds back requests that already waited in line', async () => {
    const clock = createManualClock();
    const fake = createHeldSend();
    const send = withLimit({ ...options(clock), concurrency: 1 })(fake.send);
    const answers = [send(at('a.example', 'limited'), never), send(at('a.example', 'in line'), never)];
    await settle();
    await fake.answerAll(anAnswer(429, { headers: { 'retry-after': '5' } }));
    await clock.advance(4_999);
    expect(paths(fake.requests)).toEqual(['limited']);
    await clock.advance(1);
    await fake.answerAll();
    await Promise.all(answers);
    expect(paths(fake.requests)).toEqual(['limited', 'in%20line']);
  });

  it('pauses longer with each 429 that does not say how long', async () => {
    const clock = createManualClock();
    const fake = answerInTurn(anAnswer(429), anAnswer(429), anAnswer(200));
    const send = withLimit(options(clock))(fake.send);
    await send(at('a.example'), never);
    const second = send(at('a.example'), never);
    await clock.advance(1_000);
    expect((await second).status).toBe(429);
    const third = send(at('a.example'), never);
    await clock.advance(1_999);
    expect(fake.requests).toHaveLength(2);
    await clock.advance(1);
    expect((await third).status).toBe(200);
  });

  it('pauses after a 503 only where it says how long', async () => {
    const clock = createManualClock();
    const fake = answerInTurn(
      anAnswer(503),
      anAnswer(503, { headers: { 'retry-after': '1' } }),
      anAnswer(200),
    );
    const send = withLimit(options(clock))(fake.send);
    await send(at('a.example'), never);
    await send(at('a.example'), never);
    expect(fake.requests).toHaveLength(2);
    const held = send(at('a.example'), never);
    await settle();
    expect(fake.requests).toHaveLength(2);
    await clock.advance(1_000);
    await held;
  });

  it('fails at once, saying when to come back, where the pause is longer than a caller should wait', async () => {
    const clock = createManualClock();
    const fake = answerInTurn(anAnswer(429, { headers: { 'retry-after': '60' } }), anAnswer(200));
    const send = withLimit(options(clock))(fake.send);
    await send(at('a.example'), never);
    await clock.advance(20_000);
    await expect(send(at('a.example'), never)).rejects.toMatchObject({
      code: 'rate-limited',
      retryAfterMs: 40_000,
      message: 'GET registry.example/team/app:v1: the registry asked for a pause, which ends in 40 s',
    });
    expect(fake.requests).toHaveLength(1);
    await clock.advance(40_000);
    expect((await send(at('a.example'), never)).status).toBe(200);
  });

  it('gives up its place in line when told to stop', async () => {
    const fake = createHeldSend();
    const send = withLimit({ ...options(), concurrency: 1 })(fake.send);
    const stop = new AbortController();
    const first = send(at('a.example', 'first'), never);
    const waiting = send(at('a.example', 'stopped'), stop.signal);
    const third = send(at('a.example', 'third'), never);
    await settle();
    const reason = new Error('told to stop');
    stop.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    await fake.answerAll();
    await fake.answerAll();
    await Promise.all([first, third]);
    expect(paths(fake.requests)).toEqual(['first', 'third']);
  });

  it('stops waiting for the end of a pause when told to stop', async () => {
    const clock = createManualClock();
    const fake = answerInTurn(anAnswer(429, { headers: { 'retry-after': '5' } }), anAnswer(200));
    const send = withLimit(options(clock))(fake.send);
    await send(at('a.example'), never);
    const stop = new AbortController();
    const waiting = expect(send(at('a.example'), stop.signal)).rejects.toBe('stop');
    await settle();
    stop.abort('stop');
    await waiting;
    expect(clock.sleeping()).toBe(0);
  });

  it('frees the place of a request that failed', async () => {
    const fake = answerInTurn(new Error('broken'), anAnswer(200));
    const send = withLimit({ ...options(), concurrency: 1 })(fake.send);
    await expect(send(at('a.example'), never)).rejects.toThrow('broken');
    expect((await send(at('a.example'), never)).status).toBe(200);
  });
});
