import { describe, expect, it } from 'vitest';
import {
  type ApplyContext,
  applyImport,
  type FinishedImport,
  type ImportedRepository,
} from './apply-import.ts';
import type { ImportedImage } from './apply-import-part.ts';
import { applyImageStreamImportDefaults } from './defaults.ts';
import type { ImageStream, TagReference } from './image-stream.ts';
import type { ImageImportSpec } from './image-stream-import.ts';
import { prepareImageStreamForCreate, prepareImageStreamForUpdate } from './image-stream-strategy.ts';
import { importableTags, isRepositoryPending, isTagPending } from './pending.ts';
import { failure, type StatusReason } from './status.ts';
import { findTag } from './tag-history.ts';

const check = 'openshift.io/image.dockerRepositoryCheck';
const at = (now: string): ApplyContext => ({
  now,
  sources: new Map(),
  historyLimit: 20,
  maxBytes: 1024 * 1024,
});
const first = at('2026-11-23T09:05:50Z');
const second = at('2026-11-23T09:06:00Z');

/** The images of the golden registry, by tag of `demo/app`. */
const digests: Readonly<Record<string, string>> = {
  v1: 'sha256:2d938e4414ff67d00ac1a145acd6d709dc394ca4b02a01feba2979b62e864e11',
  v2: 'sha256:ff947126c80f6791ee8227af928974b5916d5592b47365956312436e4a56db68',
  edge: 'sha256:6bd7372d7f7897b83eb6c6f15f2de1519aa00dfe75be564a7ef3fcfd1e7d5c22',
};
const found = (tag: string, image = digests[tag] ?? '', sourceDigest = image): ImportedImage => ({
  ok: true,
  image: {
    apiVersion: 'image.openshift.io/v1',
    kind: 'Image',
    metadata: { name: image },
    dockerImageReference: `127.0.0.1:5005/demo/app@${image}`,
  },
  tag,
  sourceDigest,
});
const failed = (tag: string, message = `no ${tag}`, reason: StatusReason = 'NotFound'): ImportedImage => ({
  ok: false,
  status: failure(reason, message),
  tag,
});
const image = (name: string, more: Partial<ImageImportSpec> = {}): ImageImportSpec => ({
  from: { kind: 'DockerImage', name: `127.0.0.1:5005/demo/${name}` },
  importPolicy: { insecure: true },
  ...more,
});
const request = (
  pairs: readonly (readonly [ImageImportSpec, ImportedImage])[],
  repository?: { readonly from: string; readonly outcome: ImportedRepository },
): FinishedImport => {
  const from = { kind: 'DockerImage', name: repository?.from ?? '' };
  const { spec = {} } = applyImageStreamImportDefaults({
    apiVersion: 'image.openshift.io/v1',
    kind: 'ImageStreamImport',
    metadata: { name: 'app', namespace: 'n' },
    spec: {
      import: true,
      images: pairs.map(([one]) => one),
      ...(repository === undefined ? {} : { repository: { from, importPolicy: { insecure: true } } }),
    },
  });
  return {
    namespace: 'n',
    name: 'app',
    spec,
    images: pairs.map(([, one]) => one),
    repository: repository?.outcome,
  };
};
const apply = (stream: ImageStream | undefined, given: FinishedImport, context = first) =>
  applyImport(stream, given, context);

const pendingTags = (stream: ImageStream): readonly TagReference[] =>
  importableTags(stream).filter((tag) => isTagPending(stream, tag));

/** Generation of the stream, of each spec tag, and of what each tag's status has observed. */
const generationsOf = ({ metadata, spec, status }: ImageStream) => ({
  stream: metadata.generation,
  spec: Object.fromEntries((spec?.tags ?? []).map(({ name, generation }) => [name, generation])),
  status: Object.fromEntries(
    (status?.tags ?? []).map(({ tag, items, conditions }) => [
      tag,
      (conditions?.[0] ?? items?.[0])?.generation,
    ]),
  ),
});
/** As the original would print it: without what is ours. */
const asOriginal = (stream: ImageStream): unknown =>
  JSON.parse(
    JSON.stringify(stream, (key, value: unknown) =>
      ['revision', 'sourceDigest', 'cause', 'observed', 'observedGeneration'].includes(key) ||
      (key === 'conditions' && Array.isArray(value) && value[0]?.type !== 'ImportSuccess')
        ? undefined
        : value,
    ),
  );

