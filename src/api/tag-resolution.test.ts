import { describe, expect, it } from 'vitest';
import { formatFieldError } from './field-error.ts';
import type { ImageStream, ImageStreamStatus, TagReference } from './image-stream.ts';
import { isTagPending } from './pending.ts';
import { addTagEvent, findTag, latestTagEvent } from './tag-history.ts';
import {
  foldTagErrors,
  hasTagChanged,
  type ResolutionContext,
  requiredSources,
  resolveTags,
  sourceKey,
} from './tag-resolution.ts';

const now = '2026-08-08T00:00:00Z';
const then = '2026-08-01T00:00:00Z';
const digest = (letters: string): string => `sha256:${letters.padEnd(64, '0')}`;
const history = (tag: string, letters: string, repository = 'r.example/app', base: ImageStreamStatus = {}) =>
  addTagEvent(base, tag, {
    created: then,
    dockerImageReference: `${repository}@${digest(letters)}`,
    image: digest(letters),
    generation: 1,
    sourceDigest: digest('f'),
    cause: { type: 'Schedule' },
  });
const stream = (
  name: string,
  tags: readonly TagReference[],
  status: ImageStreamStatus = {},
): ImageStream => ({
  apiVersion: 'image.openshift.io/v1',
  kind: 'ImageStream',
  metadata: { name, namespace: 'n', generation: 5 },
  spec: { tags },
  status,
});
const tag = (kind: string, name: string, more: Partial<TagReference> = {}): TagReference => ({
  name: 'a',
  from: { kind, name },
  generation: 5,
  ...more,
});
const context = (...sources: readonly ImageStream[]): ResolutionContext => ({
  now,
  sources: new Map(
    sources.map((one) => [
      sourceKey({ namespace: one.metadata.namespace ?? '', name: one.metadata.name }),
      one,
    ]),
  ),
});
const resolve = (one: TagReference, given: ResolutionContext = context(), status: ImageStreamStatus = {}) => {
  const { stream: resolved, errors } = resolveTags(stream('s', [one], status), undefined, given);
  return { resolved, event: latestTagEvent(resolved.status, 'a'), errors: errors.map(formatFieldError) };
};

