import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ImageStream, TagReference } from '../api/image-stream.ts';
import { observeTag } from '../api/pending.ts';
import { refreshInterval } from '../api/refresh-interval.ts';
import type { Keychain } from '../oci/types.ts';
import type { PlacesOf } from './content.ts';
import { nextSlot, type Refresh, scheduledRefresh } from './schedule.ts';

const minuteMs = 60_000;
const refresh = (change: Partial<Refresh> = {}): Refresh => ({
  reference: 'quay.io/team/app:v1',
  importMode: 'Legacy',
  credentialClass: '[]',
  intervalMs: 15 * minuteMs,
  ...change,
});

describe('nextSlot', () => {
  const nowMs = Date.UTC(2026, 0, 1);

  it('is the same after a restart: it depends on the work alone', () => {
    expect(nextSlot(refresh(), nowMs)).toBe(nextSlot(refresh(), nowMs));
    expect(nextSlot(refresh(), nowMs)).toBe(nextSlot(refresh(), nowMs + 1));
  });

  it('lies after now, within one interval, and one interval before the slot after it', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.integer({ min: 1, max: 2 ** 40 }),
        fc.integer({ min: 0, max: 2 ** 45 }),
        (reference, intervalMs, now) => {
          const work = refresh({ reference, intervalMs });
          const slot = nextSlot(work, now);
          expect(slot).toBeGreaterThan(now);
          expect(slot).toBeLessThanOrEqual(now + intervalMs);
          expect(nextSlot(work, slot)).toBe(slot + intervalMs);
        },
      ),
    );
  });

  it.each([
    { what: 'reference', change: { reference: 'quay.io/team/app:v2' } },
    { what: 'mode', change: { importMode: 'PreserveOriginal' } },
    { what: 'credentials', change: { credentialClass: '["a"]' } },
  ] as const)('differs for another $what', ({ change }) => {
    expect(nextSlot(refresh(change), nowMs)).not.toBe(nextSlot(refresh(), nowMs));
  });

  it('spreads many evenly over the interval', () => {
    const quarters = [0, 0, 0, 0];
    for (let index = 0; index < 4000; index++) {
      const work = refresh({ reference: `quay.io/team/app:${index}` });
      const share = (nextSlot(work, nowMs) - nowMs) / work.intervalMs;
      const quarter = Math.min(3, Math.floor(share * 4));
      quarters[quarter] = (quarters[quarter] ?? 0) + 1;
    }
    for (const count of quarters) expect(count).toSatisfy((n: number) => n > 850 && n < 1150);
  });
});

describe('refreshInterval', () => {
  const settings = { defaultMs: 15 * minuteMs, floorMs: 10_000 };
  const annotation = (value: string | undefined) =>
    value === undefined ? {} : { 'imagestreams.dev/refresh-interval': value };
  const intervalOf = (ofStream: string | undefined, ofTag: string | undefined, given = settings) => {
    const stream: ImageStream = {
      apiVersion: 'image.openshift.io/v1',
      kind: 'ImageStream',
      metadata: { name: 'app', annotations: annotation(ofStream) },
    };
    return refreshInterval(stream, { name: 'v1', annotations: annotation(ofTag) }, given);
  };

  it.each([
    { name: 'the default, where nothing is asked for', stream: undefined, tag: undefined, ms: 15 * minuteMs },
    { name: "the stream's", stream: '1m', tag: undefined, ms: minuteMs },
    { name: "the tag's before the stream's", stream: '1m', tag: '1h30m', ms: 90 * minuteMs },
    { name: 'the floor, where less is asked for', stream: '1s', tag: undefined, ms: 10_000 },
    {
      name: 'the floor, where nothing between two checks is asked for',
      stream: '0s',
      tag: undefined,
      ms: 10_000,
    },
    {
      name: 'a year, where more is asked for',
      stream: '99999999d',
      tag: undefined,
      ms: 365 * 24 * 60 * minuteMs,
    },
    { name: 'whole milliseconds', stream: '10.0005s', tag: undefined, ms: 10_001 },
  ])('is $name', ({ stream, tag, ms }) => {
    expect(intervalOf(stream, tag).intervalMs).toBe(ms);
  });

  it('says that less than the floor was asked for, and nothing of an interval that is given', () => {
    expect(intervalOf('1s', undefined).problem).toContain('"1s" is less than the 10s that are allowed');
    expect(intervalOf('10s', undefined)).toEqual({ intervalMs: 10_000 });
  });

  it('is the default and a problem, where the annotation is malformed', () => {
    expect(intervalOf('1h', 'soon')).toEqual({
      intervalMs: 15 * minuteMs,
      problem: expect.stringContaining('"soon" is no duration'),
    });
  });

  it('is never below the floor, whatever the default', () => {
    expect(intervalOf(undefined, undefined, { defaultMs: 1000, floorMs: 10_000 }).intervalMs).toBe(10_000);
  });
});