describe('applyImport, into a stream that is not there', () => {
  const mixed = request([
    [image('app:v1', { to: { name: 'one' }, referencePolicy: { type: 'Local' } }), found('v1')],
    [
      image('app:nope', { to: { name: 'bad' } }),
      failed('nope', 'dockerimage.image.openshift.io "127.0.0.1:5005/demo/app:nope" not found'),
    ],
    [image('app:v2', { to: { name: 'two' } }), found('v2')],
  ]);

  // golden/import-api, `mixed`: the whole stream that the original made, without times and what storage adds.
  it('makes the stream of the original', () => {
    const { change, stream } = apply(undefined, mixed);
    const specTag = (name: string, tag: string, type: string) => ({
      name,
      annotations: null,
      from: { kind: 'DockerImage', name: `127.0.0.1:5005/demo/app:${tag}` },
      generation: 1,
      importPolicy: { insecure: true, importMode: 'Legacy' },
      referencePolicy: { type },
    });
    const items = (digest = '') => [
      {
        created: first.now,
        dockerImageReference: `127.0.0.1:5005/demo/app@${digest}`,
        image: digest,
        generation: 1,
      },
    ];
    expect(change).toBe('created');
    expect(asOriginal(stream)).toEqual({
      apiVersion: 'image.openshift.io/v1',
      kind: 'ImageStream',
      metadata: { name: 'app', namespace: 'n', generation: 1, annotations: { [check]: first.now } },
      spec: {
        lookupPolicy: { local: false },
        tags: [
          specTag('bad', 'nope', 'Source'),
          specTag('one', 'v1', 'Local'),
          specTag('two', 'v2', 'Source'),
        ],
      },
      status: {
        dockerImageRepository: '',
        tags: [
          {
            tag: 'bad',
            items: null,
            conditions: [
              {
                type: 'ImportSuccess',
                status: 'False',
                lastTransitionTime: first.now,
                reason: 'NotFound',
                message: 'dockerimage.image.openshift.io "127.0.0.1:5005/demo/app:nope" not found',
                generation: 1,
              },
            ],
          },
          { tag: 'one', items: items(digests['v1']) },
          { tag: 'two', items: items(digests['v2']) },
        ],
      },
    });
  });

  it('leaves nothing for the controller to import, and says how the stream is', () => {
    const { stream } = apply(undefined, mixed);
    expect(pendingTags(stream)).toEqual([]);
    expect(stream.status?.conditions?.map(({ type, status }) => [type, status])).toEqual([
      ['Fresh', 'True'],
      ['Ready', 'False'],
    ]);
    expect(stream.status?.observedGeneration).toBe(1);
  });

  it('records what the tag itself resolved to, and who asked', () => {
    const given = request([[image('app:v1'), found('v1', digests['v1'], 'sha256:list')]]);
    const { stream } = apply(undefined, given, { ...first, cause: { type: 'Request', by: 'alice' } });
    expect(findTag(stream.status, 'v1')?.items?.[0]).toMatchObject({
      sourceDigest: 'sha256:list',
      cause: { type: 'Request', by: 'alice' },
      revision: 1,
    });
  });

  // golden/import-api: an image without `to` and without explicit tag is fetched and goes nowhere.
  it('tags nothing for an image without target', () => {
    const { stream } = apply(undefined, request([[image('app'), found('latest', digests['v2'])]]));
    expect(stream.spec?.tags).toBeUndefined();
    expect(stream.status?.tags).toBeUndefined();
  });
});

