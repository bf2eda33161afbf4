import 'reflect-metadata';
import type { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import type { Clock } from '../lib/clock.ts';

/*
 * Loaded only where a certificate is to be made, once a year: what it stands on would be a fifth of what every start loads.
 */

/** PEM texts of a certificate and its private key. */
export type CertificatePair = { readonly certificate: string; readonly key: string };

const dayMs = 24 * 60 * 60 * 1000;
const authorityDays = 3650;
const serverDays = 365;
/** Clients whose clock is behind take the certificate too. */
const backdateMs = 60 * 60 * 1000;

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;

const isAddress = (host: string): boolean => /^[\d.]+$/.test(host) || host.includes(':');

const validity = (clock: Clock, days: number) => ({
  notBefore: new Date(clock.now() - backdateMs),
  notAfter: new Date(clock.now() + days * dayMs),
});

const pairOf = async (
  certificate: x509.X509Certificate,
  key: webcrypto.CryptoKey,
): Promise<CertificatePair> => ({
  certificate: certificate.toString('pem'),
  key: x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY'),
});

const privateKeyOf = (pem: string): Promise<webcrypto.CryptoKey> =>
  crypto.subtle.importKey(
    'pkcs8',
    x509.PemConverter.decodeFirst(pem),
    { name: algorithm.name, namedCurve: algorithm.namedCurve },
    false,
    ['sign'],
  );

/** Makes an authority that signs servers' certificates. */
export const createAuthority = async (clock: Clock): Promise<CertificatePair> => {
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
  return pairOf(certificate, keys.privateKey);
};

/** Makes the certificate of a server that is reached under these names and addresses. */
export const createServerPair = async (
  authority: CertificatePair,
  hosts: readonly string[],
  clock: Clock,
): Promise<CertificatePair> => {
  const issuer = new x509.X509Certificate(authority.certificate);
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.create({
    subject: 'CN=imagestreams',
    issuer: issuer.subject,
    ...validity(clock, serverDays),
    publicKey: keys.publicKey,
    signingKey: await privateKeyOf(authority.key),
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension(
        hosts.map((value) => ({ type: isAddress(value) ? 'ip' : 'dns', value })),
      ),
      await x509.AuthorityKeyIdentifierExtension.create(issuer.publicKey),
    ],
  });
  return pairOf(certificate, keys.privateKey);
};
