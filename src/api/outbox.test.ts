import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ImageStream, ImageStreamStatus, TagEvent } from './image-stream.ts';
import type { Stored } from './meta.ts';
import { advanced, outboxSteps, type TagCursors } from './outbox.ts';
import { addTagEvent, removeTag, setTagConditions } from './tag-history.ts';

const now = '2026-08-08T00:00:00Z';
const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;
const stream = (status: ImageStreamStatus): Stored<ImageStream> => ({
  apiVersion: 'image.openshift.io/v1',
  kind: 'ImageStream',
  metadata: { name: 's', namespace: 'n', uid: 'u', resourceVersion: '1', creationTimestamp: now },
  status,
});
const add = (status: ImageStreamStatus, letter: string, tag = 't') =>
  addTagEvent(status, tag, {
    created: now,
    dockerImageReference: `r.example/app@${digest(letter)}`,
    image: digest(letter),
    generation: 1,
    cause: { type: 'Schedule' },
  });
const addAll = (letters: string, tag = 't', status: ImageStreamStatus = {}) =>
  letters.split('').reduce((next, letter) => add(next, letter, tag), status);
const trim = (status: ImageStreamStatus, count: number): ImageStreamStatus => ({
  ...status,
  tags: (status.tags ?? []).map((list) => ({ ...list, items: (list.items ?? []).slice(0, count) })),
});
const steps = (status: ImageStreamStatus, cursors: Readonly<Record<string, number>> = {}) =>
  outboxSteps(stream(status), new Map(Object.entries(cursors)), { now, lastEntry: () => undefined });
const short = (status: ImageStreamStatus, cursors: Readonly<Record<string, number>> = {}) =>
  steps(status, cursors).map(({ tag, after, to, event }) => `${event.type} ${tag} ${after}→${to}`);