describe('applyImport, into a stream that is there', () => {
  const once = (name: string, outcome: ImportedImage, stream?: ImageStream, context = first) =>
    apply(stream, request([[image(name), outcome]]), context).stream;

  // golden/import-confirm: the second import of the same image wrote nothing.
  it('writes nothing when nothing changed', () => {
    const stream = once('app:v1', found('v1'));
    const again = apply(stream, request([[image('app:v1'), found('v1')]]), second);
    expect(again).toMatchObject({ change: 'unchanged', errors: [] });
    expect(again.stream).toBe(stream);
  });

  // golden/oci-index: three imports one after another into three tags.
  it('counts each import that adds a tag', () => {
    const v2 = once('app:v2', found('v2'), once('app:v1', found('v1')), second);
    expect(generationsOf(once('app:edge', found('edge'), v2, second))).toEqual({
      stream: 3,
      spec: { v1: 1, v2: 2, edge: 3 },
      status: { v1: 1, v2: 2, edge: 3 },
    });
  });

  it('adds another image to the history, as one more generation', () => {
    const stream = once('app:v1', found('v1', digests['edge']), once('app:v1', found('v1')), second);
    expect(generationsOf(stream)).toEqual({ stream: 2, spec: { v1: 2 }, status: { v1: 2 } });
    expect(findTag(stream.status, 'v1')?.items?.map(({ image: of }) => of)).toEqual([
      digests['edge'],
      digests['v1'],
    ]);
    expect(stream.metadata.annotations?.[check]).toBe(second.now);
  });

  // golden/private-nosecret-then-secret: without secret, with a wrong one, with the right one.
  it('counts a failure once, however often it repeats, and then the success', () => {
    const message = 'you may not have access to the container image "127.0.0.1:5006/private/app:v1"';
    const denied = failed('v1', message, 'Unauthorized');
    const without = once('app:v1', denied);
    expect(generationsOf(without)).toEqual({ stream: 1, spec: { v1: 1 }, status: { v1: 1 } });
    const wrong = apply(without, request([[image('app:v1'), denied]]), second);
    expect(wrong.change).toBe('unchanged');
    const right = once('app:v1', found('v1'), wrong.stream, second);
    expect(generationsOf(right)).toEqual({ stream: 2, spec: { v1: 2 }, status: { v1: 2 } });
    expect(findTag(right.status, 'v1')?.conditions).toBeUndefined();
  });

  it('shows that a wish to import again was heard, also where it fails as before', () => {
    const stream = once('app:v1', failed('v1'));
    const tags = [{ ...(stream.spec?.tags?.[0] as TagReference), generation: 0 }];
    const asked = prepareImageStreamForUpdate({ ...stream, spec: { tags } }, stream, second).stream;
    expect(generationsOf(asked)).toEqual({ stream: 2, spec: { v1: 2 }, status: { v1: 1 } });
    const { change, stream: next } = apply(asked, request([[image('app:v1'), failed('v1')]]), second);
    expect(change).toBe('updated');
    expect(generationsOf(next)).toEqual({ stream: 2, spec: { v1: 2 }, status: { v1: 2 } });
    expect(findTag(next.status, 'v1')?.conditions?.[0]?.lastTransitionTime).toBe(first.now);
  });

  it('keeps the last good image of a tag that fails', () => {
    const stream = once('app:v1', failed('v1', 'gone'), once('app:v1', found('v1')), second);
    expect(findTag(stream.status, 'v1')).toMatchObject({
      items: [{ image: digests['v1'] }],
      conditions: [{ reason: 'NotFound', message: 'gone', generation: 2 }],
    });
    expect(stream.status?.conditions?.map(({ type, status }) => [type, status])).toEqual([
      ['Fresh', 'False'],
      ['Ready', 'True'],
    ]);
  });

  it('takes the import policy of the request, and leaves the reference policy of the tag', () => {
    const stream = once('app:v1', found('v1'));
    const more = { importPolicy: { scheduled: true }, referencePolicy: { type: 'Local' } };
    const next = apply(stream, request([[image('app:v1', more), found('v1')]]), second).stream;
    expect(next.spec?.tags?.[0]).toMatchObject({
      importPolicy: { scheduled: true, importMode: 'Legacy' },
      referencePolicy: { type: 'Source' },
    });
    expect(generationsOf(next)).toEqual({ stream: 2, spec: { v1: 1 }, status: { v1: 1 } });
  });

  it('leaves the source of a tag alone when another source fails, and lets the tag be tried', () => {
    const stream = once('app:v1', found('v1'));
    const other = image('app:nope', { to: { name: 'v1' } });
    const next = apply(stream, request([[other, failed('nope')]]), second).stream;
    expect(next.spec?.tags?.[0]?.from?.name).toBe('127.0.0.1:5005/demo/app:v1');
    expect(pendingTags(next).map(({ name }) => name)).toEqual(['v1']);
  });

  it('takes over a stream whose history came from elsewhere', () => {
    const stream = once('app:v1', found('v1'));
    const tags = (stream.status?.tags ?? []).map(({ tag, items }) => ({ tag, items: items ?? null }));
    const exported = { ...stream, status: { dockerImageRepository: '', tags } };
    expect(pendingTags(exported)).toHaveLength(1);
    const { change, stream: next } = apply(exported, request([[image('app:v1'), found('v1')]]), second);
    expect(change).toBe('updated');
    expect(pendingTags(next)).toEqual([]);
    expect(findTag(next.status, 'v1')?.items).toHaveLength(1);
  });

  it('notes a moved list around the same image without a new entry', () => {
    const stream = once('app:v1', found('v1', digests['v1'], 'sha256:list1'));
    const next = once('app:v1', found('v1', digests['v1'], 'sha256:list2'), stream, second);
    expect(findTag(next.status, 'v1')?.items).toMatchObject([
      { sourceDigest: 'sha256:list2', revision: 1, generation: 1 },
    ]);
    expect(next.metadata.generation).toBe(1);
  });

  it('lets tags follow the tag that was imported', () => {
    const alias = { name: 'alias', from: { kind: 'ImageStreamTag', name: 'v1' } };
    const base = prepareImageStreamForCreate(
      {
        apiVersion: 'image.openshift.io/v1',
        kind: 'ImageStream',
        metadata: { name: 'app', namespace: 'n' },
        spec: { tags: [alias] },
      },
      first,
    ).stream;
    const next = once('app:v1', found('v1'), base, second);
    // golden/create-spec-tags: the follower has the generation of the event, not its own.
    expect(generationsOf(next)).toEqual({
      stream: 2,
      spec: { alias: 1, v1: 2 },
      status: { alias: 2, v1: 2 },
    });
  });

  it('refuses tags that the object has no room for', () => {
    const { refusedTags, stream } = apply(undefined, request([[image('app:v1'), found('v1')]]), {
      ...first,
      maxBytes: 4_500,
    });
    expect(refusedTags).toEqual(['v1']);
    expect(findTag(stream.status, 'v1')?.conditions?.[0]?.reason).toBe('ObjectTooLarge');
  });
});

