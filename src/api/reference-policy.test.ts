import { describe, expect, it } from 'vitest';
import type { ImageStream, TagEvent } from './image-stream.ts';
import { resolveReference } from './reference-policy.ts';

const image = `sha256:${'a'.repeat(64)}`;
const event: TagEvent = {
  created: null,
  dockerImageReference: `r.example/a/b@${image}`,
  image,
  generation: 1,
};
const stream = (type: string | undefined, dockerImageRepository: string): ImageStream => ({
  apiVersion: 'image.openshift.io/v1',
  kind: 'ImageStream',
  metadata: { name: 's', namespace: 'n' },
  spec: { tags: [{ name: 't', ...(type === undefined ? {} : { referencePolicy: { type } }) }] },
  status: { dockerImageRepository, tags: [{ tag: 't', items: [event] }] },
});

describe('resolveReference', () => {
  const internal = 'image-registry.svc:5000/n/s';
  const rows = [
    {
      name: 'the source by default',
      type: undefined,
      repository: internal,
      expected: `r.example/a/b@${image}`,
    },
    {
      name: 'the source with Source',
      type: 'Source',
      repository: internal,
      expected: `r.example/a/b@${image}`,
    },
    { name: 'the stream with Local', type: 'Local', repository: internal, expected: `${internal}@${image}` },
    {
      name: 'the source with Local and no registry',
      type: 'Local',
      repository: '',
      expected: `r.example/a/b@${image}`,
    },
    {
      name: 'the source where the repository does not parse',
      type: 'Local',
      repository: '!',
      expected: `r.example/a/b@${image}`,
    },
  ];
  for (const { name, type, repository, expected } of rows) {
    it(`is ${name}`, () => {
      expect(resolveReference(stream(type, repository), 't', event)).toBe(expected);
    });
  }
  it('is the source for a tag without spec and for one without image', () => {
    expect(resolveReference(stream('Local', internal), 'pushed', event)).toBe(`r.example/a/b@${image}`);
    const reference = { ...event, image: '', dockerImageReference: 'r.example/a/b:1' };
    expect(resolveReference(stream('Local', internal), 't', reference)).toBe('r.example/a/b:1');
  });
});
