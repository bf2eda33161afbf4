import { isStoreError, StoreError } from './errors.ts';
import type { StoredObject } from './object.ts';
import type { Change, RevisionLog, Transaction } from './revision-log.ts';

/** Decides one write within a transaction and gives its answer; throws when the write is refused. */
export type Write = (transaction: Transaction) => StoredObject;

/** Writes of one transaction at most: bounds how long a commit holds up everything else. */
const maxBatch = 256;

type Job = {
  readonly write: Write;
  readonly signal: AbortSignal;
  readonly resolve: (object: StoredObject) => void;
  readonly reject: (reason: unknown) => void;
};

/**
 * Commits all writes that one turn of the event loop brings in a single transaction, because a commit waits for the disk whatever it holds.
 *
 * A caller hears of its write after the commit; a refusal too, since it may rest on a write of the same transaction.
 */
export class CommitQueue {
  readonly #log: RevisionLog;
  readonly #file: string;
  readonly #onCommit: (changes: readonly Change[]) => void;
  #jobs: Job[] = [];
  #closed = false;

  constructor(options: {
    readonly log: RevisionLog;
    readonly file: string;
    readonly onCommit: (changes: readonly Change[]) => void;
  }) {
    this.#log = options.log;
    this.#file = options.file;
    this.#onCommit = options.onCommit;
  }

  /** Resolves when the write stands on the disk. A write whose signal is aborted before its turn is left out. */
  run(write: Write, signal: AbortSignal): Promise<StoredObject> {
    signal.throwIfAborted();
    if (this.#closed) throw new StoreError('unavailable', `${this.#file}: the store is closed`);
    return new Promise((resolve, reject) => {
      this.#jobs.push({ write, signal, resolve, reject });
      if (this.#jobs.length === 1) setImmediate(() => this.#flush());
    });
  }

  /** Commits what is waiting and takes no more. */
  close(): void {
    this.#closed = true;
    while (this.#jobs.length > 0) this.#flush();
  }

  #flush(): void {
    const jobs = this.#jobs.splice(0, maxBatch);
    if (this.#jobs.length > 0) setImmediate(() => this.#flush());
    if (jobs.length === 0) return;
    const answers: (() => void)[] = [];
    let changes: readonly Change[];
    try {
      changes = this.#log.transaction((transaction) => {
        for (const job of jobs) answers.push(settle(job, transaction));
      });
    } catch (error) {
      for (const job of jobs) job.reject(error);
      return;
    }
    this.#onCommit(changes);
    for (const answer of answers) answer();
  }
}

const settle = (job: Job, transaction: Transaction): (() => void) => {
  try {
    job.signal.throwIfAborted();
    const answer = job.write(transaction);
    return () => job.resolve(answer);
  } catch (error) {
    // When the database fails it fails the whole transaction; all else is this write's own.
    if (isStoreError(error, 'unavailable')) throw error;
    return () => job.reject(error);
  }
};
