import { describe, expect, it } from 'vitest';
import type { ImageTag } from '../../api/image-stream-tag.ts';
import { imageTagColumns } from './image-tag-columns.ts';

const now = Date.parse('2026-11-23T09:00:00Z');
const twoDaysAgo = '2026-11-21T09:00:00Z';
const twoHoursAgo = '2026-11-23T07:00:00Z';

const cellsOf = (parts: Pick<ImageTag, 'spec' | 'status'>): readonly unknown[] =>
  imageTagColumns.map((column) =>
    column.cell(
      { apiVersion: 'image.openshift.io/v1', kind: 'ImageTag', metadata: { name: 'a:b' }, ...parts },
      now,
    ),
  );

const event = (image: string, generation: number, dockerImageReference = '') => ({
  created: twoDaysAgo,
  dockerImageReference,
  image,
  generation,
});
const failed = {
  type: 'ImportSuccess',
  status: 'False',
  reason: 'NotFound',
  lastTransitionTime: twoHoursAgo,
  generation: 2,
} as const;
const docker = { kind: 'DockerImage', name: 'r/x:1' };

describe('imageTagColumns', () => {
  const rows: readonly {
    readonly name: string;
    readonly tag: Pick<ImageTag, 'spec' | 'status'>;
    readonly cells: readonly unknown[];
  }[] = [
    { name: 'nothing at all', tag: { spec: null, status: null }, cells: ['', '', null, ''] },
    { name: 'a tag fed by pushes alone', tag: { spec: { name: 'b' } }, cells: ['', '', null, ''] },
    {
      name: 'an unknown kind of source',
      tag: { spec: { name: 'b', from: {} } },
      cells: ['Tag', 'InvalidRefKind', null, ''],
    },
    {
      name: 'a reference',
      tag: { spec: { name: 'b', from: docker, reference: true } },
      cells: ['Ref', 'r/x:1', null, ''],
    },
    {
      name: "another stream's tag",
      tag: { spec: { name: 'b', from: { kind: 'ImageStreamTag', name: 'c:d' } } },
      cells: ['Tag', 'istag/c:d', null, ''],
    },
    {
      name: 'an image without its stream',
      tag: { spec: { name: 'b', from: { kind: 'ImageStreamImage', name: 'sha256:1' } } },
      cells: ['Tag', 'InvalidRefName', null, ''],
    },
    {
      name: 'a tag of another namespace, scheduled',
      tag: {
        spec: {
          name: 'b',
          importPolicy: { scheduled: true },
          from: { kind: 'ImageStreamTag', name: 'c:d', namespace: 'ns' },
        },
      },
      cells: ['Scheduled', 'istag ns/c:d', null, ''],
    },
    {
      name: 'an image of a stream',
      tag: { spec: { name: 'b', from: { kind: 'ImageStreamImage', name: 'c@sha256:1' } } },
      cells: ['Tag', 'image/sha256:1', null, ''],
    },
    {
      name: 'a failed import',
      tag: { spec: { name: 'b', from: docker, generation: 2 }, status: { tag: 'b', conditions: [failed] } },
      cells: ['Tag', 'ImportFailed (NotFound)', null, '2 hours ago'],
    },
    {
      name: 'a failed refresh of a good image',
      tag: {
        spec: { name: 'b', from: docker, generation: 2 },
        status: { tag: 'b', items: [event('sha256:1', 2)], conditions: [failed] },
      },
      cells: ['Tag', 'ImportFailed (NotFound)', 1, '2 hours ago'],
    },
    {
      name: 'an import that is asked for',
      tag: {
        spec: { name: 'b', from: docker, generation: 2 },
        status: { tag: 'b', items: [event('sha256:1', 1)] },
      },
      cells: ['Tag', 'Importing', 1, '2 days ago'],
    },
    {
      name: 'an imported tag with a history',
      tag: {
        spec: { name: 'b', from: docker, generation: 2 },
        status: { tag: 'b', items: [event('sha256:2', 2), event('sha256:1', 1)] },
      },
      cells: ['Tag', 'image/sha256:2', 2, '2 days ago'],
    },
    {
      name: 'a tag without a spec',
      tag: { spec: null, status: { tag: 'b', items: [event('', 2, 'r/x:1')] } },
      cells: ['Push', 'r/x:1', 1, '2 days ago'],
    },
    {
      name: 'a tag pushed over its spec',
      tag: {
        spec: { name: 'b', from: docker, generation: 3 },
        status: { tag: 'b', items: [event('sha256:2', 4)] },
      },
      cells: ['Push', 'image/sha256:2', 1, '2 days ago'],
    },
    {
      name: 'a tag of the same stream, followed',
      tag: {
        spec: { name: 'b', from: { kind: 'ImageStreamTag', name: 'other' }, generation: 1 },
        status: { tag: 'b', items: [event('sha256:2', 2)] },
      },
      cells: ['Track', 'image/sha256:2', 1, '2 days ago'],
    },
  ];
  for (const { name, tag, cells } of rows) {
    it(`describes ${name}`, () => {
      expect(cellsOf(tag)).toEqual(['a:b', ...cells]);
    });
  }
});
