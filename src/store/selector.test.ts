import { describe, expect, it } from 'vitest';
import { parseFieldSelector } from './field-selector.ts';
import { parseLabelSelector } from './label-selector.ts';
import type { AnyObject } from './object.ts';
import { createMatcher, matchesFields, matchesLabels } from './selector.ts';

const labelled = (labels: Record<string, string> | undefined): AnyObject => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'app', ...(labels === undefined ? {} : { labels }) },
});

describe('matchesLabels', () => {
  it.each<{ selector: string; labels: Record<string, string> | undefined; matches: boolean }>([
    { selector: 'a=1', labels: { a: '1' }, matches: true },
    { selector: 'a=1', labels: { a: '2' }, matches: false },
    { selector: 'a=1', labels: {}, matches: false },
    { selector: 'a=', labels: { a: '' }, matches: true },
    { selector: 'a=', labels: {}, matches: false },
    { selector: 'a!=1', labels: { a: '2' }, matches: true },
    { selector: 'a!=1', labels: {}, matches: true },
    { selector: 'a!=1', labels: { a: '1' }, matches: false },
    { selector: 'a in (1,2)', labels: { a: '2' }, matches: true },
    { selector: 'a notin (1,2)', labels: { a: '2' }, matches: false },
    { selector: 'a notin (1,2)', labels: undefined, matches: true },
    { selector: 'a', labels: { a: '' }, matches: true },
    { selector: '!a', labels: { a: '' }, matches: false },
    { selector: '!a', labels: undefined, matches: true },
    { selector: 'a>9', labels: { a: '10' }, matches: true },
    { selector: 'a>9', labels: { a: '9' }, matches: false },
    { selector: 'a<-1', labels: { a: '-2' }, matches: true },
    { selector: 'a<9', labels: {}, matches: false },
    { selector: 'a<9', labels: { a: 'x1' }, matches: false },
    { selector: 'a,b=1', labels: { a: 'x', b: '2' }, matches: false },
    { selector: 'constructor', labels: {}, matches: false },
    { selector: 'constructor=x', labels: { constructor: 'x' }, matches: true },
  ])('says $matches of "$selector" for $labels', ({ selector, labels, matches }) => {
    expect(matchesLabels(parseLabelSelector(selector), labelled(labels))).toBe(matches);
  });
});

describe('matchesFields', () => {
  const object = JSON.parse(
    '{"metadata":{"name":"app"},"type":"Opaque","spec":{"replicas":0,"paused":false,"template":{}},"__proto__":{"x":"y"}}',
  ) as AnyObject;

  it.each([
    { selector: 'metadata.name=app', matches: true },
    { selector: 'metadata.name!=app', matches: false },
    { selector: 'metadata.namespace=', matches: true },
    { selector: 'type=Opaque,metadata.name=web', matches: false },
    { selector: 'spec.replicas=0,spec.paused=false', matches: true },
    { selector: 'spec.template=', matches: true },
    { selector: 'spec.missing.deeper!=x', matches: true },
    { selector: 'constructor.name=', matches: true },
    { selector: '__proto__.x=y', matches: true },
  ])('says $matches of "$selector"', ({ selector, matches }) => {
    expect(matchesFields(parseFieldSelector(selector), object)).toBe(matches);
  });
});

describe('createMatcher', () => {
  it('is undefined when a selection selects everything of a namespace', () => {
    expect(createMatcher({ namespace: 'shop', labels: [], fields: undefined })).toBeUndefined();
  });

  it('wants labels and fields alike', () => {
    const matches = createMatcher({
      labels: parseLabelSelector('a=1'),
      fields: parseFieldSelector('metadata.name=app'),
    });
    expect(matches?.(labelled({ a: '1' }))).toBe(true);
    expect(matches?.(labelled({ a: '2' }))).toBe(false);
  });
});
