import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ImageStream, TagReference } from '../api/image-stream.ts';
import { failure, type StatusReason } from '../api/status.ts';
import { findTag, latestTagEvent } from '../api/tag-history.ts';
import type { Digest } from '../oci/types.ts';
import { isNothing, type PlanFacts, planImports } from './plan.ts';
import { recordImports } from './record.ts';
import type { TagResult } from './run.ts';
import type { ImageOutcome, RepositoryOutcome } from './types.ts';

const startMs = Date.UTC(2026, 0, 1);
const minuteMs = 60_000;

const tag = (name: string, change: Partial<TagReference> = {}): TagReference => ({
  name,
  from: { kind: 'DockerImage', name: `quay.io/team/app:${name}` },
  generation: 1,
  ...change,
});
const aStream = (spec: ImageStream['spec'], change: Partial<ImageStream['metadata']> = {}): ImageStream => ({
  apiVersion: 'image.openshift.io/v1',
  kind: 'ImageStream',
  metadata: { name: 'app', namespace: 'team', generation: 1, ...change },
  ...(spec === undefined ? {} : { spec }),
});

const found = (name: string, image: string, sourceDigest = image): ImageOutcome => ({
  ok: true,
  image: {
    apiVersion: 'image.openshift.io/v1',
    kind: 'Image',
    metadata: { name: image },
    dockerImageReference: `quay.io/team/app@${image}`,
  },
  manifests: [],
  tag: name,
  sourceDigest: sourceDigest as Digest,
});
const failed = (
  reason: StatusReason = 'NotFound',
  message = `it is ${reason}`,
  name = 'v1',
): ImageOutcome => ({
  ok: false,
  status: failure(reason, message),
  tag: name,
});

type Outcomes = Readonly<Record<string, TagResult['outcome']>>;

/** Plans for `planned`, and records on `stream` (by default the same) what `outcomes` say came of it. */
const record = (
  planned: ImageStream,
  outcomes: Outcomes,
  options: {
    readonly facts?: Partial<PlanFacts>;
    readonly repository?: RepositoryOutcome;
    readonly stream?: ImageStream;
    readonly afterMs?: number;
    readonly historyLimit?: number;
    readonly maxBytes?: number;
  } = {},
): ImageStream => {
  const { stream = planned, afterMs = 0, historyLimit = 20, maxBytes } = options;
  const plan = planImports(planned, { maxTags: 500, ...options.facts });
  const tags = plan.tags.map((one) => ({ planned: one, outcome: outcomes[one.tag] ?? failed() }));
  const repository =
    plan.repository === undefined || options.repository === undefined
      ? undefined
      : { planned: plan.repository, outcome: options.repository };
  const status = recordImports(
    stream,
    { tags, repository },
    { nowMs: startMs + afterMs, historyLimit, ...(maxBytes === undefined ? {} : { maxBytes }) },
  );
  return { ...stream, status };
};
const due = (...names: readonly string[]): Partial<PlanFacts> => ({
  due: new Map(names.map((name) => [name, { cause: { type: 'Schedule' } }])),
});
const imagesOf = (stream: ImageStream, name = 'v1') =>
  findTag(stream.status, name)?.items?.map(({ image }) => image);
const conditionsOf = (stream: ImageStream, name = 'v1') => findTag(stream.status, name)?.conditions ?? [];

describe('recordImports', () => {
  it('says where the images of a stream are: the repository that it follows, or nowhere', () => {
    const { status } = record(aStream({ dockerImageRepository: 'quay.io/team/app:v1' }), {});
    expect(status?.dockerImageRepository).toBe('quay.io/team/app');
    const nowhere = record(aStream({}), {});
    expect(nowhere.status?.dockerImageRepository).toBe('');
    expect(record(nowhere, {}).status).toBe(nowhere.status);
  });
});

