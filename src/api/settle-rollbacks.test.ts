import { describe, expect, it } from 'vitest';
import { rollbacksAnnotation } from './annotations.ts';
import type { ImageStream, TagReference } from './image-stream.ts';
import { isHeld, isTagPending, observeTag, settledDigests } from './pending.ts';
import { formatRollbacks, type RollbackRequest, rollbackIdOf } from './rollback.ts';
import { settleRollbacks } from './settle-rollbacks.ts';
import { addTagEvent, findTag, putTag, setTagConditions } from './tag-history.ts';

const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;
const [before, now] = ['2026-11-23T11:00:00Z', '2026-11-23T12:00:00Z'];
const context = { now, by: 'alice' };

const upstream: TagReference = {
  name: 'v1',
  from: { kind: 'DockerImage', name: 'r.example/app:v1' },
  generation: 2,
};

/** A stream whose tag had the images that the letters stand for, the oldest first, found at digests of their own. */
const streamWith = (tag: TagReference, letters: string): ImageStream => {
  const stream: ImageStream = {
    apiVersion: 'image.openshift.io/v1',
    kind: 'ImageStream',
    metadata: { name: 'app', namespace: 'team', generation: 2 },
    spec: { tags: [tag] },
  };
  const status = letters.split('').reduce(
    (next, letter) =>
      addTagEvent(next, tag.name, {
        created: before,
        dockerImageReference: `r.example/app@${digest(letter)}`,
        image: digest(letter),
        generation: 2,
        sourceDigest: digest(letter.toUpperCase()),
        cause: { type: 'Schedule' },
      }),
    {},
  );
  const list = findTag(status, tag.name) ?? { tag: tag.name };
  return {
    ...stream,
    status: putTag(status, { ...list, observed: observeTag(stream, tag, { succeeded: true }) }),
  };
};

const asking = (stream: ImageStream, requests: Readonly<Record<string, RollbackRequest>>): ImageStream => {
  const text = formatRollbacks(new Map(Object.entries(requests)));
  const { [rollbacksAnnotation]: _, ...annotations } = stream.metadata.annotations ?? {};
  return {
    ...stream,
    metadata: {
      ...stream.metadata,
      annotations: { ...annotations, ...(text === undefined ? {} : { [rollbacksAnnotation]: text }) },
    },
  };
};

const to = (revision: number, letter: string, at = now): RollbackRequest => ({
  revision,
  image: digest(letter),
  at,
});
const imagesOf = (stream: ImageStream, tag = 'v1') =>
  (findTag(stream.status, tag)?.items ?? []).map(({ image, revision, cause }) =>
    [image.slice(7, 8), revision, cause?.type].join(' '),
  );

