import { always, isFor, type Row } from './row.ts';

const tooMany = (headers: Readonly<Record<string, string>>, body = 'Too Many Requests (HAP429)') =>
  always('manifests', { kind: 'answer', status: 429, headers, body });

const newYearMs = Date.UTC(2026, 0, 1);

/** A registry that wants five seconds, by its own clock. */
const byClock =
  (fastMs: number): Row['breaks'] =>
  (request, { clock }) => {
    if (!isFor(request, 'manifests')) return undefined;
    const nowMs = clock.now() + fastMs;
    const headers = {
      date: new Date(nowMs).toUTCString(),
      'retry-after': new Date(nowMs + 5_000).toUTCString(),
    };
    return { kind: 'answer', status: 429, headers };
  };

/** Registries that ask to be left alone. The clock stands at 2026-01-01T00:00:00Z. */
export const limits: readonly Row[] = [
  {
    name: '429 without a wait',
    ask: 'manifest',
    breaks: tooMany({}),
    gets: {
      code: 'rate-limited',
      status: 429,
      says: 'too many requests',
      fault: 'rate-limited',
      reason: 'TooManyRequests',
    },
    sends: ['3 × GET manifest bearer'],
    afterMs: 3000,
    recoversAfterMs: 4000,
  },
  {
    name: '429 with seconds',
    ask: 'manifest',
    breaks: tooMany({ 'retry-after': '2' }),
    gets: {
      code: 'rate-limited',
      status: 429,
      says: 'too many requests; the registry asks to wait 2 s',
      fault: 'rate-limited',
      reason: 'TooManyRequests',
    },
    sends: ['3 × GET manifest bearer'],
    afterMs: 4000,
    recoversAfterMs: 2000,
  },
  {
    name: '429 with a fraction of seconds',
    ask: 'manifest',
    breaks: tooMany({ 'retry-after': '1.5' }),
    gets: {
      code: 'rate-limited',
      status: 429,
      says: 'too many requests; the registry asks to wait 2 s',
      fault: 'rate-limited',
      reason: 'TooManyRequests',
    },
    sends: ['3 × GET manifest bearer'],
    afterMs: 3000,
    recoversAfterMs: 1500,
  },
  {
    name: '429 with a date',
    ask: 'manifest',
    breaks: byClock(0),
    gets: {
      code: 'rate-limited',
      status: 429,
      says: 'too many requests; the registry asks to wait 5 s',
      fault: 'rate-limited',
      reason: 'TooManyRequests',
    },
    sends: ['3 × GET manifest bearer'],
    afterMs: 10000,
    recoversAfterMs: 5000,
  },
  {
    name: '429 with a date, by a clock that is an hour fast',
    ask: 'manifest',
    breaks: byClock(3_600_000),
    gets: {
      code: 'rate-limited',
      status: 429,
      says: 'too many requests; the registry asks to wait 5 s',
      fault: 'rate-limited',
      reason: 'TooManyRequests',
    },
    sends: ['3 × GET manifest bearer'],
    afterMs: 10000,
    recoversAfterMs: 5000,
  },
  {
    name: '429 with a date, by a clock that is an hour slow',
    ask: 'manifest',
    breaks: byClock(-3_600_000),
    gets: {
      code: 'rate-limited',
      status: 429,
      says: 'too many requests; the registry asks to wait 5 s',
      fault: 'rate-limited',
      reason: 'TooManyRequests',
    },
    sends: ['3 × GET manifest bearer'],
    afterMs: 10000,
    recoversAfterMs: 5000,
  },
  {
    name: '429 with a duration as Go writes it',
    ask: 'manifest',
    breaks: tooMany({ 'retry-after': '1.5s' }),
    gets: {
      code: 'rate-limited',
      status: 429,
      says: 'too many requests; the registry asks to wait 2 s',
      fault: 'rate-limited',
      reason: 'TooManyRequests',
    },
    sends: ['3 × GET manifest bearer'],
    afterMs: 3000,
    recoversAfterMs: 1500,
  },
  {
    name: '429 with a point in time, in seconds since the epoch',
    ask: 'manifest',
    breaks: tooMany({
      date: new Date(newYearMs).toUTCString(),
      'x-retry-after': String(newYearMs / 1000 + 3600),
    }),
    gets: {
      code: 'rate-limited',
      status: 429,
      says: 'too many requests; the registry asks to wait 3600 s',
      fault: 'rate-limited',
      reason: 'TooManyRequests',
    },
    sends: ['GET manifest bearer'],
    afterMs: 0,
    recoversAfterMs: 3600000,
    recovery: ['GET token basic', 'GET manifest bearer'],
  },
  {
    name: '429 with a wait in its text',
    ask: 'manifest',
    breaks: tooMany({}, 'retry-after: 2s, allowed: 44000/minute'),
    gets: {
      code: 'rate-limited',
      status: 429,
      says: 'too many requests; the registry asks to wait 2 s',
      fault: 'rate-limited',
      reason: 'TooManyRequests',
    },
    sends: ['3 × GET manifest bearer'],
    afterMs: 4000,
    recoversAfterMs: 2000,
  },
  {
    name: '429 with a wait of zero',
    ask: 'manifest',
    breaks: tooMany({ 'retry-after': '0' }),
    gets: {
      code: 'rate-limited',
      status: 429,
      says: 'too many requests; the registry asks to wait 0 s',
      fault: 'rate-limited',
      reason: 'TooManyRequests',
    },
    sends: ['3 × GET manifest bearer'],
    afterMs: 1667,
    recoversAfterMs: 1000,
  },
  {
    name: '429 with a wait of a minute',
    ask: 'manifest',
    breaks: tooMany({ 'retry-after': '60' }),
    gets: {
      code: 'rate-limited',
      status: 429,
      says: 'too many requests; the registry asks to wait 60 s',
      fault: 'rate-limited',
      reason: 'TooManyRequests',
    },
    sends: ['GET manifest bearer'],
    recoversAfterMs: 60000,
  },
  {
    name: '429 with a wait of a year',
    ask: 'manifest',
    breaks: tooMany({ 'retry-after': '31536000' }),
    gets: {
      code: 'rate-limited',
      status: 429,
      says: 'too many requests; the registry asks to wait 3600 s',
      fault: 'rate-limited',
      reason: 'TooManyRequests',
    },
    sends: ['GET manifest bearer'],
    recoversAfterMs: 3600000,
    recovery: ['GET token basic', 'GET manifest bearer'],
  },
  {
    name: '429 with a wait that says nothing',
    ask: 'manifest',
    breaks: tooMany({ 'retry-after': 'soon' }),
    gets: {
      code: 'rate-limited',
      status: 429,
      says: 'too many requests',
      fault: 'rate-limited',
      reason: 'TooManyRequests',
    },
    sends: ['3 × GET manifest bearer'],
    afterMs: 3000,
    recoversAfterMs: 4000,
  },
  {
    name: '429 with a web page',
    ask: 'manifest',
    breaks: tooMany({ 'content-type': 'text/html', 'retry-after': '3' }, '<html>'),
    gets: {
      code: 'rate-limited',
      status: 429,
      says: 'too many requests; the registry asks to wait 3 s',
      fault: 'rate-limited',
      reason: 'TooManyRequests',
    },
    sends: ['3 × GET manifest bearer'],
    afterMs: 6000,
    recoversAfterMs: 3000,
  },
  {
    name: '503 with a wait',
    ask: 'manifest',
    breaks: always('manifests', { kind: 'answer', status: 503, headers: { 'retry-after': '4' } }),
    gets: {
      code: 'unavailable',
      status: 503,
      says: 'the registry answered 503; the registry asks to wait 4 s',
      fault: 'server-error',
      reason: 'ServiceUnavailable',
    },
    sends: ['3 × GET manifest bearer'],
    afterMs: 8000,
    recoversAfterMs: 4000,
  },
];
