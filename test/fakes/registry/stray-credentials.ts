import type { RecordedConnection } from './wire.ts';

/** What one server saw, under a name to tell it by: several that listen on loopback have none, or the same. */
export const seenBy = (
  name: string,
  connections: readonly Pick<RecordedConnection, 'received'>[],
): readonly RecordedConnection[] => connections.map(({ received }) => ({ servername: name, received }));

/** A secret, and the hosts that may see it. */
export type Confided = { readonly secret: string; readonly hosts: readonly string[] };

const encodings = (secret: string): readonly string[] => [
  secret,
  encodeURIComponent(secret),
  Buffer.from(secret).toString('base64'),
];

/** What a connection brought, and what Basic credentials in it say in clear. */
const readable = (text: string): string =>
  [
    text,
    ...[...text.matchAll(/Basic ([A-Za-z0-9+/=]+)/gi)].map(([, encoded]) =>
      Buffer.from(encoded ?? '', 'base64').toString('latin1'),
    ),
  ].join('\n');

const authorizationsOf = (text: string): readonly string[] =>
  [...text.matchAll(/^(?:proxy-)?authorization: *(.+?)\r?$/gim)].map(([, value]) => value ?? '');

/**
 * One line per secret that reached a host which it was not confided to, and per value of `Authorization` that two hosts saw. It
 * looks at bytes, not at parsed requests: nothing that a parser drops escapes it.
 */
export const strayCredentials = (
  connections: readonly RecordedConnection[],
  confided: readonly Confided[],
): readonly string[] => {
  const firstSeenAt = new Map<string, string>();
  return connections.flatMap(({ servername, received }) => {
    const text = readable(received());
    const strays = confided
      .filter(({ hosts }) => !hosts.includes(servername))
      .filter(({ secret }) => encodings(secret).some((spelling) => text.includes(spelling)))
      .map(({ hosts }) => `${servername} saw a secret of ${hosts.join(', ')}`);
    const shared = authorizationsOf(text).filter((value) => {
      const host = firstSeenAt.get(value) ?? servername;
      firstSeenAt.set(value, host);
      return host !== servername;
    });
    return [...strays, ...shared.map(() => `${servername} saw an authorization of another host`)];
  });
};
