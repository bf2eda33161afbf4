import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { readFileIfAny, writePrivateFile } from '../private-file.ts';
import type { User } from '../rest-storage.ts';

/** What a request brings to say who sends it; header names in lower case. */
export type Credentials = { readonly headers: Readonly<Record<string, string | string[] | undefined>> };

/** Who sends a request; undefined where that cannot be told. */
export type Authenticate = (
  credentials: Credentials,
  signal: AbortSignal,
) => Promise<User | undefined> | User | undefined;

const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest();

/**
 * Knows one user by one bearer token.
 *
 * Digests are compared, in constant time: neither the length nor a common prefix of the token can be measured from outside.
 */
export const createTokenAuthenticator = (token: string, user: User): Authenticate => {
  const expected = digestOf(token);
  return ({ headers }) => {
    const match = /^bearer\s+(\S+)\s*$/i.exec(String(headers['authorization'] ?? ''));
    return match !== null && timingSafeEqual(digestOf(match[1] ?? ''), expected) ? user : undefined;
  };
};

/** Whoever holds the token of a standalone server: everything is theirs. */
export const administrator: User = { name: 'admin', groups: ['system:masters', 'system:authenticated'] };

/** The token kept in a file: made on first use, long enough that nobody guesses it. */
export const ensureToken = async (path: string): Promise<string> => {
  const kept = (await readFileIfAny(path))?.trim() ?? '';
  if (kept !== '') return kept;
  const token = randomBytes(32).toString('base64url');
  await writePrivateFile(path, `${token}\n`);
  return token;
};