describe('applyImport, of a repository', () => {
  const from = '127.0.0.1:5005/demo/app';
  const listed = (images: readonly ImportedImage[], additionalTags: readonly string[] = []) => ({
    from,
    outcome: { ok: true, images, additionalTags } as const,
  });

  // golden/import-api, `both`.
  it('adds a spec tag for each tag, besides the images of the request', () => {
    const given = request(
      [[image('app:v1', { to: { name: 'vv' } }), found('v1')]],
      listed([found('latest', digests['v2']), found('edge'), found('v1'), found('v2')]),
    );
    const { stream } = apply(undefined, given);
    expect(
      (stream.spec?.tags ?? []).map(({ name, from: source, generation }) => [name, source?.name, generation]),
    ).toEqual([
      ['edge', `${from}:edge`, 1],
      ['latest', `${from}:latest`, 1],
      ['v1', `${from}:v1`, 1],
      ['v2', `${from}:v2`, 1],
      ['vv', `${from}:v1`, 1],
    ]);
    expect(pendingTags(stream)).toEqual([]);
  });

  it('says which tags failed, without adding them to the spec', () => {
    const { stream } = apply(undefined, request([], listed([found('v1'), failed('v2')])));
    expect(stream.spec?.tags?.map(({ name }) => name)).toEqual(['v1']);
    expect(findTag(stream.status, 'v2')?.conditions?.[0]?.reason).toBe('NotFound');
  });

  // golden/import-missing-repo, `app2`: only the check was noted.
  it('changes no tag when the listing failed', () => {
    const outcome = { ok: false, status: failure('NotFound', 'no such repository') } as const;
    const { stream } = apply(undefined, request([], { from, outcome }));
    expect(asOriginal(stream)).toMatchObject({
      metadata: { generation: 1, annotations: { [check]: first.now } },
      spec: { lookupPolicy: { local: false } },
      status: { dockerImageRepository: '' },
    });
    expect(stream.status?.tags).toBeUndefined();
  });

  it('answers for the repository that the spec follows', () => {
    const base: ImageStream = prepareImageStreamForCreate(
      {
        apiVersion: 'image.openshift.io/v1',
        kind: 'ImageStream',
        metadata: { name: 'app', namespace: 'n' },
        spec: { dockerImageRepository: from },
      },
      first,
    ).stream;
    expect(isRepositoryPending(base)).toBe(true);
    const next = apply(base, request([], listed([found('v1')], ['v0'])), second).stream;
    expect(isRepositoryPending(next)).toBe(false);
    expect(next.status?.repository).toMatchObject({ imported: true, leftOut: 1 });
    const other = apply(
      base,
      request([], { from: `${from}2`, outcome: { ok: true, images: [], additionalTags: [] } }),
      second,
    );
    expect(isRepositoryPending(other.stream)).toBe(true);
  });
});

