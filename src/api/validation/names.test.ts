import { describe, expect, it } from 'vitest';
import {
  dns1123LabelRule,
  dns1123SubdomainRule,
  imageStreamNameRule,
  labelValueRule,
  pathSegmentRule,
  qualifiedNameRule,
} from './names.ts';

describe('imageStreamNameRule', () => {
  // golden/validation: `dotted.name` and 80 letters were created.
  for (const name of ['dotted.name', 'a'.repeat(80), 'a_b-c.d', '0']) {
    it(`accepts ${name.slice(0, 20)}`, () => {
      expect(imageStreamNameRule(name)).toEqual([]);
    });
  }
  for (const name of ['Bad_Name', 'a--b', '-a', 'a.', 'a b', 'a'.repeat(100_000)]) {
    it(`refuses ${name.slice(0, 20)}`, () => {
      expect(imageStreamNameRule(name)).toEqual(['must match "[a-z0-9]+(?:[._-][a-z0-9]+)*"']);
    });
  }
  it('refuses what cannot be one segment of a path', () => {
    expect(imageStreamNameRule('..')).toEqual(["may not be '..'"]);
    expect(imageStreamNameRule('a/b%')).toEqual(["may not contain '/'", "may not contain '%'"]);
  });
});

describe('pathSegmentRule', () => {
  it('accepts a digest', () => {
    expect(pathSegmentRule(`sha256:${'a'.repeat(64)}`)).toEqual([]);
  });
});

describe('the rules of Kubernetes', () => {
  it('tell labels of DNS from its names', () => {
    expect(dns1123LabelRule('my-name')).toEqual([]);
    expect(dns1123LabelRule('my.name')).toHaveLength(1);
    expect(dns1123SubdomainRule('my.name')).toEqual([]);
    expect(dns1123SubdomainRule('My.name')).toHaveLength(1);
    expect(dns1123LabelRule('a'.repeat(64))).toEqual(['must be no more than 63 bytes']);
  });
  it('read keys with and without prefix', () => {
    expect(qualifiedNameRule('app.kubernetes.io/name')).toEqual([]);
    expect(qualifiedNameRule('Name_1')).toEqual([]);
    expect(qualifiedNameRule('/name')).toEqual(['prefix part must be non-empty']);
    expect(qualifiedNameRule('a/b/c')).toHaveLength(1);
    expect(qualifiedNameRule('bad key')[0]).toContain('name part must consist of alphanumeric characters');
  });
  it('allow empty label values', () => {
    expect(labelValueRule('')).toEqual([]);
    expect(labelValueRule('a b')).toHaveLength(1);
    expect(labelValueRule('-')).toHaveLength(1);
  });
});
