import { describe, expect, it } from 'vitest';
import { StatusError } from '../api/status.ts';
import { parseFieldSelector, parseLabelSelector } from './selectors.ts';

describe('parseLabelSelector', () => {
  const rows = [
    { text: '', requirements: [] },
    { text: 'a=b', requirements: [{ key: 'a', operator: 'In', values: ['b'] }] },
    { text: 'a==b', requirements: [{ key: 'a', operator: 'In', values: ['b'] }] },
    { text: 'a=', requirements: [{ key: 'a', operator: 'In', values: [''] }] },
    { text: 'a != b', requirements: [{ key: 'a', operator: 'NotIn', values: ['b'] }] },
    { text: 'x.io/a', requirements: [{ key: 'x.io/a', operator: 'Exists' }] },
    { text: '!a', requirements: [{ key: 'a', operator: 'DoesNotExist' }] },
    {
      text: 'a in (b, c),d notin (e),f',
      requirements: [
        { key: 'a', operator: 'In', values: ['b', 'c'] },
        { key: 'd', operator: 'NotIn', values: ['e'] },
        { key: 'f', operator: 'Exists' },
      ],
    },
  ];
  for (const { text, requirements } of rows)
    it(`reads ${JSON.stringify(text)}`, () => {
      expect(parseLabelSelector(text)).toEqual(requirements);
    });

  for (const text of [
    'a=b=c',
    'a in b',
    'a in (b',
    '=b',
    'a b',
    'a=b,,c',
    '-a=b',
    'a=b c',
    'a>x',
    'x/y/z',
    'a=!',
  ])
    it(`refuses ${JSON.stringify(text)}`, () => {
      expect(() => parseLabelSelector(text)).toThrow(StatusError);
    });
});

describe('parseFieldSelector', () => {
  const rows = [
    { text: '', requirements: [] },
    { text: 'metadata.name=a', requirements: [{ path: 'metadata.name', operator: '=', value: 'a' }] },
    {
      text: 'a==b,c!=d',
      requirements: [
        { path: 'a', operator: '=', value: 'b' },
        { path: 'c', operator: '!=', value: 'd' },
      ],
    },
    {
      text: String.raw`a=b\,c\=d\\`,
      requirements: [{ path: 'a', operator: '=', value: 'b,c=d\\' }],
    },
    { text: 'a=', requirements: [{ path: 'a', operator: '=', value: '' }] },
  ];
  for (const { text, requirements } of rows)
    it(`reads ${JSON.stringify(text)}`, () => {
      expect(parseFieldSelector(text)).toEqual(requirements);
    });

  for (const text of ['a', 'a=b=c', '=b', 'a in (b)'])
    it(`refuses ${JSON.stringify(text)}`, () => {
      expect(() => parseFieldSelector(text)).toThrow(StatusError);
    });
});
