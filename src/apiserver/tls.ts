import { X509Certificate } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import type { Clock } from '../lib/clock.ts';
import type { CertificatePair } from './certificates.ts';
import { readFileIfAny, writePrivateFile } from './private-file.ts';

/** PEM texts of a server's certificate, and of the authority that vouches for it. */
export type TlsMaterial = { readonly ca: string; readonly cert: string; readonly key: string };

export type TlsOptions = {
  /** Directory that keeps keys and certificates; made if missing. */
  readonly directory: string;
  /** Names and addresses that clients may use, besides those of this machine's loopback. */
  readonly hosts?: readonly string[];
  readonly clock: Clock;
};

const dayMs = 24 * 60 * 60 * 1000;
/** A certificate with less of its life left than this is replaced. */
const renewDays = 90;

const loopback = ['localhost', '127.0.0.1', '::1'];

type KeptPair = CertificatePair & { readonly parsed: X509Certificate };

const readPair = async (directory: string, name: string): Promise<KeptPair | undefined> => {
  const [certificate, key] = await Promise.all([
    readFileIfAny(join(directory, `${name}.crt`)),
    readFileIfAny(join(directory, `${name}.key`)),
  ]);
  if (certificate === undefined || key === undefined) return undefined;
  return { certificate, key, parsed: new X509Certificate(certificate) };
};

const writePair = async (
  directory: string,
  name: string,
  pair: CertificatePair,
): Promise<CertificatePair> => {
  // The key first: a certificate without its key is of no use, and is made again.
  await writePrivateFile(join(directory, `${name}.key`), pair.key);
  await writePrivateFile(join(directory, `${name}.crt`), pair.certificate);
  return pair;
};

const isLasting = ({ parsed }: KeptPair, clock: Clock): boolean =>
  parsed.validToDate.getTime() - clock.now() > renewDays * dayMs;

const isFor = ({ parsed }: KeptPair, host: string): boolean =>
  (isIP(host) === 0 ? parsed.checkHost(host, { wildcards: false }) : parsed.checkIP(host)) !== undefined;

/** Whether a server may go on showing its certificate: it is this authority's, counts now and for a while, and names every host. */
const isGood = (
  server: KeptPair,
  { authority, hosts, clock }: { authority: KeptPair; hosts: readonly string[]; clock: Clock },
): boolean =>
  isLasting(server, clock) &&
  server.parsed.validFromDate.getTime() <= clock.now() &&
  server.parsed.verify(authority.parsed.publicKey) &&
  hosts.every((host) => isFor(server, host));

/**
 * The certificate that a standalone server shows, signed by its own authority. Both are made on first use, kept, and replaced in time
 * before they expire, or when a host is missing.
 *
 * @throws {Error} when the directory cannot be written, or holds what is no certificate.
 */
export const ensureTls = async ({ directory, hosts = [], clock }: TlsOptions): Promise<TlsMaterial> => {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const wanted = [...new Set([...loopback, ...hosts])];
  const [authority, server] = [await readPair(directory, 'ca'), await readPair(directory, 'server')];
  const keptAuthority = authority !== undefined && isLasting(authority, clock) ? authority : undefined;
  if (keptAuthority !== undefined && server !== undefined) {
    const { certificate: cert, key } = server;
    if (isGood(server, { authority: keptAuthority, hosts: wanted, clock }))
      return { ca: keptAuthority.certificate, cert, key };
  }
  const { createAuthority, createServerPair } = await import('./certificates.ts');
  const signing = keptAuthority ?? (await writePair(directory, 'ca', await createAuthority(clock)));
  const made = await writePair(directory, 'server', await createServerPair(signing, wanted, clock));
  return { ca: signing.certificate, cert: made.certificate, key: made.key };
};
