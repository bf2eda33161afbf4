import { describe, expect, it } from 'vitest';
import { formatFieldError } from '../field-error.ts';
import type { ImageStreamGrant } from '../image-stream-grant.ts';
import { validateImageStreamGrant } from './image-stream-grant.ts';

const problemsOf = (spec: ImageStreamGrant['spec']): readonly string[] =>
  validateImageStreamGrant({
    apiVersion: 'imagestreams.dev/v1',
    kind: 'ImageStreamGrant',
    metadata: { name: 'shared', namespace: 'openshift' },
    spec,
  }).map(formatFieldError);

describe('validateImageStreamGrant', () => {
  it.each<ImageStreamGrant['spec']>([
    { from: [{ namespace: '*' }] },
    { from: [{ namespace: 'dev' }, { namespace: 'prod' }], to: [{ name: 'web' }, { name: 'a_b' }] },
  ])('takes %j', (spec) => {
    expect(problemsOf(spec)).toEqual([]);
  });

  it('refuses a grant to nobody', () => {
    expect(problemsOf({ from: [] })).toEqual([
      'spec.from: Required value: name at least one namespace, or * for every one',
    ]);
  });

  it('refuses what is no namespace and no stream, and what is said twice', () => {
    const problems = problemsOf({
      from: [{ namespace: 'dev-*' }, { namespace: 'dev' }, { namespace: 'dev' }],
      to: [{ name: 'Web' }],
    });
    expect(problems).toEqual([
      expect.stringMatching(
        /^spec\.from\[0\]\.namespace: Invalid value: "dev-\*": a lowercase RFC 1123 label/,
      ),
      'spec.from[2].namespace: Duplicate value: "dev"',
      expect.stringMatching(/^spec\.to\[0\]\.name: Invalid value: "Web"/),
    ]);
  });
});
