import { describe, expect, it } from 'vitest';
import { carryOver } from './carry-over.ts';
import { changeEvents } from './change-events.ts';
import type {
  ImageStream,
  ImageStreamStatus,
  NamedTagEventList,
  TagEvent,
  TagReference,
} from './image-stream.ts';
import { importableTags, isRepositoryPending, isTagPending } from './pending.ts';
import { findTag } from './tag-history.ts';

const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;

const entry = (letter: string, generation: number, created = '2026-01-01T00:00:00Z'): TagEvent => ({
  created,
  dockerImageReference: `quay.io/team/web@${digest(letter)}`,
  image: digest(letter),
  generation,
});

const imported = (name: string, generation: number): TagReference => ({
  name,
  from: { kind: 'DockerImage', name: `quay.io/team/web:${name}` },
  generation,
});

const failure = (generation: number) => ({
  type: 'ImportSuccess',
  status: 'False' as const,
  lastTransitionTime: '2026-01-01T00:00:00Z',
  reason: 'NotFound',
  message: 'not found',
  generation,
});

const exported = (
  tags: readonly TagReference[],
  lists: readonly NamedTagEventList[],
  rest: { readonly repository?: string; readonly annotations?: Readonly<Record<string, string>> } = {},
): ImageStream => ({
  apiVersion: 'image.openshift.io/v1',
  kind: 'ImageStream',
  metadata: { name: 'web', namespace: 'shop', generation: 9, annotations: { ...rest.annotations } },
  spec: {
    tags: [...tags],
    ...(rest.repository === undefined ? {} : { dockerImageRepository: rest.repository }),
  },
  status: { tags: [...lists] },
});

const destination = { namespace: 'shop', generation: 2, now: '2026-02-01T00:00:00Z' };

/** The stream as it stands once both writes are done. */
const carried = (source: ImageStream, to = destination) => {
  const { spec, status, pending } = carryOver(source, to);
  const { name, annotations = {} } = source.metadata;
  const metadata = {
    name,
    namespace: to.namespace,
    annotations,
    generation: to.generation,
    uid: 'u',
    resourceVersion: '1',
    creationTimestamp: '2026-01-31T00:00:00Z',
  };
  const { apiVersion, kind } = source;
  return { stream: { apiVersion, kind, metadata, spec, status }, pending };
};

describe('a stream that is carried over', () => {
  const source = exported(
    [imported('main', 7)],
    [{ tag: 'main', items: [entry('b', 7, '2026-01-02T00:00:00Z'), entry('a', 3)] }],
  );

  it('keeps order and times of its history and numbers it', () => {
    const { stream } = carried(source);
    expect(stream.status.tags?.[0]?.items).toEqual([
      { ...entry('b', 2, '2026-01-02T00:00:00Z'), revision: 2, cause: { type: 'Migration' } },
      { ...entry('a', 3), revision: 1, cause: { type: 'Migration' } },
    ]);
  });

  it('has nothing to be imported that was imported, or tried in vain, before', () => {
    const tried = exported([imported('gone', 4)], [{ tag: 'gone', items: null, conditions: [failure(4)] }]);
    for (const given of [source, tried]) {
      const { stream, pending } = carried(given);
      expect(pending).toEqual([]);
      expect(importableTags(stream).filter((tag) => isTagPending(stream, tag))).toEqual([]);
    }
  });

  it('still owes the imports that were owed before', () => {
    const { stream, pending } = carried(
      exported([imported('main', 8), imported('new', 9)], [{ tag: 'main', items: [entry('a', 7)] }]),
    );
    expect(pending).toEqual(['main', 'new']);
    expect(importableTags(stream).every((tag) => isTagPending(stream, tag))).toBe(true);
  });

  it('counts an image of the source before the last failure as none of its spec', () => {
    const { stream } = carried(
      exported([imported('main', 8)], [{ tag: 'main', items: [entry('a', 7)], conditions: [failure(8)] }]),
    );
    expect(findTag(stream.status, 'main')?.observed).toMatchObject({ imported: false, migrated: true });
  });

  it('is no news to anybody, neither its images nor its failures', () => {
    const { stream } = carried(
      exported(
        [imported('main', 7), imported('gone', 4)],
        [
          { tag: 'main', items: [entry('b', 7), entry('a', 3)] },
          { tag: 'gone', items: null, conditions: [failure(4)] },
        ],
      ),
    );
    const empty = { ...stream, spec: {}, status: {} };
    expect(changeEvents(empty, stream, destination.now)).toEqual([]);
    expect(changeEvents(undefined, stream, destination.now)).toEqual([]);
  });

  it('does not list a repository again that was listed, and does list one that was not', () => {
    const repository = 'quay.io/team/web';
    const check = 'openshift.io/image.dockerRepositoryCheck';
    const listed = carried(
      exported([], [], { repository, annotations: { [check]: '2026-01-01T00:00:00Z' } }),
    );
    expect([listed.pending, isRepositoryPending(listed.stream)]).toEqual([[], false]);
    const unlisted = carried(exported([], [], { repository }));
    expect([unlisted.pending, isRepositoryPending(unlisted.stream)]).toEqual([[repository], true]);
  });

  it('takes references to its own namespace along into another one', () => {
    const alias: TagReference = {
      name: 'prod',
      from: { kind: 'ImageStreamTag', namespace: 'shop', name: 'web:main' },
      generation: 1,
    };
    const foreign = { ...alias, name: 'other', from: { ...alias.from, namespace: 'base' } };
    const { spec } = carryOver(exported([alias, foreign], []), { ...destination, namespace: 'store' });
    expect(spec.tags?.map(({ from }) => from?.namespace)).toEqual(['base', 'store']);
  });

  it('uses no revision again that the tag had here before', () => {
    const status = { tags: [{ tag: 'main', items: [{ ...entry('c', 1), revision: 4 }] }] };
    const { status: next } = carryOver(source, { ...destination, status });
    expect(next.tags?.[0]?.items?.map(({ revision }) => revision)).toEqual([6, 5]);
  });

  it('keeps the revisions that another server of this program gave it', () => {
    const items = [
      { ...entry('b', 7), revision: 12 },
      { ...entry('a', 3), revision: 9 },
    ];
    const { status } = carryOver(exported([imported('main', 7)], [{ tag: 'main', items }]), destination);
    expect(status.tags?.[0]?.items?.map(({ revision }) => revision)).toEqual([12, 9]);
  });
});

