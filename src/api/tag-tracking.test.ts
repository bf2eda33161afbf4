import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rollbacksAnnotation } from './annotations.ts';
import type { ImageStream, ImageStreamStatus } from './image-stream.ts';
import { isTagPending } from './pending.ts';
import { settleRollbacks } from './settle-rollbacks.ts';
import { addTagEvent, findTag, latestTagEvent, setTagConditions } from './tag-history.ts';
import { trackedTag, updateTrackingTags } from './tag-tracking.ts';

const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;
const event = (letter: string) => ({
  created: '2026-08-01T00:00:00Z',
  dockerImageReference: `r.example/app@${digest(letter)}`,
  image: digest(letter),
  generation: 2,
});
const follows = (name: string, source: string) => ({
  name,
  from: { kind: 'ImageStreamTag', name: source },
  generation: 1,
});
const stream = (
  tags: readonly ReturnType<typeof follows>[],
  status: ImageStreamStatus = {},
): ImageStream => ({
  apiVersion: 'image.openshift.io/v1',
  kind: 'ImageStream',
  metadata: { name: 's', namespace: 'n' },
  spec: { tags },
  status,
});
const moved = (base: ImageStream, tag: string, letter: string): ImageStream =>
  updateTrackingTags({ ...base, status: addTagEvent(base.status ?? {}, tag, event(letter)) }, base);
const lettersOf = (of: ImageStream, tag: string) =>
  (findTag(of.status, tag)?.items ?? []).map(({ image }) => image.slice(7, 8)).join('');

describe('trackedTag', () => {
  const base = stream([]);
  const rows = [
    { name: 'v1', expected: 'v1' },
    { name: 's:v1', expected: 'v1' },
    { name: 's:', expected: 'latest' },
    { name: 'other:v1', expected: undefined },
    { name: '', expected: undefined },
    { name: 'v1', namespace: 'n', expected: 'v1' },
    { name: 'v1', namespace: 'm', expected: undefined },
    { name: 'v1', kind: 'ImageStreamImage', expected: undefined },
  ];
  for (const { expected, ...from } of rows) {
    it(`is ${expected} for ${JSON.stringify(from)}`, () => {
      expect(trackedTag(base, { name: 't', from: { kind: 'ImageStreamTag', ...from } })).toBe(expected);
    });
  }
});

describe('updateTrackingTags', () => {
  it('gives a follower the event of its source, as its own entry', () => {
    const next = moved(stream([follows('alias', 'v1')]), 'v1', 'a');
    expect(latestTagEvent(next.status, 'alias')).toEqual({
      ...event('a'),
      revision: 1,
      cause: { type: 'Tag', by: 'v1' },
    });
    expect(isTagPending(next, follows('alias', 'v1'))).toBe(false);
  });

  it('settles a chain at once, whatever the order of its names', () => {
    const chain = stream([follows('a', 's:z'), follows('m', 'a'), follows('b', 'm')]);
    const next = moved(moved(chain, 'z', '1'), 'z', '2');
    expect(['a', 'm', 'b'].map((tag) => lettersOf(next, tag))).toEqual(['21', '21', '21']);
  });

  it('leaves followers alone when their source stays', () => {
    const base = moved(stream([follows('alias', 'v1')]), 'v1', 'a');
    const rolledBack = { ...base, status: addTagEvent(base.status ?? {}, 'alias', event('b')) };
    const next = moved(rolledBack, 'v2', 'c');
    expect(lettersOf(next, 'alias')).toBe('ba');
    expect(updateTrackingTags(next, next)).toBe(next);
  });

  it('passes on that an import failed, and that it works again', () => {
    const failed = {
      type: 'ImportSuccess',
      status: 'False',
      reason: 'NotFound',
      message: 'gone',
      generation: 2,
    } as const;
    const base = moved(stream([follows('alias', 'v1')]), 'v1', 'a');
    const broken = updateTrackingTags(
      { ...base, status: setTagConditions(base.status ?? {}, 'v1', [failed]) },
      base,
    );
    expect(findTag(broken.status, 'alias')).toMatchObject({ conditions: [failed] });
    expect(lettersOf(broken, 'alias')).toBe('a');
    const mended = updateTrackingTags(
      { ...broken, status: setTagConditions(broken.status ?? {}, 'v1', []) },
      broken,
    );
    expect(findTag(mended.status, 'alias')?.conditions).toBeUndefined();
  });

  it('tells a follower without image that its source failed', () => {
    const failed = {
      type: 'ImportSuccess',
      status: 'False',
      reason: 'NotFound',
      message: 'gone',
      generation: 2,
    } as const;
    const base = stream([follows('alias', 'v1')]);
    const next = updateTrackingTags({ ...base, status: setTagConditions({}, 'v1', [failed]) }, base);
    expect(findTag(next.status, 'alias')).toEqual({ tag: 'alias', items: null, conditions: [failed] });
  });

  it('does nothing for tags that follow themselves or one another without an image', () => {
    const cycle = stream([follows('a', 'b'), follows('b', 'a'), follows('self', 'self')]);
    expect(updateTrackingTags(cycle, undefined)).toBe(cycle);
  });

  it('settles: a second pass changes nothing, every follower has its source, and cycles end', () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    const name = fc.constantFrom(...names);
    const spec = fc.uniqueArray(fc.tuple(name, name), { selector: ([tag]) => tag, maxLength: 5 });
    const moves = fc.array(fc.tuple(name, fc.constantFrom('1', '2', '3')), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(spec, moves, (pairs, changes) => {
        const base = stream(pairs.map(([tag, source]) => follows(tag, source)));
        const sources = new Map(pairs);
        const isFree = (tag: string) => !sources.has(tag);
        const status = changes
          .filter(([tag]) => isFree(tag))
          .reduce<ImageStreamStatus>((before, [tag, letter]) => addTagEvent(before, tag, event(letter)), {});
        const next = updateTrackingTags({ ...base, status }, base);
        expect(updateTrackingTags(next, base)).toEqual(next);
        for (const [tag, source] of pairs)
          expect(lettersOf(next, tag).slice(0, 1)).toBe(lettersOf(next, source).slice(0, 1));
        for (const [tag] of pairs) expect(lettersOf(next, tag).length).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe('a tag that was rolled back, and follows another one', () => {
  const base = moved(moved(stream([follows('al', 'v1')]), 'v1', 'a'), 'v1', 'b');
  const text = JSON.stringify({ al: { revision: 1, image: digest('a') } });
  const annotations = { [rollbacksAnnotation]: text };
  const held = settleRollbacks(
    { ...base, metadata: { ...base.metadata, annotations } },
    { now: '2026-08-02T00:00:00Z' },
  );

  it('follows it only to images that are new to it', () => {
    expect(lettersOf(held, 'al')).toBe('aba');
    const back = moved(moved(held, 'v1', 'a'), 'v1', 'b');
    expect([lettersOf(back, 'v1'), lettersOf(back, 'al')]).toEqual(['baba', 'aba']);
    expect(lettersOf(moved(back, 'v1', 'c'), 'al')).toBe('caba');
  });
});
