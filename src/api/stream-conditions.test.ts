import { describe, expect, it } from 'vitest';
import type { ImageStream, ImageStreamSpec, TagReference } from './image-stream.ts';
import { observeRepository, observeTag } from './pending.ts';
import { withStreamConditions } from './stream-conditions.ts';
import { addTagEvent, findTag, putTag, setTagConditions } from './tag-history.ts';

const now = '2026-08-08T00:00:00Z';
const later = '2026-08-08T01:00:00Z';
const tag = (name: string, more: Partial<TagReference> = {}): TagReference => ({
  name,
  from: { kind: 'DockerImage', name: `r.example/app:${name}` },
  generation: 1,
  ...more,
});
const stream = (spec: ImageStreamSpec): ImageStream => ({
  apiVersion: 'image.openshift.io/v1',
  kind: 'ImageStream',
  metadata: { name: 's', namespace: 'n', generation: 3 },
  spec,
});
const failure = (reason: string) =>
  ({
    type: 'ImportSuccess',
    status: 'False',
    reason,
    message: `${reason} at ${Math.random()}`,
    generation: 1,
  }) as const;
const observed = (of: ImageStream, one: TagReference, succeeded: boolean): ImageStream => {
  const list = findTag(of.status, one.name) ?? { tag: one.name };
  return {
    ...of,
    status: putTag(of.status ?? {}, { ...list, observed: observeTag(of, one, { succeeded }) }),
  };
};
const succeed = (of: ImageStream, one: TagReference): ImageStream => {
  const event = { created: now, dockerImageReference: `r/x@${one.name}`, image: one.name, generation: 1 };
  const status = setTagConditions(addTagEvent(of.status ?? {}, one.name, event), one.name, []);
  return observed({ ...of, status }, one, true);
};
const fail = (of: ImageStream, one: TagReference, reason = 'NotFound'): ImageStream =>
  observed({ ...of, status: setTagConditions(of.status ?? {}, one.name, [failure(reason)]) }, one, false);
const verdictOf = (of: ImageStream, type: string): readonly (string | undefined)[] => {
  const condition = withStreamConditions(of, now).status?.conditions?.find((one) => one.type === type);
  return [condition?.status, condition?.reason, condition?.message];
};

const [v1, v2] = [tag('v1'), tag('v2')];
const both = stream({ tags: [v1, v2] });

