import { gzipSync } from 'node:zlib';
import { mediaTypes } from '../../src/oci/media-type.ts';
import { always, type Row } from './row.ts';
import { image } from './world.ts';

const html = { 'content-type': 'text/html; charset=utf-8' };
const page = '<!doctype html><html><body>Please log in</body></html>';
const webPage = (status: number) => ({ kind: 'answer', status, headers: html, body: page }) as const;

const serverErrors: readonly Row[] = [500, 502, 503, 504].map((status) => ({
  name: `answers ${status}`,
  ask: 'manifest',
  breaks: always('manifests', webPage(status)),
  gets: {
    code: 'unavailable',
    status,
    says: `the registry answered ${status}`,
    fault: 'server-error',
    reason: 'ServiceUnavailable',
  },
  sends: ['3 × GET manifest bearer'],
  afterMs: 750,
}));

/** 64 MiB of zeros in some 60 KiB. */
const bomb = gzipSync(Buffer.alloc(64 * 2 ** 20));

/** Answers that are wrong in themselves. */
export const answers: readonly Row[] = [
  ...serverErrors,
  {
    name: 'wants a login without saying which',
    ask: 'manifest',
    breaks: always('manifests', { kind: 'answer', status: 401 }),
    gets: {
      code: 'unauthorized',
      status: 401,
      says: 'no credentials were accepted',
      fault: 'login-unknown',
      reason: 'Unauthorized',
    },
    sends: [
      'GET manifest bearer',
      'GET token basic',
      'GET manifest bearer',
      'GET token anonymous',
      'GET manifest bearer',
    ],
  },
  {
    name: 'refuses the user',
    ask: 'manifest',
    breaks: always('manifests', { kind: 'answer', status: 403 }),
    gets: {
      code: 'denied',
      status: 403,
      says: 'access denied',
      fault: 'credential-insufficient',
      reason: 'Forbidden',
    },
    sends: ['GET manifest bearer', 'GET token anonymous', 'GET manifest bearer'],
  },
  {
    name: 'answers 403 with a web page',
    ask: 'manifest',
    breaks: always('manifests', webPage(403)),
    gets: {
      code: 'denied',
      status: 403,
      says: 'access denied, by a web page',
      fault: 'web-page',
      reason: 'Forbidden',
    },
    sends: ['GET manifest bearer', 'GET token anonymous', 'GET manifest bearer'],
  },
  {
    name: 'answers 404 with a web page',
    ask: 'manifest',
    breaks: always('manifests', webPage(404)),
    gets: { code: 'not-found', status: 404, says: 'not found', fault: 'web-page', reason: 'NotFound' },
    sends: ['GET manifest bearer'],
  },
  {
    name: 'answers 404 with a web page to HEAD',
    ask: 'resolve',
    breaks: always('manifests', webPage(404)),
    gets: { code: 'not-found', status: 404, says: 'not found', fault: 'web-page', reason: 'NotFound' },
    sends: ['HEAD manifest bearer', 'GET manifest bearer'],
  },
  {
    name: 'answers 408',
    ask: 'manifest',
    breaks: always('manifests', { kind: 'answer', status: 408 }),
    gets: {
      code: 'timeout',
      status: 408,
      says: 'the registry gave up waiting (408)',
      fault: 'timeout',
      reason: 'Timeout',
    },
    sends: ['GET manifest bearer'],
  },
  {
    name: 'answers 418',
    ask: 'manifest',
    breaks: always('manifests', { kind: 'answer', status: 418 }),
    gets: {
      code: 'invalid-response',
      status: 418,
      says: 'unexpected answer 418',
      fault: 'invalid-response',
      reason: 'InvalidResponse',
    },
    sends: ['GET manifest bearer'],
  },
  {
    name: 'sends a web page for a manifest',
    ask: 'manifest',
    breaks: always('manifests', webPage(200)),
    gets: {
      code: 'invalid-response',
      status: 200,
      says: 'the answer is a web page, not a manifest',
      fault: 'web-page',
      reason: 'InvalidResponse',
    },
    sends: ['GET manifest bearer'],
  },
  {
    name: 'sends a web page for a digest',
    ask: 'resolve',
    breaks: always('manifests', webPage(200)),
    gets: {
      code: 'invalid-response',
      status: 200,
      says: 'the answer is a web page, not a manifest',
      fault: 'web-page',
      reason: 'InvalidResponse',
    },
    sends: ['HEAD manifest bearer', 'GET manifest bearer'],
    recovery: ['GET manifest bearer'],
  },
  {
    name: 'sends a web page for tags',
    ask: 'tags',
    breaks: always('tags', webPage(200)),
    gets: {
      code: 'invalid-response',
      status: 200,
      says: 'the answer is not a list of tags',
      fault: 'web-page',
      reason: 'InvalidResponse',
    },
    sends: ['GET tags?n=1000 bearer'],
  },
  {
    name: 'sends a web page for a config',
    ask: 'config',
    breaks: always('blobs', webPage(200)),
    gets: {
      code: 'invalid-response',
      status: 200,
      says: 'the answer is a web page, not a config',
      fault: 'web-page',
      reason: 'InvalidResponse',
    },
    sends: ['GET config bearer'],
  },
  {
    name: 'sends half a manifest as a whole',
    ask: 'manifest',
    breaks: always('manifests', { kind: 'edit', body: image.manifest.bytes.subarray(0, 99) }),
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
    name: 'sends another manifest than its digest says',
    ask: 'manifest',
    breaks: always('manifests', { kind: 'edit', body: `${Buffer.from(image.manifest.bytes).toString()} ` }),
    gets: {
      code: 'digest-mismatch',
      says: 'the manifest has the digest sha256:ea37b79966ee167bb4e37742eaf879bfedb95371a9d5e1da8466ff4a8ca20b9a, not sha256:80394d4eb63e3dd7e26aa504fb4f9ff84b50783da1f2d13bfef0870096e0cf71',
      fault: 'digest-mismatch',
      reason: 'InvalidResponse',
    },
    sends: ['GET manifest bearer'],
  },
  {
    name: 'sends another config than its digest says',
    ask: 'config',
    breaks: always('blobs', { kind: 'edit', body: '{"architecture":"amd64"}' }),
    gets: {
      code: 'digest-mismatch',
      says: 'the config has 24 bytes with the digest sha256:7a822ccae77597a100cf9fc3c978900e078ba56fd821da9860739c68232ea417, not 318 with sha256:2a4bc9c2a66b552c2c5dae8e1c19a60e5961121c92663db3fe52191ed5c70770',
      fault: 'digest-mismatch',
      reason: 'InvalidResponse',
    },
    sends: ['GET config bearer'],
  },
  {
    name: 'sends a manifest as an index',
    ask: 'manifest',
    breaks: always('manifests', { kind: 'edit', headers: { 'content-type': mediaTypes.ociIndex } }),
    gets: {
      code: 'invalid-response',
      status: 200,
      says: 'the registry says application/vnd.oci.image.index.v1+json but the manifest says "application/vnd.oci.image.manifest.v1+json"',
      fault: 'invalid-response',
      reason: 'InvalidResponse',
    },
    sends: ['GET manifest bearer'],
  },
  {
    name: 'sends a manifest of a type nobody knows',
    ask: 'manifest',
    breaks: always('manifests', {
      kind: 'edit',
      headers: { 'content-type': 'application/vnd.acme+json' },
      body: '{}',
    }),
    gets: {
      code: 'unsupported-media-type',
      status: 200,
      says: 'manifests of type "application/vnd.acme+json" are not supported',
      fault: 'unsupported-media-type',
      reason: 'UnsupportedMediaType',
    },
    sends: ['GET manifest bearer'],
  },
  {
    name: 'sends schema 1',
    ask: 'manifest',
    breaks: always('manifests', {
      kind: 'edit',
      headers: { 'content-type': 'application/vnd.docker.distribution.manifest.v1+prettyjws' },
      body: '{"schemaVersion":1}',
    }),
    gets: {
      code: 'unsupported-media-type',
      status: 200,
      says: 'the manifest is Docker schema 1, which is no longer read; push the image again in a current format',
      fault: 'schema1',
      reason: 'UnsupportedMediaType',
    },
    sends: ['GET manifest bearer'],
  },
  {
    name: 'compresses though nobody asked',
    ask: 'manifest',
    breaks: always('manifests', {
      kind: 'edit',
      headers: { 'content-encoding': 'gzip' },
      body: gzipSync(image.manifest.bytes),
    }),
    gets: undefined,
    sends: ['GET manifest bearer'],
  },
  {
    name: 'says that it compresses, and does not',
    ask: 'manifest',
    breaks: always('manifests', { kind: 'edit', headers: { 'content-encoding': 'gzip' } }),
    gets: {
      code: 'invalid-response',
      says: 'the answer is not what its content encoding says',
      fault: 'content-encoding',
      reason: 'InvalidResponse',
    },
    sends: ['GET manifest bearer'],
  },
  {
    name: 'compresses in a way nobody knows',
    ask: 'manifest',
    breaks: always('manifests', { kind: 'edit', headers: { 'content-encoding': 'zstd' } }),
    gets: {
      code: 'invalid-response',
      says: 'the answer has a content encoding that was not asked for',
      fault: 'content-encoding',
      reason: 'InvalidResponse',
    },
    sends: ['GET manifest bearer'],
  },
  {
    name: 'sends a gzip bomb for a manifest',
    ask: 'manifest',
    breaks: always('manifests', { kind: 'edit', headers: { 'content-encoding': 'gzip' }, body: bomb }),
    gets: {
      code: 'too-large',
      says: 'the answer is larger than 4194304 bytes',
      fault: 'too-large',
      reason: 'InvalidResponse',
    },
    sends: ['GET manifest bearer'],
  },
  {
    name: 'sends a gzip bomb for a config',
    ask: 'config',
    breaks: always('blobs', { kind: 'edit', headers: { 'content-encoding': 'gzip' }, body: bomb }),
    gets: {
      code: 'too-large',
      says: 'the answer is larger than 4194304 bytes',
      fault: 'too-large',
      reason: 'InvalidResponse',
    },
    sends: ['GET config bearer'],
  },
  {
    name: 'sends a gzip bomb for tags',
    ask: 'tags',
    breaks: always('tags', { kind: 'edit', headers: { 'content-encoding': 'gzip' }, body: bomb }),
    gets: {
      code: 'too-large',
      says: 'the answer is larger than 33554432 bytes',
      fault: 'too-large',
      reason: 'InvalidResponse',
    },
    sends: ['GET tags?n=1000 bearer'],
  },
  {
    name: 'sends a gzip bomb for an error',
    ask: 'manifest',
    breaks: always('manifests', {
      kind: 'answer',
      status: 400,
      headers: { 'content-encoding': 'gzip' },
      body: bomb,
    }),
    gets: {
      code: 'invalid-response',
      status: 400,
      says: 'unexpected answer 400',
      fault: 'invalid-response',
      reason: 'InvalidResponse',
    },
    // Once more without `If-None-Match`, which a 400 may be about.
    sends: ['2 × GET manifest bearer'],
  },
  {
    name: 'sends a manifest of 5 MiB',
    ask: 'manifest',
    breaks: always('manifests', { kind: 'edit', body: Buffer.alloc(5 * 2 ** 20, ' ') }),
    gets: {
      code: 'too-large',
      says: 'the answer is larger than 4194304 bytes',
      fault: 'too-large',
      reason: 'InvalidResponse',
    },
    sends: ['GET manifest bearer'],
  },
  {
    name: 'sends a config of 5 MiB',
    ask: 'config',
    breaks: always('blobs', { kind: 'edit', body: Buffer.alloc(5 * 2 ** 20, ' ') }),
    gets: {
      code: 'too-large',
      says: 'the answer is larger than 4194304 bytes',
      fault: 'too-large',
      reason: 'InvalidResponse',
    },
    sends: ['GET config bearer'],
  },
  {
    name: 'sends headers of 64 KiB',
    ask: 'manifest',
    breaks: always('manifests', { kind: 'edit', headers: { 'x-filler': 'x'.repeat(64 * 1024) } }),
    gets: {
      code: 'too-large',
      says: 'the head of the answer is larger than is accepted',
      fault: 'too-large',
      reason: 'InvalidResponse',
    },
    sends: ['GET manifest bearer'],
  },
];
