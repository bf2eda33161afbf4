import type { Credential } from '../types.ts';

/** @see https://www.rfc-editor.org/rfc/rfc7617 */
export const basicAuthorization = (credential: Extract<Credential, { kind: 'basic' }>): string =>
  `Basic ${Buffer.from(`${credential.username}:${credential.password}`).toString('base64')}`;
