import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changeEvents } from './change-events.ts';
import type { TagEventCondition } from './condition.ts';
import type { ImageStream, ImageStreamStatus } from './image-stream.ts';
import type { Stored } from './meta.ts';
import { addTagEvent, removeTag, setTagConditions } from './tag-history.ts';

const now = '2026-08-08T00:00:00Z';
const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;
const stream = (status: ImageStreamStatus): Stored<ImageStream> => ({
  apiVersion: 'image.openshift.io/v1',
  kind: 'ImageStream',
  metadata: {
    name: 's',
    namespace: 'n',
    uid: 'u',
    resourceVersion: '1',
    creationTimestamp: '2026-01-01T00:00:00Z',
  },
  status,
});
const add = (status: ImageStreamStatus, letter: string, tag = 't') =>
  addTagEvent(status, tag, {
    created: '2026-08-01T00:00:00Z',
    dockerImageReference: `r.example/app@${digest(letter)}`,
    image: digest(letter),
    generation: 1,
    cause: { type: 'Schedule' },
  });
const a = add({}, 'a');
const ab = add(a, 'b');
const failed = (reason: string) =>
  ({
    type: 'ImportSuccess',
    status: 'False',
    lastTransitionTime: '2026-08-02T00:00:00Z',
    reason,
    message: `it is ${reason}`,
    generation: 1,
  }) as const;
const typesOf = (before: ImageStreamStatus | undefined, after: ImageStreamStatus | undefined) =>
  changeEvents(before && stream(before), after && stream(after), now).map(({ type }) => type);

describe('changeEvents', () => {
  it('tells that a tag appeared', () => {
    expect(changeEvents(stream({}), stream(a), now)).toEqual([
      {
        id: expect.stringMatching(/^[0-9a-f]{32}$/),
        type: 'TagCreated',
        namespace: 'n',
        stream: 's',
        tag: 't',
        revision: 1,
        newDigest: digest('a'),
        reference: `r.example/app@${digest('a')}`,
        cause: { type: 'Schedule' },
        time: '2026-08-01T00:00:00Z',
      },
    ]);
  });

  it('tells that a tag moved, from where to where', () => {
    expect(changeEvents(stream(a), stream(ab), now)).toMatchObject([
      { type: 'TagMoved', revision: 2, oldDigest: digest('a'), newDigest: digest('b') },
    ]);
  });

  it('tells each of several moves in order, there and back', () => {
    const events = changeEvents(stream(a), stream(add(add(ab, 'a'), 'c')), now);
    expect(events.map(({ oldDigest, newDigest }) => [oldDigest?.[7], newDigest?.[7]])).toEqual([
      ['a', 'b'],
      ['b', 'a'],
      ['a', 'c'],
    ]);
  });

  it('takes a history that is seen for the first time for news', () => {
    expect(typesOf(undefined, ab)).toEqual(['TagCreated', 'TagMoved']);
  });

  it('knows the old digest also where its entry was trimmed', () => {
    const trimmed = { tags: [{ tag: 't', items: (ab.tags?.[0]?.items ?? []).slice(0, 1) }] };
    expect(changeEvents(stream(a), stream(trimmed), now)).toMatchObject([
      { type: 'TagMoved', oldDigest: digest('a'), newDigest: digest('b') },
    ]);
  });

  it('does not take a tag for new because its first entries are no longer kept', () => {
    const trimmed = { tags: [{ tag: 't', items: (ab.tags?.[0]?.items ?? []).slice(0, 1) }] };
    const [event] = changeEvents(undefined, stream(trimmed), now);
    expect(event).toMatchObject({ type: 'TagMoved', revision: 2 });
    expect(event).not.toHaveProperty('oldDigest');
    expect(event?.id).toBe(changeEvents(stream(a), stream(ab), now)[0]?.id);
  });

  it('is silent where nothing but generations or source digests changed', () => {
    const refreshed = addTagEvent(a, 't', {
      created: now,
      dockerImageReference: `r.example/app@${digest('a')}`,
      image: digest('a'),
      generation: 9,
      sourceDigest: digest('f'),
    });
    expect(typesOf(a, refreshed)).toEqual([]);
    expect(typesOf(ab, ab)).toEqual([]);
  });

  it('is silent about history that came without revisions', () => {
    const item = { created: null, dockerImageReference: 'r.example/x', image: digest('a'), generation: 1 };
    const old = { tags: [{ tag: 't', items: [item, { ...item, image: digest('b') }] }] };
    expect(typesOf({}, old)).toEqual([]);
    expect(changeEvents(stream(old), stream(add(old, 'c')), now)).toMatchObject([
      { type: 'TagMoved', revision: 3, oldDigest: digest('a'), newDigest: digest('c') },
    ]);
  });

  it('tells that a tag, or the stream with all its tags, is gone', () => {
    expect(changeEvents(stream(ab), stream(removeTag(ab, 't')), now)).toMatchObject([
      { type: 'TagDeleted', revision: 2, oldDigest: digest('b'), time: now },
    ]);
    expect(typesOf(add(ab, 'a', 'u'), undefined)).toEqual(['TagDeleted', 'TagDeleted']);
  });

  it('takes a tag that comes back for a new one, under another id', () => {
    const back = add(removeTag(a, 't'), 'a');
    const [event] = changeEvents(stream(removeTag(a, 't')), stream(back), now);
    expect(event).toMatchObject({ type: 'TagCreated', revision: 2 });
    expect(event?.id).not.toBe(changeEvents(stream({}), stream(a), now)[0]?.id);
  });

  it('tells the same of a tag that came back when its history is read later as when it was watched', () => {
    const gone = removeTag(a, 't');
    const back = stream(add(gone, 'b'));
    const [watched] = changeEvents(stream(gone), back, now);
    expect(watched?.type).toBe('TagCreated');
    expect(changeEvents(undefined, back, now)).toEqual([watched]);
  });

  it('tells that imports began to fail, failed otherwise, and work again', () => {
    const notFound = setTagConditions(a, 't', [failed('NotFound')]);
    const timeout = setTagConditions(a, 't', [failed('Timeout')]);
    expect(changeEvents(stream(a), stream(notFound), now)).toMatchObject([
      {
        type: 'ImportFailed',
        revision: 1,
        reason: 'NotFound',
        message: 'it is NotFound',
        newDigest: digest('a'),
        time: '2026-08-02T00:00:00Z',
      },
    ]);
    expect(typesOf(notFound, timeout)).toEqual(['ImportFailed']);
    expect(typesOf(notFound, notFound)).toEqual([]);
    expect(typesOf(timeout, a)).toEqual(['ImportRecovered']);
    expect(typesOf(setTagConditions({}, 't', [failed('NotFound')]), a)).toEqual([
      'TagCreated',
      'ImportRecovered',
    ]);
    expect(typesOf(undefined, notFound)).toEqual(['TagCreated']);
  });

  it('gives one event an entry, each once, however the states between were looked at', () => {
    const letters = fc.array(fc.constantFrom('a', 'b', 'c'), { maxLength: 12 });
    fc.assert(
      fc.property(letters, fc.infiniteStream(fc.boolean()), (sequence, looks) => {
        let seen = stream({});
        let status: ImageStreamStatus = {};
        const ids: string[] = [];
        const look = () => {
          ids.push(...changeEvents(seen, stream(status), now).map(({ id }) => id));
          seen = stream(status);
        };
        for (const letter of sequence) {
          status = add(status, letter);
          if (looks.next().value) look();
        }
        look();
        const whole = changeEvents(undefined, stream(status), now).map(({ id }) => id);
        expect(ids).toEqual(whole);
        expect(new Set(ids).size).toBe(status.tags?.[0]?.items?.length ?? 0);
      }),
    );
  });
});

