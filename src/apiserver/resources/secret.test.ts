import { describe, expect, it } from 'vitest';
import { aRestContext } from '../../../test/fakes/rest-context.ts';
import type { Secret } from '../../api/core.ts';
import { formatFieldError } from '../../api/field-error.ts';
import { secretStrategy } from './secret.ts';

const context = aRestContext();

const aSecret = (parts: Omit<Secret, 'apiVersion' | 'kind' | 'metadata'> = {}): Secret => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 's', namespace: 'ns' },
  ...parts,
});

const base64 = (text: string): string => Buffer.from(text).toString('base64');

const problems = async (secret: Secret, old?: Secret): Promise<readonly string[]> => {
  const errors =
    old === undefined
      ? await secretStrategy.validate?.(secret, context)
      : await secretStrategy.validateUpdate?.(secret, old, context);
  return (errors ?? []).map(formatFieldError);
};

describe('preparing a Secret', () => {
  it('folds stringData into data, over what data held', () => {
    const secret = aSecret({ data: { a: base64('1'), b: base64('2') }, stringData: { b: 'ü', c: '3' } });
    expect(secretStrategy.prepareForCreate?.(secret, context)).toEqual(
      aSecret({ type: 'Opaque', data: { a: base64('1'), b: base64('ü'), c: base64('3') } }),
    );
  });

  it('keeps the type of the old secret where the new one names none', () => {
    const old = aSecret({ type: 'kubernetes.io/tls' });
    expect(secretStrategy.prepareForUpdate?.(aSecret(), old, context)).toEqual(old);
  });
});

describe('validating a Secret', () => {
  it('accepts docker credentials', async () => {
    const data = { '.dockerconfigjson': base64('{"auths":{}}') };
    expect(await problems(aSecret({ type: 'kubernetes.io/dockerconfigjson', data }))).toEqual([]);
  });

  it('knows no rules of a type that only every object of the language knows', async () => {
    for (const type of ['constructor', '__proto__', 'toString'])
      expect(await problems(aSecret({ type }))).toEqual([]);
  });

  it('demands the key of its type', async () => {
    expect(await problems(aSecret({ type: 'kubernetes.io/dockerconfigjson' }))).toEqual([
      'data[.dockerconfigjson]: Required value',
    ]);
  });

  it('never repeats the contents of docker credentials that are no JSON', async () => {
    const [problem = ''] = await problems(
      aSecret({ type: 'kubernetes.io/dockercfg', data: { '.dockercfg': base64('hunter2') } }),
    );
    expect(problem).toContain('data[.dockercfg]: Invalid value: "<secret contents redacted>"');
    expect(problem).not.toContain('hunter2');
  });

  it('refuses keys that cannot name a file and values that are no base64', async () => {
    const found = await problems(aSecret({ data: { 'a/b': '', '..': '', 'key.name': 'not base64' } }));
    expect(found.map((problem) => problem.split(':')[0])).toEqual([
      'data[a/b]',
      'data[..]',
      'data[key.name]',
    ]);
  });

  it('refuses more than a mebibyte', async () => {
    const data = { big: Buffer.alloc(1024 * 1024 + 1).toString('base64') };
    expect(await problems(aSecret({ data }))).toEqual(['data: Too long: may not be more than 1048576 bytes']);
  });

  it('refuses another type', async () => {
    expect(await problems(aSecret({ type: 'b' }), aSecret({ type: 'a' }))).toEqual([
      'type: Invalid value: "b": field is immutable',
    ]);
  });

  it('refuses to change an immutable secret or to make it mutable again', async () => {
    const old = aSecret({ immutable: true, data: { a: base64('1') } });
    expect(await problems(aSecret({ data: { a: base64('2') } }), old)).toEqual([
      'immutable: Forbidden: field is immutable when `immutable` is set',
      'data: Forbidden: field is immutable when `immutable` is set',
    ]);
    expect(await problems({ ...old, metadata: { ...old.metadata, labels: { a: 'b' } } }, old)).toEqual([]);
  });
});

describe('printing a Secret', () => {
  it('shows its type and how many values it has', () => {
    const now = Date.parse('2026-01-01T00:03:00Z');
    const secret = {
      ...aSecret({ type: 'Opaque', data: { a: '', b: '' } }),
      metadata: { name: 's', creationTimestamp: '2026-01-01T00:00:00Z' },
    };
    expect(secretStrategy.columns.map((column) => column.cell(secret, now))).toEqual([
      's',
      'Opaque',
      2,
      '3m',
    ]);
  });
});
