import { closeSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { StoreError } from './errors.ts';

export type { DatabaseSync as Database, StatementSync as Statement } from 'node:sqlite';

/** `IMST`: tells our files from other programs'. @see https://www.sqlite.org/fileformat2.html#application_id */
const applicationId = 0x494d_5354;
const formatVersion = 1;

/** Primary result codes of SQLite. @see https://www.sqlite.org/rescode.html */
const sqliteCode = { busy: 5, corrupt: 11, full: 13, notADatabase: 26 } as const;

/**
 * `revisions` is the log: a row is never changed, and goes when it is compacted away. `previous` is the revision of the same object
 * before, 0 for a create. A delete holds no object: its last state is that of `previous`. The object is the last column, so that scans of
 * the others do not read it. `objects` names the newest revision of each object that exists.
 */
const schema = `
CREATE TABLE revisions (
  revision INTEGER PRIMARY KEY,
  previous INTEGER NOT NULL,
  operation TEXT NOT NULL CHECK (operation IN ('create', 'update', 'delete')),
  resource TEXT NOT NULL,
  namespace TEXT NOT NULL,
  name TEXT NOT NULL,
  object TEXT
) STRICT;
CREATE TABLE objects (
  resource TEXT NOT NULL,
  namespace TEXT NOT NULL,
  name TEXT NOT NULL,
  revision INTEGER NOT NULL,
  PRIMARY KEY (resource, namespace, name)
) STRICT, WITHOUT ROWID;
CREATE TABLE compaction (revision INTEGER NOT NULL) STRICT;
INSERT INTO compaction VALUES (0);
PRAGMA application_id = ${applicationId};
PRAGMA user_version = ${formatVersion};
`;

/** Primary result code of an error that SQLite reported; undefined for any other error. */
const resultCode = (error: unknown): number | undefined =>
  error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'
    ? error.errcode & 0xff
    : undefined;

/** Runs `work` on the database; what SQLite reports becomes a StoreError with code `unavailable`, anything else passes through. */
export const mapSqliteErrors = <Result>(doing: string, work: () => Result): Result => {
  try {
    return work();
  } catch (error) {
    const code = resultCode(error);
    if (code === undefined || !(error instanceof Error)) throw error;
    const advice = code === sqliteCode.full ? '; make room on the disk' : '';
    throw new StoreError('unavailable', `${doing}: ${error.message}${advice}`, { cause: error });
  }
};

/**
 * Opens the database of a store, creating it where there is none, and locks it against every other process until it is closed.
 *
 * The lock is that of SQLite's file, so it ends with the process however that ends; `<file>.pid` only serves the message.
 * No other code may open and close the file by itself: POSIX drops all locks of a process with any one descriptor of the file.
 *
 * @throws {StoreError} with code `unavailable` and one line that says what to do; the file is then as it was.
 */
export const openDatabase = (file: string): DatabaseSync => {
  if (!createFile(file)) inspect(file);
  const database = open(file, pathToFileURL(file));
  try {
    prepare(database, file);
    writeFileSync(pidFile(file), `${process.pid}\n`);
    return database;
  } catch (error) {
    database.close();
    throw refusal(file, error);
  }
};

/** Closes what {@link openDatabase} opened. */
export const closeDatabase = (database: DatabaseSync, file: string): void => {
  rmSync(pidFile(file), { force: true });
  database.close();
};

const pidFile = (file: string): string => `${file}.pid`;

/** Creates the file for this user alone, since it holds secrets; false when it is there already. */
const createFile = (file: string): boolean => {
  try {
    closeSync(openSync(file, 'wx', 0o600));
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw new StoreError(
      'unavailable',
      `cannot create ${file}: ${error instanceof Error ? error.message : String(error)}; choose a data directory that exists and is writable`,
      { cause: error },
    );
  }
};

const open = (file: string, location: URL, options: { readonly readOnly?: boolean } = {}): DatabaseSync => {
  try {
    return new DatabaseSync(location, { ...options, timeout: 0 });
  } catch (error) {
    throw new StoreError(
      'unavailable',
      `cannot open ${file}: it is no file that this user may read and write`,
      {
        cause: error,
      },
    );
  }
};

/** Refuses files that are not ours, without a lock and without touching them. */
const inspect = (file: string): void => {
  const location = pathToFileURL(file);
  location.search = '?immutable=1';
  const database = open(file, location, { readOnly: true });
  try {
    if (pragma(database, 'page_count') === 0) return;
    if (pragma(database, 'application_id') !== applicationId)
      throw new StoreError('unavailable', `${file} is the database of another program; choose another file`);
    const version = pragma(database, 'user_version');
    if (version > formatVersion)
      throw new StoreError(
        'unavailable',
        `${file} was written by a newer version of this program (format ${version}, this one knows ${formatVersion}); start that one, or choose another file`,
      );
  } catch (error) {
    throw refusal(file, error);
  } finally {
    database.close();
  }
};

const prepare = (database: DatabaseSync, file: string): void => {
  database.exec('PRAGMA locking_mode = EXCLUSIVE');
  if (pragma(database, 'application_id') !== applicationId)
    database.exec(`PRAGMA auto_vacuum = INCREMENTAL; BEGIN EXCLUSIVE; ${schema} COMMIT`);
  // Waiting for the disk is the affair of WriteAheadLog.
  database.exec(
    'PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA journal_size_limit = 16777216; PRAGMA cache_size = -16000',
  );
  const found = database.prepare('PRAGMA quick_check(1)').get()?.['quick_check'];
  if (found !== 'ok') throw corrupt(file, String(found).replaceAll(/\s+/g, ' '));
};

const pragma = (database: DatabaseSync, name: string): number =>
  Number(database.prepare(`PRAGMA ${name}`).get()?.[name]);

const corrupt = (file: string, detail: string, cause?: unknown): StoreError =>
  new StoreError(
    'unavailable',
    `${file} is not a database of this program, or is damaged (${detail}); restore it from a backup, or move it away to start afresh`,
    { cause },
  );

const refusal = (file: string, error: unknown): unknown => {
  if (error instanceof StoreError) return error;
  const detail = error instanceof Error ? error.message : String(error);
  const code = resultCode(error);
  if (code === sqliteCode.corrupt || code === sqliteCode.notADatabase) return corrupt(file, detail, error);
  const problem =
    code === sqliteCode.busy
      ? `${file} is in use by ${owner(file)}; stop that, or choose another data directory`
      : `cannot open ${file}: ${detail}`;
  return new StoreError('unavailable', problem, { cause: error });
};

const owner = (file: string): string => {
  try {
    return `process ${Number.parseInt(readFileSync(pidFile(file), 'utf8'), 10)}`;
  } catch {
    // Locked but no pid file: its owner is starting or ending just now.
    return 'another process';
  }
};