describe('recordImports of a tag', () => {
  it('puts what was found into the history, with cause, source and generation', () => {
    const stream = aStream({ tags: [tag('v1', { generation: 7 })] }, { generation: 9 });
    const next = record(stream, { v1: found('v1', 'sha256:child', 'sha256:list') });
    expect(latestTagEvent(next.status, 'v1')).toEqual({
      created: '2026-01-01T00:00:00Z',
      dockerImageReference: 'quay.io/team/app@sha256:child',
      image: 'sha256:child',
      generation: 7,
      revision: 1,
      sourceDigest: 'sha256:list',
      cause: { type: 'Spec' },
    });
    expect(conditionsOf(next)).toEqual([]);
  });

  it.each([undefined, null, 0])("takes the stream's generation for a tag whose own is %s", (generation) => {
    const one = tag('v1');
    const spec = {
      tags: [generation === undefined ? { name: one.name, from: one.from ?? {} } : { ...one, generation }],
    };
    const next = record(aStream(spec, { generation: 4 }), { v1: found('v1', 'sha256:a') });
    expect(latestTagEvent(next.status, 'v1')?.generation).toBe(4);
  });

  it.each([{ v1: found('v1', 'sha256:a') }, { v1: failed() }])('leaves nothing pending', (outcomes) => {
    const next = record(aStream({ tags: [tag('v1')] }), outcomes);
    expect(isNothing(planImports(next, { maxTags: 500 }))).toBe(true);
  });

  it('never touches the spec', () => {
    const stream = aStream({
      tags: [tag('v1', { generation: 0 })],
      dockerImageRepository: 'quay.io/team/app',
    });
    const next = record(
      stream,
      { v1: found('v1', 'sha256:a') },
      { repository: { ok: true, images: [found('v2', 'sha256:b')], additionalTags: [] } },
    );
    expect(next.spec).toBe(stream.spec);
  });

  it('returns the same status when a refresh finds nothing new', () => {
    const first = record(aStream({ tags: [tag('v1')] }), { v1: found('v1', 'sha256:a') });
    const options = { facts: due('v1'), afterMs: minuteMs };
    expect(record(first, { v1: 'unchanged' }, options).status).toBe(first.status);
    expect(record(first, { v1: found('v1', 'sha256:a') }, options).status).toBe(first.status);
  });

  it('adds an entry when the image moved, and keeps the old one', () => {
    const first = record(aStream({ tags: [tag('v1')] }), { v1: found('v1', 'sha256:a') });
    const second = record(first, { v1: found('v1', 'sha256:b') }, { facts: due('v1'), afterMs: minuteMs });
    expect(imagesOf(second)).toEqual(['sha256:b', 'sha256:a']);
    expect(latestTagEvent(second.status, 'v1')).toMatchObject({
      created: '2026-01-01T00:01:00Z',
      revision: 2,
      cause: { type: 'Schedule' },
    });
  });

  it('notes in place that only the list around the image moved', () => {
    const first = record(aStream({ tags: [tag('v1')] }), { v1: found('v1', 'sha256:a', 'sha256:list1') });
    const second = record(first, { v1: found('v1', 'sha256:a', 'sha256:list2') }, { facts: due('v1') });
    expect(imagesOf(second)).toEqual(['sha256:a']);
    expect(latestTagEvent(second.status, 'v1')).toMatchObject({ sourceDigest: 'sha256:list2', revision: 1 });
  });

  it('keeps the last good image when a refresh fails, and says why it failed', () => {
    const first = record(aStream({ tags: [tag('v1')] }), { v1: found('v1', 'sha256:a') });
    const second = record(
      first,
      { v1: failed('ServiceUnavailable') },
      { facts: due('v1'), afterMs: minuteMs },
    );
    expect(imagesOf(second)).toEqual(['sha256:a']);
    expect(conditionsOf(second)).toEqual([
      {
        type: 'ImportSuccess',
        status: 'False',
        lastTransitionTime: '2026-01-01T00:01:00Z',
        reason: 'ServiceUnavailable',
        message: 'it is ServiceUnavailable',
        generation: 1,
      },
    ]);
  });

  it('does not write the same kind of failure again, whatever its message says now', () => {
    const first = record(aStream({ tags: [tag('v1')] }), { v1: failed('Timeout', 'after 10 s') });
    const again = { v1: failed('Timeout', 'after 11 s') };
    expect(record(first, again, { facts: due('v1'), afterMs: minuteMs }).status).toBe(first.status);
  });

  it('writes another kind of failure', () => {
    const first = record(aStream({ tags: [tag('v1')] }), { v1: failed('Timeout') });
    const second = record(first, { v1: failed('Unauthorized') }, { facts: due('v1'), afterMs: minuteMs });
    expect(conditionsOf(second)).toMatchObject([
      { reason: 'Unauthorized', lastTransitionTime: '2026-01-01T00:01:00Z' },
    ]);
  });

  it('says of which generation a failure is, when the same failure meets a new spec', () => {
    const first = record(aStream({ tags: [tag('v1')] }), { v1: failed('NotFound', 'no v1') });
    const edited = { ...first, spec: { tags: [tag('v1', { generation: 2 })] } };
    const second = record(edited, { v1: failed('NotFound', 'no v2') }, { afterMs: minuteMs });
    expect(conditionsOf(second)).toMatchObject([
      { generation: 2, message: 'no v2', lastTransitionTime: '2026-01-01T00:00:00Z' },
    ]);
    expect(isNothing(planImports(second, { maxTags: 500 }))).toBe(true);
  });

  it.each([{ v1: 'unchanged' as const }, { v1: found('v1', 'sha256:a') }])(
    'takes the failure away when the registry answers again',
    (recovered) => {
      const first = record(aStream({ tags: [tag('v1')] }), { v1: found('v1', 'sha256:a') });
      const second = record(first, { v1: failed() }, { facts: due('v1') });
      const third = record(second, recovered, { facts: due('v1') });
      expect(conditionsOf(third)).toEqual([]);
      expect(imagesOf(third)).toEqual(['sha256:a']);
    },
  );

  it('keeps tags apart: one that fails says nothing of another', () => {
    const stream = aStream({ tags: [tag('v1'), tag('v2')] });
    const next = record(stream, { v1: failed(), v2: found('v2', 'sha256:b') });
    expect(imagesOf(next, 'v2')).toEqual(['sha256:b']);
    expect(conditionsOf(next, 'v2')).toEqual([]);
    expect(conditionsOf(next, 'v1')).toHaveLength(1);
  });

  it('moves the tags that track one that moved', () => {
    const tracking = tag('stable', { from: { kind: 'ImageStreamTag', name: 'v1' } });
    const next = record(aStream({ tags: [tracking, tag('v1')] }), { v1: found('v1', 'sha256:a') });
    expect(latestTagEvent(next.status, 'stable')).toMatchObject({
      image: 'sha256:a',
      cause: { type: 'Tag' },
    });
  });

  it('cuts the history to its limit', () => {
    let stream = aStream({ tags: [tag('v1')] });
    for (const image of ['a', 'b', 'c', 'd']) {
      stream = record(stream, { v1: found('v1', `sha256:${image}`) }, { facts: due('v1'), historyLimit: 2 });
    }
    expect(imagesOf(stream)).toEqual(['sha256:d', 'sha256:c']);
    expect(latestTagEvent(stream.status, 'v1')?.revision).toBe(4);
  });

  it('keeps the object within its size', () => {
    const maxBytes = 20_000;
    let stream = aStream({ tags: [tag('v1')] });
    for (let image = 0; image < 100; image++) {
      const outcome = found('v1', `sha256:${image}`.padEnd(71, '0'));
      stream = record(stream, { v1: outcome }, { facts: due('v1'), historyLimit: 1000, maxBytes });
    }
    expect(Buffer.byteLength(JSON.stringify(stream))).toBeLessThan(maxBytes);
    expect(imagesOf(stream)?.length).toBeGreaterThan(10);
    expect(imagesOf(stream)?.[0]).toMatch(/^sha256:990/);
  });
});