describe('resolveTags', () => {
  it('leaves container images to the import', () => {
    expect(resolve(tag('DockerImage', 'r.example/app:v1'))).toMatchObject({ event: undefined, errors: [] });
    expect(resolve({ name: 'a' })).toMatchObject({ event: undefined, errors: [] });
  });

  it('takes a reference as it is written', () => {
    const one = tag('DockerImage', '127.0.0.1:5005/demo/app:v2', { reference: true });
    const { resolved, event } = resolve(one);
    expect(event).toEqual({
      created: now,
      dockerImageReference: '127.0.0.1:5005/demo/app:v2',
      image: '',
      generation: 5,
      revision: 1,
      cause: { type: 'Spec' },
    });
    expect(isTagPending(resolved, one)).toBe(false);
  });

  const other = stream('b', [], history('c', 'abc', 'r.example/other'));
  it('refuses a container image that is said to be in another namespace', () => {
    const elsewhere = tag('DockerImage', 'r.example/app:v1', {
      from: { kind: 'DockerImage', name: 'r.example/app:v1', namespace: 'other' },
    });
    expect(resolve(elsewhere).errors).toEqual([
      'spec.tags[a].from.name: Invalid value: "r.example/app:v1": must be of the form <tag>, <repo>:<tag>, <id>, or <repo>@<id>',
    ]);
    const here = { ...elsewhere, from: { ...elsewhere.from, namespace: 'n' } };
    expect(resolve(here).errors).toEqual([]);
  });
  it('copies the image that a tag of another stream has, with its time', () => {
    expect(resolve(tag('ImageStreamTag', 'b:c'), context(other)).event).toEqual({
      created: then,
      dockerImageReference: `r.example/other@${digest('abc')}`,
      image: digest('abc'),
      generation: 5,
      sourceDigest: digest('f'),
      revision: 1,
      cause: { type: 'Tag', by: 'b:c' },
    });
  });

  it('finds streams of other namespaces, and names them', () => {
    const far = { ...other, metadata: { name: 'b', namespace: 'm' } };
    const one = tag('', '', { from: { kind: 'ImageStreamTag', name: 'b:c', namespace: 'm' } });
    expect(resolve(one, context(far)).event?.cause).toEqual({ type: 'Tag', by: 'm/b:c' });
  });

  it('waits for nothing where the source tag has no image', () => {
    expect(resolve(tag('ImageStreamTag', 'b:none'), context(other))).toMatchObject({
      event: undefined,
      errors: [],
    });
  });

  for (const id of [digest('abc'), 'sha256:abc', 'abc00']) {
    it(`copies an image by ${id.slice(0, 16)}, as of now`, () => {
      expect(resolve(tag('ImageStreamImage', `b@${id}`), context(other)).event).toMatchObject({
        created: now,
        image: digest('abc'),
        generation: 5,
      });
    });
  }

  it('follows tags of its own stream at once, chains too', () => {
    const tags = [
      tag('ImageStreamTag', 'b', { name: 'a' }),
      tag('ImageStreamTag', 's:c', { name: 'b' }),
      tag('DockerImage', 'r.example/x:1', { name: 'c', reference: true }),
    ];
    const { stream: resolved } = resolveTags(stream('s', tags), undefined, context());
    expect(latestTagEvent(resolved.status, 'a')?.dockerImageReference).toBe('r.example/x:1');
    expect(findTag(resolved.status, 'a')?.items).toHaveLength(1);
  });

  // golden/validation: badkind, emptyfrom, schedist, istagcross, isimagebad.
  it.each([
    [
      'badkind',
      tag('Foo', 'x'),
      'spec.tags[a].from.name: Invalid value: "x": must be of the form <tag>, <repo>:<tag>, <id>, or <repo>@<id>',
    ],
    [
      'emptyfrom',
      tag('DockerImage', ''),
      'spec.tags[a].from.name: Invalid value: "": must be of the form <tag>, <repo>:<tag>, <id>, or <repo>@<id>',
    ],
    ['schedist', tag('ImageStreamTag', 'b:c'), 'spec.tags[a].from.name: Not found: "b:c"'],
    [
      'isimagebad',
      tag('ImageStreamImage', 'b:c'),
      'spec.tags[a].from.name: Invalid value: "b:c": error generating tag event: imagestreamimage.image.openshift.io "b:c" not found',
    ],
    [
      'two colons',
      tag('ImageStreamTag', 'a:b:c'),
      'spec.tags[a].from.name: Invalid value: "a:b:c": must be of the form <tag>, <repo>:<tag>, <id>, or <repo>@<id>',
    ],
    [
      'a prototype',
      tag('constructor', 'x'),
      'spec.tags[a].from.name: Invalid value: "x": must be of the form <tag>, <repo>:<tag>, <id>, or <repo>@<id>',
    ],
  ])('says what is wrong with %s', (_, one, message) => {
    expect(resolve(one)).toMatchObject({ event: undefined, errors: [message] });
  });

  it('refuses the start of a digest that fits two images', () => {
    const two = stream('b', [], history('d', 'abd', 'r.example/other', other.status));
    const one = tag('ImageStreamImage', 'b@sha256:ab');
    expect(resolve(one, context(two)).errors).toEqual([
      'spec.tags[a].from.name: Invalid value: "b@sha256:ab": error generating tag event: Operation cannot be fulfilled on ' +
        `imagestreamimage.image.openshift.io "sha256:ab": multiple images match the prefix "sha256:ab": ${digest('abc')}, ${digest('abd')}`,
    ]);
  });

  it('lets pulls of what was pushed into the source go through the stream itself', () => {
    const pushed = stream('b', [], history('c', 'abc', 'registry.svc:5000/n/b'));
    const given: ResolutionContext = { ...context(pushed), internalRegistry: 'registry.svc:5000' };
    const referenceOf = (one: TagReference, of = given) => resolve(one, of).event?.dockerImageReference;
    expect(referenceOf(tag('ImageStreamTag', 'b:c'))).toBe(`registry.svc:5000/n/s@${digest('abc')}`);
    expect(referenceOf(tag('ImageStreamTag', 'b:c', { reference: true }))).toBe(
      `registry.svc:5000/n/b@${digest('abc')}`,
    );
    expect(referenceOf(tag('ImageStreamTag', 'b:c'), context(pushed))).toBe(
      `registry.svc:5000/n/b@${digest('abc')}`,
    );
  });

  it('looks at new and changed tags alone', () => {
    const before = resolve(tag('ImageStreamTag', 'b:c'), context(other)).resolved;
    const moved = stream('b', [], history('c', 'bcd', 'r.example/other', other.status));
    expect(resolveTags(before, before, context(moved)).stream).toEqual(before);
    const changed = { ...before, spec: { tags: [tag('ImageStreamTag', 'b:c', { reference: true })] } };
    const { stream: next } = resolveTags(changed, before, context(moved));
    expect(findTag(next.status, 'a')?.items?.map(({ image }) => image)).toEqual([
      digest('bcd'),
      digest('abc'),
    ]);
  });
});

