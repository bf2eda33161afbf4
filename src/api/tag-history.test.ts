import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ImageStreamStatus } from './image-stream.ts';
import {
  addEventWhileHeld,
  addTagEvent,
  endHold,
  findTag,
  highestRevision,
  keepRevisions,
  latestTagEvent,
  type NewTagEvent,
  removeTag,
  setTagConditions,
} from './tag-history.ts';

const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;
const event = (letter: string, more: Partial<NewTagEvent> = {}): NewTagEvent => ({
  created: '2026-08-01T00:00:00Z',
  dockerImageReference: `r.example/app@${digest(letter)}`,
  image: digest(letter),
  generation: 1,
  ...more,
});
const failed = {
  type: 'ImportSuccess',
  status: 'False',
  reason: 'NotFound',
  message: 'gone',
  generation: 1,
} as const;
const imagesOf = (status: ImageStreamStatus, tag = 't') =>
  (findTag(status, tag)?.items ?? []).map(({ image, revision }) => [image.slice(7, 8), revision]);

describe('addTagEvent', () => {
  it('goes on where a deleted tag ended, also when the tag failed before it had an image, and says where it began', () => {
    const deleted = removeTag(addTagEvent(addTagEvent({}, 't', event('a')), 't', event('b')), 't');
    for (const status of [deleted, setTagConditions(deleted, 't', [failed])]) {
      const back = addTagEvent(addTagEvent(status, 't', event('a')), 't', event('c'));
      expect(imagesOf(back)).toEqual([
        ['c', 4],
        ['a', 3],
      ]);
      expect(findTag(back, 't')?.firstRevision).toBe(3);
    }
  });

  it('starts a history at revision 1', () => {
    expect(addTagEvent({}, 't', event('a'))).toEqual({
      tags: [{ tag: 't', items: [{ ...event('a'), revision: 1 }] }],
    });
  });

  it('prepends another image, also when it moves back to an older one', () => {
    const status = ['a', 'b', 'a'].reduce<ImageStreamStatus>((s, l) => addTagEvent(s, 't', event(l)), {});
    expect(imagesOf(status)).toEqual([
      ['a', 3],
      ['b', 2],
      ['a', 1],
    ]);
  });

  it('appends where only the image behind the same reference moved', () => {
    const dockerImageReference = 'r.example/app:latest';
    const first = addTagEvent({}, 't', event('a', { dockerImageReference }));
    expect(imagesOf(addTagEvent(first, 't', event('b', { dockerImageReference })))).toEqual([
      ['b', 2],
      ['a', 1],
    ]);
  });

  it('takes a newer generation in place and keeps the creation time', () => {
    const first = addTagEvent({}, 't', event('a'));
    const second = addTagEvent(first, 't', event('a', { generation: 4, created: '2026-09-09T00:00:00Z' }));
    expect(findTag(second, 't')?.items).toEqual([{ ...event('a'), generation: 4, revision: 1 }]);
  });

  it('takes another reference to the same image in place', () => {
    const first = addTagEvent({}, 't', event('a'));
    const moved = event('a', { dockerImageReference: `mirror.example/app@${digest('a')}` });
    expect(findTag(addTagEvent(first, 't', moved), 't')?.items).toEqual([{ ...moved, revision: 1 }]);
  });

  it('takes a moved source digest in place and keeps the one it has where the event has none', () => {
    const first = addTagEvent({}, 't', event('a', { sourceDigest: digest('1') }));
    const second = addTagEvent(first, 't', event('a', { sourceDigest: digest('2') }));
    expect(findTag(second, 't')?.items).toEqual([{ ...event('a'), sourceDigest: digest('2'), revision: 1 }]);
    expect(addTagEvent(second, 't', event('a'))).toBe(second);
  });

  it('appends where a tag that is only a reference points elsewhere', () => {
    const first = addTagEvent({}, 't', event('a', { image: '', dockerImageReference: 'r.example/a:1' }));
    const second = addTagEvent(first, 't', event('a', { image: '', dockerImageReference: 'r.example/a:2' }));
    expect(findTag(second, 't')?.items?.map((item) => item.revision)).toEqual([2, 1]);
  });

  it('returns what it was given when nothing changes, conditions too', () => {
    const status = {
      tags: [{ tag: 't', items: [{ ...event('a'), revision: 1 }], conditions: [failed] }],
    };
    expect(addTagEvent(status, 't', event('a', { created: '2030-01-01T00:00:00Z' }))).toBe(status);
  });

  it('clears conditions and keeps what was observed', () => {
    const status = {
      tags: [{ tag: 't', items: null, conditions: [failed], observed: { fingerprint: 'f' } }],
    };
    expect(addTagEvent(status, 't', event('a')).tags).toEqual([
      { tag: 't', items: [{ ...event('a'), revision: 1 }], observed: { fingerprint: 'f' } },
    ]);
  });

  it('keeps tags sorted', () => {
    const status = ['b', 'a', 'c'].reduce<ImageStreamStatus>((s, tag) => addTagEvent(s, tag, event('a')), {});
    expect(status.tags?.map(({ tag }) => tag)).toEqual(['a', 'b', 'c']);
  });

  it('numbers a history that came without revisions', () => {
    const status = { tags: [{ tag: 't', items: [event('c'), event('b'), event('a')] }] };
    expect(imagesOf(addTagEvent(status, 't', event('d')))).toEqual([
      ['d', 4],
      ['c', 3],
      ['b', 2],
      ['a', 1],
    ]);
  });
});

