import { describe, expect, it } from 'vitest';
import { aRestContext } from '../../../test/fakes/rest-context.ts';
import type { ConfigMap } from '../../api/core.ts';
import { formatFieldError } from '../../api/field-error.ts';
import { configMapStrategy } from './config-map.ts';

const context = aRestContext();

const aConfigMap = (parts: Omit<ConfigMap, 'apiVersion' | 'kind' | 'metadata'> = {}): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'c', namespace: 'ns' },
  ...parts,
});

describe('validating a ConfigMap', () => {
  it('refuses a key that is text and bytes at once', async () => {
    const errors = await configMapStrategy.validate?.(
      aConfigMap({ data: { a: 'x' }, binaryData: { a: 'eA==' } }),
      context,
    );
    expect(errors?.map(formatFieldError)).toEqual([
      'data[a]: Invalid value: "a": duplicate of key present in binaryData',
    ]);
  });

  it('takes keys that every object of the language has for keys like any other', async () => {
    const data = { constructor: 'x', toString: 'y' } as unknown as Record<string, string>;
    expect(await configMapStrategy.validate?.(aConfigMap({ data }), context)).toEqual([]);
  });

  it('counts text by its bytes against the limit', async () => {
    const errors = await configMapStrategy.validate?.(
      aConfigMap({ data: { a: 'ü'.repeat(512 * 1024 + 1) } }),
      context,
    );
    expect(errors?.map(formatFieldError)).toEqual(['[]: Too long: may not be more than 1048576 bytes']);
  });

  it('keeps an immutable map as it is', async () => {
    const old = aConfigMap({ immutable: true, data: { a: 'x' }, binaryData: { b: 'eA==' } });
    const next = aConfigMap({ immutable: true, data: { a: 'x' } });
    const errors = await configMapStrategy.validateUpdate?.(next, old, context);
    expect(errors?.map(formatFieldError)).toEqual([
      'binaryData: Forbidden: field is immutable when `immutable` is set',
    ]);
  });
});

describe('storing a ConfigMap', () => {
  it('leaves out maps of which nothing is in, as Go does, and keeps the others', () => {
    expect(configMapStrategy.applyDefaults?.(aConfigMap({ data: {}, binaryData: {} }))).toEqual(aConfigMap());
    const filled = aConfigMap({ data: { a: '' } });
    expect(configMapStrategy.applyDefaults?.({ ...filled, binaryData: {} })).toEqual(filled);
  });
});

describe('printing a ConfigMap', () => {
  it('counts text and bytes together', () => {
    const cells = configMapStrategy.columns.map((column) =>
      column.cell(aConfigMap({ data: { a: 'x' }, binaryData: { b: 'eA==' } }), 0),
    );
    expect(cells).toEqual(['c', 2, '<unknown>']);
  });
});
