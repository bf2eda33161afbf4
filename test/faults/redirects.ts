import type { Fault } from '../fakes/registry/index.ts';
import { always, isFor, type Row } from './row.ts';
import type { World } from './world.ts';

const redirect =
  (location: (world: World, path: string) => string, status = 307): Row['breaks'] =>
  (request, world) =>
    isFor(request, 'blobs') || isFor(request, 'manifests')
      ? { kind: 'answer', status, headers: { location: location(world, request.path) } }
      : undefined;

/** Storage that has everything, and wants no login. */
const storage = (request: Parameters<Row['breaks']>[0], world: World): Fault | undefined =>
  request.url.hostname === 'storage.test'
    ? { kind: 'answer', status: 200, body: world.registry.blob('app', request.path) }
    : undefined;

/** Only configs are kept elsewhere. */
const toStorage: Row['breaks'] = (request, world) =>
  isFor(request, 'blobs')
    ? redirect(({ port }, path) => `https://storage.test:${port}${path}?signature=x`)(request, world)
    : undefined;

/** Registries that send us elsewhere, or round in circles. */
export const redirects: readonly Row[] = [
  {
    name: 'redirects a config to storage',
    ask: 'config',
    breaks: (request, world) => storage(request, world) ?? toStorage(request, world),
    gets: undefined,
    sends: ['GET config bearer', 'GET storage.test/v2/app/blobs/<config> anonymous'],
  },
  {
    name: 'redirects to itself for ever',
    ask: 'manifest',
    breaks: redirect((_world, path) => path),
    gets: {
      code: 'redirect',
      says: 'more than 5 redirects',
      fault: 'redirect-loop',
      reason: 'InvalidResponse',
    },
    sends: ['6 × GET manifest bearer'],
  },
  {
    name: 'redirects to and fro between two hosts',
    ask: 'manifest',
    breaks: ({ url, path }, { port }) => ({
      kind: 'answer',
      status: 302,
      headers: {
        location: `https://${url.hostname === 'registry.test' ? 'evil.test' : 'registry.test'}:${port}${path}`,
      },
    }),
    gets: {
      code: 'redirect',
      says: 'more than 5 redirects',
      fault: 'redirect-loop',
      reason: 'InvalidResponse',
    },
    sends: [
      'GET manifest bearer',
      'GET evil.test/v2/app/manifests/v1 anonymous',
      'GET manifest anonymous',
      'GET evil.test/v2/app/manifests/v1 anonymous',
      'GET manifest anonymous',
      'GET evil.test/v2/app/manifests/v1 anonymous',
    ],
  },
  {
    name: 'redirects to a stranger who wants a login',
    ask: 'manifest',
    breaks: (request, world) =>
      request.url.hostname === 'evil.test'
        ? { kind: 'answer', status: 401, headers: { 'www-authenticate': 'Basic realm="give"' } }
        : redirect(({ port }, path) => `https://evil.test:${port}${path}`)(request, world),
    gets: {
      code: 'redirect',
      status: 401,
      says: 'evil.test:PORT, where the registry redirects to, answers 401',
      fault: 'redirect',
      reason: 'InvalidResponse',
    },
    sends: ['GET manifest bearer', 'GET evil.test/v2/app/manifests/v1 anonymous'],
  },
  {
    name: 'redirects to a stranger who names the token server',
    ask: 'manifest',
    breaks: (request, world) =>
      request.url.hostname === 'evil.test'
        ? {
            kind: 'answer',
            status: 401,
            headers: { 'www-authenticate': `Bearer realm="https://auth.registry.test:${world.port}/token"` },
          }
        : redirect(({ port }, path) => `https://evil.test:${port}${path}`)(request, world),
    gets: {
      code: 'redirect',
      status: 401,
      says: 'evil.test:PORT, where the registry redirects to, answers 401',
      fault: 'redirect',
      reason: 'InvalidResponse',
    },
    sends: ['GET manifest bearer', 'GET evil.test/v2/app/manifests/v1 anonymous'],
  },
  {
    name: 'redirects a config to storage that refuses it',
    ask: 'config',
    breaks: (request, world) =>
      request.url.hostname === 'storage.test'
        ? {
            kind: 'answer',
            status: 403,
            headers: { 'content-type': 'application/xml' },
            body: '<Error>expired</Error>',
          }
        : toStorage(request, world),
    gets: {
      code: 'redirect',
      status: 403,
      says: 'storage.test:PORT, where the registry redirects to, answers 403',
      fault: 'redirect',
      reason: 'InvalidResponse',
    },
    sends: ['GET config bearer', 'GET storage.test/v2/app/blobs/<config> anonymous'],
  },
  {
    name: 'redirects a config to storage that sends something else',
    ask: 'config',
    breaks: (request, world) =>
      request.url.hostname === 'storage.test'
        ? { kind: 'answer', status: 200, body: '{}' }
        : toStorage(request, world),
    gets: {
      code: 'digest-mismatch',
      says: 'the config has 2 bytes with the digest sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a, not 318 with sha256:2a4bc9c2a66b552c2c5dae8e1c19a60e5961121c92663db3fe52191ed5c70770',
      fault: 'digest-mismatch',
      reason: 'InvalidResponse',
    },
    sends: ['GET config bearer', 'GET storage.test/v2/app/blobs/<config> anonymous'],
  },
  {
    name: 'redirects a list to a stranger',
    ask: 'tags',
    breaks: (request, { port }) =>
      request.url.hostname === 'evil.test'
        ? {
            kind: 'answer',
            status: 200,
            headers: { link: '</v2/app/tags/list?last=a>; rel="next"' },
            body: '{"tags":["a"]}',
          }
        : isFor(request, 'tags')
          ? { kind: 'answer', status: 302, headers: { location: `https://evil.test:${port}/list` } }
          : undefined,
    gets: {
      code: 'invalid-response',
      says: 'the list of tags goes round in circles',
      fault: 'listing',
      reason: 'InvalidResponse',
    },
    sends: [
      'GET tags?n=1000 bearer',
      'GET evil.test/list anonymous',
      'GET tags?last=a bearer',
      'GET evil.test/list anonymous',
    ],
  },
  {
    name: 'redirects to http',
    ask: 'manifest',
    breaks: redirect(({ port }, path) => `http://registry.test:${port}${path}`),
    gets: {
      code: 'redirect',
      says: 'a redirect from https to http',
      fault: 'redirect-downgrade',
      reason: 'InvalidResponse',
    },
    sends: ['GET manifest bearer'],
  },
  {
    name: 'redirects to a metadata address',
    ask: 'manifest',
    breaks: redirect(() => 'https://169.254.169.254/latest/meta-data'),
    gets: {
      code: 'blocked',
      says: '169.254.169.254 is a link-local or metadata address',
      fault: 'address',
      reason: 'Forbidden',
    },
    sends: ['GET manifest bearer'],
  },
  {
    name: 'redirects to a metadata address in disguise',
    ask: 'manifest',
    breaks: redirect(() => 'https://[::ffff:a9fe:a9fe]/latest'),
    gets: {
      code: 'blocked',
      says: '::ffff:a9fe:a9fe is a link-local or metadata address',
      fault: 'address',
      reason: 'Forbidden',
    },
    sends: ['GET manifest bearer'],
  },
  {
    name: 'redirects to a name that leads to a metadata address',
    ask: 'manifest',
    breaks: redirect(() => 'https://metadata.evil.test/latest'),
    gets: {
      code: 'blocked',
      says: 'metadata.evil.test: 169.254.169.254 is a link-local or metadata address',
      fault: 'address',
      reason: 'Forbidden',
    },
    sends: ['GET manifest bearer'],
  },
  {
    name: 'redirects with credentials in the address',
    ask: 'manifest',
    breaks: redirect(({ port }) => `https://registry.test:${port}@evil.test:${port}/`),
    gets: {
      code: 'redirect',
      says: 'a redirect to an address with credentials',
      fault: 'redirect',
      reason: 'InvalidResponse',
    },
    sends: ['GET manifest bearer'],
  },
  {
    name: 'redirects to a file',
    ask: 'manifest',
    breaks: redirect(() => 'file:///etc/passwd'),
    gets: { code: 'redirect', says: 'a redirect to file:', fault: 'redirect', reason: 'InvalidResponse' },
    sends: ['GET manifest bearer'],
  },
  {
    name: 'redirects to nowhere',
    ask: 'manifest',
    breaks: always('manifests', { kind: 'answer', status: 302 }),
    gets: {
      code: 'redirect',
      says: 'a redirect without a usable location',
      fault: 'redirect',
      reason: 'InvalidResponse',
    },
    sends: ['GET manifest bearer'],
  },
];
