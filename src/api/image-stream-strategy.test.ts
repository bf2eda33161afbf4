import { describe, expect, it } from 'vitest';
import type { ImageStream, TagReference } from './image-stream.ts';
import {
  prepareImageStreamForCreate,
  prepareImageStreamForStatusUpdate,
  prepareImageStreamForUpdate,
  prepareInternalCreate,
  prepareInternalUpdate,
  type WriteContext,
} from './image-stream-strategy.ts';
import { addTagEvent, findTag, highestRevision, removeTag } from './tag-history.ts';

const now = '2026-08-08T00:00:00Z';
const context: WriteContext = { now, sources: new Map() };
const image = (name: string, more: Partial<TagReference> = {}): TagReference => ({
  name: name.split(':')[1] ?? 'latest',
  from: { kind: 'DockerImage', name: `127.0.0.1:5005/demo/${name}` },
  ...more,
});
const stream = (tags: readonly TagReference[], more: Partial<ImageStream> = {}): ImageStream => ({
  apiVersion: 'image.openshift.io/v1',
  kind: 'ImageStream',
  metadata: { name: 'app', namespace: 'n' },
  spec: { tags },
  ...more,
});
const created = (...tags: readonly TagReference[]) =>
  prepareImageStreamForCreate(stream(tags), context).stream;
const edit = (old: ImageStream, tags: readonly TagReference[]) =>
  prepareImageStreamForUpdate({ ...old, spec: { ...old.spec, tags } }, old, context).stream;
const generationsOf = ({ metadata, spec }: ImageStream) => ({
  stream: metadata.generation,
  ...Object.fromEntries((spec?.tags ?? []).map(({ name, generation }) => [name, generation])),
});
const tagOf = (of: ImageStream, name: string): TagReference =>
  of.spec?.tags?.find((tag) => tag.name === name) ?? { name };

describe('prepareImageStreamForCreate', () => {
  it('forgets a status that came along and counts from 1, whatever was exported', () => {
    const exported = stream([image('app:v1', { generation: 7 })], {
      metadata: { name: 'app', namespace: 'n', generation: 9 },
      status: addTagEvent({}, 'v1', { created: now, dockerImageReference: 'x', image: 'y', generation: 7 }),
    });
    const next = prepareImageStreamForCreate(exported, context).stream;
    expect(generationsOf(next)).toEqual({ stream: 1, v1: 1 });
    expect(next.status).toEqual({ dockerImageRepository: '' });
  });

  // golden/ocm-autoimport, first event: only the reference tag has a history.
  it('resolves references at once, and tags that follow them', () => {
    const next = created(image('app:v1'), image('app:edge', { name: 'ref', reference: true }), {
      name: 'alias',
      from: { kind: 'ImageStreamTag', name: 'ref' },
    });
    expect(
      next.status?.tags?.map(({ tag, items }) => [tag, items?.[0]?.generation, items?.[0]?.image]),
    ).toEqual([
      ['alias', 1, ''],
      ['ref', 1, ''],
    ]);
  });

  // golden/validation: selfref and cyc were created without a status.
  it('leaves tags that follow one another in a circle without status', () => {
    const follows = (name: string, source: string) => ({
      name,
      from: { kind: 'ImageStreamTag', name: source },
    });
    expect(created(follows('a', 'b'), follows('b', 'a'), follows('c', 'app:c')).status).toEqual({
      dockerImageRepository: '',
    });
  });

  it('names the repository of the integrated registry where there is one', () => {
    const given = { ...context, internalRegistry: 'registry.svc:5000' };
    const next = prepareImageStreamForCreate(stream([]), given).stream;
    expect(next.status?.dockerImageRepository).toBe('registry.svc:5000/n/app');
  });
});

