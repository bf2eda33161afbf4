import type { X509Certificate } from 'node:crypto';
import type { Socket } from 'node:net';
import { TLSSocket } from 'node:tls';
import { createBoundedMap } from '../bounded-map.ts';

/** What a server showed when a connection was made, believed or not. */
export type TlsFacts = {
  /** `TLSv1.3`. */
  readonly protocol: string;
  readonly issuer: string;
  /** When its certificate expires, in milliseconds since the epoch. */
  readonly expiresAtMs: number;
};

type Seen = { readonly protocol: string; readonly certificate: X509Certificate };

/** What was seen last of each host. */
export type TlsMemory = {
  readonly note: (host: string, socket: Socket | null) => void;
  /** `undefined`: nothing was seen; by way of a proxy nothing is. */
  readonly of: (url: URL) => TlsFacts | undefined;
};

const maxHosts = 1_000;

/** Text of a stranger, for a terminal: one line, and nothing that moves a cursor. */
const printable = (text: string): string => text.replaceAll('\n', ', ').replaceAll(/[^\x20-\x7e]/g, '?');

/** Remembers what connections showed; certificates are only looked into for whoever asks. */
export const createTlsMemory = (): TlsMemory => {
  const seen = createBoundedMap<Seen>(maxHosts);
  return {
    note: (host, socket) => {
      if (!(socket instanceof TLSSocket)) return;
      const certificate = socket.getPeerX509Certificate();
      const protocol = socket.getProtocol();
      if (certificate !== undefined && protocol !== null) seen.set(host, { protocol, certificate });
    },
    of: (url) => {
      const found = seen.get(`${url.hostname}:${url.port === '' ? '443' : url.port}`);
      if (found === undefined) return undefined;
      const { protocol, certificate } = found;
      return {
        protocol,
        issuer: printable(certificate.issuer),
        expiresAtMs: certificate.validToDate.getTime(),
      };
    },
  };
};
