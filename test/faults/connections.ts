import type { Fault } from '../fakes/registry/index.ts';
import { always, isFor, type Row } from './row.ts';
import { image } from './world.ts';

const raw = (head: string, body = ''): Fault => ({
  kind: 'raw',
  handle: ({ socket }) => {
    socket.end(`HTTP/1.1 200 OK\r\ncontent-type: ${image.manifest.mediaType}\r\n${head}\r\n\r\n${body}`);
  },
});

/** A byte now and then, for as long as anybody listens. */
const trickle = (head: string): Fault => ({
  kind: 'raw',
  handle: ({ socket }) => {
    socket.write(head);
    const timer = setInterval(() => socket.write('x'), 50);
    socket.on('close', () => clearInterval(timer));
  },
});

const nothing: Fault = { kind: 'raw', handle: () => undefined };

const late: Row['breaks'] = (request) =>
  isFor(request, 'manifests')
    ? { kind: 'wait', until: new Promise((resolve) => setTimeout(resolve, 300)) }
    : undefined;

/** Short in real time: nothing else moves the timers of sockets. */
const impatient = { timeouts: { connectMs: 10_000, idleMs: 600, totalMs: 20_000 } } as const;
const hurried = { timeouts: { connectMs: 10_000, idleMs: 10_000, totalMs: 1_200 } } as const;

const text = Buffer.from(image.manifest.bytes).toString();

/** Connections that break or stall. */
export const connections: readonly Row[] = [
  { name: 'answers late', ask: 'manifest', breaks: late, gets: undefined, sends: ['GET manifest bearer'] },
  {
    name: 'breaks before an answer',
    ask: 'manifest',
    breaks: always('manifests', { kind: 'reset' }),
    gets: {
      code: 'unavailable',
      says: 'the connection was closed before the answer was complete',
      fault: 'connection-broken',
      reason: 'ServiceUnavailable',
    },
    sends: ['3 × GET manifest bearer'],
    afterMs: 750,
  },
  {
    name: 'breaks within a body',
    ask: 'manifest',
    breaks: always('manifests', { kind: 'reset', afterBytes: 20 }),
    gets: {
      code: 'unavailable',
      says: 'the connection was closed before the answer was complete',
      fault: 'connection-broken',
      reason: 'ServiceUnavailable',
    },
    sends: ['3 × GET manifest bearer'],
    afterMs: 750,
  },
  {
    name: 'ends a body early',
    ask: 'manifest',
    breaks: always('manifests', raw('content-length: 9999', text)),
    gets: {
      code: 'unavailable',
      says: 'the connection was closed before the answer was complete',
      fault: 'connection-broken',
      reason: 'ServiceUnavailable',
    },
    sends: ['3 × GET manifest bearer'],
    afterMs: 750,
  },
  {
    name: 'ends a chunked body early',
    ask: 'manifest',
    breaks: always('manifests', raw('transfer-encoding: chunked', '10\r\n{"schemaVersion"\r\n')),
    gets: {
      code: 'unavailable',
      says: 'the connection was closed before the answer was complete',
      fault: 'connection-broken',
      reason: 'ServiceUnavailable',
    },
    sends: ['3 × GET manifest bearer'],
    afterMs: 750,
  },
  {
    name: 'ends a body that says nothing of its length early',
    ask: 'manifest',
    breaks: always('manifests', raw('connection: close', text.slice(0, 50))),
    gets: {
      code: 'invalid-response',
      status: 200,
      says: 'the manifest is not a JSON object',
      fault: 'invalid-response',
      reason: 'InvalidResponse',
    },
    sends: ['GET manifest bearer'],
  },
  {
    name: 'sends more than it says',
    ask: 'manifest',
    breaks: always('manifests', raw(`content-length: ${text.length - 10}`, text)),
    gets: {
      code: 'invalid-response',
      status: 200,
      says: 'the manifest is not a JSON object',
      fault: 'invalid-response',
      reason: 'InvalidResponse',
    },
    sends: ['GET manifest bearer'],
  },
  {
    name: 'sends what is not HTTP',
    ask: 'manifest',
    breaks: always('manifests', {
      kind: 'raw',
      handle: ({ socket }) => void socket.end('SSH-2.0-OpenSSH_9.9\r\n'),
    }),
    gets: {
      code: 'invalid-response',
      says: 'the answer is not HTTP',
      fault: 'not-http',
      reason: 'InvalidResponse',
    },
    sends: ['GET manifest bearer'],
  },
  {
    name: 'takes a request and says nothing',
    ask: 'manifest',
    options: impatient,
    breaks: always('manifests', nothing),
    gets: { code: 'timeout', says: 'no answer in time', fault: 'answer-stalled', reason: 'Timeout' },
    sends: ['GET manifest bearer'],
  },
  {
    name: 'sends its head byte by byte',
    ask: 'manifest',
    options: impatient,
    breaks: always('manifests', trickle('HTTP/1.1 200 OK\r\nx-filler: ')),
    gets: { code: 'timeout', says: 'no answer in time', fault: 'answer-stalled', reason: 'Timeout' },
    sends: ['GET manifest bearer'],
  },
  {
    name: 'sends its body byte by byte',
    ask: 'manifest',
    options: hurried,
    breaks: always('manifests', trickle('HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n')),
    gets: {
      code: 'timeout',
      says: 'no complete answer within 1200 ms',
      fault: 'answer-slow',
      reason: 'Timeout',
    },
    sends: ['GET manifest bearer'],
  },
  {
    name: 'stops within a body',
    ask: 'manifest',
    options: impatient,
    breaks: always('manifests', {
      kind: 'raw',
      handle: ({ socket }) => void socket.write('HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n{'),
    }),
    gets: { code: 'timeout', says: 'the answer stopped coming', fault: 'answer-stalled', reason: 'Timeout' },
    sends: ['GET manifest bearer'],
  },
];
