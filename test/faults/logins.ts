import { gzipSync } from 'node:zlib';
import { isFor, type Row, tokens } from './row.ts';

const json = (value: unknown, headers: Readonly<Record<string, string>> = {}) =>
  tokens({
    kind: 'answer',
    status: 200,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(value),
  });

const cold = { ask: 'manifest', isCold: true } as const;

/** Token servers that lie, fail or are none. */
export const logins: readonly Row[] = [
  {
    ...cold,
    name: 'token server redirects to a stranger',
    breaks: (request, world) =>
      tokens({ kind: 'answer', status: 302, headers: { location: `https://evil.test:${world.port}/` } })(
        request,
        world,
      ),
    gets: {
      code: 'redirect',
      says: 'token servers may not redirect',
      fault: 'redirect-token',
      reason: 'InvalidResponse',
    },
    sends: ['GET manifest anonymous', 'GET token basic'],
    recovery: ['GET token basic', 'GET manifest bearer'],
  },
  {
    ...cold,
    name: 'token server redirects to itself',
    breaks: tokens({ kind: 'answer', status: 307, headers: { location: '/token2' } }),
    gets: {
      code: 'redirect',
      says: 'token servers may not redirect',
      fault: 'redirect-token',
      reason: 'InvalidResponse',
    },
    sends: ['GET manifest anonymous', 'GET token basic'],
    recovery: ['GET token basic', 'GET manifest bearer'],
  },
  {
    ...cold,
    name: 'token server refuses the password',
    breaks: tokens({ kind: 'answer', status: 401 }),
    gets: {
      code: 'unauthorized',
      status: 401,
      says: 'no credentials were accepted',
      fault: 'credential-refused',
      reason: 'Unauthorized',
    },
    sends: ['GET manifest anonymous', 'GET token basic', 'GET token anonymous'],
    recovery: ['GET token basic', 'GET manifest bearer'],
  },
  {
    ...cold,
    name: 'token server refuses the user',
    breaks: tokens({ kind: 'answer', status: 403 }),
    gets: {
      code: 'denied',
      status: 403,
      says: 'access denied',
      fault: 'credential-refused',
      reason: 'Forbidden',
    },
    sends: ['GET manifest anonymous', 'GET token basic', 'GET token anonymous'],
    recovery: ['GET token basic', 'GET manifest bearer'],
  },
  {
    ...cold,
    name: 'token server answers 400',
    breaks: tokens({ kind: 'answer', status: 400 }),
    gets: {
      code: 'unauthorized',
      status: 400,
      says: 'the token server did not accept the credentials',
      fault: 'credential-refused',
      reason: 'Unauthorized',
    },
    sends: ['GET manifest anonymous', 'GET token basic', 'GET token anonymous'],
    recovery: ['GET token basic', 'GET manifest bearer'],
  },
  {
    ...cold,
    name: 'token server answers 404',
    breaks: tokens({ kind: 'answer', status: 404 }),
    gets: {
      code: 'invalid-response',
      status: 404,
      says: 'unexpected answer 404',
      fault: 'invalid-response',
      reason: 'InvalidResponse',
    },
    sends: ['GET manifest anonymous', 'GET token basic'],
    recovery: ['GET token basic', 'GET manifest bearer'],
  },
  {
    ...cold,
    name: 'token server fails',
    breaks: tokens({ kind: 'answer', status: 500 }),
    gets: {
      code: 'unavailable',
      status: 500,
      says: 'the token server answered 500',
      fault: 'server-error',
      reason: 'ServiceUnavailable',
    },
    sends: [
      'GET manifest anonymous',
      '2 × GET token basic',
      'GET manifest anonymous',
      'GET token basic',
      'GET manifest anonymous',
    ],
    afterMs: 750,
    recovery: ['GET token basic', 'GET manifest bearer'],
  },
  {
    ...cold,
    name: 'token server wants to be left alone',
    breaks: tokens({
      kind: 'answer',
      status: 429,
      headers: { 'retry-after': '3' },
      body: '{"details":"too many failed login attempts for username or IP address"}',
    }),
    gets: {
      code: 'rate-limited',
      status: 429,
      says: 'too many requests; the registry asks to wait 3 s',
      fault: 'rate-limited',
      reason: 'TooManyRequests',
    },
    sends: ['GET manifest anonymous', 'GET token basic'],
    recoversAfterMs: 3000,
    recovery: ['GET token basic', 'GET manifest bearer'],
  },
  {
    ...cold,
    name: 'token server sends a web page',
    breaks: tokens({ kind: 'answer', status: 200, headers: { 'content-type': 'text/html' }, body: '<html>' }),
    gets: {
      code: 'invalid-response',
      says: 'the answer holds no token',
      fault: 'web-page',
      reason: 'InvalidResponse',
    },
    sends: ['GET manifest anonymous', 'GET token basic'],
    recovery: ['GET token basic', 'GET manifest bearer'],
  },
  {
    ...cold,
    name: 'token server sends no token',
    breaks: json({ expires_in: 300 }),
    gets: {
      code: 'invalid-response',
      says: 'the answer holds no token',
      fault: 'no-token',
      reason: 'InvalidResponse',
    },
    sends: ['GET manifest anonymous', 'GET token basic'],
    recovery: ['GET token basic', 'GET manifest bearer'],
  },
  {
    ...cold,
    name: 'token server sends a token with a line break',
    breaks: json({ token: 'a\r\nx-evil: 1' }),
    gets: {
      code: 'invalid-response',
      says: 'the answer holds no token',
      fault: 'no-token',
      reason: 'InvalidResponse',
    },
    sends: ['GET manifest anonymous', 'GET token basic'],
    recovery: ['GET token basic', 'GET manifest bearer'],
  },
  {
    ...cold,
    name: 'token server sends 2 MiB',
    breaks: json({ token: 'x'.repeat(2 * 2 ** 20) }),
    gets: {
      code: 'too-large',
      says: 'the answer is larger than 1048576 bytes',
      fault: 'too-large',
      reason: 'InvalidResponse',
    },
    sends: ['GET manifest anonymous', 'GET token basic'],
    recovery: ['GET token basic', 'GET manifest bearer'],
  },
  {
    ...cold,
    name: 'token server sends a token that is too large for a header',
    breaks: json({ token: 'x'.repeat(20 * 1024) }),
    gets: {
      code: 'invalid-response',
      status: 431,
      says: 'unexpected answer 431',
      fault: 'invalid-response',
      reason: 'InvalidResponse',
    },
    sends: ['GET manifest anonymous', 'GET token basic'],
    recovery: ['GET token basic', 'GET manifest bearer'],
  },
  {
    ...cold,
    name: 'token server sends a gzip bomb',
    breaks: tokens({
      kind: 'answer',
      status: 200,
      headers: { 'content-encoding': 'gzip' },
      body: gzipSync(Buffer.alloc(64 * 2 ** 20)),
    }),
    gets: {
      code: 'too-large',
      says: 'the answer is larger than 1048576 bytes',
      fault: 'too-large',
      reason: 'InvalidResponse',
    },
    sends: ['GET manifest anonymous', 'GET token basic'],
    recovery: ['GET token basic', 'GET manifest bearer'],
  },
  {
    ...cold,
    name: 'token server breaks off',
    breaks: tokens({ kind: 'reset' }),
    gets: {
      code: 'unavailable',
      says: 'the connection was closed before the answer was complete',
      fault: 'connection-broken',
      reason: 'ServiceUnavailable',
    },
    sends: [
      'GET manifest anonymous',
      '2 × GET token basic',
      'GET manifest anonymous',
      'GET token basic',
      'GET manifest anonymous',
    ],
    afterMs: 750,
    recovery: ['GET token basic', 'GET manifest bearer'],
  },
  {
    ...cold,
    name: 'refuses every token',
    breaks: (request) =>
      isFor(request, 'manifests') && request.headers['authorization'] !== undefined
        ? {
            kind: 'answer',
            status: 401,
            headers: {
              'www-authenticate': 'Bearer realm="https://auth.registry.test/token",error="invalid_token"',
            },
          }
        : undefined,
    gets: {
      code: 'unauthorized',
      status: 401,
      says: 'no credentials were accepted',
      fault: 'credential-insufficient',
      reason: 'Unauthorized',
    },
    sends: [
      'GET manifest anonymous',
      'GET token basic',
      'GET manifest bearer',
      'GET token anonymous',
      'GET manifest bearer',
    ],
    recovery: ['GET token basic', 'GET manifest bearer'],
  },
];
