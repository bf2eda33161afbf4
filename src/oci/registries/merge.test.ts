import { array, assert, property, shuffledSubarray, subarray } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mergeOrders, mergeRules } from './merge.ts';
import { parseMirrorSets } from './mirror-sets.ts';
import { parseRegistriesConf } from './registries-conf.ts';

const letters = 'a b c d e f g'.split(' ');

describe('mergeOrders', () => {
  it('puts (b, c) and (a, b) together to a, b, c', () => {
    expect(
      mergeOrders([
        ['b', 'c'],
        ['a', 'b'],
      ]),
    ).toEqual(['a', 'b', 'c']);
  });

  it('agrees with all lists that agree with each other', () => {
    assert(
      property(array(subarray(letters), { maxLength: 5 }), (lists) => {
        const merged = mergeOrders(lists);
        expect(merged.toSorted()).toEqual([...new Set(lists.flat())].toSorted());
        for (const list of lists) expect(merged.filter((item) => list.includes(item))).toEqual(list);
      }),
    );
  });

  it('loses and repeats nothing where lists contradict each other', () => {
    assert(
      property(array(shuffledSubarray(letters), { maxLength: 5 }), (lists) => {
        expect(mergeOrders(lists).toSorted()).toEqual([...new Set(lists.flat())].toSorted());
      }),
    );
  });
});

const conf = (text: string) => parseRegistriesConf(text, 'r.conf').rules;

const set = (kind: 'Digest' | 'Tag', source: string, mirrors: readonly string[], policy = '') => {
  const document = {
    apiVersion: 'config.openshift.io/v1',
    kind: `Image${kind}MirrorSet`,
    spec: { [`image${kind}Mirrors`]: [{ source, mirrors, mirrorSourcePolicy: policy }] },
  };
  return parseMirrorSets(JSON.stringify(document), 'm.yaml').sets;
};

const summary = (merged: ReturnType<typeof mergeRules>) =>
  merged.rules.map(({ prefix, blocked, mirrors }) => ({
    prefix: prefix.text,
    blocked,
    mirrors: mirrors.map(({ location, use }) => `${use} ${location}`),
  }));

describe('mergeRules', () => {
  it('lets a later file replace what an earlier one says of the same prefix', () => {
    const merged = mergeRules(
      [
        conf('[[registry]]\nlocation="a.io"\nblocked=true\n[[registry]]\nlocation="b.io"\nblocked=true'),
        conf('[[registry]]\nlocation="a.io"\n[[registry.mirror]]\nlocation="m.io"'),
      ],
      [],
    );
    expect(summary(merged)).toEqual([
      { prefix: 'a.io', blocked: false, mirrors: ['all m.io'] },
      { prefix: 'b.io', blocked: true, mirrors: [] },
    ]);
  });

  it('adds mirror sets to what files say, in an order that all of them agree with', () => {
    const merged = mergeRules(
      [conf('[[registry]]\nlocation="a.io"\ninsecure=true\n[[registry.mirror]]\nlocation="m.io"')],
      [
        ...set('Digest', 'a.io', ['y.io', 'z.io']),
        ...set('Tag', 'a.io', ['t.io']),
        ...set('Digest', 'a.io', ['x.io', 'y.io']),
      ],
    );
    expect(merged.problems).toEqual([]);
    expect(merged.rules).toMatchObject([{ insecure: true }]);
    expect(summary(merged)).toEqual([
      {
        prefix: 'a.io',
        blocked: false,
        mirrors: ['all m.io', 'digest x.io', 'digest y.io', 'digest z.io', 'tag t.io'],
      },
    ]);
  });

  it('blocks a source that is never to be contacted', () => {
    expect(summary(mergeRules([], set('Digest', 'a.io', ['m.io'], 'NeverContactSource')))).toEqual([
      { prefix: 'a.io', blocked: true, mirrors: ['digest m.io'] },
    ]);
  });

  it('does not choose between mirror sets that contradict each other', () => {
    const sets = [
      ...set('Digest', 'a.io', ['m.io'], 'NeverContactSource'),
      ...set('Tag', 'a.io', ['m.io'], ''),
    ];
    expect(mergeRules([], sets).problems).toEqual([
      'a.io: one mirror set says NeverContactSource, another AllowContactingSource',
    ]);
  });
});
