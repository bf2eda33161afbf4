import { describe, expect, it } from 'vitest';
import { applyImageStreamDefaults } from '../defaults.ts';
import { formatFieldError } from '../field-error.ts';
import type { ImageStream, ImageStreamSpec, TagReference } from '../image-stream.ts';
import { validateImageStream, validateImageStreamStatusUpdate } from './image-stream.ts';

const stream = (spec: ImageStreamSpec, more: Partial<ImageStream> = {}): ImageStream =>
  applyImageStreamDefaults({
    apiVersion: 'image.openshift.io/v1',
    kind: 'ImageStream',
    metadata: { name: 's', namespace: 'n' },
    spec,
    ...more,
  });
const problemsOf = (given: ImageStream) => validateImageStream(given).map(formatFieldError);
const tag = (more: Partial<TagReference>): ImageStreamSpec => ({ tags: [{ name: 'a', ...more }] });
const image = (name: string) => ({ from: { kind: 'DockerImage', name } });

describe('validateImageStream', () => {
  // golden/validation: what the original answered, without the causes that come from resolving tags.
  const rows: readonly {
    readonly name: string;
    readonly spec: ImageStreamSpec;
    readonly problems: readonly string[];
  }[] = [
    {
      name: 'badkind',
      spec: tag({ from: { kind: 'Foo', name: 'x' } }),
      problems: [
        "spec.tags[a].from.kind: Required value: valid values are 'DockerImage', 'ImageStreamImage', 'ImageStreamTag'",
      ],
    },
    {
      name: 'badref',
      spec: tag(image('!!!')),
      problems: ['spec.tags[a].from.name: Invalid value: "!!!": invalid reference format'],
    },
    { name: 'emptyfrom', spec: tag(image('')), problems: ['spec.tags[a].from.name: Required value'] },
    { name: 'badtag', spec: { tags: [{ name: 'a/b', ...image('127.0.0.1:5005/x:y') }] }, problems: [] },
    {
      name: 'badpol',
      spec: tag({ ...image('127.0.0.1:5005/x:y'), referencePolicy: { type: 'Weird' } }),
      problems: [
        'spec.tags[a].referencePolicy.type: Invalid value: "Weird": valid values are "Source", "Local"',
      ],
    },
    {
      name: 'badmode',
      spec: tag({ ...image('127.0.0.1:5005/x:y'), importPolicy: { importMode: 'Weird' } }),
      problems: [
        "spec.tags[a].importPolicy.importMode: Invalid value: \"Weird\": invalid import mode, valid modes are '', 'Legacy', 'PreserveOriginal'",
      ],
    },
    {
      name: 'schedist',
      spec: tag({ from: { kind: 'ImageStreamTag', name: 'b:c' }, importPolicy: { scheduled: true } }),
      problems: [
        'spec.tags[a].importPolicy.scheduled: Invalid value: true: only tags pointing to Docker repositories may be scheduled for background import',
      ],
    },
    {
      name: 'scheddigest',
      spec: tag({
        ...image(`127.0.0.1:5005/demo/app@sha256:${'a'.repeat(64)}`),
        importPolicy: { scheduled: true },
      }),
      problems: [],
    },
    { name: 'emptyname', spec: { tags: [{ name: '', ...image('127.0.0.1:5005/x:y') }] }, problems: [] },
    {
      name: 'badrepo',
      spec: { dockerImageRepository: '!!!' },
      problems: ['spec.dockerImageRepository: Invalid value: "!!!": invalid reference format'],
    },
    { name: 'nofrom', spec: tag({}), problems: [] },
  ];
  for (const { name, spec, problems } of rows) {
    it(`answers ${name} as the original did`, () => {
      expect(problemsOf(stream(spec))).toEqual(problems);
    });
  }

  it('answers Bad_Name as the original did', () => {
    expect(problemsOf(stream({}, { metadata: { name: 'Bad_Name', namespace: 'n' } }))).toEqual([
      'metadata.name: Invalid value: "Bad_Name": must match "[a-z0-9]+(?:[._-][a-z0-9]+)*"',
    ]);
  });

  it('refuses a repository with tag or digest', () => {
    expect(problemsOf(stream({ dockerImageRepository: 'a/b:tag' }))).toEqual([
      'spec.dockerImageRepository: Invalid value: "a/b:tag": the repository name may not contain a tag',
    ]);
    expect(problemsOf(stream({ dockerImageRepository: `a/b@sha256:${'a'.repeat(64)}` }))[0]).toContain(
      'the repository name may not contain an ID',
    );
  });

  it('wants namespace and name to make a repository', () => {
    const name = 'b'.repeat(192);
    expect(problemsOf(stream({}, { metadata: { name, namespace: 'a'.repeat(63) } }))).toEqual([
      `metadata.name: Invalid value: "${name}": 'namespace/name' cannot be longer than 255 characters`,
    ]);
    expect(problemsOf(stream({}, { metadata: { name: name.slice(1), namespace: 'a'.repeat(63) } }))).toEqual(
      [],
    );
  });

  const item = (dockerImageReference: string) => ({
    created: null,
    dockerImageReference,
    image: '',
    generation: 1,
  });
  it('looks at every reference of the history', () => {
    const status = { tags: [{ tag: 't', items: [item(''), item('foo/bar:latest'), item('!')] }] };
    expect(problemsOf(stream({}, { status }))).toEqual([
      'status.tags[t].items[0].dockerImageReference: Required value',
      'status.tags[t].items[2].dockerImageReference: Invalid value: "!": invalid reference format',
    ]);
  });

  it('refuses an annotation for rollbacks that cannot be read', () => {
    const annotated = (text: string) => {
      const valid = stream({});
      const annotations = { 'imagestreams.dev/rollbacks': text };
      return problemsOf({ ...valid, metadata: { ...valid.metadata, annotations } });
    };
    expect(annotated('{"v1":{"revision":1,"image":"sha256:a"}}')).toEqual([]);
    expect(annotated('{"v1":1}')).toEqual([
      expect.stringMatching(
        /^metadata\.annotations\[imagestreams\.dev\/rollbacks\]: Invalid value: .*must be/,
      ),
    ]);
  });

  it('refuses a spec that leaves no room for the status of its tags', () => {
    const tags = Array.from({ length: 2_500 }, (_, n) => ({
      name: `t${n}`,
      ...image(`r.example/app:t${n}`),
    }));
    expect(problemsOf(stream({ tags: tags.slice(0, 1_000) }))).toEqual([]);
    expect(problemsOf(stream({ tags }))).toEqual([
      expect.stringMatching(/^spec\.tags: Too long: .* use fewer tags$/),
    ]);
  });

  describe('for a status update', () => {
    it('looks at new references only', () => {
      const old = stream({}, { status: { tags: [{ tag: 't', items: [item('!old')] }] } });
      const next = stream({}, { status: { tags: [{ tag: 't', items: [item('!new'), item('!old')] }] } });
      expect(validateImageStreamStatusUpdate(next, old).map(formatFieldError)).toEqual([
        'status.tags[t].items[0].dockerImageReference: Invalid value: "!new": invalid reference format',
      ]);
    });
  });
});
