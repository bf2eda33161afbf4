import { describe, expect, it } from 'vitest';
import { events } from '../api/core.ts';
import { parseListOptions } from './list-options.ts';

const parse = (query: string, name?: string) =>
  parseListOptions(new URLSearchParams(query), events, { namespace: 'a', name });

describe('parseListOptions', () => {
  it('reads everything that a list can be asked for', () => {
    expect(parse('labelSelector=a%3Db&fieldSelector=reason%3Dx&limit=5&resourceVersion=0')).toMatchObject({
      selection: {
        namespace: 'a',
        labels: [{ key: 'a', operator: 'In', values: ['b'] }],
        fields: [{ path: 'reason', operator: '=', value: 'x' }],
      },
      limit: 5,
      freshness: { kind: 'newest' },
      watch: false,
    });
  });

  it('narrows a named target to that object', () => {
    expect(parse('watch=true', 'e').selection.fields).toEqual([
      { path: 'metadata.name', operator: '=', value: 'e' },
    ]);
  });

  const freshness = [
    { query: '', expected: { kind: 'newest' } },
    { query: 'resourceVersion=0', expected: { kind: 'newest' } },
    { query: 'resourceVersion=7', expected: { kind: 'notOlderThan', revision: '7' } },
    { query: 'resourceVersion=7&limit=2', expected: { kind: 'exact', revision: '7' } },
    {
      query: 'resourceVersion=7&limit=2&resourceVersionMatch=NotOlderThan',
      expected: { kind: 'notOlderThan', revision: '7' },
    },
    { query: 'resourceVersion=7&resourceVersionMatch=Exact', expected: { kind: 'exact', revision: '7' } },
  ];
  for (const { query, expected } of freshness)
    it(`takes ${JSON.stringify(query)} for ${expected.kind}`, () => {
      expect(parse(query).freshness).toEqual(expected);
    });

  const refused = [
    { query: 'limit=-1', message: 'limit is not a number' },
    { query: 'watch=perhaps', message: 'watch is not a boolean' },
    { query: 'resourceVersion=x', message: 'invalid resource version' },
    { query: 'fieldSelector=spec.x%3Dy', message: 'field label not supported: spec.x' },
    { query: 'resourceVersion=5&continue=x', message: 'specifying resource version is not allowed' },
    { query: 'resourceVersionMatch=Exact', message: 'forbidden unless resourceVersion is provided' },
    { query: 'resourceVersion=0&resourceVersionMatch=Exact', message: 'forbidden for resourceVersion "0"' },
    {
      query: 'resourceVersion=1&resourceVersionMatch=Newer',
      message: 'supported values: "Exact", "NotOlderThan"',
    },
    { query: 'sendInitialEvents=true', message: 'sendInitialEvents is forbidden for list' },
    {
      query: 'watch=1&sendInitialEvents=true',
      message: 'requires setting resourceVersionMatch to NotOlderThan',
    },
    { query: 'watch=1&resourceVersion=1&resourceVersionMatch=Exact', message: 'forbidden for watch' },
  ];
  for (const { query, message } of refused)
    it(`refuses ${query}`, () => {
      expect(() => parse(query)).toThrow(message);
    });
});
