import { describe, expect, it } from 'vitest';
import { failure, StatusError } from '../api/status.ts';
import type { Connection } from './connection.ts';
import { createSession, type SignedIn } from './session.ts';

const connection = (token: string, more: Partial<Connection> = {}): Connection => ({
  server: new URL('http://127.0.0.1:1'),
  namespace: 'ns',
  source: '/config',
  insecure: false,
  authorization: token,
  ...more,
});

/** A server that accepts one token, and a session that finds `next` when it looks again. */
const setUp = (options: { first?: Connection; next: string; accepted: string; nowMs?: number }) => {
  const seen: string[] = [];
  let loads = 0;
  const session = createSession(options.first ?? connection('old'), {
    nowMs: () => options.nowMs ?? 0,
    load: async () => {
      loads += 1;
      return connection(options.next);
    },
  });
  const ask = async ({ connection: { authorization = '' } }: SignedIn): Promise<string> => {
    seen.push(authorization);
    await Promise.resolve();
    if (authorization !== options.accepted) throw new StatusError(failure('Unauthorized', 'who?'));
    return authorization;
  };
  return { session, ask, seen, loads: () => loads };
};

describe('createSession', () => {
  it('keeps credentials that the server accepts', async () => {
    const { session, ask, loads } = setUp({ next: 'new', accepted: 'old' });
    await session.signedIn(ask);
    await session.signedIn(ask);
    expect(loads()).toBe(0);
  });

  it('signs in anew once the credentials are not accepted any more, for all who wait together', async () => {
    const { session, ask, seen, loads } = setUp({ next: 'new', accepted: 'new' });
    expect(await Promise.all([session.signedIn(ask), session.signedIn(ask)])).toEqual(['new', 'new']);
    expect(seen).toEqual(['old', 'old', 'new', 'new']);
    expect(loads()).toBe(1);
  });

  it('asks once only where signing in gives nothing else', async () => {
    const { session, ask, seen, loads } = setUp({ next: 'old', accepted: 'other' });
    await expect(session.signedIn(ask)).rejects.toThrow('who?');
    expect(seen).toEqual(['old']);
    expect(loads()).toBe(1);
  });

  it('signs in before it asks when the credentials have ended', async () => {
    const first = connection('old', { expiresAtMs: 1000 });
    const { session, ask, seen } = setUp({ first, next: 'new', accepted: 'new', nowMs: 1000 });
    await session.signedIn(ask);
    expect(seen).toEqual(['new']);
  });

  it('leaves other refusals to the caller', async () => {
    const { session, loads } = setUp({ next: 'new', accepted: 'new' });
    const refused = session.signedIn(() => Promise.reject(new StatusError(failure('Forbidden', 'no'))));
    await expect(refused).rejects.toThrow('no');
    expect(loads()).toBe(0);
  });
});