describe('outboxSteps', () => {
  it('tells what is newer than the cursor, the oldest first', () => {
    expect(short(addAll('abc'))).toEqual(['TagCreated t 0→1', 'TagMoved t 1→2', 'TagMoved t 2→3']);
    expect(short(addAll('abc'), { t: 2 })).toEqual(['TagMoved t 2→3']);
    expect(short(addAll('abc'), { t: 3 })).toEqual([]);
    expect(steps(addAll('abc'), { t: 2 })[0]?.event).toMatchObject({
      oldDigest: digest('b'),
      newDigest: digest('c'),
      revision: 3,
      cause: { type: 'Schedule' },
    });
  });

  it('says which revisions were trimmed before they were told', () => {
    const trimmed = trim(addAll('abcde'), 2);
    expect(short(trimmed, { t: 1 })).toEqual(['Gap t 1→3', 'TagMoved t 3→4', 'TagMoved t 4→5']);
    expect(steps(trimmed, { t: 1 })[0]?.event).toMatchObject({ missedFrom: 2, revision: 3 });
    expect(short(trimmed)[0]).toBe('Gap t 0→3');
    expect(short(trimmed, { t: 3 })).toEqual(['TagMoved t 3→4', 'TagMoved t 4→5']);
  });

  it('knows a deleted tag by the cursor that it left behind, after all that is new', () => {
    expect(short(removeTag(addAll('ab', 't', addAll('a', 'x')), 'x'), { x: 1 })).toEqual([
      'TagCreated t 0→1',
      'TagMoved t 1→2',
      'TagDeleted x 1→deleted',
    ]);
  });

  it('tells everything deleted of a stream of which only the name is left', () => {
    const { metadata } = stream({});
    const gone = outboxSteps({ metadata }, new Map([['t', 3]]), {
      now,
      lastEntry: (_, revision) => ({ image: digest('c'), dockerImageReference: 'x', revision }) as TagEvent,
    });
    expect(gone).toMatchObject([
      { to: 'deleted', event: { type: 'TagDeleted', revision: 3, oldDigest: digest('c'), reference: 'x' } },
    ]);
  });

  it('takes a tag that was deleted and came back unseen for two tags, without a gap', () => {
    const other = removeTag(addAll('abcdef', 'x', addAll('ab')), 'x');
    const back = add(removeTag(other, 't'), 'c');
    expect(short(back, { t: 2 })).toEqual(['TagDeleted t 2→deleted', 'TagCreated t 0→7']);
    expect(short(add(back, 'd'), { t: 7 })).toEqual(['TagMoved t 7→8']);
  });

  it('never uses a revision again for a tag that came back and failed first', () => {
    const condition = { type: 'ImportSuccess', status: 'False', generation: 1 } as const;
    const failing = setTagConditions(removeTag(addAll('ab'), 't'), 't', [condition]);
    expect(short(failing, { t: 2 })).toEqual(['TagDeleted t 2→deleted']);
    expect(short(add(failing, 'a'), {})).toEqual(['TagCreated t 0→3']);
  });

  it('is silent about history that came from elsewhere, also once it has revisions', () => {
    const item = { created: null, dockerImageReference: 'r.example/x', image: digest('a'), generation: 1 };
    const old = { tags: [{ tag: 't', items: [item, { ...item, image: digest('b') }] }] };
    expect(short(old)).toEqual([]);
    expect(short(add(old, 'c'))).toEqual(['TagMoved t 0→3']);
  });

  it('misses nothing of a tag that a migration replaced or shortened, and tells what moves it afterwards', () => {
    const item = { created: null, dockerImageReference: 'r.example/x', image: digest('a'), generation: 1 };
    const carried = [6, 5, 4].map((revision) => ({
      ...item,
      revision,
      cause: { type: 'Migration' as const },
    }));
    const replaced = { tags: [{ tag: 't', items: carried }] };
    expect(short(replaced)).toEqual([]);
    expect(short(replaced, { t: 3 })).toEqual([]);
    expect(short(trim(replaced, 2), { t: 3 })).toEqual([]);
    expect(short(add(trim(replaced, 2), 'c'), { t: 3 })).toEqual(['TagMoved t 3→7']);
    expect(short(add(replaced, 'c'))).toEqual(['TagMoved t 0→7']);
  });

  it('tells each entry once and in order, however it is interrupted, and ends where nothing is left to tell', () => {
    const change = fc.oneof(
      fc.record({
        kind: fc.constant('add' as const),
        tag: fc.constantFrom('t', 'x'),
        letter: fc.constantFrom('a', 'b', 'c'),
      }),
      fc.record({ kind: fc.constant('remove' as const), tag: fc.constantFrom('t', 'x') }),
      fc.record({ kind: fc.constant('tell' as const), count: fc.nat(4) }),
    );
    fc.assert(
      fc.property(fc.array(change, { maxLength: 40 }), (changes) => {
        let status: ImageStreamStatus = {};
        let cursors: TagCursors = new Map();
        const told: string[] = [];
        const tell = (count: number) => {
          for (const step of outboxSteps(stream(status), cursors, { now, lastEntry: () => undefined }).slice(
            0,
            count,
          )) {
            expect(cursors.get(step.tag) ?? 0).toBe(step.after);
            cursors = advanced(cursors, step);
            told.push(step.event.id);
          }
        };
        for (const next of changes) {
          if (next.kind === 'add') status = add(status, next.letter, next.tag);
          else if (next.kind === 'remove') status = removeTag(status, next.tag);
          else tell(next.count);
        }
        tell(Number.POSITIVE_INFINITY);
        expect(new Set(told).size).toBe(told.length);
        expect(short(status, Object.fromEntries(cursors))).toEqual([]);
        const expected = (status.tags ?? []).map(({ tag, items }) => [tag, items?.[0]?.revision]);
        expect(Object.fromEntries(cursors)).toEqual(Object.fromEntries(expected));
      }),
    );
  });
});
