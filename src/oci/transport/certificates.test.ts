import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Certificate, createCertificate } from '../../../test/fakes/registry/index.ts';
import { checkCertificates, createCertificates, fingerprint, noCertificates } from './certificates.ts';

let one: Certificate;
let two: Certificate;
beforeAll(async () => {
  [one, two] = await Promise.all([createCertificate(), createCertificate()]);
});

const directories: string[] = [];
afterEach(() => {
  for (const directory of directories.splice(0)) rmSync(directory, { recursive: true });
});

/** A directory of these files. */
const directoryOf = (files: Readonly<Record<string, string>>): string => {
  const directory = mkdtempSync(join(tmpdir(), 'certs.d-'));
  directories.push(directory);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text);
  }
  return directory;
};

const read = (directory: string | readonly string[], host: string) =>
  createCertificates([directory].flat())(host);

describe('createCertificates', () => {
  it('finds authorities and pairs of a host by its name and port', async () => {
    const directory = directoryOf({
      'quay.io/b.crt': two.ca,
      'quay.io/a.crt': one.ca,
      'quay.io/README': 'not ours',
      'mirror:5000/client.cert': one.cert,
      'mirror:5000/client.key': one.key,
    });
    expect(await read(directory, 'quay.io')).toEqual({
      ok: true,
      certificates: { ca: [one.ca, two.ca], cert: [], key: [] },
    });
    expect(await read(directory, 'mirror:5000')).toEqual({
      ok: true,
      certificates: { ca: [], cert: [one.cert], key: [one.key] },
    });
    for (const host of ['mirror:5001', 'other.io', 'a.quay.io']) {
      expect(await read(directory, host)).toEqual({ ok: true, certificates: noCertificates });
    }
  });

  it('knows a host by the names that references have for it', async () => {
    const directory = directoryOf({ 'docker.io/ca.crt': one.ca, 'quay.io:443/ca.crt': two.ca });
    expect(await read(directory, 'registry-1.docker.io')).toMatchObject({ certificates: { ca: [one.ca] } });
    expect(await read(directory, 'quay.io')).toMatchObject({ certificates: { ca: [two.ca] } });
  });

  it('takes the first directory that knows the host', async () => {
    const first = directoryOf({ 'quay.io/ca.crt': one.ca });
    const second = directoryOf({ 'quay.io/ca.crt': two.ca, 'other.io/ca.crt': two.ca });
    const both = ['/nonexistent/certs.d', first, second];
    expect(await read(both, 'quay.io')).toMatchObject({ certificates: { ca: [one.ca] } });
    expect(await read(both, 'other.io')).toMatchObject({ certificates: { ca: [two.ca] } });
  });

  it('looks nowhere else, whatever the host is called', async () => {
    const directory = directoryOf({ 'ca.crt': one.ca, 'certs.d/quay.io/x': '' });
    for (const host of ['..', '.', '', '../certs.d', '...']) {
      expect(await read(join(directory, 'certs.d'), host)).toEqual({
        ok: true,
        certificates: noCertificates,
      });
    }
  });

  it('sees files that were replaced', async () => {
    const directory = directoryOf({ 'quay.io/ca.crt': one.ca });
    const certificates = createCertificates([directory]);
    expect(await certificates('quay.io')).toMatchObject({ certificates: { ca: [one.ca] } });
    writeFileSync(join(directory, 'quay.io/ca.crt'), two.ca);
    expect(await certificates('quay.io')).toMatchObject({ certificates: { ca: [two.ca] } });
  });

  it.each([
    [{ 'ca.crt': 'no PEM' }, 'ca.crt holds no certificate'],
    [
      { 'ca.crt': '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n' },
      'ca.crt holds a certificate that cannot be read',
    ],
    [{ 'client.cert': 'cert of one' }, 'client.cert has no client.key beside it'],
    [{ 'client.key': 'key of one' }, 'client.key has no certificate (.cert) beside it'],
    [{ 'client.cert': 'cert of one', 'client.key': 'key of two' }, 'client.cert belongs to another key'],
    [{ 'client.cert': 'cert of one', 'client.key': 'no PEM' }, 'client.cert cannot be used with its key'],
  ])('says what is wrong with %j', async (files, problem) => {
    const texts: Readonly<Record<string, string>> = {
      'cert of one': one.cert,
      'key of one': one.key,
      'key of two': two.key,
    };
    const entries = Object.entries(files).map(
      ([file, text]) => [`quay.io/${file}`, texts[text] ?? text] as const,
    );
    const directory = directoryOf(Object.fromEntries(entries));
    const expected = expect.stringContaining(`${directory}/quay.io/${problem}`);
    expect(await read(directory, 'quay.io')).toEqual({ ok: false, problem: expected });
    expect(await checkCertificates([directory])).toEqual([expected]);
    const said = (await checkCertificates([directory])).join();
    expect(said).not.toContain('PRIVATE KEY');
  });

  it('passes over what is no directory', async () => {
    const directory = directoryOf({ 'quay.io': 'a file' });
    expect(await read(directory, 'quay.io')).toEqual({ ok: true, certificates: noCertificates });
  });
});

describe('checkCertificates', () => {
  it('has nothing to say of good and of absent directories', async () => {
    const directory = directoryOf({ 'quay.io/ca.crt': one.ca, 'a file': 'beside them' });
    expect(await checkCertificates([directory, '/nonexistent/certs.d'])).toEqual([]);
  });
});

describe('fingerprint', () => {
  it('tells certificates apart and shows no key', () => {
    const all = { ca: [one.ca], cert: [one.cert], key: [one.key] };
    expect(fingerprint(all)).toBe(fingerprint({ ...all }));
    expect(fingerprint(all)).not.toBe(fingerprint({ ...all, ca: [] }));
    expect(fingerprint(all).length).toBeLessThan(60);
  });
});