describe('recordImports of the whole', () => {
  const verdictOf = (stream: ImageStream, type: string) => {
    const condition = stream.status?.conditions?.find((one) => one.type === type);
    return `${condition?.status} ${condition?.reason}`;
  };

  it('says that a stream is ready and fresh, and which generation it looked at', () => {
    const next = record(aStream({ tags: [tag('v1')] }, { generation: 5 }), { v1: found('v1', 'sha256:a') });
    expect([verdictOf(next, 'Ready'), verdictOf(next, 'Fresh')]).toEqual(['True Imported', 'True UpToDate']);
    expect(next.status?.observedGeneration).toBe(5);
  });

  it('says that a stream whose refresh failed is ready, but not fresh', () => {
    const first = record(aStream({ tags: [tag('v1')] }), { v1: found('v1', 'sha256:a') });
    const second = record(first, { v1: failed() }, { facts: due('v1') });
    expect([verdictOf(second, 'Ready'), verdictOf(second, 'Fresh')]).toEqual([
      'True Imported',
      'False RefreshFailed',
    ]);
  });

  it('says so when a stream has no tags, once', () => {
    const first = record(aStream({}), {});
    expect(verdictOf(first, 'Ready')).toBe('False NoTags');
    expect(record(first, {}, { afterMs: minuteMs }).status).toBe(first.status);
  });

  it('says how many tags of a repository were left out', () => {
    const repository: RepositoryOutcome = {
      ok: true,
      images: [found('v1', 'sha256:a')],
      additionalTags: ['v0'],
    };
    const next = record(aStream({ dockerImageRepository: 'quay.io/team/app' }), {}, { repository });
    expect(verdictOf(next, 'Complete')).toBe('False TooManyTags');
  });
});

