import { describe, expect, it } from 'vitest';
import { createSharing } from './shared-values.ts';

type Entry = { readonly image: string; readonly cause: { readonly type: string } };
const entries = (text: string): readonly Entry[] => JSON.parse(text) as readonly Entry[];
const text = '[{"image":"sha256:1","cause":{"type":"Spec"}},{"image":"sha256:1","cause":{"type":"Spec"}}]';

describe('values that are shared', () => {
  it('are what was parsed', () => {
    const odd = '{"a":null,"b":[1,"1",true,{}],"":{"__proto__":"x","n":{"deep":[[]]}},"c":"{}"}';
    expect(createSharing()(JSON.parse(odd))).toEqual(JSON.parse(odd));
    expect(JSON.stringify(createSharing()(JSON.parse(odd)))).toBe(odd);
  });

  it('are one object where small objects are equal, in one document and in the next', () => {
    const share = createSharing();
    const [first, second] = share(entries(text));
    const [third] = share(entries(text));
    expect(first?.cause).toBe(second?.cause);
    expect(first?.cause).toBe(third?.cause);
  });

  it('are two where they differ only in kind', () => {
    const [one, other] = createSharing()(JSON.parse('[{"a":1},{"a":"1"}]') as readonly [unknown, unknown]);
    expect([one, other]).toEqual([{ a: 1 }, { a: '1' }]);
  });

  it('are left alone where a text is long, so that nothing large is remembered', () => {
    const share = createSharing();
    const note = `{"note":${JSON.stringify('x'.repeat(10_000))}}`;
    const first = share(JSON.parse(note) as { readonly note: string });
    const second = share(JSON.parse(note) as { readonly note: string });
    expect(second).toEqual(first);
    expect(second).not.toBe(first);
  });

  it('are right after more values than are remembered', () => {
    const share = createSharing();
    const many = Array.from({ length: 10_000 }, (_, number) => ({ name: `tag-${number}` }));
    expect(share(JSON.parse(JSON.stringify(many)))).toEqual(many);
    expect(share(JSON.parse('{"name":"tag-0"}'))).toEqual({ name: 'tag-0' });
  });
});