describe('prepareImageStreamForUpdate', () => {
  const old = created(image('app:v1'), image('app:v2'));

  it('counts a change of the spec, on the tags that mean another image', () => {
    const next = edit(old, [image('app:v3', { name: 'v1' }), image('app:v2')]);
    expect(generationsOf(next)).toEqual({ stream: 2, v1: 2, v2: 1 });
  });
  it('gives a new tag the new generation', () => {
    expect(generationsOf(edit(old, [...(old.spec?.tags ?? []), image('app:edge')]))).toEqual({
      stream: 2,
      edge: 2,
      v1: 1,
      v2: 1,
    });
  });
  // golden/spec-edit, `policy_changed` and `tag_annotated`: the stream's generation moves, the tag's does not.
  it.each([
    ['scheduled', { importPolicy: { scheduled: true } }],
    ['annotations', { annotations: { x: 'y' } }],
    ['reference policy', { referencePolicy: { type: 'Local' } }],
  ])('counts %s for the stream alone', (_, more) => {
    const next = edit(old, [{ ...tagOf(old, 'v1'), ...more }, tagOf(old, 'v2')]);
    expect(generationsOf(next)).toEqual({ stream: 2, v1: 1, v2: 1 });
  });
  // golden/spec-edit, `generation_zero`.
  it('takes generation 0 for a wish to import again', () => {
    const next = edit(old, [{ ...tagOf(old, 'v1'), generation: 0 }, tagOf(old, 'v2')]);
    expect(generationsOf(next)).toEqual({ stream: 2, v1: 2, v2: 1 });
  });
  it('lets users write no other generation', () => {
    const next = edit(old, [{ ...tagOf(old, 'v1'), generation: 77 }, image('app:v2')]);
    expect(generationsOf(next)).toEqual({ stream: 1, v1: 1, v2: 1 });
  });
  it('counts a tag that is removed, and keeps its history', () => {
    const status = addTagEvent({}, 'v1', {
      created: now,
      dockerImageReference: 'r/x',
      image: 'y',
      generation: 1,
    });
    const next = edit({ ...old, status }, [image('app:v2')]);
    expect(generationsOf(next)).toEqual({ stream: 2, v2: 1 });
    expect(findTag(next.status, 'v1')?.items).toHaveLength(1);
  });
  it('counts neither metadata nor what only looks different', () => {
    const from = { name: '127.0.0.1:5005/demo/app:v1', kind: 'DockerImage' };
    const annotated = { ...old, metadata: { ...old.metadata, annotations: { a: 'b' } } };
    const next = prepareImageStreamForUpdate(
      { ...annotated, spec: { tags: [image('app:v2'), image('app:v1', { from, annotations: {} })] } },
      old,
      context,
    ).stream;
    expect(generationsOf(next)).toEqual({ stream: 1, v1: 1, v2: 1 });
  });
  it('gives tags that lack a generation the one that the store will count', () => {
    const bare = { ...old, spec: { tags: [image('app:v1')] } };
    expect(generationsOf(edit(bare, [image('app:v1')]))).toEqual({ stream: 2, v1: 2 });
  });
  it('takes the status from what is stored', () => {
    const forged = { ...old, status: { tags: [{ tag: 'v1', items: null }] } };
    expect(prepareImageStreamForUpdate(forged, old, context).stream.status).toEqual(old.status);
  });
});

