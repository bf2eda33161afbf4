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
import { createGates } from './limit.ts';
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

const options = (clock = createManualClock()) => ({
  concurrency: 2,
  maxPerSecond: Number.POSITIVE_INFINITY,
  maxPauseWaitMs: 10_000,
  clock,
});

describe('createGates', () => {
  it('lets so many requests per host through, whatever other hosts do', async () => {
    const fake = createHeldSend();
    const send = createGates(options()).layer(fake.send);
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
    const send = createGates({ ...options(), concurrency: 1 }).layer(fake.send);
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

  const from = (host: string, caller: string, name: string, priority?: 'interactive') =>
    at(host, name, { access: { keychain: anonymous, insecure: false, caller, priority } });

  it('moves a scheduled request up once somebody in a hurry waits for it too', async () => {
    const fake = createHeldSend();
    const send = createGates({ ...options(), concurrency: 1 }).layer(fake.send);
    const hurry = new AbortController();
    const access = { keychain: anonymous, insecure: false, hurry: hurry.signal };
    const answers = [
      send(at('a.example', 'first'), never),
      send(at('a.example', 'scheduled'), never),
      send(at('a.example', 'shared', { access }), never),
    ];
    await settle();
    hurry.abort();
    while (fake.held.length > 0) await fake.answerAll();
    await Promise.all(answers);
    expect(paths(fake.requests)).toEqual(['first', 'shared', 'scheduled']);
  });

  it('does not mind a hurry about a request that has left or was given up', async () => {
    const fake = createHeldSend();
    const send = createGates({ ...options(), concurrency: 1 }).layer(fake.send);
    const [hurry, stop] = [new AbortController(), new AbortController()];
    const access = { keychain: anonymous, insecure: false, hurry: hurry.signal };
    const first = send(at('a.example', 'first', { access }), never);
    const refused = expect(send(at('a.example', 'second', { access }), stop.signal)).rejects.toBe('stop');
    await settle();
    stop.abort('stop');
    hurry.abort();
    await fake.answerAll();
    expect((await first).status).toBe(200);
    await refused;
  });

  it('serves callers in turns: one with a thousand requests does not delay one with a single request', async () => {
    const fake = createHeldSend();
    const send = createGates({ ...options(), concurrency: 1 }).layer(fake.send);
    const many = Array.from({ length: 1_000 }, (_, index) =>
      send(from('a.example', 'big', `big${index}`), never),
    );
    const answers = [...many, send(from('a.example', 'small', 'small'), never)];
    await settle();
    await fake.answerAll();
    await fake.answerAll();
    expect(paths(fake.requests)).toEqual(['big0', 'big1', 'small']);
    while (fake.held.length > 0) await fake.answerAll();
    await Promise.all(answers);
    expect(fake.requests).toHaveLength(1_001);
  });

  it('does not let interactive requests starve scheduled ones', async () => {
    const fake = createHeldSend();
    const send = createGates({ ...options(), concurrency: 1 }).layer(fake.send);
    const answers = [
      send(from('a.example', 'first', 'first'), never),
      send(from('a.example', 'ns', 'scheduled'), never),
      ...Array.from({ length: 10 }, (_, index) =>
        send(from('a.example', 'ns', `interactive${index}`, 'interactive'), never),
      ),
    ];
    await settle();
    while (fake.held.length > 0) await fake.answerAll();
    await Promise.all(answers);
    const place = paths(fake.requests).indexOf('scheduled');
    expect(place).toBeGreaterThan(1);
    expect(place).toBeLessThan(5);
  });

  it('lets who comes during a pause go first, if it is more urgent', async () => {
    const clock = createManualClock();
    const fake = answerInTurn(anAnswer(429, { headers: { 'retry-after': '2' } }), anAnswer(200));
    const send = createGates({ ...options(clock), concurrency: 1 }).layer(fake.send);
    await send(at('a.example', 'limited'), never);
    const waiting = [
      send(from('a.example', 'ns', 'scheduled'), never),
      send(from('a.example', 'ns', 'interactive', 'interactive'), never),
    ];
    await clock.advance(5_000);
    await Promise.all(waiting);
    expect(paths(fake.requests)).toEqual(['limited', 'interactive', 'scheduled']);
  });

  it('counts refusals of requests that were under way together as one', async () => {
    const clock = createManualClock();
    const fake = createHeldSend();
    const gates = createGates({ ...options(clock), concurrency: 8 });
    const send = gates.layer(fake.send);
    const answers = Array.from({ length: 8 }, (_, index) => send(at('a.example', String(index)), never));
    await settle();
    await fake.answerAll(anAnswer(429));
    await Promise.all(answers);
    expect(gates.states()[0]).toMatchObject({ perSecond: 4, pausedUntilMs: clock.now() + 1_000 });
  });

  it('sends no more than is left of a quota, until the host says that there is more', async () => {
    const clock = createManualClock();
    const quota = { 'ratelimit-limit': '100', 'ratelimit-remaining': '1', 'ratelimit-reset': '5' };
    const fake = answerInTurn(anAnswer(200, { headers: quota }), anAnswer(200));
    const gates = createGates(options(clock));
    const send = gates.layer(fake.send);
    await send(at('a.example'), never);
    const answers = ['one', 'two', 'three'].map((name) => send(at('a.example', name), never));
    await clock.advance(4_999);
    expect(fake.requests).toHaveLength(2);
    await clock.advance(1);
    await Promise.all(answers);
  });

  it('does not stop for a quota that does not say when it is renewed: it may not be about every request', async () => {
    const headers = { 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': '0;w=21600' };
    const gates = createGates(options());
    const send = gates.layer(answerInTurn(anAnswer(200, { headers })).send);
    await send(at('a.example'), never);
    expect((await send(at('a.example'), never)).status).toBe(200);
    expect(gates.states()[0]?.quota).toEqual({
      remaining: 0,
      limit: 100,
      windowMs: 21_600_000,
      resetsAtMs: undefined,
    });
  });

  it('shows what it does', async () => {
    const clock = createManualClock();
    const fake = createHeldSend();
    const gates = createGates({ ...options(clock), concurrency: 1 });
    const send = gates.layer(fake.send);
    const first = send(from('a.example', 'ns1', 'first'), never);
    const waiting = [
      send(from('a.example', 'ns1', 'second'), never),
      send(from('a.example', 'ns2', 'third'), never),
      send(from('a.example', 'ns2', 'fourth'), never),
    ];
    await settle();
    expect(gates.states()).toEqual([
      {
        host: 'a.example',
        concurrency: 1,
        inFlight: 1,
        waiting: [
          { caller: 'ns1', requests: 1 },
          { caller: 'ns2', requests: 2 },
        ],
        perSecond: undefined,
        pausedUntilMs: undefined,
        quota: undefined,
        refusal: undefined,
      },
    ]);
    await fake.answerAll(anAnswer(429, { headers: { 'retry-after': '3' } }));
    await first;
    expect(gates.states()[0]).toMatchObject({
      inFlight: 0,
      pausedUntilMs: clock.now() + 3_000,
      refusal: { status: 429, atMs: clock.now() },
    });
    for (let step = 0; step < 3; step += 1) {
      await clock.advance(5_000);
      await fake.answerAll();
    }
    await Promise.all(waiting);
    expect(gates.states()[0]).toMatchObject({ inFlight: 0, waiting: [] });
  });

  it('holds a host back for everybody after a 429, for as long as it asks', async () => {
    const clock = createManualClock();
    const fake = answerInTurn(anAnswer(429, { headers: { 'retry-after': '2' } }), anAnswer(200));
    const send = createGates(options(clock)).layer(fake.send);
    expect((await send(at('a.example', 'limited'), never)).status).toBe(429);
    const waiting = [send(at('a.example', 'one'), never), send(at('a.example', 'two', interactive), never)];
    await clock.advance(1_999);
    expect(paths(fake.requests)).toEqual(['limited']);
    await send(at('b.example', 'elsewhere'), never);
    expect(paths(fake.requests)).toEqual(['limited', 'elsewhere']);
    await clock.advance(1);
    expect(paths(fake.requests)).toEqual(['limited', 'elsewhere', 'two']);
    // Not all at once: the host has shown that it bears less.
    await clock.advance(1_000);
    await Promise.all(waiting);
    expect(fake.requests).toHaveLength(4);
  });

  it('holds back requests that already waited in line', async () => {
    const clock = createManualClock();
    const fake = createHeldSend();
    const send = createGates({ ...options(clock), concurrency: 1 }).layer(fake.send);
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
    const send = createGates(options(clock)).layer(fake.send);
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
    const send = createGates(options(clock)).layer(fake.send);
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
    const send = createGates(options(clock)).layer(fake.send);
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
    const send = createGates({ ...options(), concurrency: 1 }).layer(fake.send);
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
    const send = createGates(options(clock)).layer(fake.send);
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
    const send = createGates({ ...options(), concurrency: 1 }).layer(fake.send);
    await expect(send(at('a.example'), never)).rejects.toThrow('broken');
    expect((await send(at('a.example'), never)).status).toBe(200);
  });
});
