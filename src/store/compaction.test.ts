import { statSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createManualClock, type ManualClock, settle } from '../../test/fakes/clock.ts';
import { createRecordingLogger, type RecordingLogger } from '../../test/fakes/logger.ts';
import { type OpenLog, openLog } from '../../test/setup/revision-log.ts';
import { compactTo, keepCompacted } from './compaction.ts';
import type { Database } from './embedded-schema.ts';
import { decodeObject } from './object.ts';
import type { RevisionLog } from './revision-log.ts';
import { readPage } from './snapshot.ts';
import type { Sql } from './sql.ts';

describe('compaction', () => {
  const signal = new AbortController().signal;
  let file: string;
  let database: Database;
  let sql: Sql;
  let log: RevisionLog;
  let discard: OpenLog['discard'];
  let clock: ManualClock;
  let logger: RecordingLogger;

  beforeEach(() => {
    ({ file, database, sql, log, discard } = openLog());
    clock = createManualClock();
    logger = createRecordingLogger();
  });
  afterEach(() => discard());

  /** Writes each object `times` in turn. */
  const write = (names: readonly string[], times: number, text = ''): void => {
    log.transaction(({ nextRevision, append }) => {
      for (const name of Array.from({ length: times }, () => names).flat()) {
        const key = { namespace: 'shop', name };
        const metadata = { ...key, resourceVersion: String(nextRevision()) };
        const json = JSON.stringify({ metadata, text });
        const next = { object: decodeObject(json), text: json };
        append({ resource: 'things', key, old: log.current('things', key), next });
      }
    });
    log.settle();
  };
  const remove = (name: string): void => {
    const key = { namespace: 'shop', name };
    log.transaction(({ append }) =>
      append({ resource: 'things', key, old: log.current('things', key), next: undefined }),
    );
    log.settle();
  };
  const rows = (): number =>
    Number(database.prepare('SELECT count(*) AS count FROM revisions').get()?.['count']);
  const namesAt = (revision: number): readonly string[] => {
    const query = { resource: 'things', namespace: undefined, name: undefined, revision };
    const { objects } = readPage(sql, { ...query, after: { namespace: '', name: '' } }, 100);
    return objects.map(({ metadata }) => `${metadata.name}@${metadata.resourceVersion}`);
  };

  it('keeps one row for each object that there was at the revision, and all that came later', async () => {
    write(['a', 'b', 'c'], 400);
    remove('c');
    const { last } = log;
    write(['a'], 2);
    remove('b');
    const before = namesAt(last);
    await compactTo(log, last, signal);
    // a and b as they were, two later states of a, and the delete of b.
    expect(rows()).toBe(5);
    expect(namesAt(last)).toEqual(before);
    expect(log.changes('things', last).changes.map(({ operation }) => operation)).toEqual([
      'update',
      'update',
      'delete',
    ]);
    await compactTo(log, log.last, signal);
    expect(rows()).toBe(1);
    expect(log.compacted).toBe(log.last);
  });

  it('gives others a turn between its steps, and stops there when it is told to', async () => {
    write(['a', 'b'], 1000);
    const stop = new AbortController();
    const reason = new Error('enough');
    const compacting = compactTo(log, log.last, stop.signal);
    await new Promise((resolve) => setImmediate(resolve));
    expect(log.compacted).toBeLessThan(log.last);
    stop.abort(reason);
    await expect(compacting).rejects.toBe(reason);
    expect(log.compacted).toBeLessThan(log.last);
  });

  it('gives room back to the file system when much is free', async () => {
    write(['a'], 2000, 'x'.repeat(5000));
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    expect(statSync(file).size).toBeGreaterThan(10_000_000);
    await compactTo(log, log.last, signal);
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    expect(statSync(file).size).toBeLessThan(2_000_000);
  });

  it('does not let the file grow when writes and compactions alternate', async () => {
    const sizes: number[] = [];
    for (let round = 0; round < 6; round += 1) {
      write(['a', 'b'], 150, 'x'.repeat(5000));
      await compactTo(log, log.last, signal);
      database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
      sizes.push(statSync(file).size);
    }
    expect(Math.max(...sizes)).toBeLessThanOrEqual((sizes[0] ?? 0) * 1.1);
  });

  it('forgets by age', async () => {
    const stop = new AbortController();
    write(['a'], 10);
    const { last: early } = log;
    const retention = { retentionMs: 300_000, maxRevisions: 1_000_000 };
    const running = keepCompacted(log, retention, clock, logger, stop.signal);
    await clock.advance(200_000);
    write(['a'], 10);
    const { last: later } = log;
    await clock.advance(99_000);
    expect(log.compacted).toBe(0);
    await clock.advance(1_000);
    expect(log.compacted).toBe(early);
    await clock.advance(230_000);
    expect(log.compacted).toBe(later);
    expect(rows()).toBe(1);
    stop.abort();
    await running;
    expect(logger.lines).toEqual([]);
  });

  it('forgets by number', async () => {
    const stop = new AbortController();
    const retention = { retentionMs: 300_000, maxRevisions: 100 };
    const running = keepCompacted(log, retention, clock, logger, stop.signal);
    write(['a'], 1000);
    await clock.advance(30_000);
    expect(log.compacted).toBe(log.last - 100);
    stop.abort();
    await running;
  });

  it('logs a failure and tries again the next time', async () => {
    const stop = new AbortController();
    write(['a'], 50);
    database.exec(
      "CREATE TRIGGER refuse BEFORE UPDATE ON compaction BEGIN SELECT RAISE(ABORT, 'broken'); END",
    );
    const retention = { retentionMs: 300_000, maxRevisions: 10 };
    const running = keepCompacted(log, retention, clock, logger, stop.signal);
    await settle();
    expect(logger.lines).toMatchObject([
      { level: 'warn', message: 'compaction failed', fields: { err: { code: 'unavailable' } } },
    ]);
    expect([log.compacted, rows()]).toEqual([0, 50]);
    database.exec('DROP TRIGGER refuse');
    await clock.advance(30_000);
    expect(log.compacted).toBe(log.last - 10);
    expect(logger.lines).toHaveLength(1);
    stop.abort();
    await running;
  });
});
