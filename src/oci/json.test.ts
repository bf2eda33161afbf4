import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonExcess, jsonShape, parseJsonObject } from './json.ts';

const encode = (text: string): Uint8Array => new TextEncoder().encode(text);

describe('jsonShape', () => {
  it.each([
    ['{}', 1, 1],
    ['{"a":[1,2,{"b":[]}]}', 6, 4],
    ['{"a":"[[[,,,{{{"}', 1, 1],
    [String.raw`{"a":"\"[[","b":"\\","c":[]}`, 4, 2],
    [String.raw`{"a":"\\\"[,","b":1}`, 2, 1],
    ['"never ends [[[', 0, 0],
    ['', 0, 0],
  ])('counts what is in %s', (text, values, depth) => {
    expect(jsonShape(encode(text))).toEqual({ values, depth });
  });

  const depthOf = (value: unknown): number =>
    typeof value === 'object' && value !== null ? 1 + Math.max(0, ...Object.values(value).map(depthOf)) : 0;
  const valuesOf = (value: unknown): number =>
    typeof value === 'object' && value !== null
      ? 1 +
        Math.max(0, Object.keys(value).length - 1) +
        Object.values(value).reduce<number>((sum, one) => sum + valuesOf(one), 0)
      : 0;

  it('agrees with what the text is parsed into', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        // Names that come twice are counted twice, and parsed once: written anew they come once.
        const value: unknown = JSON.parse(text);
        const bytes = encode(JSON.stringify(value));
        expect(jsonShape(bytes)).toEqual({ values: valuesOf(value), depth: depthOf(value) });
      }),
    );
  });
});

describe('jsonExcess', () => {
  it('says what is too much', () => {
    expect(jsonExcess(encode('{"a":[1,2]}'), 3)).toBeUndefined();
    expect(jsonExcess(encode('{"a":[1,2,3]}'), 3)).toBe('holds more than 3 values');
    expect(jsonExcess(encode('['.repeat(65)), 100)).toBe('nests deeper than 64 levels');
  });
});

describe('parseJsonObject', () => {
  it('reads objects, and nothing that nests absurdly', () => {
    expect(parseJsonObject(encode('{"a":1}'))).toEqual({ a: 1 });
    expect(parseJsonObject(encode('[]'))).toBeUndefined();
    expect(parseJsonObject(encode(`{"a":${'['.repeat(64)}${']'.repeat(64)}}`))).toBeUndefined();
  });
});