describe('settleRollbacks', () => {
  it('goes back to an image of the history, as an entry of its own with who asked', () => {
    const settled = settleRollbacks(asking(streamWith(upstream, 'ab'), { v1: to(1, 'a') }), context);
    const list = findTag(settled.status, 'v1');
    expect(imagesOf(settled)).toEqual(['a 3 Rollback', 'b 2 Schedule', 'a 1 Schedule']);
    expect(list?.items?.[0]).toEqual({
      created: now,
      dockerImageReference: `r.example/app@${digest('a')}`,
      image: digest('a'),
      generation: 2,
      revision: 3,
      sourceDigest: digest('A'),
      cause: { type: 'Rollback', by: 'alice' },
    });
    expect(list?.rollback).toEqual({
      request: rollbackIdOf(to(1, 'a')),
      since: now,
      by: 'alice',
      held: true,
    });
    expect(isHeld(settled, 'v1')).toBe(true);
    expect(isTagPending(settled, upstream)).toBe(false);
  });

  it('believes the request who asked where nobody knows better', () => {
    const request = { ...to(1, 'a'), by: 'bob' };
    const settled = settleRollbacks(asking(streamWith(upstream, 'ab'), { v1: request }), { now });
    expect(findTag(settled.status, 'v1')).toMatchObject({
      rollback: { by: 'bob' },
      items: [{ cause: { type: 'Rollback', by: 'bob' } }, {}, {}],
    });
  });

  it('carries a request out once', () => {
    const settled = settleRollbacks(asking(streamWith(upstream, 'ab'), { v1: to(1, 'a') }), context);
    expect(settleRollbacks(settled, { now: '2026-11-23T13:00:00Z' })).toBe(settled);
    // The source had something new since: that is not taken back.
    const moved: ImageStream = {
      ...settled,
      status: addTagEvent(settled.status ?? {}, 'v1', {
        created: now,
        dockerImageReference: 'r.example/app@c',
        image: digest('c'),
        generation: 2,
      }),
    };
    expect(isHeld(moved, 'v1')).toBe(false);
    expect(settleRollbacks(moved, context)).toBe(moved);
  });

  it('goes back to the same entry again when it is asked again', () => {
    const first = settleRollbacks(asking(streamWith(upstream, 'ab'), { v1: to(1, 'a') }), context);
    const moved: ImageStream = {
      ...first,
      status: addTagEvent(first.status ?? {}, 'v1', {
        created: now,
        dockerImageReference: 'r.example/app@c',
        image: digest('c'),
        generation: 2,
        cause: { type: 'Schedule' },
      }),
    };
    const again = settleRollbacks(asking(moved, { v1: to(1, 'a', '2026-11-23T14:00:00Z') }), context);
    expect(imagesOf(again).slice(0, 2)).toEqual(['a 5 Rollback', 'c 4 Schedule']);
    expect(isHeld(again, 'v1')).toBe(true);
  });

  it('keeps what is said of imports that fail: that has not changed', () => {
    const stream = streamWith(upstream, 'ab');
    const condition = {
      type: 'ImportSuccess',
      status: 'False',
      reason: 'Timeout',
      message: 'late',
      generation: 2,
    } as const;
    const failing = { ...stream, status: setTagConditions(stream.status ?? {}, 'v1', [condition]) };
    const settled = settleRollbacks(asking(failing, { v1: to(1, 'a') }), context);
    expect(findTag(settled.status, 'v1')?.conditions).toEqual([condition]);
  });

  it('numbers a history that came without numbers', () => {
    const stream = streamWith(upstream, 'ab');
    const list = findTag(stream.status, 'v1');
    const items = list?.items?.map(({ revision: _revision, ...item }) => item) ?? [];
    const bare = { ...stream, status: putTag(stream.status ?? {}, { tag: 'v1', ...list, items }) };
    const settled = settleRollbacks(asking(bare, { v1: to(1, 'a') }), context);
    expect(imagesOf(settled)).toEqual(['a 3 Rollback', 'b 2 Schedule', 'a 1 Schedule']);
  });

  const refused: readonly (readonly [string, RollbackRequest])[] = [
    ['is not in the history', to(7, 'a')],
    ['is of another stream of that name: the image differs', to(1, 'f')],
  ];
  for (const [why, request] of refused) {
    it(`leaves a tag alone whose entry ${why}`, () => {
      const stream = asking(streamWith(upstream, 'ab'), { v1: request, other: to(1, 'a') });
      expect(settleRollbacks(stream, context)).toBe(stream);
    });
  }

  it('goes back to no mere reference', () => {
    const stream = streamWith({ ...upstream, reference: true }, 'a');
    const status = addTagEvent(stream.status ?? {}, 'v1', {
      created: now,
      dockerImageReference: 'r.example/app:v2',
      image: '',
      generation: 2,
    });
    const asked = asking({ ...stream, status }, { v1: { revision: 2, image: '' } });
    expect(settleRollbacks(asked, context)).toBe(asked);
  });

  it('changes nothing where the annotation cannot be read', () => {
    const settled = settleRollbacks(asking(streamWith(upstream, 'ab'), { v1: to(1, 'a') }), context);
    const broken: ImageStream = {
      ...settled,
      metadata: { ...settled.metadata, annotations: { [rollbacksAnnotation]: '{' } },
    };
    expect(settleRollbacks(broken, context)).toBe(broken);
    expect(isHeld(broken, 'v1')).toBe(true);
    expect(isTagPending(broken, upstream)).toBe(false);
  });
});