describe('what follows a migration', () => {
  it('is told as what it is: a move from the image that came along', () => {
    const { stream } = carried(exported([imported('main', 7)], [{ tag: 'main', items: [entry('a', 7)] }]));
    const [list] = stream.status.tags ?? [];
    const moved = { ...entry('b', 2, '2026-02-02T00:00:00Z'), revision: 2, cause: { type: 'Spec' as const } };
    const next = {
      ...stream,
      status: { tags: [{ ...list, tag: 'main', items: [moved, ...(list?.items ?? [])] }] },
    };
    const event = { type: 'TagMoved', revision: 2, oldDigest: digest('a'), newDigest: digest('b') };
    expect(changeEvents(stream, next, destination.now)).toEqual([expect.objectContaining(event)]);
    expect(changeEvents(undefined, next, destination.now)).toEqual([expect.objectContaining(event)]);
  });

  it('goes on after the history of the tag that it replaces, and begins anew where that was deleted', () => {
    const source = exported([imported('main', 7)], [{ tag: 'main', items: [entry('b', 7), entry('a', 3)] }]);
    const history = { ...entry('c', 1), cause: { type: 'Schedule' as const } };
    const items = [4, 3].map((revision) => ({ ...history, revision }));
    const starts = (status: ImageStreamStatus) =>
      findTag(carryOver(source, { ...destination, status }).status, 'main');
    const standing = starts({ tags: [{ tag: 'main', firstRevision: 3, items }] });
    expect(standing).toMatchObject({ firstRevision: 3, items: [{ revision: 6 }, { revision: 5 }] });
    const first = starts({ tags: [{ tag: 'main', items: [{ ...history, revision: 1 }] }] });
    expect(first).toMatchObject({ items: [{ revision: 3 }, { revision: 2 }] });
    expect(first).not.toHaveProperty('firstRevision');
    expect(starts({ lastDeletedRevision: 7 })).toMatchObject({
      firstRevision: 8,
      items: [{ revision: 9 }, { revision: 8 }],
    });
  });

  it('takes the beginning of the history along into a place that had no such tag', () => {
    const lists = [{ tag: 'main', firstRevision: 5, items: [{ ...entry('a', 7), revision: 5 }] }];
    expect(findTag(carried(exported([imported('main', 7)], lists)).stream.status, 'main')).toMatchObject({
      firstRevision: 5,
      items: [{ revision: 5 }],
    });
  });
});