/** golden/tag-istag: the writes of `oc tag` to a stream with two imported tags, each as an internal write at another time. */
describe('prepareInternalUpdate, over the writes of golden/tag-istag', () => {
  const app1 = 'sha256:2d938e4414ff67d00ac1a145acd6d709dc394ca4b02a01feba2979b62e864e11';
  const app2 = 'sha256:ff947126c80f6791ee8227af928974b5916d5592b47365956312436e4a56db68';
  const entry = (digest: string, created: string, generation: number) => ({
    created,
    dockerImageReference: `127.0.0.1:5005/demo/app@${digest}`,
    image: digest,
    generation,
  });
  const imported = stream([image('app:v1', { generation: 1 }), image('app:v2', { generation: 2 })], {
    metadata: { name: 'app', namespace: 'n', generation: 2 },
    status: addTagEvent(
      addTagEvent({}, 'v1', entry(app1, '2026-11-23T08:47:40Z', 1)),
      'v2',
      entry(app2, '2026-11-23T08:47:41Z', 2),
    ),
  });
  const write = (old: ImageStream, tag: TagReference, seconds: number): ImageStream => {
    const tags = [...(old.spec?.tags ?? []).filter(({ name }) => name !== tag.name), tag];
    const at = { ...context, now: `2026-11-23T08:47:${seconds}Z` };
    return prepareInternalUpdate({ ...old, spec: { ...old.spec, tags } }, old, at).stream;
  };
  const fromImage = (name: string, digest: string) => ({
    name,
    from: { kind: 'ImageStreamImage', name: `app@${digest}` },
  });
  const fromTag = (name: string, source: string) => ({
    name,
    from: { kind: 'ImageStreamTag', name: source },
  });
  const entriesOf = (of: ImageStream, tag: string) =>
    (findTag(of.status, tag)?.items ?? []).map(({ generation, created, image: digest }) => [
      generation,
      created,
      digest,
    ]);

  const prod = write(imported, fromImage('prod', app1), 43);
  const alias = write(prod, fromTag('al', 'app:v1'), 45);
  const byDigest = write(alias, fromImage('bydigest', app2), 49);
  const again = write(byDigest, fromImage('prod', app2), 51);
  const source = write(again, fromImage('src', app2), 53);
  const nothing = write(source, fromTag('q2', 'app:nonexist'), 55);

  it('gives the generations of the original', () => {
    expect(generationsOf(nothing)).toEqual({
      stream: 8,
      al: 4,
      bydigest: 5,
      prod: 6,
      q2: 8,
      src: 7,
      v1: 1,
      v2: 2,
    });
  });
  it('gives the histories of the original', () => {
    expect(entriesOf(nothing, 'prod')).toEqual([
      [6, '2026-11-23T08:47:51Z', app2],
      [3, '2026-11-23T08:47:43Z', app1],
    ]);
    expect(entriesOf(nothing, 'al')).toEqual([[4, '2026-11-23T08:47:40Z', app1]]);
    expect(entriesOf(nothing, 'bydigest')).toEqual([[5, '2026-11-23T08:47:49Z', app2]]);
    expect(entriesOf(nothing, 'src')).toEqual([[7, '2026-11-23T08:47:53Z', app2]]);
    expect(entriesOf(nothing, 'v1')).toEqual([[4, '2026-11-23T08:47:40Z', app1]]);
    expect(entriesOf(nothing, 'v2')).toEqual([[2, '2026-11-23T08:47:41Z', app2]]);
    expect(findTag(nothing.status, 'q2')).toBeUndefined();
  });
  it('deletes a tag with its history, and never uses its revisions again', () => {
    const tags = (nothing.spec?.tags ?? []).filter(({ name }) => name !== 'prod');
    const status = removeTag(nothing.status ?? {}, 'prod');
    const next = prepareInternalUpdate(
      { ...nothing, spec: { ...nothing.spec, tags }, status },
      nothing,
      context,
    ).stream;
    expect(generationsOf(next)).toMatchObject({ stream: 9, v1: 1 });
    expect(findTag(next.status, 'prod')).toBeUndefined();
    expect(highestRevision(next.status ?? {}, 'prod')).toBe(2);
  });
});

describe('prepareInternalUpdate', () => {
  it('drops lists that say nothing', () => {
    const old = created(image('app:v1'));
    const status = {
      tags: [
        { tag: 'x', items: [] },
        { tag: 'y', items: null, observed: { fingerprint: 'f' } },
      ],
    };
    const next = prepareInternalUpdate({ ...old, status }, old, context).stream;
    expect(next.status?.tags?.map(({ tag }) => tag)).toEqual(['y']);
  });
});

describe('prepareInternalCreate', () => {
  it('keeps the status that the request brings', () => {
    const status = addTagEvent({}, 'v1', {
      created: now,
      dockerImageReference: 'r/x',
      image: 'y',
      generation: 1,
    });
    const next = prepareInternalCreate(
      stream([image('app:v1', { generation: 0 })], { status }),
      context,
    ).stream;
    expect(generationsOf(next)).toEqual({ stream: 1, v1: 1 });
    expect(findTag(next.status, 'v1')?.items).toHaveLength(1);
  });
});

