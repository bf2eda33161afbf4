import { describe, expect, it } from 'vitest';
import { parseFieldSelector } from './field-selector.ts';

describe('parseFieldSelector', () => {
  it.each([
    { text: '', requirements: [] },
    { text: 'metadata.name=app', requirements: [{ path: 'metadata.name', operator: '=', value: 'app' }] },
    { text: 'a==b', requirements: [{ path: 'a', operator: '=', value: 'b' }] },
    { text: 'a!=b', requirements: [{ path: 'a', operator: '!=', value: 'b' }] },
    { text: 'a=', requirements: [{ path: 'a', operator: '=', value: '' }] },
    {
      text: 'a=b,c!=d,',
      requirements: [
        { path: 'a', operator: '=', value: 'b' },
        { path: 'c', operator: '!=', value: 'd' },
      ],
    },
    { text: String.raw`a=b\,c`, requirements: [{ path: 'a', operator: '=', value: 'b,c' }] },
    { text: String.raw`a=b\=c`, requirements: [{ path: 'a', operator: '=', value: 'b=c' }] },
    {
      text: String.raw`a=b\\,c=d`,
      requirements: [
        { path: 'a', operator: '=', value: 'b\\' },
        { path: 'c', operator: '=', value: 'd' },
      ],
    },
    { text: 'a=sha256:0f', requirements: [{ path: 'a', operator: '=', value: 'sha256:0f' }] },
    { text: 'a=b!c', requirements: [{ path: 'a', operator: '=', value: 'b!c' }] },
  ])('reads "$text"', ({ text, requirements }) => {
    expect(parseFieldSelector(text)).toEqual(requirements);
  });

  it.each([
    { text: 'metadata.name', message: "can't understand 'metadata.name'" },
    { text: 'a=b=c', message: 'unescaped character in value: =' },
    { text: String.raw`a=b\c`, message: String.raw`invalid escape sequence: \c` },
    { text: 'a=b\\', message: 'invalid escape sequence: \\' },
  ])('refuses "$text"', ({ text, message }) => {
    expect(() => parseFieldSelector(text)).toThrow(
      expect.objectContaining({ code: 'invalid', message: expect.stringContaining(message) }),
    );
  });
});
