import { type Database, mapSqliteErrors, type Statement } from './embedded-schema.ts';

/** A database with its statements, each prepared once. */
export class Sql {
  readonly #database: Database;
  readonly #file: string;
  readonly #statements = new Map<string, Statement>();

  constructor(database: Database, file: string) {
    this.#database = database;
    this.#file = file;
  }

  /** The statement of that text. */
  prepare(text: string): Statement {
    const known = this.#statements.get(text);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(text);
    this.#statements.set(text, statement);
    return statement;
  }

  /** @throws {StoreError} with code `unavailable` when SQLite fails within `work`. */
  read<Result>(work: () => Result): Result {
    return mapSqliteErrors(`read ${this.#file}`, work);
  }

  /** Like {@link read}. */
  write<Result>(work: () => Result): Result {
    return mapSqliteErrors(`write to ${this.#file}`, work);
  }

  /** Runs `work` as a whole or, when it throws, not at all; stands on the disk after the next sync. */
  transaction(work: () => void): void {
    this.write(() => {
      this.prepare('BEGIN IMMEDIATE').run();
      try {
        work();
        this.prepare('COMMIT').run();
      } catch (error) {
        // Some failures of SQLite have rolled back already.
        if (this.#database.isTransaction) this.prepare('ROLLBACK').run();
        throw error;
      }
    });
  }

  /** Gives up to `pages` free pages at the end of the file back to the file system. */
  vacuum(pages: number): void {
    this.write(() => this.#database.exec(`PRAGMA incremental_vacuum(${pages})`));
  }
}
