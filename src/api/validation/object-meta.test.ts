import { describe, expect, it } from 'vitest';
import { formatFieldError, rootPath } from '../field-error.ts';
import type { ObjectMetaInput } from '../meta.ts';
import { imageStreamNameRule } from './names.ts';
import { validateObjectMeta } from './object-meta.ts';

const problemsOf = (meta: ObjectMetaInput, isNamespaced = true) =>
  validateObjectMeta(meta, { isNamespaced, nameRule: imageStreamNameRule }, rootPath.child('metadata')).map(
    formatFieldError,
  );

describe('validateObjectMeta', () => {
  it('accepts a named object', () => {
    expect(
      problemsOf({ name: 'a', namespace: 'n', labels: { 'x.io/y': 'z' }, annotations: { Any: 'thing\n' } }),
    ).toEqual([]);
  });
  it('wants a name, or the start of one', () => {
    expect(problemsOf({ namespace: 'n' })).toEqual([
      'metadata.name: Required value: name or generateName is required',
    ]);
    expect(problemsOf({ generateName: 'a-', namespace: 'n' })).toEqual([]);
  });
  it('wants a namespace where the kind has one, and none where it has not', () => {
    expect(problemsOf({ name: 'a' })).toEqual(['metadata.namespace: Required value']);
    expect(problemsOf({ name: 'a', namespace: 'n' }, false)).toEqual([
      'metadata.namespace: Forbidden: not allowed on this type',
    ]);
  });
  it('shows the key or value that is wrong', () => {
    const [label] = problemsOf({ name: 'a', namespace: 'n', labels: { ok: 'not ok' } });
    expect(label).toMatch(/^metadata\.labels: Invalid value: "not ok": a valid label must be/);
    const [annotation] = problemsOf({ name: 'a', namespace: 'n', annotations: { 'Not Ok': '' } });
    expect(annotation).toMatch(/^metadata\.annotations: Invalid value: "Not Ok": name part/);
  });
  it('bounds annotations as a whole', () => {
    expect(problemsOf({ name: 'a', namespace: 'n', annotations: { a: 'x'.repeat(300_000) } })).toEqual([
      'metadata.annotations: Too long: may not be more than 262144 bytes',
    ]);
  });

  it('wants owners to be named in full, and one controller at most', () => {
    const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'a', uid: 'u' };
    const of = (...ownerReferences: readonly object[]) =>
      problemsOf({ name: 'app', namespace: 'shop', ownerReferences: ownerReferences as (typeof owner)[] });
    expect(of(owner, { ...owner, controller: true })).toEqual([]);
    expect(of({ ...owner, kind: '', uid: '' })).toEqual([
      'metadata.ownerReferences[0].kind: Required value: must not be empty',
      'metadata.ownerReferences[0].uid: Required value: must not be empty',
    ]);
    const [twice] = of({ ...owner, controller: true }, { ...owner, name: 'b', controller: true });
    expect(twice).toContain('Found "true" in references for a and b');
  });

  it('wants finalizers to be standard ones or to have a domain', () => {
    const of = (...finalizers: readonly string[]) =>
      problemsOf({ name: 'app', namespace: 'shop', finalizers: [...finalizers] }).map(
        (problem) => problem.split(':')[0],
      );
    expect(of('example.com/hold', 'orphan', 'kubernetes')).toEqual([]);
    expect(of('hold', 'a b')).toEqual(['metadata.finalizers[0]', 'metadata.finalizers[1]']);
    expect(of('orphan', 'foregroundDeletion')).toEqual(['metadata.finalizers']);
  });
});
