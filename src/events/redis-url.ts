/** Where a Redis is, from its URL. */
export type RedisTarget = {
  readonly kind: 'single' | 'sentinel' | 'cluster';
  readonly hosts: readonly { readonly host: string; readonly port: number }[];
  readonly tls: boolean;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly db: number;
  /** Of a sentinel: what the group of servers is called. */
  readonly master: string;
  /** For the sentinels themselves. */
  readonly sentinelPassword: string | undefined;
};

/** A target, or what is wrong with the URL; the problem never holds the URL, which may hold a password. */
export type RedisUrl = { readonly target: RedisTarget } | { readonly problem: string };

const examples =
  'write for example redis://HOST:6379/0, rediss://HOST (TLS), redis+sentinel://HOST:26379,HOST:26379/MASTER or redis+cluster://HOST:6379,HOST:6379';
const defaultPorts = { single: 6379, sentinel: 26379, cluster: 6379 } as const;

const parseHost = (text: string, defaultPort: number): { host: string; port: number } | undefined => {
  const match = /^(?:\[([0-9a-f:.]+)\]|([^:[\]\s]+))(?::(\d{1,5}))?$/i.exec(text);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3] ?? defaultPort);
  return host === undefined || port === 0 || port > 65_535 ? undefined : { host, port };
};

const decode = (text: string | undefined): string | undefined => {
  if (text === undefined || text === '') return undefined;
  try {
    return decodeURIComponent(text);
  } catch {
    // A percent sign that stands for itself: passwords are often pasted as they are.
    return text;
  }
};

/**
 * Reads `redis://`, `rediss://` and, with several hosts, `redis+sentinel://` and `redis+cluster://` (or `rediss+…`). A password may
 * stand before the `@`, that of sentinels after `?sentinelPassword=`.
 */
export const parseRedisUrl = (text: string): RedisUrl => {
  const match =
    /^redis(s?)(?:\+(sentinel|cluster))?:\/\/(?:([^:@/]*)(?::(.*))?@)?([^@/?]+)(?:\/([^?]*))?(?:\?(.*))?$/.exec(
      text.trim(),
    );
  if (match === null) return { problem: `is no URL of a Redis; ${examples}` };
  const [, secure, mode, username, password, places = '', path = '', query = ''] = match;
  const kind = mode === 'sentinel' || mode === 'cluster' ? mode : 'single';
  const hosts = places.split(',').map((place) => parseHost(place.trim(), defaultPorts[kind]));
  if (hosts.includes(undefined)) return { problem: `names a host or port that is none; ${examples}` };
  if (kind === 'single' && hosts.length > 1) return { problem: `names several hosts; ${examples}` };
  const [master = '', database = ''] = kind === 'sentinel' ? path.split('/') : ['', path];
  if (kind === 'sentinel' && master === '') return { problem: `does not name the master; ${examples}` };
  if (!/^\d*$/.test(database)) return { problem: `has a database that is no number; ${examples}` };
  if (kind === 'cluster' && Number(database) !== 0)
    return { problem: 'names a database; a cluster has only 0' };
  return {
    target: {
      kind,
      hosts: hosts.flatMap((host) => host ?? []),
      tls: secure === 's',
      username: decode(username),
      password: decode(password),
      db: Number(database),
      master,
      sentinelPassword: new URLSearchParams(query).get('sentinelPassword') ?? undefined,
    },
  };
};

/** A target in words that may be logged. */
export const describeRedis = ({ kind, hosts, tls, master }: RedisTarget): string =>
  `redis${tls ? 's' : ''}${kind === 'single' ? '' : `+${kind}`}://${hosts.map(({ host, port }) => `${host}:${port}`).join(',')}${master === '' ? '' : `/${master}`}`;