describe('changeEvents, of a whole repository', () => {
  const following = (
    conditions: readonly TagEventCondition[],
    repository = 'quay.io/a/b',
  ): Stored<ImageStream> => ({
    ...stream({ repository: { fingerprint: 'f', conditions: [...conditions] } }),
    spec: { dockerImageRepository: repository },
  });
  const good = following([]);
  const bad = following([failed('NotFound')]);

  it('tells that its import failed, with an empty tag', () => {
    expect(changeEvents(good, bad, now)).toEqual([
      {
        id: expect.stringMatching(/^[0-9a-f]{32}$/),
        type: 'ImportFailed',
        namespace: 'n',
        stream: 's',
        tag: '',
        revision: 0,
        reference: 'quay.io/a/b',
        reason: 'NotFound',
        message: 'it is NotFound',
        time: '2026-08-02T00:00:00Z',
      },
    ]);
  });

  it('tells that it is imported again', () => {
    expect(changeEvents(bad, good, now)).toMatchObject([
      { type: 'ImportRecovered', tag: '', reference: 'quay.io/a/b', time: now },
    ]);
  });

  it('tells of another reason, and each under an id of its own', () => {
    const other = following([failed('Timeout')]);
    const events = [
      ...changeEvents(good, bad, now),
      ...changeEvents(bad, other, now),
      ...changeEvents(other, good, now),
    ];
    expect(events.map(({ type, reason }) => [type, reason])).toEqual([
      ['ImportFailed', 'NotFound'],
      ['ImportFailed', 'Timeout'],
      ['ImportRecovered', undefined],
    ]);
    expect(new Set(events.map(({ id }) => id)).size).toBe(3);
  });

  it('is silent where the failure stays, is seen for the first time or is no longer asked about', () => {
    expect(changeEvents(bad, bad, now)).toEqual([]);
    expect(changeEvents(undefined, bad, now)).toEqual([]);
    expect(changeEvents(bad, stream({}), now)).toEqual([]);
    expect(changeEvents(bad, undefined, now)).toEqual([]);
  });
});
