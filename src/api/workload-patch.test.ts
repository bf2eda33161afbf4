import { describe, expect, it } from 'vitest';
import { applyWorkloadPatch, type WorkloadPatch, workloadPatchBody } from './workload-patch.ts';

const object = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: 'web', annotations: { kept: 'x', removed: 'y' }, labels: { a: 'b' } },
  spec: {
    replicas: 2,
    template: {
      metadata: { labels: { a: 'b' } },
      spec: {
        initContainers: [{ name: 'web', image: 'i:1' }],
        containers: [
          { name: 'web', image: 'w:1', command: ['run'] },
          { name: 'side', image: 's:1' },
        ],
        nodeName: 'kept',
      },
    },
  },
};
const patch: WorkloadPatch = {
  annotations: { added: 'z', removed: null },
  podSpecPath: ['spec', 'template', 'spec'],
  images: [
    { list: 'containers', name: 'web', image: 'w:2' },
    { list: 'initContainers', name: 'web', image: 'i:2' },
  ],
};

describe('applyWorkloadPatch', () => {
  it('changes images and annotations and nothing else', () => {
    const { template } = object.spec;
    expect(applyWorkloadPatch(object, patch)).toEqual({
      ...object,
      metadata: { ...object.metadata, annotations: { kept: 'x', added: 'z' } },
      spec: {
        ...object.spec,
        template: {
          ...template,
          spec: {
            ...template.spec,
            initContainers: [{ name: 'web', image: 'i:2' }],
            containers: [
              { name: 'web', image: 'w:2', command: ['run'] },
              { name: 'side', image: 's:1' },
            ],
          },
        },
      },
    });
    expect(object.metadata.annotations).toHaveProperty('removed');
  });

  it('leaves an object without a pod spec as it is but for annotations', () => {
    const build = { apiVersion: 'x/v1', kind: 'Build', metadata: { name: 'b' } };
    expect(applyWorkloadPatch(build, { ...patch, annotations: { a: 'b' }, images: [] })).toEqual({
      ...build,
      metadata: { name: 'b', annotations: { a: 'b' } },
    });
  });
});

describe('workloadPatchBody', () => {
  it('is a strategic merge patch of one revision where it holds images', () => {
    expect(workloadPatchBody(patch, '7')).toEqual({
      contentType: 'application/strategic-merge-patch+json',
      body: {
        metadata: { resourceVersion: '7', annotations: { added: 'z', removed: null } },
        spec: {
          template: {
            spec: {
              containers: [{ name: 'web', image: 'w:2' }],
              initContainers: [{ name: 'web', image: 'i:2' }],
            },
          },
        },
      },
    });
  });

  it('is a merge patch, which custom resources take too, where it holds none', () => {
    expect(workloadPatchBody({ ...patch, images: [] }, '7')).toEqual({
      contentType: 'application/merge-patch+json',
      body: { metadata: { resourceVersion: '7', annotations: { added: 'z', removed: null } } },
    });
  });
});