describe('recordImports of a repository that has no room', () => {
  it('counts the tags that it leaves out, the same each time', () => {
    const images = Array.from({ length: 60 }, (_, index) => found(`v${index}`, `sha256:${'a'.repeat(64)}`));
    const repository: RepositoryOutcome = { ok: true, images, additionalTags: ['by-number'] };
    const start = aStream({ dockerImageRepository: 'quay.io/team/app' });
    const full = record(start, {}, { repository, maxBytes: 16_000 });
    const kept = full.status?.tags?.length ?? 0;
    expect(kept).toBeGreaterThan(10);
    expect(kept).toBeLessThan(60);
    expect(full.status?.repository?.leftOut).toBe(61 - kept);
    expect(full.status?.conditions?.find(({ type }) => type === 'Complete')).toMatchObject({
      status: 'False',
      reason: 'TooManyTags',
    });
    const again = {
      repository,
      maxBytes: 16_000,
      facts: { repositoryDue: { cause: { type: 'Schedule' } } as const },
    };
    expect(record(full, {}, again).status).toBe(full.status);
  });
});

describe('recordImports on a stream that has moved on', () => {
  const planned = record(aStream({ tags: [tag('v1')] }), { v1: found('v1', 'sha256:a') });
  const facts = due('v1');

  it('drops a result for another spec, which stays pending', () => {
    const spec = { tags: [tag('v1', { from: { kind: 'DockerImage', name: 'quay.io/team/other:v1' } })] };
    const stream = { ...planned, spec };
    const next = record(planned, { v1: found('v1', 'sha256:b') }, { facts, stream });
    expect(imagesOf(next)).toEqual(['sha256:a']);
    expect(planImports(next, { maxTags: 500 }).tags).toHaveLength(1);
  });

  it('drops a result for a tag that is gone', () => {
    const stream = { ...planned, spec: {} };
    const next = record(planned, { v1: found('v1', 'sha256:b') }, { facts, stream });
    expect(imagesOf(next)).toEqual(['sha256:a']);
  });

  it('drops a result that is older than what the history has by now', () => {
    const stream = record(planned, { v1: found('v1', 'sha256:c') }, { facts });
    const next = record(planned, { v1: found('v1', 'sha256:b') }, { facts, stream });
    expect(imagesOf(next)).toEqual(['sha256:c', 'sha256:a']);
  });

  it('does not take a request for answered that came while the import ran', () => {
    const annotations = { 'imagestreams.dev/import-requested-at': '2026-01-01T00:00:30Z' };
    const stream = { ...planned, metadata: { ...planned.metadata, annotations } };
    const next = record(planned, { v1: found('v1', 'sha256:b') }, { facts, stream });
    expect(imagesOf(next)).toEqual(['sha256:b', 'sha256:a']);
    expect(planImports(next, { maxTags: 500 }).tags).toMatchObject([{ cause: { type: 'Request' } }]);
  });
});

