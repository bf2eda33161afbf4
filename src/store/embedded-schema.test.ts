import { execFileSync } from 'node:child_process';
import { hash } from 'node:crypto';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { closeDatabase, openDatabase } from './embedded-schema.ts';
import { StoreError } from './errors.ts';

describe('openDatabase', () => {
  let directory: string;
  let file: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'store-'));
    file = join(directory, 'store.db');
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  const refusal = (path = file): string => {
    try {
      closeDatabase(openDatabase(path), path);
    } catch (error) {
      if (!(error instanceof StoreError) || error.code !== 'unavailable') throw error;
      expect(error.message).not.toContain('\n');
      return error.message;
    }
    throw new Error('it was opened');
  };

  /** A store's file with some hundred pages. */
  const fill = (): void => {
    const database = openDatabase(file);
    const insert = database.prepare("INSERT INTO revisions VALUES (?, 0, 'create', 'things', 'shop', ?, ?)");
    database.exec('BEGIN');
    for (let revision = 1; revision <= 300; revision += 1)
      insert.run(revision, `n${revision}`, 'x'.repeat(3000));
    database.exec('COMMIT');
    closeDatabase(database, file);
  };

  const filesAndBytes = (): readonly string[] =>
    readdirSync(directory).map((name) => `${name} ${hash('sha256', readFileSync(join(directory, name)))}`);

  it('makes a file that only this user may read, and cleans up after itself', () => {
    const database = openDatabase(file);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(`${file}-wal`).mode & 0o777).toBe(0o600);
    closeDatabase(database, file);
    expect(readdirSync(directory)).toEqual(['store.db']);
  });

  it('writes ahead, leaves the waiting for the disk to others and gives room back', () => {
    const database = openDatabase(file);
    const pragma = (name: string) => database.prepare(`PRAGMA ${name}`).get()?.[name];
    expect(['journal_mode', 'synchronous', 'auto_vacuum'].map(pragma)).toEqual(['wal', 1, 2]);
    closeDatabase(database, file);
  });

  it('opens again what it has made, and an empty file', () => {
    fill();
    const database = openDatabase(file);
    expect(database.prepare('SELECT count(*) AS count FROM revisions').get()).toEqual({ count: 300 });
    closeDatabase(database, file);
    const empty = join(directory, 'empty.db');
    writeFileSync(empty, '');
    closeDatabase(openDatabase(empty), empty);
  });

  it('refuses a file that is open in this process, and names the process', () => {
    const database = openDatabase(file);
    expect(refusal()).toBe(
      `${file} is in use by process ${process.pid}; stop that, or choose another data directory`,
    );
    closeDatabase(database, file);
    closeDatabase(openDatabase(file), file);
  });

  it('refuses a file that is open in another process, also after this one was refused', () => {
    const database = openDatabase(file);
    refusal();
    const schema = pathToFileURL(join(import.meta.dirname, 'embedded-schema.ts')).href;
    const script = `import { openDatabase } from '${schema}';
      try { openDatabase(process.argv[1]); console.log('opened'); } catch (error) { console.log(error.message); }`;
    const attempt = (): string =>
      execFileSync(process.execPath, ['--input-type=module', '-e', script, file], { encoding: 'utf8' });
    expect(attempt()).toContain(`in use by process ${process.pid}`);
    expect(attempt()).toContain(`in use by process ${process.pid}`);
    closeDatabase(database, file);
    expect(attempt()).toContain('opened');
  });

  it.each([
    {
      name: 'a text',
      content: Buffer.from('hello world\n'.repeat(1000)),
      says: 'not a database of this program',
    },
    { name: 'a few bytes', content: 'abc' },
  ])('refuses $name and leaves it alone', ({ content }) => {
    writeFileSync(file, content);
    const before = filesAndBytes();
    expect(refusal()).toContain('not a database of this program');
    expect(filesAndBytes()).toEqual(before);
  });

  it('refuses the database of another program and leaves it alone, what it has not yet written in place too', () => {
    const live = join(directory, 'live.db');
    const database = new DatabaseSync(live);
    database.exec('PRAGMA journal_mode = WAL; CREATE TABLE theirs (a); INSERT INTO theirs VALUES (1)');
    copyFileSync(live, file);
    copyFileSync(`${live}-wal`, `${file}-wal`);
    database.close();
    rmSync(live);
    // The main file of a database that was never checkpointed is a page without content, but not an empty file.
    expect(statSync(file).size).toBeGreaterThan(0);
    const before = filesAndBytes();
    expect(refusal()).toBe(`${file} is the database of another program; choose another file`);
    expect(filesAndBytes()).toEqual(before);
  });

  it('refuses a newer format and leaves it alone', () => {
    fill();
    const database = new DatabaseSync(file);
    database.exec('PRAGMA journal_mode = DELETE; PRAGMA user_version = 7');
    database.close();
    const before = filesAndBytes();
    expect(refusal()).toContain('written by a newer version of this program (format 7, this one knows 1)');
    expect(filesAndBytes()).toEqual(before);
  });

  it('refuses a damaged file and leaves it alone', () => {
    fill();
    const bytes = readFileSync(file);
    bytes.fill(0xa5, 40_960, 81_920);
    writeFileSync(file, bytes);
    const before = filesAndBytes();
    expect(refusal()).toContain('restore it from a backup, or move it away to start afresh');
    expect(filesAndBytes()).toEqual(before);
  });

  it('refuses a file that was cut off and leaves it alone', () => {
    fill();
    truncateSync(file, 500_000);
    const before = filesAndBytes();
    expect(refusal()).toContain('is damaged');
    expect(filesAndBytes()).toEqual(before);
  });

  it('refuses a directory that is not there, and a directory in place of the file', () => {
    expect(refusal(join(directory, 'missing', 'store.db'))).toMatch(
      /^cannot create .*missing\/store\.db: ENOENT.*; choose a data directory that exists and is writable$/,
    );
    mkdirSync(join(directory, 'folder'));
    expect(refusal(join(directory, 'folder'))).toContain('cannot open');
  });
});