describe('removeTag', () => {
  it('leaves no trace of a tag but its revisions', () => {
    const status = addTagEvent(addTagEvent({}, 't', event('a')), 't', event('b'));
    expect(removeTag(status, 't')).toEqual({ lastDeletedRevision: 2 });
    expect(imagesOf(addTagEvent(removeTag(status, 't'), 't', event('a')))).toEqual([['a', 3]]);
  });
  it('remembers nothing of a tag that never had an image', () => {
    expect(removeTag({ tags: [{ tag: 't', items: null, conditions: [failed] }] }, 't')).toEqual({});
  });
  it('does nothing for a tag that is not there', () => {
    const status = addTagEvent({}, 't', event('a'));
    expect(removeTag(status, 'u')).toBe(status);
  });
});

describe('keepRevisions', () => {
  it('remembers the revisions of history that a status write dropped', () => {
    const old = addTagEvent(addTagEvent({}, 't', event('a')), 't', event('b'));
    expect(keepRevisions({}, old)).toEqual({ lastDeletedRevision: 2 });
    const emptied = keepRevisions({ tags: [{ tag: 't', items: null, conditions: [failed] }] }, old);
    expect(highestRevision(emptied, 't')).toBe(2);
    expect(keepRevisions(old, old)).toEqual(old);
  });
});

type Step =
  | { readonly kind: 'add'; readonly tag: string; readonly letter: string }
  | { readonly kind: 'remove'; readonly tag: string }
  | { readonly kind: 'wipe' };
const tagName = fc.constantFrom('t', 'u');
const steps = fc.array(
  fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        kind: fc.constant('add' as const),
        tag: tagName,
        letter: fc.constantFrom('a', 'b', 'c'),
      }),
    },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('remove' as const), tag: tagName }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('wipe' as const) }) },
  ),
  { maxLength: 30 },
);
const run = (status: ImageStreamStatus, step: Step): ImageStreamStatus => {
  switch (step.kind) {
    case 'add':
      return addTagEvent(status, step.tag, event(step.letter));
    case 'remove':
      return removeTag(status, step.tag);
    case 'wipe':
      return keepRevisions({}, status);
  }
};

describe('a history', () => {
  it('only ever grows at its front', () => {
    fc.assert(
      fc.property(steps, (program) => {
        program.reduce<ImageStreamStatus>((status, step) => {
          const next = run(status, step);
          if (step.kind !== 'add') return next;
          const before = findTag(status, step.tag)?.items ?? [];
          const after = findTag(next, step.tag)?.items ?? [];
          expect(after.slice(after.length - before.length)).toEqual(before);
          expect(after.length - before.length).toBeLessThanOrEqual(1);
          expect(latestTagEvent(next, step.tag)?.image).toBe(digest(step.letter));
          return next;
        }, {});
      }),
    );
  });

  it('never uses a revision of a tag twice, and counts upwards', () => {
    fc.assert(
      fc.property(steps, (program) => {
        const used = new Map<string, Map<number, string>>();
        program.reduce<ImageStreamStatus>((status, step) => {
          const next = run(status, step);
          for (const list of next.tags ?? []) {
            const revisions = (list.items ?? []).map(({ revision }) => revision ?? 0);
            expect(revisions).toEqual([...new Set(revisions)].toSorted((a, b) => b - a));
          }
          if (step.kind !== 'add') return next;
          const { revision = 0 } = latestTagEvent(next, step.tag) ?? {};
          const isNew = revision !== latestTagEvent(status, step.tag)?.revision;
          const revisions = used.get(step.tag) ?? new Map<number, string>();
          if (isNew) expect(Math.max(0, ...revisions.keys())).toBeLessThan(revision);
          used.set(step.tag, revisions.set(revision, step.letter));
          return next;
        }, {});
      }),
    );
  });
});

describe('a tag that was rolled back', () => {
  const [since, later] = ['2026-08-01T00:00:00Z', '2026-09-09T00:00:00Z'];
  const rollback = { request: '1@', since, held: true };
  const history = ['a', 'b', 'a'].reduce<ImageStreamStatus>((s, l) => addTagEvent(s, 't', event(l)), {});
  const list = findTag(history, 't') ?? { tag: 't' };
  const held: ImageStreamStatus = { tags: [{ ...list, rollback, conditions: [failed] }] };

  it('stays where it is while its source has an image of its history', () => {
    const next = addEventWhileHeld(held, 't', event('b', { generation: 5, sourceDigest: digest('c') }));
    expect(imagesOf(next)).toEqual(imagesOf(held));
    expect(findTag(next, 't')?.items).toMatchObject([
      { generation: 5 },
      { sourceDigest: digest('c'), generation: 1 },
      { generation: 1 },
    ]);
    expect(findTag(next, 't')?.rollback).toEqual(rollback);
    const again = event('b', { generation: 5, sourceDigest: digest('c'), created: later });
    expect(addEventWhileHeld(next, 't', again)).toBe(next);
  });

  it('goes on when its source has an image that is new to it', () => {
    const next = addEventWhileHeld(held, 't', event('d'));
    expect(imagesOf(next)[0]).toEqual(['d', 4]);
    expect(findTag(next, 't')).toMatchObject({ rollback: { request: '1@', since } });
    expect(findTag(next, 't')?.rollback?.held).toBeUndefined();
    expect(findTag(next, 't')?.conditions).toBeUndefined();
  });

  it('is not held any more when anything else gives it another image', () => {
    expect(findTag(addTagEvent(held, 't', event('b')), 't')?.rollback?.held).toBeUndefined();
    expect(findTag(addTagEvent(held, 't', event('a', { generation: 9 })), 't')?.rollback).toEqual(rollback);
    expect(endHold(list)).toBe(list);
  });
});