describe('scheduledRefresh', () => {
  const settings = { defaultMs: 15 * minuteMs, floorMs: 10_000 };
  const anonymous: Keychain = () => [];
  const tag = (from: string, change: Partial<TagReference> = {}): TagReference => ({
    name: 'v1',
    from: { kind: 'DockerImage', name: from },
    importPolicy: { scheduled: true },
    ...change,
  });
  const streamOf = (one: TagReference, imported: boolean): ImageStream => {
    const stream: ImageStream = {
      apiVersion: 'image.openshift.io/v1',
      kind: 'ImageStream',
      metadata: { name: 'app' },
      spec: { tags: [one] },
    };
    const items = imported
      ? [{ created: null, dockerImageReference: 'a@sha256:b', image: 'sha256:b', generation: 1 }]
      : null;
    const observed = observeTag(stream, one, { succeeded: imported });
    return { ...stream, status: { tags: [{ tag: one.name, items, observed }] } };
  };
  const itself: PlacesOf = (repository) => [repository];
  const scheduled = (one: TagReference, { imported = true, keychain = anonymous, placesOf = itself } = {}) =>
    scheduledRefresh(streamOf(one, imported), one, { keychain, settings, placesOf });

  it('is the same work for every spelling of a reference', () => {
    expect(scheduled(tag('nginx'))).toEqual(scheduled(tag('docker.io/library/nginx:latest')));
    expect(scheduled(tag('nginx'))).toMatchObject({
      refresh: {
        reference: 'docker.io/library/nginx:latest',
        importMode: 'Legacy',
        credentialClass: '[]',
        intervalMs: 15 * minuteMs,
      },
    });
  });

  it('is other work with other credentials, without their secrets', () => {
    const keychain: Keychain = () => [
      { kind: 'basic', id: 'id-of-a', username: 'a', password: 'hidden', source: 'test' },
    ];
    const { refresh, sharingKey } = scheduled(tag('nginx'), { keychain }) ?? {};
    expect(refresh?.credentialClass).toBe('[["basic","a"]]');
    expect(JSON.stringify([refresh, sharingKey])).not.toContain('hidden');
    expect(sharingKey).not.toBe(scheduled(tag('nginx'))?.sharingKey);
  });

  it('is other work with other credentials for a mirror', () => {
    const placesOf: PlacesOf = (repository) => [{ registry: 'mirror.io', repository: 'app' }, repository];
    const forMirror: Keychain = ({ registry }) =>
      registry === 'mirror.io'
        ? [{ kind: 'basic', id: 'id-of-a', username: 'a', password: 'hidden', source: 'test' }]
        : [];
    const key = (keychain: Keychain) => scheduled(tag('nginx'), { keychain, placesOf })?.sharingKey;
    expect(key(forMirror)).not.toBe(key(anonymous));
    expect(key(forMirror)).toBe(key(forMirror));
  });

  it('knows a helper by its program, and does not ask it', () => {
    const keychain: Keychain = () => [
      {
        kind: 'helper',
        id: 'id-of-this-run',
        program: 'docker-credential-ecr-login',
        source: 'test',
        ask: () => Promise.reject(new Error('asked while planning')),
      },
    ];
    expect(scheduled(tag('nginx'), { keychain })?.refresh.credentialClass).toBe(
      '[["helper","docker-credential-ecr-login"]]',
    );
  });

  const digest = `quay.io/team/app@sha256:${'a'.repeat(64)}`;
  it('goes on for a digest until it has its image', () => {
    expect(scheduled(tag(digest), { imported: false })?.refresh.reference).toBe(digest);
    expect(scheduled(tag(digest), { imported: true })).toBeUndefined();
  });

  it.each([
    { name: 'that does not ask for it', change: { importPolicy: {} } },
    { name: 'that is only a reference', change: { reference: true } },
    { name: 'that points at another tag', change: { from: { kind: 'ImageStreamTag', name: 'v2' } } },
    { name: 'whose reference is malformed', change: { from: { kind: 'DockerImage', name: '!!' } } },
  ])('leaves alone a tag $name', ({ change }) => {
    expect(scheduled(tag('nginx', change))).toBeUndefined();
  });
});
