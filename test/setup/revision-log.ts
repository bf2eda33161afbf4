import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closeDatabase, type Database, openDatabase } from '../../src/store/embedded-schema.ts';
import { RevisionLog } from '../../src/store/revision-log.ts';
import { Sql } from '../../src/store/sql.ts';

/** A log in a file of its own. */
export type OpenLog = {
  readonly file: string;
  readonly database: Database;
  readonly sql: Sql;
  readonly log: RevisionLog;
  /** Closes it and removes the file. */
  readonly discard: () => void;
};

export const openLog = (): OpenLog => {
  const directory = mkdtempSync(join(tmpdir(), 'store-'));
  const file = join(directory, 'store.db');
  const database = openDatabase(file);
  const sql = new Sql(database, file);
  const discard = (): void => {
    closeDatabase(database, file);
    rmSync(directory, { recursive: true });
  };
  return { file, database, sql, log: new RevisionLog(sql), discard };
};