describe('Ready', () => {
  it('is false without tags', () => {
    expect(verdictOf(stream({}), 'Ready')).toEqual(['False', 'NoTags', 'the stream has no tags']);
  });
  it('is false while tags wait', () => {
    expect(verdictOf(succeed(both, v1), 'Ready')).toEqual([
      'False',
      'ImportPending',
      'waiting for the import of v2',
    ]);
  });
  it('is false where a tag never got an image, and says why', () => {
    expect(verdictOf(fail(succeed(both, v1), v2), 'Ready')).toEqual([
      'False',
      'ImportFailed',
      'no image for v2 (NotFound)',
    ]);
  });
  it('is true once every tag has its image', () => {
    expect(verdictOf(succeed(succeed(both, v1), v2), 'Ready').slice(0, 2)).toEqual(['True', 'Imported']);
  });
  it('stays true when a refresh fails', () => {
    expect(verdictOf(fail(succeed(succeed(both, v1), v2), v1), 'Ready').slice(0, 2)).toEqual([
      'True',
      'Imported',
    ]);
  });
  it('is false where the image is of a source that the spec no longer names', () => {
    const moved = tag('v1', { from: { kind: 'DockerImage', name: 'r.example/app:nope' }, generation: 2 });
    const edited = { ...succeed(both, v1), spec: { tags: [moved] } };
    expect(verdictOf(edited, 'Ready').slice(0, 2)).toEqual(['False', 'ImportPending']);
    expect(verdictOf(fail(edited, moved), 'Ready').slice(0, 2)).toEqual(['False', 'ImportFailed']);
  });
  it('does not wait for tags that no registry is asked for', () => {
    const tags = [
      tag('ref', { reference: true }),
      tag('alias', { from: { kind: 'ImageStreamTag', name: 'x' }, reference: true }),
      { name: 'pushed' },
    ];
    expect(verdictOf(stream({ tags }), 'Ready').slice(0, 2)).toEqual(['True', 'Imported']);
  });
  const alias = (name: string, target: string, more: Partial<TagReference> = {}): TagReference =>
    tag(name, { from: { kind: 'ImageStreamTag', name: target }, ...more });
  const digest = `sha256:${'a'.repeat(64)}`;
  const dangling = [
    { what: 'a tag that is not there', tags: [alias('q', 's:nope')], says: 'q (points at s:nope)' },
    { what: 'itself', tags: [alias('q', 'q')], says: 'q (points at q)' },
    {
      what: 'each other',
      tags: [alias('a', 'b'), alias('b', 's:a')],
      says: 'a (points at b), b (points at s:a)',
    },
    {
      what: 'an alias of nothing',
      tags: [alias('a', 'b'), alias('b', 'nope')],
      says: 'a (points at b), b (points at nope)',
    },
    {
      what: 'a tag of another stream',
      tags: [tag('q', { from: { kind: 'ImageStreamTag', namespace: 'm', name: 'o:v1' } })],
      says: 'q (points at m/o:v1)',
    },
    {
      what: 'an image that is not there',
      tags: [tag('q', { from: { kind: 'ImageStreamImage', name: `s@${digest}` } })],
      says: `q (points at s@${digest})`,
    },
  ];
  for (const { what, tags, says } of dangling) {
    it(`is false where tags without image point at ${what}`, () => {
      const of = succeed(stream({ tags: [v1, ...tags] }), v1);
      expect(verdictOf(of, 'Ready')).toEqual(['False', 'ReferenceNotFound', `no image for ${says}`]);
    });
  }
  it('is true where tags that point at others have an image, also when what they copied is gone', () => {
    const gone = alias('q', 'nope');
    expect(verdictOf(succeed(stream({ tags: [gone] }), gone), 'Ready').slice(0, 2)).toEqual([
      'True',
      'Imported',
    ]);
  });
  it('is false where the image is of what the tag pointed at before, and trusts history that nobody observed', () => {
    const before = succeed(stream({ tags: [v1, alias('q', 'v1')] }), alias('q', 'v1'));
    const edited = { ...succeed(before, v1), spec: { tags: [v1, alias('q', 'nope')] } };
    expect(verdictOf(edited, 'Ready').slice(1)).toEqual([
      'ReferenceNotFound',
      'no image for q (points at nope)',
    ]);
    const items = [{ created: now, dockerImageReference: 'r/x@q', image: 'q', generation: 1 }];
    const old = { ...stream({ tags: [alias('q', 'nope')] }), status: { tags: [{ tag: 'q', items }] } };
    expect(verdictOf(old, 'Ready').slice(0, 2)).toEqual(['True', 'Imported']);
  });
  it('stays true when only a policy of a tag that points at another one changes', () => {
    const copied = tag('c', { from: { kind: 'ImageStreamTag', namespace: 'm', name: 'o:v1' } });
    const first = stream({ tags: [v1, alias('q', 'v1'), copied] });
    const before = [v1, alias('q', 'v1'), copied].reduce(succeed, first);
    const tags = before.spec?.tags?.map((one) =>
      one === v1 ? one : { ...one, importPolicy: { insecure: true } },
    );
    expect(verdictOf({ ...before, spec: { tags: tags ?? [] } }, 'Ready').slice(0, 2)).toEqual([
      'True',
      'Imported',
    ]);
  });
  it('leaves it to the tag that is still imported to say why those that follow it have no image', () => {
    const of = stream({ tags: [v1, alias('a', 'b'), alias('b', 's:v1')] });
    expect(verdictOf(of, 'Ready')).toEqual(['False', 'ImportPending', 'waiting for the import of v1']);
    expect(verdictOf(fail(of, v1), 'Ready')).toEqual(['False', 'ImportFailed', 'no image for v1 (NotFound)']);
  });
  it('names failed imports and tags that point nowhere together, and these before imports to come', () => {
    const of = stream({ tags: [v1, v2, alias('q', 'nope')] });
    expect(verdictOf(succeed(of, v1), 'Ready')).toEqual([
      'False',
      'ReferenceNotFound',
      'no image for q (points at nope)',
    ]);
    expect(verdictOf(fail(succeed(of, v1), v2), 'Ready')).toEqual([
      'False',
      'ImportFailed',
      'no image for v2 (NotFound), q (points at nope)',
    ]);
  });

  it('waits for a repository to be listed', () => {
    const base = stream({ dockerImageRepository: 'r.example/app' });
    const with_ = (succeeded: boolean, reason?: string): ImageStream => ({
      ...base,
      status: {
        repository: observeRepository(base, {
          succeeded,
          ...(reason ? { conditions: [failure(reason)] } : {}),
        }),
      },
    });
    expect(verdictOf(base, 'Ready')).toEqual([
      'False',
      'ImportPending',
      'waiting for the import of r.example/app',
    ]);
    expect(verdictOf(with_(false, 'Forbidden'), 'Ready')).toEqual([
      'False',
      'ImportFailed',
      'no image for r.example/app (Forbidden)',
    ]);
    expect(verdictOf(with_(true), 'Ready').slice(0, 2)).toEqual(['False', 'NoTags']);
  });
  it('names a few of many tags, without words that change from try to try', () => {
    const tags = Array.from({ length: 8 }, (_, n) => tag(`t${n}`));
    const failed = tags.reduce((of, one) => fail(of, one, 'Timeout'), stream({ tags }));
    expect(verdictOf(failed, 'Ready')[2]).toBe(
      'no image for t0 (Timeout), t1 (Timeout), t2 (Timeout), t3 (Timeout), t4 (Timeout) and 3 more',
    );
  });
});

