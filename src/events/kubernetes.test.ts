import { describe, expect, it } from 'vitest';
import { createManualClock } from '../../test/fakes/clock.ts';
import { MemoryStore } from '../../test/fakes/store.ts';
import { events } from '../api/core.ts';
import { createEventRecorder, eventTtlMs, sweepEvents } from './kubernetes.ts';
import type { EventNote } from './note.ts';

const signal = new AbortController().signal;
const clock = createManualClock();

const note = (id: string, at: string): EventNote => ({
  id,
  type: 'Normal',
  reason: 'TagMoved',
  message: 'x'.repeat(2000),
  involvedObject: { kind: 'ImageStream', namespace: 'team', name: 'app'.repeat(100), uid: 'u' },
  at,
});

describe('createEventRecorder', () => {
  it('writes an Event once, under a name that follows from its id', async () => {
    const store = new MemoryStore(clock.now);
    const record = createEventRecorder(store);
    expect(await record(note('aaaaaaaaaaaaaaaaaaaa', '2026-01-01T00:00:00Z'), signal)).toBe(true);
    expect(await record(note('aaaaaaaaaaaaaaaaaaaa', '2026-01-01T00:00:00Z'), signal)).toBe(false);
    expect(await record(note('bbbbbbbbbbbbbbbbbbbb', '2026-01-01T00:00:00Z'), signal)).toBe(true);
    const { items } = await store.list(events, {}, signal);
    expect(items).toHaveLength(2);
    expect(items[0]?.metadata.name).toMatch(/^(app)+a?p?\.a{16}$/);
    expect(items[0]?.metadata.name.length).toBeLessThanOrEqual(253);
    expect(items[0]?.message).toHaveLength(1024);
  });
});

describe('sweepEvents', () => {
  it('deletes what is older than the time to live, and nothing else', async () => {
    const store = new MemoryStore(clock.now);
    const record = createEventRecorder(store);
    await record(note('old-old-old-old-old', '2026-01-01T00:00:00Z'), signal);
    await record(note('new-new-new-new-new', '2026-01-01T00:30:00Z'), signal);
    const now = Date.parse('2026-01-01T00:00:00Z') + eventTtlMs + 1000;
    expect(await sweepEvents(store, now, signal)).toBe(1);
    const { items } = await store.list(events, {}, signal);
    expect(items.map(({ lastTimestamp }) => lastTimestamp)).toEqual(['2026-01-01T00:30:00Z']);
  });
});
