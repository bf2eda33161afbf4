import 'reflect-metadata';
import type { webcrypto } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';
import type { Clock } from '../lib/clock.ts';
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

type Pair = { readonly certificate: x509.X509Certificate; readonly keyPem: string };

const dayMs = 24 * 60 * 60 * 1000;
const authorityDays = 3650;
const serverDays = 365;
/** A certificate with less of its life left than this is replaced. */
const renewDays = 90;
/** Clients whose clock is behind take the certificate too. */
const backdateMs = 60 * 60 * 1000;

const loopback = ['localhost', '127.0.0.1', '::1'];
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

const isAddress = (host: string): boolean => /^[\d.]+$/.test(host) || host.includes(':');

const validity = (clock: Clock, days: number) => ({
  notBefore: new Date(clock.now() - backdateMs),
  notAfter: new Date(clock.now() + days * dayMs),
});

const pemOf = async (key: webcrypto.CryptoKey): Promise<string> =>
  x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY');

const privateKeyOf = (pem: string): Promise<webcrypto.CryptoKey> =>
  crypto.subtle.importKey(
    'pkcs8',
    x509.PemConverter.decodeFirst(pem),
    { name: algorithm.name, namedCurve: algorithm.namedCurve },
    false,
    ['sign'],
  );

const createAuthority = async (clock: Clock): Promise<Pair> => {
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: `CN=imagestreams-ca@${Math.floor(clock.now() / 1000)}`,
    ...validity(clock, authorityDays),
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return { certificate, keyPem: await pemOf(keys.privateKey) };
};

const createServerPair = async (authority: Pair, hosts: readonly string[], clock: Clock): Promise<Pair> => {
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.create({
    subject: 'CN=imagestreams',
    issuer: authority.certificate.subject,
    ...validity(clock, serverDays),
    publicKey: keys.publicKey,
    signingKey: await privateKeyOf(authority.keyPem),
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(
        hosts.map((value) => ({ type: isAddress(value) ? 'ip' : 'dns', value })),
      ),
      await x509.AuthorityKeyIdentifierExtension.create(authority.certificate.publicKey),
    ],
  });
  return { certificate, keyPem: await pemOf(keys.privateKey) };
};

const readPair = async (directory: string, name: string): Promise<Pair | undefined> => {
  const [certificatePem, keyPem] = await Promise.all([
    readFileIfAny(join(directory, `${name}.crt`)),
    readFileIfAny(join(directory, `${name}.key`)),
  ]);
  if (certificatePem === undefined || keyPem === undefined) return undefined;
  return { certificate: new x509.X509Certificate(certificatePem), keyPem };
};

const writePair = async (directory: string, name: string, pair: Pair): Promise<Pair> => {
  // The key first: a certificate without its key is of no use, and is made again.
  await writePrivateFile(join(directory, `${name}.key`), pair.keyPem);
  await writePrivateFile(join(directory, `${name}.crt`), pair.certificate.toString('pem'));
  return pair;
};

const isLasting = ({ certificate }: Pair, clock: Clock): boolean =>
  certificate.notAfter.getTime() - clock.now() > renewDays * dayMs;

/** Addresses as they are compared: the library writes `::1` in full. */
const hostsOf = ({ certificate }: Pair): readonly string[] =>
  certificate
    .getExtension(x509.SubjectAlternativeNameExtension)
    ?.names.items.map(({ value }) => value.replace(/^(0{1,4}:){7}0{0,3}1$/, '::1')) ?? [];

/**
 * The certificate that a standalone server shows, signed by its own authority. Both are made on first use, kept, and replaced in time
 * before they expire, or when a host is missing.
 *
 * @throws {Error} when the directory cannot be written, or holds what is no certificate.
 */
export const ensureTls = async ({ directory, hosts = [], clock }: TlsOptions): Promise<TlsMaterial> => {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const wanted = [...new Set([...loopback, ...hosts])];
  const oldAuthority = await readPair(directory, 'ca');
  const keepsAuthority = oldAuthority !== undefined && isLasting(oldAuthority, clock);
  const authority = keepsAuthority
    ? oldAuthority
    : await writePair(directory, 'ca', await createAuthority(clock));
  const oldServer = await readPair(directory, 'server');
  const keepsServer =
    keepsAuthority &&
    oldServer !== undefined &&
    isLasting(oldServer, clock) &&
    (await oldServer.certificate.verify({
      publicKey: authority.certificate,
      date: new Date(clock.now()),
    })) &&
    wanted.every((host) => hostsOf(oldServer).includes(host));
  const server = keepsServer
    ? oldServer
    : await writePair(directory, 'server', await createServerPair(authority, wanted, clock));
  return {
    ca: authority.certificate.toString('pem'),
    cert: server.certificate.toString('pem'),
    key: server.keyPem,
  };
};
