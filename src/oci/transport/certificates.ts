import { createHash, X509Certificate } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { createSecureContext } from 'node:tls';

/** What is set up for TLS with one registry; all PEM. */
export type HostCertificates = {
  /** Authorities, besides those that Node knows. */
  readonly ca: readonly string[];
  /** Client certificates, and the keys to them in the same order. */
  readonly cert: readonly string[];
  readonly key: readonly string[];
};

/** What was read, or a sentence that says which file is wrong and why. */
export type ReadCertificates =
  | { readonly ok: true; readonly certificates: HostCertificates }
  | { readonly ok: false; readonly problem: string };

/** The certificates for a host, as URLs write it. */
export type Certificates = (host: string) => Promise<ReadCertificates>;

/** Nothing is set up. */
export const noCertificates: HostCertificates = { ca: [], cert: [], key: [] };

/** Where to look for a host: directories have the names that references have. */
const directoryNames = (host: string): readonly string[] => {
  // A host is part of a path here, and may come from a stranger's redirect.
  if (!/^[a-z0-9[][a-z0-9.:_[\]-]*$/.test(host)) return [];
  if (host === 'registry-1.docker.io') return ['docker.io', host];
  return /:\d+$/.test(host) ? [host] : [host, `${host}:443`];
};

const codeOf = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? error.code : undefined;

/** Codes of directories that are not there, or not ours to read: then there is nothing for this host. */
const absent: readonly unknown[] = ['ENOENT', 'ENOTDIR', 'EACCES', 'EPERM'];

const listFiles = async (directory: string): Promise<readonly string[] | undefined> => {
  try {
    return (await readdir(directory)).toSorted();
  } catch (error) {
    if (absent.includes(codeOf(error))) return undefined;
    throw error;
  }
};

const pemBlocks = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** Why a text does not hold certificates, or `undefined`. OpenSSL passes over authorities that it cannot read. */
const problemOfAuthorities = (text: string): string | undefined => {
  const blocks = text.match(pemBlocks) ?? [];
  if (blocks.length === 0) return 'holds no certificate';
  try {
    for (const block of blocks) new X509Certificate(block);
    return undefined;
  } catch {
    return 'holds a certificate that cannot be read';
  }
};

/** Why a certificate and a key do not go together, or `undefined`. */
const problemOfPair = (cert: string, key: string): string | undefined => {
  try {
    createSecureContext({ cert, key });
    return undefined;
  } catch (error) {
    const code = codeOf(error);
    return code === 'ERR_OSSL_X509_KEY_VALUES_MISMATCH'
      ? 'belongs to another key'
      : `cannot be used with its key (${String(code)})`;
  }
};

const readDirectory = async (directory: string, files: readonly string[]): Promise<ReadCertificates> => {
  const read = (file: string): Promise<string> => readFile(join(directory, file), 'utf8');
  const withExtension = (extension: string): readonly string[] =>
    files.filter((file) => extname(file) === extension);
  const fail = (file: string, problem: string): ReadCertificates => ({
    ok: false,
    problem: `${join(directory, file)} ${problem}`,
  });
  const ca: string[] = [];
  const cert: string[] = [];
  const key: string[] = [];
  for (const file of withExtension('.crt')) {
    const text = await read(file);
    const problem = problemOfAuthorities(text);
    if (problem !== undefined) return fail(file, problem);
    ca.push(text);
  }
  for (const file of withExtension('.cert')) {
    const keyFile = `${basename(file, '.cert')}.key`;
    if (!files.includes(keyFile)) {
      return fail(file, `has no ${keyFile} beside it; certificates of authorities end with .crt`);
    }
    const [certText, keyText] = await Promise.all([read(file), read(keyFile)]);
    const problem = problemOfPair(certText, keyText);
    if (problem !== undefined) return fail(file, problem);
    cert.push(certText);
    key.push(keyText);
  }
  const orphan = withExtension('.key').find((file) => !files.includes(`${basename(file, '.key')}.cert`));
  if (orphan !== undefined) return fail(orphan, 'has no certificate (.cert) beside it');
  return { ok: true, certificates: { ca, cert, key } };
};

const readHost = async (directory: string): Promise<ReadCertificates | undefined> => {
  try {
    const files = await listFiles(directory);
    return files === undefined ? undefined : await readDirectory(directory, files);
  } catch (error) {
    return { ok: false, problem: `${directory} cannot be read (${String(codeOf(error))})` };
  }
};

/**
 * Reads certificates from directories as `/etc/containers/certs.d`: in `HOST[:PORT]`, `*.crt` are authorities, `*.cert` client
 * certificates with their `*.key`. The first of the `directories` that has one for a host counts. Reads anew at each call, so that
 * replaced files count.
 *
 * @see https://github.com/containers/image/blob/main/docs/containers-certs.d.5.md
 */
export const createCertificates =
  (directories: readonly string[]): Certificates =>
  async (host) => {
    const names = directoryNames(host);
    for (const directory of directories.flatMap((parent) => names.map((name) => join(parent, name)))) {
      const found = await readHost(directory);
      if (found !== undefined) return found;
    }
    return { ok: true, certificates: noCertificates };
  };

/** Everything that is wrong with the files in `directories`, one sentence each; directories that are absent have nothing wrong. */
export const checkCertificates = async (directories: readonly string[]): Promise<readonly string[]> => {
  const problems: string[] = [];
  for (const parent of directories) {
    for (const name of (await listFiles(parent)) ?? []) {
      const read = await readHost(join(parent, name));
      if (read?.ok === false) problems.push(read.problem);
    }
  }
  return problems;
};

/** Equal for equal certificates; says nothing of the keys. */
export const fingerprint = ({ ca, cert, key }: HostCertificates): string =>
  createHash('sha256')
    .update(JSON.stringify([ca, cert, key]))
    .digest('base64url');
