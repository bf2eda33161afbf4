import { EventEmitter, on, once } from 'node:events';
import { createServer, get, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createManualClock, eventually, settle } from '../../test/fakes/clock.ts';
import { createRecordingLogger } from '../../test/fakes/logger.ts';
import { systemClock } from '../lib/clock.ts';
import { sendWatch, type WatchPorts } from './watch-stream.ts';

const text = 'x'.repeat(1000);

describe('sendWatch', () => {
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
    }
  });

  /** A server whose every answer are these frames, and an answer of it that nobody reads yet. */
  const serve = async (frames: () => AsyncIterable<string>, clock: WatchPorts['clock'] = systemClock) => {
    const stop = new AbortController();
    const sent = Promise.withResolvers<void>();
    const server = createServer((_request, response) => {
      const answer = { kind: 'watch', headers: {}, frames: frames() } as const;
      sent.resolve(sendWatch(response, answer, { logger: createRecordingLogger(), clock }, stop.signal));
    }).listen(0, '127.0.0.1');
    servers.push(server);
    await once(server, 'listening');
    const request = get(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    const [answer] = (await once(request, 'response')) as [IncomingMessage];
    return { answer, sent: sent.promise, stop };
  };

  it('asks for no more frames than there is room for, and sends all in order when the reader goes on', async () => {
    const count = 20_000;
    let made = 0;
    const { answer, sent } = await serve(async function* () {
      for (; made < count; made += 1) yield JSON.stringify({ made, text });
    });
    for (let seen = -1; seen !== made; await new Promise((resolve) => setImmediate(resolve))) seen = made;
    expect(made).toBeLessThan(count);
    const read = (await answer.toArray()).join('').trimEnd().split('\n');
    expect(read.map((line) => (JSON.parse(line) as { made: number }).made)).toEqual(
      Array.from({ length: count }, (_, index) => index),
    );
    await sent;
  });

  it('tells of a few changes as they happen, and of many together, once in 50 ms', async () => {
    const clock = createManualClock();
    const changes = new EventEmitter();
    const { answer } = await serve(async function* () {
      for await (const [change] of on(changes, 'change', { close: ['end'] })) yield String(change);
    }, clock);
    let told = '';
    answer.on('data', (data: Buffer) => {
      told += data.toString().replaceAll('\n', '');
    });
    const happens = async (...names: readonly string[]): Promise<void> => {
      for (const name of names) {
        changes.emit('change', name);
        await settle();
      }
    };
    await eventually(() => changes.listenerCount('change') > 0);
    await happens('a', 'b', 'c', 'd');
    await eventually(() => told === 'abcd');
    await happens('e', 'f', 'g');
    await clock.advance(49);
    expect(told).toBe('abcd');
    await clock.advance(1);
    await eventually(() => told === 'abcdefg');
    await happens('h');
    await clock.advance(49);
    expect(told).toBe('abcdefg');
    // A quiet time, after which a few are told at once again.
    await clock.advance(1000);
    await eventually(() => told === 'abcdefgh');
    await happens('i', 'j', 'k', 'l');
    await eventually(() => told === 'abcdefghijkl');
    changes.emit('end');
  });

  it('tells of a failure after everything that came before it', async () => {
    const { answer, sent } = await serve(async function* () {
      yield '{"type":"ADDED"}';
      yield '{"type":"MODIFIED"}';
      throw new Error('broken');
    });
    const lines = (await answer.toArray()).join('').trimEnd().split('\n');
    expect(lines.map((line) => (JSON.parse(line) as { type: string }).type)).toEqual([
      'ADDED',
      'MODIFIED',
      'ERROR',
    ]);
    await sent;
  });

  it('ends when it is told to while nobody reads', async () => {
    const { sent, stop } = await serve(async function* () {
      for (;;) yield text;
    });
    await new Promise((resolve) => setImmediate(resolve));
    stop.abort(new Error('stopping'));
    await sent;
  });
});
