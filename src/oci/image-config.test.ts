import { describe, expect, it } from 'vitest';
import { parseImageConfig } from './image-config.ts';

const parse = (text: string | Uint8Array) =>
  parseImageConfig(typeof text === 'string' ? new TextEncoder().encode(text) : text);

describe('parseImageConfig', () => {
  it('takes any JSON object as it is', () => {
    expect(parse('{"architecture":"amd64","other":[1]}')).toEqual({
      ok: true,
      value: { architecture: 'amd64', other: [1] },
    });
    expect(parse('{}')).toEqual({ ok: true, value: {} });
  });

  it.each([
    ['a list', '[]'],
    ['a string', '"x"'],
    ['nothing', ''],
    ['half an object', '{"a":'],
    ['bytes that are not UTF-8', new Uint8Array([0x7b, 0xff, 0x7d])],
  ])('refuses %s', (_name, text) => {
    expect(parse(text)).toEqual({ ok: false, problem: 'the config is not a JSON object' });
  });

  it.each([
    ['nests deeper than 64 levels', `{"a":${'['.repeat(64)}${']'.repeat(64)}}`],
    ['holds more than 100000 values', `{"a":[${'{},'.repeat(50_000)}{}]}`],
  ])('refuses what %s without building it', (problem, text) => {
    expect(parse(text)).toEqual({ ok: false, problem: `the config ${problem}` });
  });
});