describe('Fresh', () => {
  it('is unknown while there is no image', () => {
    expect(verdictOf(fail(both, v1), 'Fresh').slice(0, 2)).toEqual(['Unknown', 'NoImages']);
  });
  it('is false when a refresh of a good tag failed, and true when it works again', () => {
    const good = succeed(succeed(both, v1), v2);
    const stale = fail(good, v2, 'Timeout');
    expect(verdictOf(stale, 'Fresh')).toEqual(['False', 'RefreshFailed', 'could not refresh v2 (Timeout)']);
    expect(verdictOf(succeed(stale, v2), 'Fresh').slice(0, 2)).toEqual(['True', 'UpToDate']);
  });
  it('leaves what never had an image to Ready', () => {
    expect(verdictOf(fail(succeed(both, v1), v2), 'Fresh').slice(0, 2)).toEqual(['True', 'UpToDate']);
  });
  it('counts tags that a listing found, and the listing itself', () => {
    const base = stream({ dockerImageRepository: 'r.example/app' });
    const listing = { ...base, status: { repository: observeRepository(base, { succeeded: true }) } };
    const status = setTagConditions(listing.status, 'old', [failure('UnsupportedMediaType')]);
    expect(verdictOf({ ...listing, status }, 'Fresh')[2]).toBe(
      'could not refresh old (UnsupportedMediaType)',
    );
    expect(verdictOf({ ...listing, spec: {}, status }, 'Fresh')[0]).toBe('Unknown');
    const conditions = [failure('Timeout')];
    const failed = {
      ...base,
      status: { repository: observeRepository(listing, { succeeded: false, conditions }) },
    };
    expect(verdictOf(failed, 'Fresh')[2]).toBe('could not refresh r.example/app (Timeout)');
  });
});

describe('Complete', () => {
  it('is there only where tags were left out', () => {
    const base = stream({ dockerImageRepository: 'r.example/app' });
    const with_ = (leftOut: number): ImageStream => ({
      ...base,
      status: { repository: observeRepository(base, { succeeded: true, leftOut }) },
    });
    const short = withStreamConditions(with_(1234), now);
    expect(verdictOf(short, 'Complete')).toEqual([
      'False',
      'TooManyTags',
      "1234 tags of the repository were left out, for the limit of tags or of an object's size: filter them by the annotation imagestreams.dev/tag-filter, or raise --max-tags-per-repository",
    ]);
    const whole = { ...short, status: { ...short.status, ...with_(0).status } };
    expect(withStreamConditions(whole, now).status?.conditions?.map(({ type }) => type)).toEqual([
      'Fresh',
      'Ready',
    ]);
  });
});

describe('withStreamConditions', () => {
  it('says which generation was looked at', () => {
    const { status } = withStreamConditions(both, now);
    expect(status?.observedGeneration).toBe(3);
    expect(status?.conditions?.map(({ observedGeneration }) => observedGeneration)).toEqual([3, 3]);
  });
  it('keeps the time of a condition while its status stays', () => {
    const first = withStreamConditions(both, now);
    const timesOf = (of: ImageStream) =>
      of.status?.conditions?.map(({ lastTransitionTime }) => lastTransitionTime);
    expect(timesOf(withStreamConditions(fail(first, v1), later))).toEqual([now, now]);
    expect(timesOf(withStreamConditions(succeed(succeed(first, v1), v2), later))).toEqual([later, later]);
  });
  it('returns what it was given when there is nothing new to say, whatever a message said', () => {
    const first = withStreamConditions(fail(succeed(both, v1), v2), now);
    expect(withStreamConditions(first, later)).toBe(first);
    const again = fail(first, v2);
    expect(withStreamConditions(again, later)).toBe(again);
  });
  it('leaves conditions of others alone', () => {
    const other = {
      type: 'Held',
      status: 'True',
      reason: 'Rollback',
      message: '',
      lastTransitionTime: now,
    } as const;
    const given = { ...both, status: { conditions: [other] } };
    expect(withStreamConditions(given, later).status?.conditions).toContainEqual(other);
  });
});
