import { mkdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ensureTls, type TlsMaterial } from './apiserver/tls.ts';
import type { Clock } from './lib/clock.ts';

/** The data directory cannot be used; the message says why and what to do, in one line. */
export class DataDirectoryError extends Error {
  override readonly name = 'DataDirectoryError';
}

const codeOf = (error: unknown): unknown =>
  error instanceof Error && 'code' in error ? error.code : undefined;
const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const isDirectory = async (path: string): Promise<boolean> => {
  try {
    return (await stat(path)).isDirectory();
  } catch {
    // What cannot be looked at is no directory that we could use.
    return false;
  }
};

/** Makes one directory after the other: the recursive form of Node never ends where a parent exists but takes no children (/proc). */
const makeDirectory = async (path: string): Promise<void> => {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    if (codeOf(error) === 'EEXIST' && (await isDirectory(path))) return;
    const parent = dirname(path);
    if (codeOf(error) !== 'ENOENT' || parent === path || (await isDirectory(parent))) throw error;
    await makeDirectory(parent);
    await mkdir(path, { mode: 0o700 });
  }
};

/** Makes the data directory where it is missing. @throws {DataDirectoryError} */
export const ensureDataDirectory = async (path: string): Promise<void> => {
  try {
    await makeDirectory(path);
  } catch (error) {
    throw new DataDirectoryError(
      `cannot use the data directory ${path}: ${messageOf(error)}; choose another with --data-dir`,
      { cause: error },
    );
  }
};

/** The certificates of the data directory. @throws {DataDirectoryError} when what is there is no certificate. */
export const ensureCertificates = async (
  dataDir: string,
  host: string,
  clock: Clock,
): Promise<TlsMaterial> => {
  const directory = join(dataDir, 'tls');
  try {
    return await ensureTls({ directory, hosts: [host], clock });
  } catch (error) {
    throw new DataDirectoryError(
      `cannot use the certificates in ${directory}: ${messageOf(error)}; move the folder away to have new ones made`,
      { cause: error },
    );
  }
};
