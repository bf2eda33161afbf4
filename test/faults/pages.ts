import { isFor, type Row } from './row.ts';
import type { World } from './world.ts';

const list = (link: (world: World, index: number) => string): Row['breaks'] => {
  let index = 0;
  return (request, world) => {
    if (!isFor(request, 'tags')) return undefined;
    index += 1;
    return {
      kind: 'answer',
      status: 200,
      headers: { link: `<${link(world, index)}>; rel="next"` },
      body: JSON.stringify({ name: 'app', tags: [`t${index}`] }),
    };
  };
};

/** Registries whose lists lead astray, round in circles or nowhere. */
export const pages: readonly Row[] = [
  {
    name: 'lists pages without end',
    ask: 'tags',
    options: { listingLimits: { maxPages: 5 } },
    breaks: list((_world, index) => `?last=t${index}`),
    gets: {
      code: 'too-large',
      says: 'the list of tags has more than 5 pages',
      fault: 'too-large',
      reason: 'InvalidResponse',
    },
    sends: [
      'GET tags?n=1000 bearer',
      'GET tags?last=t1 bearer',
      'GET tags?last=t2 bearer',
      'GET tags?last=t3 bearer',
      'GET tags?last=t4 bearer',
    ],
  },
  {
    name: 'lists the same page again and again',
    ask: 'tags',
    breaks: list(() => '?last=t'),
    gets: {
      code: 'invalid-response',
      says: 'the list of tags goes round in circles',
      fault: 'listing',
      reason: 'InvalidResponse',
    },
    sends: ['GET tags?n=1000 bearer', 'GET tags?last=t bearer'],
  },
  {
    name: 'lists more than is taken',
    ask: 'tags',
    options: { listingLimits: { maxBytes: 60 } },
    breaks: list((_world, index) => `?last=t${index}`),
    gets: {
      code: 'too-large',
      says: 'the list of tags has more than 60 bytes',
      fault: 'too-large',
      reason: 'InvalidResponse',
    },
    sends: ['GET tags?n=1000 bearer', 'GET tags?last=t1 bearer', 'GET tags?last=t2 bearer'],
  },
  {
    name: 'links to the list of a stranger',
    ask: 'tags',
    breaks: list(({ port }) => `https://evil.test:${port}/v2/app/tags/list?last=t1`),
    gets: {
      code: 'blocked',
      says: 'the link to the next page leads to another host (evil.test:PORT)',
      fault: 'foreign-link',
      reason: 'Forbidden',
    },
    sends: ['GET tags?n=1000 bearer'],
  },
  {
    name: 'links to a metadata address',
    ask: 'tags',
    breaks: list(() => 'http://169.254.169.254/latest'),
    gets: {
      code: 'blocked',
      says: 'the link to the next page leads to another host (169.254.169.254)',
      fault: 'foreign-link',
      reason: 'Forbidden',
    },
    sends: ['GET tags?n=1000 bearer'],
  },
  {
    name: 'links with credentials in the address',
    ask: 'tags',
    breaks: list(({ port }) => `https://x:y@registry.test:${port}/v2/app/tags/list?last=t1`),
    gets: {
      code: 'blocked',
      says: 'the link to the next page leads to another host (registry.test:PORT)',
      fault: 'foreign-link',
      reason: 'Forbidden',
    },
    sends: ['GET tags?n=1000 bearer'],
  },
  {
    name: 'fails on the second page',
    ask: 'tags',
    breaks: (request, world) =>
      request.url.searchParams.has('last')
        ? { kind: 'answer', status: 403 }
        : list(() => '?last=t1')(request, world),
    gets: {
      code: 'denied',
      status: 403,
      says: 'access denied',
      fault: 'credential-insufficient',
      reason: 'Forbidden',
    },
    sends: [
      'GET tags?n=1000 bearer',
      'GET tags?last=t1 bearer',
      'GET token anonymous',
      'GET tags?last=t1 bearer',
    ],
  },
  {
    name: 'breaks within the second page',
    ask: 'tags',
    breaks: (request, world) =>
      request.url.searchParams.has('last')
        ? { kind: 'reset', afterBytes: 5 }
        : list(() => '?last=t1')(request, world),
    gets: {
      code: 'unavailable',
      says: 'the connection was closed before the answer was complete',
      fault: 'connection-broken',
      reason: 'ServiceUnavailable',
    },
    sends: ['GET tags?n=1000 bearer', '3 × GET tags?last=t1 bearer'],
    afterMs: 750,
  },
  {
    name: 'loses its place in the list',
    ask: 'tags',
    breaks: (request, world) =>
      request.url.searchParams.has('last')
        ? { kind: 'answer', status: 404 }
        : list(() => '?last=t1')(request, world),
    gets: {
      code: 'invalid-response',
      says: 'the registry loses its place in the list of tags again and again',
      fault: 'listing',
      reason: 'InvalidResponse',
    },
    sends: [
      'GET tags?n=1000 bearer',
      'GET tags?last=t1 bearer',
      'GET tags?n=1000 bearer',
      'GET tags?last=t1 bearer',
      'GET tags?n=1000 bearer',
      'GET tags?last=t1 bearer',
    ],
  },
];
