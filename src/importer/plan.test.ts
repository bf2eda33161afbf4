import { describe, expect, it } from 'vitest';
import type { ImageStream, ImageStreamStatus, TagReference } from '../api/image-stream.ts';
import { observeRepository, observeTag } from '../api/pending.ts';
import { isNothing, type PlanFacts, planImports } from './plan.ts';

const tag = (name: string, change: Partial<TagReference> = {}): TagReference => ({
  name,
  from: { kind: 'DockerImage', name: `quay.io/team/app:${name}` },
  generation: 1,
  ...change,
});

const aStream = (change: {
  readonly tags?: readonly TagReference[];
  readonly repository?: string;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly status?: ImageStreamStatus;
}): ImageStream => ({
  apiVersion: 'image.openshift.io/v1',
  kind: 'ImageStream',
  metadata: { name: 'app', namespace: 'team', generation: 1, annotations: { ...change.annotations } },
  spec: {
    ...(change.repository === undefined ? {} : { dockerImageRepository: change.repository }),
    tags: [...(change.tags ?? [])],
  },
  ...(change.status === undefined ? {} : { status: change.status }),
});

const event = (sourceDigest: string) => ({
  created: '2026-01-01T00:00:00Z',
  dockerImageReference: `quay.io/team/app@${sourceDigest}`,
  image: sourceDigest,
  generation: 1,
  revision: 3,
  sourceDigest,
});

/** The stream after its tags were imported once, all at `sha256:a`. */
const imported = (stream: ImageStream, succeeded = true): ImageStream => ({
  ...stream,
  status: {
    tags: (stream.spec?.tags ?? []).map((one) => ({
      tag: one.name,
      items: succeeded ? [event('sha256:a')] : null,
      observed: observeTag(stream, one, { succeeded }),
    })),
    repository: observeRepository(stream, { succeeded }),
  },
});

const plan = (stream: ImageStream, facts: Partial<PlanFacts> = {}) =>
  planImports(stream, { maxTags: 500, ...facts });

