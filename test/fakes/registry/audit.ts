import { expect } from 'vitest';
import type { RecordedRequest } from './http.ts';

/** Who received requests, and the secrets that are meant for it. */
export type Recipient = {
  readonly name: string;
  readonly requests: readonly RecordedRequest[];
  readonly secrets: readonly string[];
};

const encodings = (secret: string): readonly string[] => [
  secret,
  encodeURIComponent(secret),
  Buffer.from(secret).toString('base64'),
];

/** Everything that a request carried, and what its Basic credentials say in clear. */
const carried = ({ path, headers, body }: RecordedRequest): string => {
  const values = Object.values(headers);
  const decoded = values
    .map((value) => /^Basic (.+)$/i.exec(value)?.[1])
    .filter((value) => value !== undefined)
    .map((value) => Buffer.from(value, 'base64').toString());
  return [path, ...Object.entries(headers).flat(), ...decoded, body].join('\n');
};

/**
 * Fails when a request, in any header, its path or its body, carried a secret that is meant for another recipient, or a value of
 * `Authorization` that another recipient saw.
 */
export const expectNoStrayCredentials = (recipients: readonly Recipient[]): void => {
  for (const recipient of recipients) {
    const others = recipients.filter((other) => other !== recipient);
    const foreign = others
      .flatMap(({ secrets }) => secrets)
      .filter((secret) => !recipient.secrets.includes(secret))
      .flatMap(encodings);
    const authorizations = others
      .flatMap(({ requests }) => requests.map(({ headers }) => headers['authorization']))
      .filter((value) => value !== undefined);
    for (const request of recipient.requests) {
      const text = carried(request);
      const strays = [...foreign, ...authorizations].filter((secret) => text.includes(secret));
      expect(strays, `${recipient.name}: ${request.method} ${request.path}`).toEqual([]);
    }
  }
};
