import { createHmac, randomBytes } from 'node:crypto';
import type { Credential } from '../types.ts';

/** New in every process: an id that gets into a log is of no use to find the secret by trying. */
const key = randomBytes(32);

const idOf = (parts: readonly unknown[]): string =>
  createHmac('sha256', key).update(JSON.stringify(parts)).digest('base64url');

/** The id of a helper: equal where the same is asked of the same program in the same way. */
export const helperId = (parts: readonly unknown[]): string => idOf(['helper', ...parts]);

/** A user name with a password, or with what registries take for one (access tokens, robot secrets). `source` says where it is from. */
export const basicCredential = (username: string, password: string, source: string): Credential => ({
  kind: 'basic',
  id: idOf(['basic', username, password]),
  username,
  password,
  source,
});

/** A token that a token server exchanges for access tokens. */
export const identityToken = (username: string, token: string, source: string): Credential => ({
  kind: 'identity-token',
  id: idOf(['identity-token', username, token]),
  username,
  token,
  source,
});