describe('requiredSources', () => {
  it('names other streams of tags that are new or changed, once each', () => {
    const tags = [
      tag('ImageStreamTag', 'b:c', { name: 'a1' }),
      tag('ImageStreamImage', 'b@abc', { name: 'a2' }),
      tag('ImageStreamTag', 's:c', { name: 'a3' }),
      tag('ImageStreamTag', 'c', { name: 'a4' }),
      tag('DockerImage', 'x/y:z', { name: 'a5', reference: true }),
      { name: 'a6', from: { kind: 'ImageStreamTag', name: 's:c', namespace: 'm' } },
    ];
    const next = stream('s', tags);
    expect(requiredSources(next, undefined)).toEqual([
      { namespace: 'n', name: 'b' },
      { namespace: 'm', name: 's' },
    ]);
    expect(requiredSources(next, next)).toEqual([]);
  });
});

describe('hasTagChanged', () => {
  const old = tag('DockerImage', 'x/y:z', { importPolicy: { importMode: 'Legacy' } });
  it.each([
    ['another name', { from: { kind: 'DockerImage', name: 'x/y:w' } }, true],
    ['another namespace', { from: { kind: 'DockerImage', name: 'x/y:z', namespace: 'm' } }, true],
    [
      'its own namespace spelled out',
      { from: { kind: 'DockerImage', name: 'x/y:z', namespace: 'n' } },
      false,
    ],
    ['reference', { reference: true }, true],
    ['another mode', { importPolicy: { importMode: 'PreserveOriginal' } }, true],
    ['no mode', { importPolicy: {} }, false],
    ['generation 0', { generation: 0 }, true],
    ['another generation', { generation: 4 }, false],
    ['another kind alone', { from: { kind: 'ImageStreamTag', name: 'x/y:z' } }, false],
    ['scheduled', { importPolicy: { scheduled: true } }, false],
    ['an empty source', { from: {} }, false],
  ])('for %s is %s', (_, more: Partial<TagReference>, expected) => {
    expect(hasTagChanged(old, { ...old, ...more }, 'n')).toBe(expected);
  });
});

describe('foldTagErrors', () => {
  // golden/validation, `istagcross`.
  it('makes one cause of all errors, in the words of the original', () => {
    const error = {
      type: 'FieldValueNotFound',
      path: 'spec.tags[a].from.name',
      message: 'Not found: "b:c"',
    } as const;
    expect(foldTagErrors('istagcross', [error]).map(formatFieldError)).toEqual([
      '[]: Internal error: imagestreams "istagcross" is invalid: spec.tags[a].from.name: Not found: "b:c"',
    ]);
    expect(foldTagErrors('s', [])).toEqual([]);
  });
});
