import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type OpenLog, openLog } from '../../test/setup/revision-log.ts';
import { createPageCache, listObjects } from './list.ts';
import { decodeObject } from './object.ts';
import type { RevisionLog } from './revision-log.ts';
import type { Sql } from './sql.ts';

describe('listObjects', () => {
  const { signal } = new AbortController();
  let sql: Sql;
  let log: RevisionLog;
  let discard: OpenLog['discard'];
  beforeEach(() => {
    ({ sql, log, discard } = openLog());
  });
  afterEach(() => discard());

  const write = (resource: string, name: string): void => {
    const key = { namespace: 'shop', name };
    log.transaction(({ nextRevision, append }) => {
      const text = JSON.stringify({ metadata: { ...key, resourceVersion: String(nextRevision()) } });
      append({ resource, key, old: log.current(resource, key), next: { object: decodeObject(text), text } });
    });
    log.settle();
  };

  /** Lists, and says whether SQLite was asked for it. */
  const createLister = () => {
    const pages = createPageCache();
    const reads = vi.spyOn(sql, 'read');
    return async (resource: string, exactRevision?: string) => {
      reads.mockClear();
      const { items, resourceVersion } = await listObjects(
        { log, sql, pages },
        resource,
        exactRevision === undefined ? {} : { exactRevision },
        signal,
      );
      const names = items.map(({ metadata }) => metadata.name);
      return { names, resourceVersion, isRead: reads.mock.calls.length > 0 };
    };
  };

  it('reads again only what was written to', async () => {
    write('things', 'a');
    const list = createLister();
    expect(await list('things')).toEqual({ names: ['a'], resourceVersion: '2', isRead: true });
    write('others', 'x');
    expect(await list('things')).toEqual({ names: ['a'], resourceVersion: '3', isRead: false });
    write('things', 'b');
    expect(await list('things')).toEqual({ names: ['a', 'b'], resourceVersion: '4', isRead: true });
    expect(await list('things', '3')).toEqual({ names: ['a'], resourceVersion: '3', isRead: true });
  });

  it('does not see what is committed before it stands on the disk', async () => {
    write('things', 'a');
    const list = createLister();
    await list('things');
    const key = { namespace: 'shop', name: 'b' };
    const text = JSON.stringify({ metadata: { ...key, resourceVersion: '3' } });
    log.transaction(({ append }) =>
      append({ resource: 'things', key, old: undefined, next: { object: decodeObject(text), text } }),
    );
    expect(await list('things')).toMatchObject({ names: ['a'], resourceVersion: '2' });
    log.settle();
    expect(await list('things')).toMatchObject({ names: ['a', 'b'], resourceVersion: '3' });
  });

  it('forgets pages at some time, also empty ones', async () => {
    const list = createLister();
    await list('things');
    for (let time = 0; time < 3000; time += 1) {
      write('others', 'x');
      await list('others', '1');
      await list('others');
    }
    expect((await list('things', '1')).isRead).toBe(true);
  });
});
