import { mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DataDirectoryError, ensureCertificates, ensureDataDirectory } from './data-directory.ts';
import { systemClock } from './lib/clock.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'data-directory-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('ensureDataDirectory', () => {
  it('makes it with its parents, for its owner alone, and takes one that is there', async () => {
    const path = join(folder, 'a', 'b');
    await ensureDataDirectory(path);
    await ensureDataDirectory(path);
    expect(statSync(path).mode & 0o777).toBe(0o700);
  });

  it('says what stands in the way, and ends', async () => {
    writeFileSync(join(folder, 'file'), '');
    await expect(ensureDataDirectory(join(folder, 'file'))).rejects.toThrow(DataDirectoryError);
    await expect(ensureDataDirectory(join(folder, 'file', 'inside'))).rejects.toThrow(
      /choose another with --data-dir$/,
    );
    await expect(ensureDataDirectory('/proc/nothing/here')).rejects.toThrow(
      /choose another with --data-dir$/,
    );
  });
});

describe('ensureCertificates', () => {
  it('says which folder holds what is no certificate', async () => {
    mkdirSync(join(folder, 'tls'));
    for (const name of ['ca', 'server']) {
      writeFileSync(join(folder, 'tls', `${name}.crt`), 'bad\n');
      writeFileSync(join(folder, 'tls', `${name}.key`), 'bad\n');
    }
    await expect(ensureCertificates(folder, '127.0.0.1', systemClock)).rejects.toThrow(
      /move the folder away/,
    );
  });
});
