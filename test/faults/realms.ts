import { isFor, type Row } from './row.ts';

/** A registry that names another token server than its own. */
const realm =
  (name: (port: string) => string): Row['breaks'] =>
  (request, { port }) =>
    isFor(request, 'manifests')
      ? {
          kind: 'answer',
          status: 401,
          headers: { 'www-authenticate': `Bearer realm="${name(port)}",service="x"` },
        }
      : undefined;

const cold = { ask: 'manifest', isCold: true } as const;

/** Registries that name another token server than their own, or none that is one. */
export const realms: readonly Row[] = [
  {
    ...cold,
    name: 'names a stranger as its token server',
    breaks: realm((port) => `https://evil.test:${port}/token`),
    gets: {
      code: 'blocked',
      status: 401,
      says: 'the registry names evil.test:PORT as its token server, which is not trusted',
      fault: 'realm',
      reason: 'Forbidden',
    },
    sends: ['GET manifest anonymous'],
  },
  {
    ...cold,
    name: 'names a stranger whose name begins like its own',
    breaks: realm((port) => `https://registry.test.evil.test:${port}/token`),
    gets: {
      code: 'blocked',
      status: 401,
      says: 'the registry names registry.test.evil.test:PORT as its token server, which is not trusted',
      fault: 'realm',
      reason: 'Forbidden',
    },
    sends: ['GET manifest anonymous'],
  },
  {
    ...cold,
    name: 'names a stranger behind its own name as user',
    breaks: realm((port) => `https://registry.test@evil.test:${port}/token`),
    gets: {
      code: 'blocked',
      status: 401,
      says: 'the registry names a token server with credentials in its URL (evil.test:PORT)',
      fault: 'realm',
      reason: 'Forbidden',
    },
    sends: ['GET manifest anonymous'],
  },
  {
    ...cold,
    name: 'names itself behind a user',
    breaks: realm((port) => `https://x:y@auth.registry.test:${port}/token`),
    gets: {
      code: 'blocked',
      status: 401,
      says: 'the registry names a token server with credentials in its URL (auth.registry.test:PORT)',
      fault: 'realm',
      reason: 'Forbidden',
    },
    sends: ['GET manifest anonymous'],
  },
  {
    ...cold,
    name: 'names a stranger before a backslash',
    breaks: realm((port) => `https://evil.test:${port}\\\\@registry.test/token`),
    gets: {
      code: 'blocked',
      status: 401,
      says: 'the registry names evil.test:PORT as its token server, which is not trusted',
      fault: 'realm',
      reason: 'Forbidden',
    },
    sends: ['GET manifest anonymous'],
  },
  {
    ...cold,
    name: 'names a metadata address',
    breaks: realm(() => 'http://169.254.169.254/latest/meta-data'),
    gets: {
      code: 'blocked',
      status: 401,
      says: 'the registry names a token server that is not https (169.254.169.254)',
      fault: 'realm',
      reason: 'Forbidden',
    },
    sends: ['GET manifest anonymous'],
  },
  {
    ...cold,
    name: 'names a metadata address over https',
    breaks: realm(() => 'https://169.254.169.254/latest/meta-data'),
    gets: {
      code: 'blocked',
      status: 401,
      says: 'the registry names 169.254.169.254 as its token server, which is not trusted',
      fault: 'realm',
      reason: 'Forbidden',
    },
    sends: ['GET manifest anonymous'],
  },
  {
    ...cold,
    name: 'names a metadata address as a number',
    breaks: realm(() => 'https://2852039166/latest'),
    gets: {
      code: 'blocked',
      status: 401,
      says: 'the registry names 169.254.169.254 as its token server, which is not trusted',
      fault: 'realm',
      reason: 'Forbidden',
    },
    sends: ['GET manifest anonymous'],
  },
  {
    ...cold,
    name: 'names a neighbour that leads to a metadata address',
    breaks: realm(() => 'https://metadata.registry.test/token'),
    gets: {
      code: 'blocked',
      says: 'metadata.registry.test: 169.254.169.254 is a link-local or metadata address',
      fault: 'address',
      reason: 'Forbidden',
    },
    sends: ['GET manifest anonymous'],
  },
  {
    ...cold,
    name: 'names a token server over http',
    breaks: realm((port) => `http://auth.registry.test:${port}/token`),
    gets: {
      code: 'blocked',
      status: 401,
      says: 'the registry names a token server that is not https (auth.registry.test:PORT)',
      fault: 'realm',
      reason: 'Forbidden',
    },
    sends: ['GET manifest anonymous'],
  },
  {
    ...cold,
    name: 'names a token server that is no address',
    breaks: realm(() => '/token'),
    gets: {
      code: 'blocked',
      status: 401,
      says: 'the registry names a token server that is no URL',
      fault: 'realm',
      reason: 'Forbidden',
    },
    sends: ['GET manifest anonymous'],
  },
  {
    ...cold,
    name: 'names a file',
    breaks: realm(() => 'file:///etc/passwd'),
    gets: {
      code: 'blocked',
      status: 401,
      says: 'the registry names a token server that is not https (file:)',
      fault: 'realm',
      reason: 'Forbidden',
    },
    sends: ['GET manifest anonymous'],
  },
];
