import { describe, expect, it } from 'vitest';
import { parseLabelSelector } from './label-selector.ts';

describe('parseLabelSelector', () => {
  it.each([
    { text: '', requirements: [] },
    { text: '  \t', requirements: [] },
    { text: 'app', requirements: [{ key: 'app', operator: 'Exists' }] },
    { text: '!app', requirements: [{ key: 'app', operator: 'DoesNotExist' }] },
    { text: ' ! app ', requirements: [{ key: 'app', operator: 'DoesNotExist' }] },
    { text: 'app=web', requirements: [{ key: 'app', operator: 'In', values: ['web'] }] },
    { text: 'app == web', requirements: [{ key: 'app', operator: 'In', values: ['web'] }] },
    { text: 'app!=web', requirements: [{ key: 'app', operator: 'NotIn', values: ['web'] }] },
    { text: 'app=', requirements: [{ key: 'app', operator: 'In', values: [''] }] },
    {
      text: 'app=,b',
      requirements: [
        { key: 'app', operator: 'In', values: [''] },
        { key: 'b', operator: 'Exists' },
      ],
    },
    { text: 'app in (web, db)', requirements: [{ key: 'app', operator: 'In', values: ['web', 'db'] }] },
    { text: 'app in(web)', requirements: [{ key: 'app', operator: 'In', values: ['web'] }] },
    { text: 'app notin (web,,web)', requirements: [{ key: 'app', operator: 'NotIn', values: ['web', ''] }] },
    { text: 'app in (,)', requirements: [{ key: 'app', operator: 'In', values: [''] }] },
    { text: 'in in (in,notin)', requirements: [{ key: 'in', operator: 'In', values: ['in', 'notin'] }] },
    { text: 'notin', requirements: [{ key: 'notin', operator: 'Exists' }] },
    { text: 'app=in', requirements: [{ key: 'app', operator: 'In', values: ['in'] }] },
    {
      text: 'example.com/a.B_c-1,b!=x,!c,d in (e)',
      requirements: [
        { key: 'example.com/a.B_c-1', operator: 'Exists' },
        { key: 'b', operator: 'NotIn', values: ['x'] },
        { key: 'c', operator: 'DoesNotExist' },
        { key: 'd', operator: 'In', values: ['e'] },
      ],
    },
    { text: 'size>5', requirements: [{ key: 'size', operator: 'Gt', value: '5' }] },
    {
      text: 'size < -5,b',
      requirements: [
        { key: 'size', operator: 'Lt', value: '-5' },
        { key: 'b', operator: 'Exists' },
      ],
    },
    { text: 'constructor', requirements: [{ key: 'constructor', operator: 'Exists' }] },
  ])('reads "$text"', ({ text, requirements }) => {
    expect(parseLabelSelector(text)).toEqual(requirements);
  });

  it.each([
    { text: 'a b', message: "found 'b', expected: in, notin, =, ==, !=, gt, lt" },
    {
      text: 'a>x',
      message: `values[0]: Invalid value: "x": for 'Gt', 'Lt' operators, the value must be an integer`,
    },
    {
      text: 'a<',
      message: `values[0]: Invalid value: "": for 'Gt', 'Lt' operators, the value must be an integer`,
    },
    {
      text: 'a>=1',
      message: `values[0]: Invalid value: "=": for 'Gt', 'Lt' operators, the value must be an integer`,
    },
    { text: '!', message: "found '', expected: identifier" },
    { text: 'a==!b', message: "found '!', expected: identifier" },
    { text: 'a in b', message: "found 'b' expected: '('" },
    { text: 'a in ()', message: "for 'in', 'notin' operators, values set can't be empty" },
    { text: 'a in (b', message: "found '', expected: ',' or ')'" },
    { text: 'a in (b c)', message: "found 'c', expected: ',' or ')'" },
    { text: 'a in ((b))', message: "found '(', expected: ',' or ')'" },
  ])('refuses "$text"', ({ text, message }) => {
    expect(() => parseLabelSelector(text)).toThrow(`unable to parse requirement: ${message}`);
  });

  it.each([
    { text: ',a', message: "found ',', expected: !, identifier, or 'end of string'" },
    { text: 'a,', message: "found '', expected: identifier after ','" },
    { text: 'a,,b', message: "found ',', expected: identifier after ','" },
    { text: '!a=b', message: "found '=', expected: ',' or 'end of string'" },
    { text: 'a=b c', message: "found 'c', expected: ',' or 'end of string'" },
    { text: '=b', message: "found '=', expected: !, identifier, or 'end of string'" },
  ])('refuses "$text" between requirements', ({ text, message }) => {
    expect(() => parseLabelSelector(text)).toThrow(expect.objectContaining({ code: 'invalid', message }));
  });

  it.each([
    { name: 'a key that is none', text: '-a' },
    { name: 'a key with two slashes', text: 'a/b/c' },
    { name: 'a key that is too long', text: 'k'.repeat(64) },
    { name: 'a value that is none', text: 'a=b/c' },
    { name: 'a value in a set that is none', text: 'a in (b,-c)' },
    { name: 'a value that is too long', text: `a=${'v'.repeat(64)}` },
  ])('refuses $name', ({ text }) => {
    expect(() => parseLabelSelector(text)).toThrow(
      expect.objectContaining({ code: 'invalid', message: expect.stringContaining('Invalid value') }),
    );
  });
});
