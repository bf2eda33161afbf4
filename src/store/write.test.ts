import { describe, expect, it } from 'vitest';
import { deployments, secrets } from '../api/core.ts';
import type { Resource } from '../api/resource.ts';
import type { StoredObject } from './object.ts';
import { planUpdate } from './write.ts';

const object = (annotations: Readonly<Record<string, string>>): StoredObject => ({
  apiVersion: 'v1',
  kind: 'Any',
  metadata: {
    name: 'a',
    namespace: 'team',
    uid: 'u',
    resourceVersion: '1',
    generation: 1,
    creationTimestamp: '2026-01-01T00:00:00Z',
    annotations,
  },
});

const generationAfter = (
  resource: Resource,
  annotations: Readonly<Record<string, string>>,
): number | undefined => {
  const context = { resource, key: { namespace: 'team', name: 'a' }, now: 0, revision: 2 };
  return planUpdate(context, object({ a: '1' }), object(annotations), 'all but status').object.metadata
    .generation;
};

describe('planUpdate', () => {
  it('counts changes of annotations for a Deployment, and for nothing else', () => {
    expect(generationAfter(deployments, { a: '2' })).toBe(2);
    expect(generationAfter(deployments, { a: '1' })).toBe(1);
    expect(generationAfter(secrets, { a: '2' })).toBe(1);
  });
});