describe('recordImports of a repository', () => {
  const from = 'quay.io/team/app';
  const listed = (
    images: readonly ImageOutcome[],
    additionalTags: readonly string[] = [],
  ): RepositoryOutcome => ({
    ok: true,
    images,
    additionalTags,
  });
  const again: Partial<PlanFacts> = { repositoryDue: { cause: { type: 'Schedule' } } };
  const tagsOf = (stream: ImageStream) =>
    Object.fromEntries((stream.status?.tags ?? []).map((list) => [list.tag, list.items?.[0]?.image]));

  it('puts the tags that were found into the status alone', () => {
    const stream = aStream({ dockerImageRepository: from }, { generation: 3 });
    const repository = listed([found('latest', 'sha256:b'), found('v1', 'sha256:a')], ['v0']);
    const next = record(stream, {}, { repository });
    expect(tagsOf(next)).toEqual({ latest: 'sha256:b', v1: 'sha256:a' });
    expect(next.status?.repository).toMatchObject({ leftOut: 1, imported: true });
    expect(latestTagEvent(next.status, 'v1')).toMatchObject({ generation: 3, cause: { type: 'Spec' } });
    expect(isNothing(planImports(next, { maxTags: 500 }))).toBe(true);
  });

  it('leaves a tag alone whose source the spec names', () => {
    const stream = aStream({ dockerImageRepository: from, tags: [tag('v1')] });
    const repository = listed([found('v1', 'sha256:upstream')]);
    const next = record(stream, { v1: found('v1', 'sha256:spec') }, { repository });
    expect(imagesOf(next)).toEqual(['sha256:spec']);
  });

  it('keeps every tag that a later listing lacks, and moves none of them', () => {
    const first = record(
      aStream({ dockerImageRepository: from }),
      {},
      { repository: listed([found('v1', 'sha256:a'), found('v2', 'sha256:b')]) },
    );
    const second = record(first, {}, { repository: listed([found('v3', 'sha256:c')]), facts: again });
    expect(tagsOf(second)).toEqual({ v1: 'sha256:a', v2: 'sha256:b', v3: 'sha256:c' });
  });

  it('changes no tag when the listing failed, and says why it did', () => {
    const first = record(
      aStream({ dockerImageRepository: from }),
      {},
      { repository: listed([found('v1', 'sha256:a')], ['v0']) },
    );
    const repository: RepositoryOutcome = { ok: false, status: failure('Timeout', 'no answer') };
    const second = record(first, {}, { repository, facts: again });
    expect(second.status?.tags).toEqual(first.status?.tags);
    expect(second.status?.repository).toMatchObject({
      leftOut: 1,
      imported: true,
      conditions: [{ reason: 'Timeout', status: 'False' }],
    });
    const third = record(second, {}, { repository, facts: again, afterMs: minuteMs });
    expect(third.status).toBe(second.status);
    const fourth = record(third, {}, { repository: listed([found('v1', 'sha256:a')]), facts: again });
    expect(fourth.status?.repository).not.toHaveProperty('conditions');
  });

  it('says per tag what failed', () => {
    const repository = listed([failed('NotFound', 'gone', 'v1'), found('v2', 'sha256:b')]);
    const next = record(aStream({ dockerImageRepository: from }), {}, { repository });
    expect(conditionsOf(next, 'v1')).toMatchObject([{ reason: 'NotFound', message: 'gone' }]);
    expect(tagsOf(next)).toEqual({ v1: undefined, v2: 'sha256:b' });
  });

  it('drops what came of another repository', () => {
    const planned = aStream({ dockerImageRepository: from });
    const stream = aStream({ dockerImageRepository: 'quay.io/team/other' });
    const next = record(planned, {}, { repository: listed([found('v1', 'sha256:a')]), stream });
    expect(tagsOf(next)).toEqual({});
    expect(planImports(next, { maxTags: 500 }).repository).toBeDefined();
  });
});

