import { describe, expect, it } from 'vitest';
import type { ImageStreamGrant } from './image-stream-grant.ts';
import { isReferencePermitted } from './reference-grants.ts';

const grant = (
  spec: ImageStreamGrant['spec'],
  metadata: Partial<ImageStreamGrant['metadata']> = {},
): ImageStreamGrant => ({
  apiVersion: 'imagestreams.dev/v1',
  kind: 'ImageStreamGrant',
  metadata: { name: 'shared', namespace: 'openshift', ...metadata },
  spec,
});
const php = { namespace: 'openshift', name: 'php' };

describe('isReferencePermitted', () => {
  it('refuses another namespace by default', () => {
    expect(isReferencePermitted([], 'dev', php)).toBe(false);
  });

  it('permits streams of the own namespace without a grant', () => {
    expect(isReferencePermitted([], 'openshift', php)).toBe(true);
  });

  it.each<ImageStreamGrant['spec']>([
    { from: [{ namespace: '*' }] },
    { from: [{ namespace: 'prod' }, { namespace: 'dev' }] },
    { from: [{ namespace: 'dev' }], to: [] },
    { from: [{ namespace: 'dev' }], to: [{ name: 'ruby' }, { name: 'php' }] },
  ])('permits by %j', (spec) => {
    expect(isReferencePermitted([grant(spec)], 'dev', php)).toBe(true);
  });

  it.each<ImageStreamGrant['spec']>([
    { from: [] },
    { from: [{ namespace: 'prod' }] },
    { from: [{ namespace: 'de' }] },
    { from: [{ namespace: '*' }], to: [{ name: 'ruby' }] },
  ])('does not permit by %j', (spec) => {
    expect(isReferencePermitted([grant(spec)], 'dev', php)).toBe(false);
  });

  it('lets nobody grant for a namespace that is not theirs', () => {
    const elsewhere = grant({ from: [{ namespace: '*' }] }, { namespace: 'dev' });
    expect(isReferencePermitted([elsewhere], 'dev', php)).toBe(false);
  });

  it('counts a grant that is being deleted no more', () => {
    const going = grant({ from: [{ namespace: '*' }] }, { deletionTimestamp: '2026-01-01T00:00:00Z' });
    expect(isReferencePermitted([going], 'dev', php)).toBe(false);
  });
});