describe('a tag that is held no more', () => {
  const held = settleRollbacks(asking(streamWith(upstream, 'ab'), { v1: to(1, 'a') }), context);

  it('is imported again where it has a source to ask', () => {
    const resumed = settleRollbacks(asking(held, {}), context);
    expect(isHeld(resumed, 'v1')).toBe(false);
    expect(isTagPending(resumed, upstream)).toBe(true);
    expect(imagesOf(resumed)).toEqual(imagesOf(held));
  });

  it('is back at once at what a copied tag was before', () => {
    const copied: TagReference = { name: 'prod', from: { kind: 'ImageStreamImage', name: 'other@b' } };
    const stream = settleRollbacks(asking(streamWith(copied, 'ab'), { prod: to(1, 'a') }), context);
    const twice = settleRollbacks(asking(stream, { prod: to(2, 'b', 'later') }), context);
    const thrice = settleRollbacks(asking(twice, { prod: to(1, 'a', 'last') }), context);
    const resumed = settleRollbacks(asking(thrice, {}), { now, by: 'bob' });
    expect(imagesOf(resumed, 'prod').slice(0, 4)).toEqual([
      'b 6 Request',
      'a 5 Rollback',
      'b 4 Rollback',
      'a 3 Rollback',
    ]);
    expect(findTag(resumed.status, 'prod')).toMatchObject({
      items: [{ cause: { by: 'bob' } }, {}, {}, {}, {}, {}],
    });
    expect(findTag(resumed.status, 'prod')?.rollback).toBeUndefined();
  });

  it('is where the tag is by now that it follows', () => {
    const alias: TagReference = { name: 'latest', from: { kind: 'ImageStreamTag', name: 'v1' } };
    const stream = streamWith(alias, 'ab');
    const both: ImageStream = {
      ...stream,
      spec: { tags: [alias, upstream] },
      status: addTagEvent(stream.status ?? {}, 'v1', {
        created: before,
        dockerImageReference: 'r.example/app@d',
        image: digest('d'),
        generation: 2,
      }),
    };
    const resumed = settleRollbacks(
      asking(settleRollbacks(asking(both, { latest: to(1, 'a') }), context), {}),
      context,
    );
    expect(imagesOf(resumed, 'latest')[0]).toBe('d 4 Request');
  });

  it('leaves nothing behind where the source had moved on already', () => {
    const moved: ImageStream = {
      ...held,
      status: addTagEvent(held.status ?? {}, 'v1', {
        created: now,
        dockerImageReference: 'r.example/app@c',
        image: digest('c'),
        generation: 2,
      }),
    };
    const cleared = settleRollbacks(asking(moved, {}), context);
    expect(findTag(cleared.status, 'v1')?.rollback).toBeUndefined();
    expect(imagesOf(cleared)).toEqual(imagesOf(moved));
    expect(isTagPending(cleared, upstream)).toBe(false);
  });
});

describe('isHeld', () => {
  const held = settleRollbacks(asking(streamWith(upstream, 'ab'), { v1: to(1, 'a') }), context);

  it('is false for a tag whose spec names another source', () => {
    const from = { kind: 'DockerImage', name: 'r.example/app:v2' };
    const other: ImageStream = { ...held, spec: { tags: [{ ...upstream, from }] } };
    expect(isHeld(other, 'v1')).toBe(false);
  });

  it('stays true when an import is asked for, and when only policies change', () => {
    const importPolicy = { scheduled: true };
    const other: ImageStream = { ...held, spec: { tags: [{ ...upstream, generation: 9, importPolicy }] } };
    expect(isHeld(other, 'v1')).toBe(true);
  });

  it('is true for a tag that only a repository knows', () => {
    expect(isHeld({ ...held, spec: {} }, 'v1')).toBe(true);
    expect(isHeld(held, 'v2')).toBe(false);
  });
});

describe('settledDigests', () => {
  it('is the digest of the newest image, and while the tag is held every one of the history', () => {
    const stream = streamWith(upstream, 'ab');
    expect(settledDigests(stream, 'v1')).toEqual([digest('B')]);
    const held = settleRollbacks(asking(stream, { v1: to(1, 'a') }), context);
    expect(new Set(settledDigests(held, 'v1'))).toEqual(
      new Set([digest('a'), digest('A'), digest('b'), digest('B')]),
    );
    expect(settledDigests(stream, 'v2')).toEqual([]);
  });
});
