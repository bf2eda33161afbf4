import { describe, expect, it } from 'vitest';
import { configMaps, deployments } from '../api/core.ts';
import { imageStreams } from '../api/resources.ts';
import { parsePatch } from './patch.ts';

const bodyOf = (kind: 'json' | 'merge' | 'strategic-merge', patch: unknown) => ({
  mediaType: `application/${kind}-patch+json`,
  bytes: Buffer.from(JSON.stringify(patch)),
});
const statusOf = (work: () => unknown): unknown => {
  try {
    return work();
  } catch (error) {
    return (error as { status?: { code?: number } }).status?.code;
  }
};

describe('merge patch', () => {
  // The table of RFC 7396, appendix A.
  const rows: readonly (readonly [unknown, object, unknown])[] = [
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [{ e: null }, { a: 1 }, { e: null, a: 1 }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ];
  for (const [target, patch, result] of rows)
    it(`makes ${JSON.stringify(result)} of ${JSON.stringify(target)} with ${JSON.stringify(patch)}`, () => {
      expect(parsePatch(bodyOf('merge', patch), configMaps)(target as Record<string, unknown>)).toEqual(
        result,
      );
    });

  it('treats fields named like members of every object as fields', () => {
    const bytes = Buffer.from('{"data":{"constructor":"a","__proto__":"b"}}');
    const patcher = parsePatch({ mediaType: 'application/merge-patch+json', bytes }, configMaps);
    expect(JSON.stringify(patcher({ data: { x: '1' } }))).toBe(
      '{"data":{"x":"1","constructor":"a","__proto__":"b"}}',
    );
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
  });

  it('refuses what is no object', () => {
    expect(statusOf(() => parsePatch(bodyOf('merge', [1]), configMaps))).toBe(400);
  });
});

describe('JSON patch', () => {
  const target = { metadata: { labels: { a: 'b' } }, list: [1, 2] };
  const apply = (patch: unknown): unknown => parsePatch(bodyOf('json', patch), configMaps)(target);

  it('applies its operations in order and leaves the target alone', () => {
    expect(
      apply([
        { op: 'test', path: '/metadata/labels/a', value: 'b' },
        { op: 'add', path: '/metadata/labels/c~1d', value: 'e' },
        { op: 'remove', path: '/list/0' },
      ]),
    ).toEqual({ metadata: { labels: { a: 'b', 'c/d': 'e' } }, list: [2] });
    expect(target.list).toEqual([1, 2]);
  });

  const refused = [
    { name: 'a test that fails', patch: [{ op: 'test', path: '/list/0', value: 9 }], code: 422 },
    { name: 'a path that is not there', patch: [{ op: 'remove', path: '/nothing' }], code: 422 },
    { name: 'an operation that does not exist', patch: [{ op: 'frob', path: '/list' }], code: 422 },
    { name: 'a write to a prototype', patch: [{ op: 'add', path: '/__proto__/x', value: 1 }], code: 422 },
    { name: 'an object', patch: { op: 'add' }, code: 400 },
    { name: 'too many operations', patch: Array.from({ length: 10_001 }, () => ({ op: 'test' })), code: 413 },
  ];
  for (const { name, patch, code } of refused)
    it(`refuses ${name} with ${code}`, () => {
      expect(statusOf(() => apply(patch))).toBe(code);
    });

  it('has details that are empty where an operation cannot be done', () => {
    expect(() => apply([{ op: 'remove', path: '/nothing' }])).toThrow(
      expect.objectContaining({ status: expect.objectContaining({ code: 422, details: {} }) }),
    );
  });
});

describe('strategic merge patch', () => {
  const stream = {
    metadata: { name: 's', finalizers: ['a', 'b'] },
    spec: {
      lookupPolicy: { local: false },
      tags: [
        { name: 'v1', from: { kind: 'DockerImage', name: 'x:1' }, annotations: { a: 'b' } },
        { name: 'v2', reference: true },
      ],
    },
  };
  const apply = (patch: object): unknown =>
    parsePatch(bodyOf('strategic-merge', patch), imageStreams)(stream);
  const tagsOf = (patch: object) => (apply(patch) as typeof stream).spec.tags;

  it('merges the items of a list by the key in the schema', () => {
    expect(tagsOf({ spec: { tags: [{ name: 'v1', annotations: { c: 'd' } }, { name: 'v3' }] } })).toEqual([
      { name: 'v1', from: { kind: 'DockerImage', name: 'x:1' }, annotations: { a: 'b', c: 'd' } },
      { name: 'v2', reference: true },
      { name: 'v3' },
    ]);
  });

  it('deletes the item that $patch: delete names', () => {
    expect(tagsOf({ spec: { tags: [{ name: 'v1', $patch: 'delete' }] } })).toEqual([
      { name: 'v2', reference: true },
    ]);
  });

  it('replaces a list by the other items beside $patch: replace', () => {
    expect(tagsOf({ spec: { tags: [{ $patch: 'replace' }, { name: 'v9', reference: null }] } })).toEqual([
      { name: 'v9' },
    ]);
  });

  it('replaces an object that holds $patch: replace', () => {
    expect(apply({ spec: { $patch: 'replace', lookupPolicy: { local: true } } })).toMatchObject({
      spec: { lookupPolicy: { local: true } },
    });
    expect(tagsOf({ spec: { $patch: 'replace' } })).toBeUndefined();
  });

  it('puts items into the order of $setElementOrder, and its own where they stood', () => {
    const patch = {
      spec: { '$setElementOrder/tags': [{ name: 'v3' }, { name: 'v1' }], tags: [{ name: 'v3' }] },
    };
    // As in Kubernetes: what is new stands behind what the patch does not know.
    expect(tagsOf(patch).map(({ name }) => name)).toEqual(['v2', 'v3', 'v1']);
  });

  it('reorders a list that it does not change', () => {
    const patch = { spec: { '$setElementOrder/tags': [{ name: 'v2' }, { name: 'v1' }] } };
    expect(tagsOf(patch).map(({ name }) => name)).toEqual(['v2', 'v1']);
  });

  it('adds to a set and takes out what $deleteFromPrimitiveList names', () => {
    const patch = {
      metadata: { finalizers: ['c', 'b'], '$deleteFromPrimitiveList/finalizers': ['a'] },
    };
    expect(apply(patch)).toMatchObject({ metadata: { finalizers: ['b', 'c'] } });
  });

  it('keeps of an object only the keys that $retainKeys names', () => {
    const patch = { spec: { $retainKeys: ['tags'], tags: [] } };
    expect((apply(patch) as typeof stream).spec).toEqual({ tags: stream.spec.tags });
  });

  it('merges containers and replaces lists that have no key', () => {
    const deployment = {
      spec: {
        template: { spec: { containers: [{ name: 'a', image: 'x', args: ['1', '2'] }, { name: 'b' }] } },
      },
    };
    const patch = {
      spec: {
        template: {
          spec: {
            '$setElementOrder/containers': [{ name: 'a' }],
            containers: [{ name: 'a', image: 'y', args: ['3'] }],
          },
        },
      },
    };
    expect(parsePatch(bodyOf('strategic-merge', patch), deployments)(deployment)).toEqual({
      spec: { template: { spec: { containers: [{ name: 'a', image: 'y', args: ['3'] }, { name: 'b' }] } } },
    });
  });

  it('drops nulls and directives of what it adds', () => {
    expect(
      tagsOf({ spec: { tags: [{ name: 'v4', from: { $patch: 'merge', kind: 'X', uid: null } }] } }),
    ).toContainEqual({
      name: 'v4',
      from: { kind: 'X' },
    });
  });

  const refused = [
    { name: 'an item without its key', patch: { spec: { tags: [{ reference: true }] } } },
    { name: 'an unknown directive', patch: { spec: { $patch: 'frob' } } },
    { name: 'an order that is no list', patch: { spec: { '$setElementOrder/tags': 'v1' } } },
  ];
  for (const { name, patch } of refused)
    it(`refuses ${name}`, () => {
      expect(statusOf(() => apply(patch))).toBe(400);
    });
});

describe('parsePatch', () => {
  it('refuses other kinds of patch with 415', () => {
    const body = { mediaType: 'application/json', bytes: Buffer.from('{}') };
    expect(statusOf(() => parsePatch(body, configMaps))).toBe(415);
  });
});
