import { type FileHandle, open } from 'node:fs/promises';

/**
 * The file that SQLite appends transactions to. SQLite itself would wait for the disk in each commit, and everything else in the process
 * with it; so it only writes (`synchronous = NORMAL`), and the waiting is done here, in a thread of Node's pool.
 *
 * Not the database itself: its locks would be lost with the first descriptor that is closed.
 */
export class WriteAheadLog {
  readonly #path: string;
  #handle: Promise<FileHandle> | undefined;

  /** `file`: path of the database. */
  constructor(file: string) {
    this.#path = `${file}-wal`;
  }

  /** Resolves when what was committed before stands on the disk. */
  async sync(): Promise<void> {
    // SQLite makes the file with its first transaction, and keeps it until it closes.
    this.#handle ??= open(this.#path, 'r+');
    await (await this.#handle).datasync();
  }

  async close(): Promise<void> {
    await (await this.#handle)?.close();
  }
}
