import 'reflect-metadata';
import { webcrypto } from 'node:crypto';
import {
  BasicConstraintsExtension,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  X509CertificateGenerator,
} from '@peculiar/x509';
import type { Certificates } from '../../../src/oci/index.ts';

/** A server's key and certificate, and the authority that signed it, all PEM. */
export type Certificate = { readonly key: string; readonly cert: string; readonly ca: string };

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

const dayMs = 86_400_000;

/** A certificate for loopback (or the names given), by an authority made for it; valid from yesterday to tomorrow. */
export const createCertificate = async (
  names: readonly { readonly type: 'ip' | 'dns'; readonly value: string }[] = [
    { type: 'ip', value: '127.0.0.1' },
    { type: 'dns', value: 'localhost' },
  ],
  commonName = 'test registry',
): Promise<Certificate> => {
  const period = { notBefore: new Date(Date.now() - dayMs), notAfter: new Date(Date.now() + dayMs) };
  const [caKeys, keys] = await Promise.all([
    webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']),
    webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']),
  ]);
  const ca = await X509CertificateGenerator.createSelfSigned({
    name: 'CN=test authority',
    keys: caKeys,
    signingAlgorithm: algorithm,
    ...period,
    extensions: [
      new BasicConstraintsExtension(true, undefined, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign, true),
    ],
  });
  const certificate = await X509CertificateGenerator.create({
    subject: `CN=${commonName}`,
    issuer: ca.subject,
    publicKey: keys.publicKey,
    signingKey: caKeys.privateKey,
    signingAlgorithm: algorithm,
    ...period,
    extensions: [new SubjectAlternativeNameExtension([...names])],
  });
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return {
    key: PemConverter.encode(pkcs8, 'PRIVATE KEY'),
    cert: certificate.toString('pem'),
    ca: ca.toString('pem'),
  };
};

/** What a client is told to believe, whatever the host. */
export const trusting = (ca: string): Certificates => {
  return async () => ({ ok: true, certificates: { ca: [ca], cert: [], key: [] } });
};
