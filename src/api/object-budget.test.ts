import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ImageStream, ImageStreamStatus, TagReference } from './image-stream.ts';
import { fitIntoBudget } from './object-budget.ts';
import { isTagPending } from './pending.ts';
import { addTagEvent, findTag } from './tag-history.ts';

const now = '2026-08-01T00:00:00Z';
const digest = (n: number): string => `sha256:${n.toString(16).padStart(64, '0')}`;
/** A history of `count` images, the newest first, one a day from day `start` of the month on. */
const withHistory = (status: ImageStreamStatus, tag: string, count: number, start = 1): ImageStreamStatus => {
  let next = status;
  for (let n = 0; n < count; n++) {
    next = addTagEvent(next, tag, {
      created: `2026-01-${String(start + n).padStart(2, '0')}T00:00:00Z`,
      dockerImageReference: `r.example/app@${digest(n)}`,
      image: digest(n),
      generation: 1,
    });
  }
  return next;
};
const stream = (status: ImageStreamStatus, tags: readonly TagReference[] = []): ImageStream => ({
  apiVersion: 'image.openshift.io/v1',
  kind: 'ImageStream',
  metadata: { name: 's', namespace: 'n', generation: 3 },
  spec: { tags },
  status,
});
const countsOf = (of: ImageStream) =>
  Object.fromEntries((of.status?.tags ?? []).map((list) => [list.tag, list.items?.length ?? 0]));
const options = { historyLimit: 20, maxBytes: 1024 * 1024, now };
const bytesOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value));

describe('fitIntoBudget', () => {
  it('changes nothing where there is room', () => {
    const given = stream(withHistory({}, 'a', 5));
    expect(fitIntoBudget(given, undefined, options)).toEqual({ stream: given, refusedTags: [] });
  });

  it('keeps the newest entries up to the limit, and always one', () => {
    const given = stream(withHistory({}, 'a', 5));
    const limited = fitIntoBudget(given, given, { ...options, historyLimit: 2 }).stream;
    expect(findTag(limited.status, 'a')?.items).toEqual(findTag(given.status, 'a')?.items?.slice(0, 2));
    expect(countsOf(fitIntoBudget(given, given, { ...options, historyLimit: 0 }).stream)).toEqual({ a: 1 });
  });

  it('keeps what has yet to be told beyond the limit, but not beyond the size', () => {
    const given = stream(withHistory({}, 'a', 9));
    const told = { ...options, historyLimit: 2, toldRevision: () => 3 };
    expect(countsOf(fitIntoBudget(given, given, told).stream)).toEqual({ a: 6 });
    expect(countsOf(fitIntoBudget(given, given, { ...told, toldRevision: () => 9 }).stream)).toEqual({
      a: 2,
    });
    const maxBytes = 4096 + bytesOf(given) - 6 * 230;
    expect(countsOf(fitIntoBudget(given, given, { ...told, maxBytes }).stream)['a']).toBeLessThan(6);
  });

  it('takes from the longest history first', () => {
    const given = stream(withHistory(withHistory({}, 'long', 18), 'short', 3));
    const maxBytes = 4096 + bytesOf(given) - 10 * 230;
    const { stream: fitted, refusedTags } = fitIntoBudget(given, given, { ...options, maxBytes });
    expect(bytesOf(fitted) + 4096).toBeLessThanOrEqual(maxBytes);
    expect(countsOf(fitted)['short']).toBe(3);
    expect(countsOf(fitted)['long']).toBeGreaterThan(3);
    expect(refusedTags).toEqual([]);
  });

  it('takes the oldest first among histories of equal length', () => {
    const given = stream(withHistory(withHistory({}, 'newer', 4, 20), 'older', 4, 1));
    const maxBytes = 4096 + bytesOf(given) - 10;
    expect(countsOf(fitIntoBudget(given, given, { ...options, maxBytes }).stream)).toEqual({
      newer: 4,
      older: 3,
    });
  });

  const specTag = (name: string): TagReference => ({
    name,
    from: { kind: 'DockerImage', name: `r.example/app:${name}` },
    generation: 3,
  });
  const many = Array.from({ length: 12 }, (_, n) => `t${String(n).padStart(2, '0')}`);
  const old = stream(withHistory({}, 'kept', 1), many.slice(0, 6).map(specTag));
  const full = stream(
    many.reduce((status, tag) => withHistory(status, tag, 2), old.status ?? {}),
    many.slice(0, 6).map(specTag),
  );

  it('refuses new tags when not even one entry each has room, the least important first', () => {
    const { stream: fitted, refusedTags } = fitIntoBudget(full, old, { ...options, maxBytes: 7500 });
    expect(bytesOf(fitted)).toBeLessThan(7500);
    expect(refusedTags.length).toBeGreaterThan(2);
    expect(refusedTags).toEqual(many.toReversed().slice(0, refusedTags.length));
    expect(countsOf(fitted)['kept']).toBe(1);
    expect(countsOf(fitted)['t00']).toBe(1);
  });

  it('says so on tags of the spec, and does not try them again', () => {
    const { stream: fitted, refusedTags } = fitIntoBudget(full, old, { ...options, maxBytes: 6000 });
    expect(refusedTags).toContain('t05');
    expect(findTag(fitted.status, 't05')).toMatchObject({
      items: null,
      conditions: [{ type: 'ImportSuccess', status: 'False', reason: 'ObjectTooLarge', generation: 3 }],
    });
    expect(isTagPending(fitted, specTag('t05'))).toBe(false);
    expect(findTag(fitted.status, 't11')).toBeUndefined();
  });

  it('keeps room to refuse the spec tags that have not been tried', () => {
    const untried = stream(
      withHistory({}, 'a', 4),
      Array.from({ length: 8 }, (_, n) => specTag(`u${n}`)),
    );
    const maxBytes = 4096 + bytesOf(untried) + 8 * 512 - 1;
    expect(countsOf(fitIntoBudget(untried, untried, { ...options, maxBytes }).stream)).toEqual({ a: 3 });
  });

  it('never touches the newest entry of a tag that had one, and fits whenever that is possible', () => {
    const histories = fc.dictionary(fc.constantFrom(...many), fc.integer({ min: 1, max: 8 }), { minKeys: 1 });
    fc.assert(
      fc.property(
        histories,
        histories,
        fc.integer({ min: 5_000, max: 30_000 }),
        (before, added, maxBytes) => {
          const build = (counts: Record<string, number>, base: ImageStreamStatus) =>
            Object.entries(counts).reduce((status, [tag, count]) => withHistory(status, tag, count), base);
          const previous = stream(build(before, {}));
          const next = stream(build(added, previous.status ?? {}));
          const { stream: fitted } = fitIntoBudget(next, previous, { ...options, maxBytes });
          for (const tag of Object.keys(before)) {
            expect(findTag(fitted.status, tag)?.items?.[0]).toEqual(findTag(next.status, tag)?.items?.[0]);
          }
          for (const list of fitted.status?.tags ?? []) {
            const items = list.items ?? [];
            expect(items).toEqual(findTag(next.status, list.tag)?.items?.slice(0, items.length));
          }
          const isAtFloor = Object.values(countsOf(fitted)).every((count) => count <= 1);
          if (!isAtFloor) expect(bytesOf(fitted) + 4096).toBeLessThanOrEqual(maxBytes);
        },
      ),
    );
  });
});