describe('recordImports, whatever happens', () => {
  const outcomes = fc.oneof(
    fc.constantFrom('a', 'b', 'c').map((image) => found('v1', `sha256:${image}`)),
    fc.constantFrom<StatusReason>('NotFound', 'Timeout', 'Unauthorized').map((reason) => failed(reason)),
    fc.constant('unchanged' as const),
  );

  it('numbers the images of a tag without gaps, one entry per move, newest first', () => {
    fc.assert(
      fc.property(fc.array(outcomes, { maxLength: 30 }), (sequence) => {
        let stream = aStream({ tags: [tag('v1')] });
        const moves: string[] = [];
        for (const outcome of sequence) {
          stream = record(stream, { v1: outcome }, { facts: due('v1'), historyLimit: 100 });
          if (outcome === 'unchanged' || !outcome.ok) continue;
          if (moves[0] !== outcome.image.metadata.name) moves.unshift(outcome.image.metadata.name);
        }
        expect(imagesOf(stream) ?? []).toEqual(moves);
        const revisions = findTag(stream.status, 'v1')?.items?.map(({ revision }) => revision) ?? [];
        expect(revisions).toEqual(moves.map((_, index) => moves.length - index));
      }),
    );
  });

  it('says the same thing twice without a write', () => {
    fc.assert(
      fc.property(fc.array(outcomes, { minLength: 1, maxLength: 10 }), (sequence) => {
        let stream = aStream({ tags: [tag('v1')] });
        for (const outcome of sequence) {
          stream = record(stream, { v1: outcome }, { facts: due('v1') });
          const again = record(stream, { v1: outcome }, { facts: due('v1'), afterMs: minuteMs });
          expect(again.status).toBe(stream.status);
        }
      }),
    );
  });
});

