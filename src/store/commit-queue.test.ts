import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { settle } from '../../test/fakes/clock.ts';
import { type OpenLog, openLog } from '../../test/setup/revision-log.ts';
import { CommitQueue } from './commit-queue.ts';
import type { Database } from './embedded-schema.ts';
import { StoreError } from './errors.ts';
import { decodeObject, type StoredObject } from './object.ts';
import type { Change, RevisionLog, Transaction } from './revision-log.ts';

describe('CommitQueue', () => {
  const signal = new AbortController().signal;
  let file: string;
  let database: Database;
  let log: RevisionLog;
  let discard: OpenLog['discard'];
  let commits: (readonly Change[])[];
  let queue: CommitQueue;
  /** What waits for the disk does. */
  let sync: () => Promise<void>;

  beforeEach(() => {
    ({ file, database, log, discard } = openLog());
    commits = [];
    sync = async () => undefined;
    queue = new CommitQueue({
      log,
      file,
      sync: () => sync(),
      onCommit: (changes) => commits.push(changes),
    });
  });
  afterEach(() => discard());

  const put =
    (name: string, text = '') =>
    ({ nextRevision, append }: Transaction): StoredObject => {
      const key = { namespace: 'shop', name };
      const json = JSON.stringify({ metadata: { name, resourceVersion: String(nextRevision()) }, text });
      const object = decodeObject(json);
      append({ resource: 'things', key, old: undefined, next: { object, text: json } });
      return object;
    };
  const isThere = (name: string): boolean => log.current('things', { namespace: 'shop', name }) !== undefined;

  it('commits the writes of one turn together, in order, and answers after the commit', async () => {
    const seen: string[] = [];
    const writes = ['a', 'b', 'c'].map(async (name) => {
      await queue.run(put(name), signal);
      seen.push(`${name} after ${commits.length} commits`);
    });
    expect(isThere('a')).toBe(false);
    await Promise.all(writes);
    expect(commits.map((changes) => changes.map(({ key, revision }) => `${key.name}@${revision}`))).toEqual([
      ['a@2', 'b@3', 'c@4'],
    ]);
    expect(seen).toEqual(['a after 1 commits', 'b after 1 commits', 'c after 1 commits']);
  });

  it('refuses one write without the others', async () => {
    const refusal = new StoreError('conflict', 'no');
    const results = await Promise.allSettled([
      queue.run(put('a'), signal),
      queue.run(() => {
        throw refusal;
      }, signal),
      queue.run(put('b'), signal),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(results[1]).toMatchObject({ reason: refusal });
    expect([isThere('a'), isThere('b')]).toEqual([true, true]);
  });

  it('splits a great many writes into several commits, so that others have their turn', async () => {
    await Promise.all(Array.from({ length: 600 }, (_, number) => queue.run(put(`n${number}`), signal)));
    expect(commits.map(({ length }) => length)).toEqual([256, 256, 88]);
  });

  it('keeps nothing of a transaction that the disk has no room for, and goes on when there is room', async () => {
    await queue.run(put('before'), signal);
    database.exec('PRAGMA max_page_count = 40');
    const results = await Promise.allSettled([
      queue.run(put('small'), signal),
      queue.run(() => {
        throw new StoreError('conflict', 'resting on what is not kept');
      }, signal),
      queue.run(put('large', 'x'.repeat(400_000)), signal),
      queue.run(put('after'), signal),
    ]);
    const full = new StoreError(
      'unavailable',
      `write to ${file}: database or disk is full; make room on the disk`,
    );
    expect(results.map((result) => result.status === 'rejected' && result.reason)).toEqual([
      full,
      full,
      full,
      full,
    ]);
    expect(['small', 'large', 'after'].some(isThere)).toBe(false);
    expect(commits).toHaveLength(1);

    database.exec('PRAGMA max_page_count = 100000');
    const { metadata } = await queue.run(put('large', 'x'.repeat(400_000)), signal);
    expect(metadata.resourceVersion).toBe('3');
  });

  it('tells nobody of a write before it stands on the disk, and commits what comes meanwhile together', async () => {
    let release = (): void => undefined;
    sync = () =>
      new Promise((resolve) => {
        release = resolve;
      });
    const answered: string[] = [];
    const write = (name: string) => queue.run(put(name), signal).then(() => void answered.push(name));
    const first = write('a');
    await settle();
    expect([isThere('a'), log.isSettled, log.last]).toEqual([true, false, 1]);
    expect([answered, commits]).toEqual([[], []]);

    const others = [write('b'), write('c')];
    await settle();
    expect(isThere('b')).toBe(false);
    release();
    await first;
    expect([answered, commits.length, log.last]).toEqual([['a'], 1, 2]);
    await settle();
    release();
    await Promise.all(others);
    expect(commits.map(({ length }) => length)).toEqual([1, 2]);
    expect([log.isSettled, log.last]).toEqual([true, 4]);
  });

  it('does not wait for the disk where nothing was written', async () => {
    sync = async () => Promise.reject(new Error('asked for'));
    const refusal = new StoreError('conflict', 'no');
    await expect(
      queue.run(() => {
        throw refusal;
      }, signal),
    ).rejects.toBe(refusal);
  });

  it('takes no more once the disk has failed, because nobody can know what it holds', async () => {
    await queue.run(put('before'), signal);
    sync = async () => Promise.reject(new Error('EIO: i/o error, fdatasync'));
    const failed = new StoreError(
      'unavailable',
      `write to ${file}: EIO: i/o error, fdatasync; nothing more is written; see to the disk and restart`,
    );
    const first = expect(queue.run(put('a'), signal)).rejects.toEqual(failed);
    await settle();
    await first;
    sync = async () => undefined;
    expect(() => queue.run(put('b'), signal)).toThrow(failed);
    expect([commits.length, log.last]).toEqual([1, 2]);
    await queue.close();
  });

  it('commits what is waiting when it closes, and takes no more', async () => {
    const waiting = queue.run(put('a'), signal);
    await queue.close();
    expect(isThere('a')).toBe(true);
    await waiting;
    expect(commits).toHaveLength(1);
    expect(() => queue.run(put('b'), signal)).toThrow('the store is closed');
  });
});
