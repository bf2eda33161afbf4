import { describe, expect, it } from 'vitest';
import { aRestContext } from '../../../test/fakes/rest-context.ts';
import { namespaceStrategy } from './namespace.ts';

const aNamespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'dev', labels: { team: 'a' } } };

describe('namespaceStrategy', () => {
  it('starts a namespace as Kubernetes does', () => {
    expect(namespaceStrategy.prepareForCreate?.(aNamespace, aRestContext())).toEqual({
      ...aNamespace,
      metadata: { name: 'dev', labels: { team: 'a', 'kubernetes.io/metadata.name': 'dev' } },
      spec: { finalizers: ['kubernetes'] },
      status: { phase: 'Active' },
    });
  });

  it('keeps the label of the name and the finalizers through updates', () => {
    const old = { ...aNamespace, spec: { finalizers: ['kubernetes'] } };
    expect(
      namespaceStrategy.prepareForUpdate?.({ ...aNamespace, spec: {} }, old, aRestContext()),
    ).toMatchObject({
      metadata: { labels: { 'kubernetes.io/metadata.name': 'dev' } },
      spec: { finalizers: ['kubernetes'] },
    });
  });
});
