import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { administrator, createTokenAuthenticator, ensureToken } from './token.ts';

describe('createTokenAuthenticator', () => {
  const authenticate = createTokenAuthenticator('secret', administrator);
  const { signal } = new AbortController();
  const userOf = (authorization?: string) =>
    authenticate({ headers: authorization === undefined ? {} : { authorization } }, signal);

  it('knows whoever brings the token', () => {
    expect(userOf('Bearer secret')).toEqual(administrator);
    expect(userOf('bearer  secret ')).toEqual(administrator);
  });

  for (const authorization of [
    undefined,
    '',
    'secret',
    'Bearer',
    'Bearer secre',
    'Bearer secrets',
    'Basic secret',
  ])
    it(`does not know ${JSON.stringify(authorization)}`, () => {
      expect(userOf(authorization)).toBeUndefined();
    });
});

describe('ensureToken', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'token-'));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  it('makes a long token that only the owner can read, and keeps it', async () => {
    const path = join(directory, 'token');
    const token = await ensureToken(path);
    expect(token).toMatch(/^[\w-]{43}$/);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await ensureToken(path)).toBe(token);
  });

  it('makes another one elsewhere', async () => {
    expect(await ensureToken(join(directory, 'a'))).not.toBe(await ensureToken(join(directory, 'b')));
  });
});