/** golden/spec-edit: each edit by a user, and the import that the original's controller asked for after it. */
describe('generations over the edits of golden/spec-edit', () => {
  const create = (tags: readonly TagReference[]) =>
    prepareImageStreamForCreate(
      {
        apiVersion: 'image.openshift.io/v1',
        kind: 'ImageStream',
        metadata: { name: 'app', namespace: 'n' },
        spec: { tags },
      },
      first,
    ).stream;
  const edit = (
    old: ImageStream,
    change: (tags: readonly TagReference[]) => readonly TagReference[],
  ): ImageStream =>
    prepareImageStreamForUpdate(
      { ...old, spec: { ...old.spec, tags: change(old.spec?.tags ?? []) } },
      old,
      second,
    ).stream;
  const reimport = (stream: ImageStream): ImageStream => {
    const pairs = pendingTags(stream).map(
      ({ name, from, importPolicy = {} }): readonly [ImageImportSpec, ImportedImage] => [
        { from: from ?? {}, to: { name }, importPolicy },
        found((from?.name ?? '').split(':').at(-1) ?? ''),
      ],
    );
    return pairs.length === 0 ? stream : apply(stream, request(pairs), second).stream;
  };
  const tag = (name: string): TagReference => ({
    name,
    from: { kind: 'DockerImage', name: `127.0.0.1:5005/demo/app:${name}` },
    importPolicy: { insecure: true },
  });
  const changeFirst = (change: Partial<TagReference>) => (tags: readonly TagReference[]) =>
    tags.map((one, index) => (index === 0 ? { ...one, ...change } : one));

  it('are those of the original', () => {
    const created = reimport(create([tag('v1')]));
    expect(generationsOf(created)).toEqual({ stream: 2, spec: { v1: 2 }, status: { v1: 2 } });
    const moved = reimport(
      edit(created, changeFirst({ from: { kind: 'DockerImage', name: '127.0.0.1:5005/demo/app:v2' } })),
    );
    expect(generationsOf(moved)).toEqual({ stream: 4, spec: { v1: 4 }, status: { v1: 4 } });
    const added = reimport(edit(moved, (tags) => [...tags, tag('edge')]));
    expect(generationsOf(added)).toEqual({ stream: 6, spec: { edge: 6, v1: 4 }, status: { edge: 6, v1: 4 } });
    const scheduled = reimport(
      edit(added, changeFirst({ importPolicy: { insecure: true, scheduled: true } })),
    );
    expect(generationsOf(scheduled)).toMatchObject({ stream: 7, spec: { edge: 6 } });
    const annotated = reimport(edit(scheduled, changeFirst({ annotations: { x: 'y' } })));
    expect(generationsOf(annotated)).toMatchObject({ stream: 8, spec: { edge: 6 } });
    const zero = reimport(edit(annotated, changeFirst({ generation: 0 })));
    expect(generationsOf(zero)).toEqual({
      stream: 10,
      spec: { edge: 10, v1: 4 },
      status: { edge: 10, v1: 4 },
    });
    const removed = reimport(edit(zero, (tags) => tags.slice(0, 1)));
    expect(generationsOf(removed)).toEqual({ stream: 11, spec: { edge: 10 }, status: { edge: 10, v1: 4 } });
  });
});

describe('an import request for a tag that was rolled back', () => {
  const importV1 = (stream: ImageStream | undefined, name: string, from = 'app:v1') =>
    applyImport(stream, request([[image(from, { to: { name: 'v1' } }), found('v1', digests[name])]]), second);
  const { stream: twice } = importV1(importV1(undefined, 'v1').stream, 'v2');
  const text = JSON.stringify({ v1: { revision: 1, image: digests['v1'] } });
  const annotations = { ...twice.metadata.annotations, 'imagestreams.dev/rollbacks': text };
  const asking = { ...twice, metadata: { ...twice.metadata, annotations } };
  const held = prepareImageStreamForUpdate(asking, twice, { ...second, by: 'alice' }).stream;
  const namesOf = (stream: ImageStream) =>
    (findTag(stream.status, 'v1')?.items ?? []).map(({ image: name }) =>
      Object.keys(digests).find((key) => digests[key] === name),
    );

  it('is made by whoever writes the stream, at once', () => {
    expect(namesOf(held)).toEqual(['v1', 'v2', 'v1']);
    expect(findTag(held.status, 'v1')).toMatchObject({
      items: [{ cause: { type: 'Rollback', by: 'alice' } }, {}, {}],
      rollback: { by: 'alice', since: second.now, held: true },
    });
  });

  it('leaves it where it is while the source has nothing new', () => {
    const { stream } = importV1(held, 'v2');
    expect(namesOf(stream)).toEqual(['v1', 'v2', 'v1']);
    expect(importableTags(stream).filter((tag) => isTagPending(stream, tag))).toEqual([]);
    expect(findTag(stream.status, 'v1')?.items?.[0]?.generation).toBe(stream.spec?.tags?.[0]?.generation);
    expect(namesOf(importV1(stream, 'edge').stream)[0]).toBe('edge');
  });

  it('takes what it fetched from another source', () => {
    expect(namesOf(importV1(held, 'v2', 'app:v2').stream)[0]).toBe('v2');
  });
});
