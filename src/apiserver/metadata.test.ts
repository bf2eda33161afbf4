import { describe, expect, it } from 'vitest';
import { generateName, metadataForCreate, metadataForUpdate } from './metadata.ts';

describe('generateName', () => {
  it('appends five letters that make no word', () => {
    expect(generateName('a-')).toMatch(/^a-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
  });
  it('keeps within the length of a DNS label', () => {
    expect(generateName('a'.repeat(80))).toHaveLength(63);
  });
});

describe('metadataForCreate', () => {
  const object = (metadata: object) => ({
    apiVersion: 'v1',
    kind: 'K',
    metadata: metadata as { name: string },
  });

  it('drops what only the server decides', () => {
    const exported = {
      name: 'a',
      namespace: 'other',
      uid: 'u',
      resourceVersion: '9',
      generation: 4,
      creationTimestamp: '2026-01-01T00:00:00Z',
      deletionTimestamp: '2026-01-01T00:00:00Z',
      labels: { a: 'b' },
    };
    expect(metadataForCreate(object(exported), 'here')).toEqual({
      name: 'a',
      namespace: 'here',
      labels: { a: 'b' },
    });
  });

  it('prefers a given name to a generated one', () => {
    expect(metadataForCreate(object({ name: 'a', generateName: 'b-' }), '').name).toBe('a');
    expect(metadataForCreate(object({ generateName: 'b-' }), '', () => 0).name).toBe('b-bbbbb');
  });
});

describe('metadataForUpdate', () => {
  const old = {
    name: 'a',
    uid: 'u',
    resourceVersion: '1',
    generation: 3,
    creationTimestamp: '2026-01-01T00:00:00Z',
  };
  it('keeps what only the server decides', () => {
    const next = { name: 'a', uid: 'x', generation: 9, deletionTimestamp: '2026-01-01T00:00:00Z' };
    expect(metadataForUpdate(next, old)).toEqual({
      name: 'a',
      uid: 'u',
      generation: 3,
      creationTimestamp: '2026-01-01T00:00:00Z',
    });
  });
});