describe('prepareImageStreamForStatusUpdate', () => {
  const entry = { created: now, dockerImageReference: 'r.example/app:1', image: 'sha256:a', generation: 0 };
  const old: ImageStream = {
    ...created(image('app:v1'), image('app:v2')),
    status: addTagEvent({}, 'v1', { ...entry, generation: 1 }),
  };
  const update = (status: ImageStream['status']) =>
    prepareImageStreamForStatusUpdate(
      { ...old, spec: {}, status: status ?? {} },
      { ...old, metadata: { ...old.metadata, generation: 4 } },
      context,
    );

  it('leaves the spec alone', () => {
    expect(update({}).spec).toEqual(old.spec);
  });
  it('fills in the generation of entries that have none', () => {
    const next = { ...old, metadata: { ...old.metadata, generation: 4 } };
    const generationOf = (tag: string, image_: string) => {
      const status = { tags: [{ tag, items: [{ ...entry, image: image_ }] }] };
      return findTag(prepareImageStreamForStatusUpdate({ ...next, status }, next, context).status, tag)
        ?.items?.[0]?.generation;
    };
    expect(generationOf('v1', 'sha256:b')).toBe(1);
    expect(generationOf('v1', 'sha256:a')).toBe(4);
    expect(generationOf('v2', 'sha256:a')).toBe(4);
  });
  it('remembers the revisions of what it drops', () => {
    const next = update({});
    expect(next.status).toEqual({ dockerImageRepository: '', lastDeletedRevision: 1 });
  });
});

describe('a copied tag that was rolled back', () => {
  const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;
  const copyOf = (letter: string): TagReference => ({
    name: 'prod',
    from: { kind: 'ImageStreamImage', name: `app@${digest(letter)}` },
  });
  const event = (letter: string) => ({
    created: now,
    dockerImageReference: `r.example/app@${digest(letter)}`,
    image: digest(letter),
    generation: 1,
  });
  const history = addTagEvent(addTagEvent({}, 'v1', event('a')), 'v1', event('b'));
  const base = prepareInternalCreate(stream([copyOf('a')], { status: history }), context).stream;
  const promoted = edit(base, [copyOf('b')]);
  const text = JSON.stringify({ prod: { revision: 1, image: digest('a') } });
  const annotations = { 'imagestreams.dev/rollbacks': text };
  const asking = { ...promoted, metadata: { ...promoted.metadata, annotations } };
  const held = prepareImageStreamForUpdate(asking, promoted, { ...context, by: 'alice' }).stream;
  const prodOf = (of: ImageStream) => findTag(of.status, 'prod');
  const lettersOf = (of: ImageStream) =>
    (prodOf(of)?.items ?? []).map(({ image: name }) => name.slice(7, 8)).join('');

  it('goes back on behalf of who writes, and counts no generation', () => {
    expect(lettersOf(held)).toBe('aba');
    expect(prodOf(held)?.items?.[0]?.cause).toEqual({ type: 'Rollback', by: 'alice' });
    expect(held.metadata.generation).toBe(promoted.metadata.generation);
  });

  it('stays through writes that mean nothing for it', () => {
    const next = edit(held, [...(held.spec?.tags ?? []), image('app:new', { reference: true })]);
    expect(prodOf(next)).toEqual(prodOf(held));
  });

  it('takes what its spec names next, be it old or the same', () => {
    const old = edit(edit(held, [{ ...copyOf('a'), reference: true }]), [copyOf('b')]);
    expect([lettersOf(old), prodOf(old)?.rollback?.held]).toEqual(['baba', undefined]);
    const same = edit(held, [copyOf('a')]);
    expect([lettersOf(same), prodOf(same)?.rollback?.held]).toEqual(['aba', undefined]);
  });
});
