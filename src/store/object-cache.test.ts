import { describe, expect, it } from 'vitest';
import { ObjectCache } from './object-cache.ts';

describe('ObjectCache', () => {
  const state = (name: string, size: number) => ({
    object: {
      apiVersion: 'v1',
      kind: 'Thing',
      metadata: { name, uid: 'uid', resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' },
    },
    size,
  });
  const mebi = 1024 * 1024;

  it('gives what it was given, until that is deleted', () => {
    const cache = new ObjectCache();
    const entry = state('a', 10);
    cache.set(2, entry);
    expect(cache.get(2)).toBe(entry);
    cache.delete(2);
    expect(cache.get(2)).toBeUndefined();
  });

  it('lets go of what was not used for longest, when there is too much', () => {
    const cache = new ObjectCache();
    for (const revision of [2, 3, 4]) cache.set(revision, state(`r${revision}`, 1.3 * mebi));
    cache.get(2);
    cache.set(5, state('r5', mebi));
    expect([2, 3, 4, 5].map((revision) => cache.get(revision)?.object.metadata.name)).toEqual([
      'r2',
      undefined,
      'r4',
      'r5',
    ]);
  });

  it('counts what it has let go, replaced or deleted no more', () => {
    const cache = new ObjectCache();
    for (let revision = 1; revision < 50; revision += 1) {
      cache.set(revision, state('a', mebi));
      cache.set(revision, state('b', mebi));
      cache.delete(revision);
      cache.delete(revision);
    }
    for (const revision of [100, 101, 102]) cache.set(revision, state('c', mebi));
    expect([100, 101, 102].every((revision) => cache.get(revision) !== undefined)).toBe(true);
  });
});
