import { setImmediate as nextTurn } from 'node:timers/promises';
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
 * Commits all writes that come in while the disk is busy in a single transaction, because a commit waits for the disk whatever it holds.
 *
 * A caller hears of its write once that stands on the disk; a refusal too, since it may rest on a write of the same transaction. The
 * waiting is not done on this thread: readers, watchers and the next writers have their turn meanwhile.
 */
export class CommitQueue {
  readonly #log: RevisionLog;
  readonly #file: string;
  readonly #sync: () => Promise<void>;
  readonly #onCommit: (changes: readonly Change[]) => void;
  #jobs: Job[] = [];
  #draining: Promise<void> | undefined;
  /** Why no more writes are taken. */
  #refusal: StoreError | undefined;

  constructor(options: {
    readonly log: RevisionLog;
    readonly file: string;
    /** Resolves when every transaction before it stands on the disk. */
    readonly sync: () => Promise<void>;
    readonly onCommit: (changes: readonly Change[]) => void;
  }) {
    this.#log = options.log;
    this.#file = options.file;
    this.#sync = options.sync;
    this.#onCommit = options.onCommit;
  }

  /** Resolves when the write stands on the disk. A write whose signal is aborted before its turn is left out. */
  run(write: Write, signal: AbortSignal): Promise<StoredObject> {
    signal.throwIfAborted();
    if (this.#refusal !== undefined) throw this.#refusal;
    return new Promise((resolve, reject) => {
      this.#jobs.push({ write, signal, resolve, reject });
      this.#draining ??= this.#drain();
    });
  }

  /** Commits what is waiting and takes no more; resolves when all of that is answered. */
  async close(): Promise<void> {
    this.#refusal ??= new StoreError('unavailable', `${this.#file}: the store is closed`);
    await this.#draining;
  }

  async #drain(): Promise<void> {
    while (this.#jobs.length > 0) {
      await nextTurn();
      await this.#flush(this.#jobs.splice(0, maxBatch));
    }
    this.#draining = undefined;
  }

  async #flush(jobs: readonly Job[]): Promise<void> {
    const answers: (() => void)[] = [];
    let changes: readonly Change[];
    try {
      changes = this.#log.transaction((transaction) => {
        for (const job of jobs) answers.push(settle(job, transaction));
      });
      if (changes.length > 0) await this.#settleOnDisk();
    } catch (error) {
      for (const job of jobs) job.reject(error);
      return;
    }
    this.#onCommit(changes);
    for (const answer of answers) answer();
  }

  /** After a failure nobody can know what the disk holds, and trying again would only seem to succeed: the process has to begin anew. */
  async #settleOnDisk(): Promise<void> {
    try {
      await this.#sync();
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      const advice = 'nothing more is written; see to the disk and restart';
      this.#refusal = new StoreError('unavailable', `write to ${this.#file}: ${detail}; ${advice}`, {
        cause: error,
      });
      for (const { reject } of this.#jobs.splice(0)) reject(this.#refusal);
      throw this.#refusal;
    }
    this.#log.settle();
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
