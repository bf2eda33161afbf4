import { describe, expect, it } from 'vitest';
import { applyImageStreamImportDefaults } from '../defaults.ts';
import { formatFieldError } from '../field-error.ts';
import type { ImageStreamImport } from '../image-stream-import.ts';
import { validateImageStreamImport } from './image-stream-import.ts';

const problemsOf = (spec: NonNullable<ImageStreamImport['spec']>, name = 'app') =>
  validateImageStreamImport(
    applyImageStreamImportDefaults({
      apiVersion: 'image.openshift.io/v1',
      kind: 'ImageStreamImport',
      metadata: { name, namespace: 'g-import-api' },
      spec,
    }),
  ).map(formatFieldError);
const image = (name: string) => ({ from: { kind: 'DockerImage', name } });

describe('validateImageStreamImport', () => {
  // golden/import-api: badkind, badname, empty, emptyname, repo_with_tag.
  it('answers as the original did', () => {
    expect(problemsOf({ images: [{ from: { kind: 'ImageStreamTag', name: 'x:y' } }] })).toEqual([
      'spec.images[0].from.kind: Invalid value: "ImageStreamTag": only DockerImage is supported',
    ]);
    expect(problemsOf({ images: [image('!!bad')] })).toEqual([
      'spec.images[0].from.name: Invalid value: "!!bad": invalid reference format',
    ]);
    expect(problemsOf({ import: true })).toEqual([
      'spec.images: Invalid value: null: you must specify at least one image or a repository import',
    ]);
    expect(problemsOf({ images: [image('')] })).toEqual(['spec.images[0].from.name: Required value']);
    expect(problemsOf({ repository: image('127.0.0.1:5005/demo/app:v1') })).toEqual([
      'spec.repository.from.name: Invalid value: "127.0.0.1:5005/demo/app:v1": you must specify an image repository, not a tag or ID',
    ]);
  });
  it('accepts images and repositories', () => {
    expect(problemsOf({ images: [image('a/b:c'), image('*')], repository: image('r.example/a/b') })).toEqual(
      [],
    );
  });
  it('wants a target to have a name', () => {
    expect(problemsOf({ images: [{ ...image('a/b'), to: { name: '' } }] })).toEqual([
      'spec.images[0].to.name: Invalid value: "": the name of the target tag must be specified',
    ]);
  });
  it('wants a repository to have a name, and a known kind', () => {
    expect(problemsOf({ repository: image('') })).toEqual([
      'spec.repository.from.name: Required value: container image references require a name',
    ]);
    expect(problemsOf({ repository: { from: { name: 'a/b' } } })).toEqual([
      'spec.repository.from.kind: Invalid value: "": only DockerImage is supported',
    ]);
  });
  it('knows the import modes of images and of a repository', () => {
    const importPolicy = { importMode: 'Foo' as 'Legacy' };
    const spec = {
      images: [{ ...image('a/b:c'), importPolicy }],
      repository: { ...image('a/b'), importPolicy },
    };
    expect(problemsOf(spec)).toEqual(
      ['spec.images[0]', 'spec.repository'].map(
        (path) =>
          `${path}.importPolicy.importMode: Invalid value: "Foo": invalid import mode, valid modes are '', 'Legacy', 'PreserveOriginal'`,
      ),
    );
  });
  it('wants the name of a stream', () => {
    expect(problemsOf({ images: [image('a/b:c')] }, 'Bad')[0]).toMatch(
      /^metadata\.name: Invalid value: "Bad"/,
    );
  });
});
