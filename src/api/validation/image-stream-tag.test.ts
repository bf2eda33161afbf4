import { describe, expect, it } from 'vitest';
import { formatFieldError } from '../field-error.ts';
import type { ImageStreamTag, ImageTag } from '../image-stream-tag.ts';
import { validateImageStreamTag, validateImageStreamTagUpdate } from './image-stream-tag.ts';
import { validateImageTag, validateImageTagUpdate } from './image-tag.ts';

const spec = {
  name: 'v1',
  from: { kind: 'DockerImage', name: 'r.example/app:v1' },
  referencePolicy: { type: 'Source' },
};
const common = { apiVersion: 'image.openshift.io/v1', metadata: { name: 'app:v1', namespace: 'n' } };
const streamTag = (more: Partial<ImageStreamTag> = {}): ImageStreamTag => ({
  ...common,
  kind: 'ImageStreamTag',
  tag: spec,
  ...more,
});
const imageTag = (more: Partial<ImageTag> = {}): ImageTag => ({ ...common, kind: 'ImageTag', spec, ...more });

describe('validateImageStreamTag', () => {
  it('accepts a tag, and one without spec', () => {
    expect(validateImageStreamTag(streamTag())).toEqual([]);
    expect(validateImageStreamTag(streamTag({ tag: null }))).toEqual([]);
  });
  it('looks at the spec tag', () => {
    expect(
      validateImageStreamTag(streamTag({ tag: { ...spec, from: { kind: 'DockerImage', name: '!' } } })).map(
        formatFieldError,
      ),
    ).toEqual(['tag.from.name: Invalid value: "!": invalid reference format']);
  });
  it('wants annotations in one place, or the same in both', () => {
    const annotated = (annotations: Record<string, string>) =>
      validateImageStreamTag(
        streamTag({
          tag: { ...spec, annotations },
          metadata: { ...common.metadata, annotations: { a: 'b' } },
        }),
      ).map(formatFieldError);
    expect(annotated({ a: 'b' })).toEqual([]);
    expect(annotated({})).toEqual([]);
    expect(annotated({ a: 'c' })).toEqual([
      'tag.annotations: Invalid value: "<map>": tag annotations must not be provided or must be equal to the object meta annotations',
    ]);
  });
});

describe('validateImageStreamTagUpdate', () => {
  it('lets the tag and annotations change', () => {
    const next = streamTag({
      tag: { ...spec, from: { kind: 'DockerImage', name: 'r.example/app:v2' } },
      metadata: { ...common.metadata, annotations: { a: 'b' } },
    });
    expect(validateImageStreamTagUpdate(next, streamTag())).toEqual([]);
  });
  it('says that the uid is another', () => {
    const of = (uid: string) => ({ metadata: { ...common.metadata, uid } });
    expect(
      validateImageStreamTagUpdate(streamTag(of('1')), streamTag(of('2'))).map(formatFieldError),
    ).toEqual([
      'metadata.uid: Invalid value: "1": field is immutable',
      'metadata: Invalid value: "": may not update fields other than metadata.annotations',
    ]);
    expect(validateImageTagUpdate(imageTag(of('1')), imageTag(of('2'))).map(formatFieldError)).toEqual([
      'metadata.uid: Invalid value: "1": field is immutable',
      'metadata: Invalid value: "": may not update fields other than spec',
    ]);
  });
  // golden/spec-edit: `oc label istag app:v1 l=v`.
  it('answers a label as the original did', () => {
    const next = streamTag({ metadata: { ...common.metadata, labels: { l: 'v' } } });
    expect(validateImageStreamTagUpdate(next, streamTag()).map(formatFieldError)).toEqual([
      'metadata: Invalid value: "": may not update fields other than metadata.annotations',
    ]);
  });
});

describe('validateImageTag', () => {
  it('wants a spec with the name of the tag', () => {
    expect(validateImageTag(imageTag())).toEqual([]);
    expect(validateImageTag(imageTag({ spec: null })).map(formatFieldError)).toEqual([
      'spec: Required value: spec is a required field during creation',
    ]);
    expect(validateImageTag(imageTag({ spec: { ...spec, name: 'v2' } })).map(formatFieldError)).toEqual([
      'spec.name: Invalid value: "v2": must match image tag name',
    ]);
  });
});

describe('validateImageTagUpdate', () => {
  it('lets only the spec change', () => {
    const from = { kind: 'DockerImage', name: 'r.example/app:v2' };
    expect(validateImageTagUpdate(imageTag({ spec: { ...spec, from } }), imageTag())).toEqual([]);
    expect(validateImageTagUpdate(imageTag({ spec: null }), imageTag())).toEqual([]);
    const labelled = imageTag({ metadata: { ...common.metadata, labels: { l: 'v' } } });
    expect(validateImageTagUpdate(labelled, imageTag()).map(formatFieldError)).toEqual([
      'metadata: Invalid value: "": may not update fields other than spec',
    ]);
    expect(
      validateImageTagUpdate(imageTag({ status: { tag: 'v1' } }), imageTag()).map(formatFieldError),
    ).toEqual(['status: Invalid value: "": may not update fields other than spec']);
  });
});
