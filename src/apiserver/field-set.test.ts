import { describe, expect, it } from 'vitest';
import { imageStreams } from '../api/resources.ts';
import {
  difference,
  equalSets,
  formatPath,
  fromFieldsV1,
  intersection,
  isEmptySet,
  pathsOf,
  toFieldsV1,
  union,
  without,
} from './field-set.ts';
import { schemaOf } from './json-schema.ts';
import { compareValues, fieldSetOf, mergeApplied, pruneValue } from './typed-value.ts';

const schema = schemaOf(imageStreams);
const streamWith = (...tags: readonly object[]) => ({ spec: { tags } });
const set = (value: object) => fieldSetOf(value, schema);

describe('field sets', () => {
  const both = set(streamWith({ name: 'a', reference: true }, { name: 'b' }));
  const first = set(streamWith({ name: 'a', reference: true }));

  it('are written as FieldsV1 and read again', () => {
    expect(toFieldsV1(both)).toEqual({
      'f:spec': {
        'f:tags': {
          'k:{"name":"a"}': { '.': {}, 'f:name': {}, 'f:reference': {} },
          'k:{"name":"b"}': { '.': {}, 'f:name': {} },
        },
      },
    });
    expect(equalSets(fromFieldsV1(toFieldsV1(both)), both)).toBe(true);
    for (const nothing of [undefined, null, 'x', [], {}])
      expect(isEmptySet(fromFieldsV1(nothing))).toBe(true);
  });

  it('are united, intersected and subtracted', () => {
    const second = difference(both, first);
    expect(pathsOf(second).map(formatPath)).toEqual(['.spec.tags[name="b"]', '.spec.tags[name="b"].name']);
    expect(equalSets(union(first, second), both)).toBe(true);
    expect(equalSets(intersection(both, first), first)).toBe(true);
    expect(isEmptySet(intersection(first, second))).toBe(true);
    expect(equalSets(without(both, ['f:spec', 'f:tags', 'k:{"name":"b"}']), first)).toBe(true);
  });
});

describe('typed values', () => {
  it('take a list without keys, and one whose keys repeat, for one whole', () => {
    expect(
      pathsOf(set({ status: { tags: [{ tag: 'a', items: [{ image: 'x' }] }] } })).map(formatPath),
    ).toEqual(['.status.tags[tag="a"]', '.status.tags[tag="a"].tag', '.status.tags[tag="a"].items']);
    expect(pathsOf(set(streamWith({ name: 'a' }, { name: 'a' }))).map(formatPath)).toEqual(['.spec.tags']);
  });

  it('tell what was changed from what is gone', () => {
    const { changed, removed } = compareValues(
      streamWith({ name: 'a', reference: true, generation: 1 }, { name: 'b' }),
      streamWith({ name: 'c' }, { name: 'a', reference: false }),
      schema,
    );
    expect(
      pathsOf(changed)
        .map(formatPath)
        .toSorted((a, b) => a.localeCompare(b)),
    ).toEqual(['.spec.tags[name="a"].reference', '.spec.tags[name="c"]', '.spec.tags[name="c"].name']);
    expect(pathsOf(removed).map(formatPath)).toEqual([
      '.spec.tags[name="a"].generation',
      '.spec.tags[name="b"]',
      '.spec.tags[name="b"].name',
    ]);
  });

  it('merge keyed lists, keep what the applier does not name and put new items last', () => {
    const live = streamWith({ name: 'a', reference: true }, { name: 'b' });
    expect(mergeApplied(live, streamWith({ name: 'c' }, { name: 'a', generation: 2 }), schema)).toEqual(
      streamWith({ name: 'b' }, { name: 'c' }, { name: 'a', reference: true, generation: 2 }),
    );
    expect(mergeApplied(live, streamWith(), schema)).toEqual(live);
  });

  it('drop what was managed and is not kept, with all that is in it', () => {
    const live = {
      metadata: { name: 's', finalizers: ['x', 'y'], labels: { l: '1' } },
      ...streamWith({ name: 'a', reference: true }, { name: 'b' }),
    };
    const managed = set({
      metadata: { finalizers: ['x'], labels: { l: '1' } },
      ...streamWith({ name: 'a' }, { name: 'b' }),
    });
    expect(pruneValue(live, schema, managed, set(streamWith({ name: 'b' })))).toEqual({
      metadata: { name: 's', finalizers: ['y'] },
      ...streamWith({ name: 'b' }),
    });
  });
});