describe('recordImports of a tag that was rolled back', () => {
  const twice = record(
    record(aStream({ tags: [tag('v1')] }), { v1: found('v1', 'sha256:a') }),
    { v1: found('v1', 'sha256:b') },
    { facts: due('v1'), afterMs: minuteMs },
  );
  const asking = (stream: ImageStream, text: string | undefined): ImageStream => {
    const annotations = text === undefined ? {} : { 'imagestreams.dev/rollbacks': text };
    return { ...stream, metadata: { ...stream.metadata, annotations } };
  };
  const request = JSON.stringify({ v1: { revision: 1, image: 'sha256:a', at: 'noon', by: 'alice' } });
  const held = record(asking(twice, request), {}, { afterMs: 2 * minuteMs });
  const rollbackOf = (stream: ImageStream) => findTag(stream.status, 'v1')?.rollback;

  it('carries out what was asked for where no server did, and writes nothing for it again', () => {
    expect(imagesOf(held)).toEqual(['sha256:a', 'sha256:b', 'sha256:a']);
    expect(latestTagEvent(held.status, 'v1')).toMatchObject({
      created: '2026-01-01T00:02:00Z',
      revision: 3,
      cause: { type: 'Rollback', by: 'alice' },
    });
    expect(rollbackOf(held)).toMatchObject({ by: 'alice', held: true });
    expect(record(held, {}, { afterMs: 3 * minuteMs }).status).toBe(held.status);
  });

  it('drops results for the history before', () => {
    const late = record(
      twice,
      { v1: found('v1', 'sha256:c') },
      { facts: due('v1'), stream: asking(twice, request) },
    );
    expect(imagesOf(late)).toEqual(['sha256:a', 'sha256:b', 'sha256:a']);
  });

  it('stays through refreshes that find what the history holds', () => {
    const facts = due('v1');
    expect(record(held, { v1: 'unchanged' }, { facts }).status).toBe(held.status);
    const listMoved = record(held, { v1: found('v1', 'sha256:b', 'sha256:list') }, { facts });
    expect(imagesOf(listMoved)).toEqual(imagesOf(held));
    expect(planImports(listMoved, { maxTags: 500, ...facts }).tags[0]?.unlessAt).toContain('sha256:list');
    const failing = record(held, { v1: failed('Timeout') }, { facts });
    expect(imagesOf(failing)).toEqual(imagesOf(held));
    expect(conditionsOf(failing)).toHaveLength(1);
    expect(rollbackOf(failing)?.held).toBe(true);
  });

  it('stays when an import is asked for: its source has nothing new', () => {
    const again: ImageStream = { ...held, spec: { tags: [tag('v1', { generation: 4 })] } };
    const next = record(again, { v1: found('v1', 'sha256:b') });
    expect(imagesOf(next)).toEqual(imagesOf(held));
    expect(latestTagEvent(next.status, 'v1')?.generation).toBe(4);
    expect(isNothing(planImports(next, { maxTags: 500 }))).toBe(true);
  });

  it('goes on when its source has something new, and is not taken back', () => {
    const moved = record(held, { v1: found('v1', 'sha256:c') }, { facts: due('v1') });
    expect(imagesOf(moved)).toEqual(['sha256:c', 'sha256:a', 'sha256:b', 'sha256:a']);
    expect(rollbackOf(moved)?.held).toBeUndefined();
    const back = record(moved, { v1: found('v1', 'sha256:b') }, { facts: due('v1') });
    expect(imagesOf(back)?.[0]).toBe('sha256:b');
  });

  it('goes on when it is held no more, and forgets that it was', () => {
    const next = record(asking(held, undefined), { v1: found('v1', 'sha256:b') });
    expect(imagesOf(next)).toEqual(['sha256:b', 'sha256:a', 'sha256:b', 'sha256:a']);
    expect(latestTagEvent(next.status, 'v1')?.cause).toEqual({ type: 'Request' });
    expect(rollbackOf(next)).toBeUndefined();
    expect(isNothing(planImports(next, { maxTags: 500 }))).toBe(true);
  });

  it('follows from then on also where its source has what it was rolled back to', () => {
    const next = record(asking(held, undefined), { v1: found('v1', 'sha256:a') });
    expect(imagesOf(next)).toEqual(imagesOf(held));
    expect(rollbackOf(next)).toBeUndefined();
    const moved = record(next, { v1: found('v1', 'sha256:b') }, { facts: due('v1') });
    expect(imagesOf(moved)?.[0]).toBe('sha256:b');
  });

  it('is not held any more when it fails to be imported as it is asked for now', () => {
    const next = record(asking(held, undefined), { v1: failed() });
    expect(rollbackOf(next)).toBeUndefined();
    expect(isNothing(planImports(next, { maxTags: 500 }))).toBe(true);
  });

  it('takes what another source has, be it old or the same', () => {
    const from = { kind: 'DockerImage', name: 'quay.io/team/app:v2' };
    const other: ImageStream = { ...held, spec: { tags: [tag('v1', { from })] } };
    const old = record(other, { v1: found('v1', 'sha256:b') });
    expect(imagesOf(old)?.[0]).toBe('sha256:b');
    const same = record(other, { v1: found('v1', 'sha256:a') });
    expect(imagesOf(same)).toEqual(imagesOf(held));
    expect([rollbackOf(old)?.held, rollbackOf(same)?.held]).toEqual([undefined, undefined]);
  });

  it('stays also where only a repository knows it', () => {
    const repository = { ok: true, images: [found('v1', 'sha256:b')], additionalTags: [] } as const;
    const listed: ImageStream = { ...held, spec: { dockerImageRepository: 'quay.io/team/app' } };
    expect(imagesOf(record(listed, {}, { repository }))).toEqual(imagesOf(held));
    const news = { ...repository, images: [found('v1', 'sha256:c')] };
    expect(imagesOf(record(listed, {}, { repository: news }))?.[0]).toBe('sha256:c');
  });
});
