import type { ImageStream } from '../../../src/api/image-stream.ts';

/** Where the streams are. */
export const collection = '/apis/image.openshift.io/v1/namespaces/default/imagestreams';

export const nameOf = (index: number): string => `stream-${index}`;

/** A stream with tags that nobody imports. */
export const streamOf = (index: number): ImageStream => ({
  apiVersion: 'image.openshift.io/v1',
  kind: 'ImageStream',
  metadata: { namespace: 'default', name: nameOf(index), annotations: { counter: '0' } },
  spec: {
    tags: ['v1', 'v2', 'v3'].map((name) => ({
      name,
      annotations: null,
      generation: 1,
      from: { kind: 'DockerImage', name: `registry.example.com/team/app-${index}:${name}` },
      reference: true,
    })),
  },
});