describe('planImports', () => {
  it('imports the tags of a new stream, because the spec says so', () => {
    const stream = aStream({
      tags: [
        tag('v1', {
          importPolicy: { insecure: true, importMode: 'PreserveOriginal' },
          annotations: {
            'importer.image.openshift.io/prefer-arch': 'arm64',
            'importer.image.openshift.io/prefer-os': 'linux',
          },
        }),
      ],
    });
    const { tags, repository } = plan(stream);
    expect(repository).toBeUndefined();
    expect(tags).toMatchObject([
      {
        tag: 'v1',
        request: {
          from: 'quay.io/team/app:v1',
          insecure: true,
          importMode: 'PreserveOriginal',
          preferArch: 'arm64',
          preferOs: 'linux',
        },
        cause: { type: 'Spec' },
      },
    ]);
    expect(tags[0]?.unlessAt).toEqual([]);
  });

  it('asks registries for tags that point at one, and for no others', () => {
    const tags = [
      tag('reference', { reference: true }),
      tag('tracking', { from: { kind: 'ImageStreamTag', name: 'v1' } }),
      tag('image', { from: { kind: 'ImageStreamImage', name: 'app@sha256:a' } }),
      { name: 'pushed' },
    ];
    expect(isNothing(plan(aStream({ tags })))).toBe(true);
  });

  it('plans a reference that cannot be parsed like any other: its import says what is wrong', () => {
    const broken = tag('broken', { from: { kind: 'DockerImage', name: '!!' } });
    expect(plan(aStream({ tags: [broken] })).tags).toMatchObject([{ request: { from: '!!' } }]);
  });

  it('leaves alone what was imported as it stands', () => {
    expect(isNothing(plan(imported(aStream({ tags: [tag('v1')], repository: 'quay.io/team/app' }))))).toBe(
      true,
    );
  });

  it('leaves alone what failed as it stands, until something says otherwise', () => {
    expect(isNothing(plan(imported(aStream({ tags: [tag('v1')] }), false)))).toBe(true);
  });

  it.each([
    { name: 'another source', change: { from: { kind: 'DockerImage', name: 'quay.io/team/app:v2' } } },
    { name: 'another generation', change: { generation: 2 } },
    { name: 'another mode', change: { importPolicy: { importMode: 'PreserveOriginal' } } },
  ])('imports a tag again after its spec got $name', ({ change }) => {
    const before = imported(aStream({ tags: [tag('v1'), tag('other')] }));
    const after = { ...before, spec: { tags: [tag('v1', change), tag('other')] } };
    const { tags } = plan(after);
    expect(tags).toMatchObject([{ tag: 'v1', cause: { type: 'Spec' } }]);
    expect(tags[0]?.unlessAt).toEqual([]);
  });

  it('imports again on request, and says that it was one', () => {
    const before = imported(aStream({ tags: [tag('v1')], repository: 'quay.io/team/app' }));
    const annotations = { 'imagestreams.dev/import-requested-at': '2026-02-01T00:00:00Z' };
    const after = { ...before, metadata: { ...before.metadata, annotations } };
    const { tags, repository } = plan(after);
    expect(tags).toMatchObject([{ cause: { type: 'Request' }, requestedAt: '2026-02-01T00:00:00Z' }]);
    expect(repository).toMatchObject({ cause: { type: 'Request' }, requestedAt: '2026-02-01T00:00:00Z' });
  });

  it('asks first where a tag that is due stands, and fetches only when it moved', () => {
    const stream = imported(aStream({ tags: [tag('v1'), tag('v2')] }));
    const { tags } = plan(stream, { due: new Map([['v1', { cause: { type: 'Schedule' } }]]) });
    expect(tags).toMatchObject([
      { tag: 'v1', unlessAt: ['sha256:a'], revision: 3, cause: { type: 'Schedule' } },
    ]);
  });

  it('fetches a due tag that has no image of its spec yet, because the spec says so', () => {
    const stream = imported(aStream({ tags: [tag('v1')] }), false);
    const { tags } = plan(stream, { due: new Map([['v1', { cause: { type: 'Schedule' } }]]) });
    expect(tags).toMatchObject([{ tag: 'v1', cause: { type: 'Spec' } }]);
    expect(tags[0]?.unlessAt).toEqual([]);
  });

  it('fetches a due tag whose image came from another source', () => {
    const before = imported(aStream({ tags: [tag('v1')] }));
    const moved = tag('v1', { from: { kind: 'DockerImage', name: 'quay.io/team/app:v2' } });
    const spec = { tags: [moved] };
    const tags = before.status?.tags?.map((list) => ({
      ...list,
      observed: observeTag({ ...before, spec }, moved, { succeeded: false }),
    }));
    const failed = { ...before, spec, status: { tags: tags ?? [] } };
    expect(plan(failed).tags).toEqual([]);
    const due = plan(failed, { due: new Map([['v1', { cause: { type: 'Schedule' } }]]) }).tags;
    expect(due).toMatchObject([{ cause: { type: 'Spec' } }]);
    expect(due[0]?.unlessAt).toEqual([]);
  });

  it('does not look at a due tag that the spec no longer has', () => {
    expect(isNothing(plan(aStream({}), { due: new Map([['gone', { cause: { type: 'Schedule' } }]]) }))).toBe(
      true,
    );
  });

  it('imports the repository of a new stream, insecurely only where the annotation allows it', () => {
    const repository = 'quay.io/team/app';
    const request = { from: repository, insecure: false, importMode: 'Legacy', maxTags: 500 };
    expect(plan(aStream({ repository })).repository).toMatchObject({ request, cause: { type: 'Spec' } });
    const annotations = { 'openshift.io/image.insecureRepository': 'true' };
    expect(plan(aStream({ repository, annotations })).repository?.request.insecure).toBe(true);
  });

  it('imports a repository again when it is due', () => {
    const stream = imported(aStream({ repository: 'quay.io/team/app' }));
    expect(plan(stream, { repositoryDue: { cause: { type: 'Schedule' } } }).repository?.cause).toEqual({
      type: 'Schedule',
    });
  });

  describe('of a tag that was rolled back', () => {
    const stream = imported(aStream({ tags: [tag('v1')] }));
    const list = stream.status?.tags?.[0] ?? { tag: 'v1' };
    const items = [
      { ...event('sha256:a'), revision: 5 },
      { ...event('sha256:b'), revision: 4 },
      event('sha256:a'),
    ];
    const rollback = { request: '3@', since: '2026-01-02T00:00:00Z', held: true };
    const text = JSON.stringify({ v1: { revision: 3, image: 'sha256:a' } });
    const held: ImageStream = {
      ...stream,
      metadata: { ...stream.metadata, annotations: { 'imagestreams.dev/rollbacks': text } },
      status: { tags: [{ ...list, items, rollback }] },
    };
    const facts: Partial<PlanFacts> = { due: new Map([['v1', { cause: { type: 'Schedule' } }]]) };

    it('asks first, and fetches only what the history does not hold', () => {
      expect(isNothing(plan(held))).toBe(true);
      const [planned] = plan(held, facts).tags;
      expect(planned).toMatchObject({ revision: 5, cause: { type: 'Schedule' } });
      expect(new Set(planned?.unlessAt)).toEqual(new Set(['sha256:a', 'sha256:b']));
    });

    it('fetches at once when it is to follow its source again', () => {
      const resumed = { ...held, metadata: { ...held.metadata, annotations: {} } };
      expect(plan(resumed).tags).toMatchObject([{ tag: 'v1', unlessAt: [], cause: { type: 'Request' } }]);
    });

    it('fetches at once when its spec names another source', () => {
      const from = { kind: 'DockerImage', name: 'quay.io/team/app:v2' };
      const moved = { ...held, spec: { tags: [tag('v1', { from })] } };
      expect(plan(moved).tags).toMatchObject([{ tag: 'v1', unlessAt: [], cause: { type: 'Spec' } }]);
    });
  });
});
