import { afterEach, describe, expect, it } from 'vitest';
import { eventually, settle } from '../../test/fakes/clock.ts';
import {
  aStream,
  intervalMs,
  minuteMs,
  repository,
  scheduled,
  startControllers,
  stopAll,
  tag,
} from '../../test/fakes/controllers.ts';
import { configMaps } from '../api/core.ts';
import { imageStreams } from '../api/resources.ts';
import { RegistryError } from '../oci/errors.ts';
import { pauseName } from './pause.ts';

const never = new AbortController().signal;
afterEach(stopAll);

const setUp = () => {
  const t = startControllers();
  const annotate = async (name: string, annotations: Readonly<Record<string, string>>): Promise<void> => {
    const now = await t.get(name);
    await t.store.update(imageStreams, { ...now, metadata: { ...now.metadata, annotations } }, {}, never);
    await settle(60);
  };
  const pause = async (reason?: string): Promise<void> => {
    const metadata = { namespace: 'ops', name: pauseName };
    const data = reason === undefined ? {} : { reason };
    await t.store.create(configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata, data }, {}, never);
    await settle(60);
  };
  const resume = async (): Promise<void> => {
    await t.store.delete(configMaps, { namespace: 'ops', name: pauseName }, {}, never);
    await settle(60);
  };
  const conditionOf = async (name: string, wanted: string) =>
    (await t.get(name)).status?.conditions?.find(({ type }) => type === wanted);
  return { ...t, annotate, pause, resume, conditionOf };
};

const suspended = { 'imagestreams.dev/suspend': 'true' };
const requested = { 'imagestreams.dev/import-requested-at': '2026-01-01T01:00:00Z' };

describe('a suspended stream', () => {
  it('is not refreshed, says so in a condition by one write, and goes on at its next slot', async () => {
    const t = setUp();
    const first = t.push('v1');
    const { controllers } = await t.start();
    await t.create(aStream('app', [scheduled('v1')]));
    await t.imported('app', 'v1');
    t.forget();
    await t.annotate('app', suspended);
    const second = t.push('v1');
    await t.clock.advance(4 * intervalMs);
    expect(t.asked()).toEqual([]);
    expect(controllers.scheduledTags()).toBe(0);
    expect(t.statusWrites()).toHaveLength(1);
    expect(await t.conditionOf('app', 'Suspended')).toMatchObject({ status: 'True', reason: 'Annotation' });
    expect((await t.itemsOf('app', 'v1'))[0]?.image).toBe(first.digest);
    await t.annotate('app', {});
    expect(t.asked()).toEqual([]);
    expect(await t.conditionOf('app', 'Suspended')).toBeUndefined();
    await t.clock.advance(intervalMs);
    expect((await t.itemsOf('app', 'v1'))[0]?.image).toBe(second.digest);
    expect(t.asked('HEAD')).toHaveLength(1);
  });

  it('is imported when somebody asks for it, or changes its spec', async () => {
    const t = setUp();
    t.push('v1');
    t.push('v2');
    await t.start();
    await t.create({
      ...aStream('app', [scheduled('v1')]),
      metadata: { namespace: 'team', name: 'app', annotations: suspended },
    });
    await t.imported('app', 'v1');
    const second = t.push('v1');
    await t.annotate('app', { ...suspended, ...requested });
    expect((await t.itemsOf('app', 'v1'))[0]).toMatchObject({
      image: second.digest,
      cause: { type: 'Request' },
    });
    const now = await t.get('app');
    await t.store.update(imageStreams, { ...now, spec: { tags: [scheduled('v1'), tag('v2')] } }, {}, never);
    await t.imported('app', 'v2');
  });

  it('is not tried again, and after that not at once', async () => {
    const t = setUp();
    t.registry.fail('GET manifest', new RegistryError('unavailable', 'down'));
    t.push('v1');
    await t.start();
    await t.create(aStream('app', [tag('v1')]));
    await eventually(async () => (await t.failureOf('app', 'v1')) === 'ServiceUnavailable');
    t.registry.fail('GET manifest', undefined);
    await t.annotate('app', suspended);
    t.forget();
    await t.clock.advance(60 * minuteMs);
    expect(t.asked()).toEqual([]);
    await t.annotate('app', {});
    expect(t.asked()).toEqual([]);
    await t.clock.advance(10 * minuteMs);
    await t.imported('app', 'v1');
  });

  it('does not take what was being found out when it was suspended', async () => {
    const t = setUp();
    const first = t.push('v1');
    await t.start();
    await t.create(aStream('app', [scheduled('v1')]));
    await t.imported('app', 'v1');
    await settle();
    t.push('v1');
    const release = t.registry.hold('GET manifest');
    await t.clock.advance(intervalMs);
    expect(t.asked('GET manifest').length).toBe(2);
    await t.annotate('app', suspended);
    release();
    await settle(60);
    expect((await t.itemsOf('app', 'v1'))[0]?.image).toBe(first.digest);
  });

  it('is none where the annotation is neither true nor false, and a Warning says so', async () => {
    const t = setUp();
    t.push('v1');
    await t.start();
    await t.create(aStream('app', [scheduled('v1')]));
    await t.imported('app', 'v1');
    await t.annotate('app', { 'imagestreams.dev/suspend': 'yes' });
    t.forget();
    await t.clock.advance(intervalMs);
    expect(t.asked()).toHaveLength(1);
    const warnings = (await t.storedEvents()).filter(({ reason }) => reason === 'Suspend');
    expect(warnings).toMatchObject([
      { type: 'Warning', message: expect.stringContaining('"yes" is neither "true" nor "false"') },
    ]);
  });
});

describe('a pause', () => {
  const place = (name: string): string => `quay.example/team/${name}`;

  it('leaves every stream alone without a write, and ends without a burst', async () => {
    const t = setUp();
    const { controllers } = await t.start();
    const names = Array.from({ length: 50 }, (_, index) => `s${index}`);
    for (const name of names) t.push('v1', place(name));
    for (const name of names) await t.create(aStream(name, [scheduled('v1', `${place(name)}:v1`)]));
    for (const name of names) await t.imported(name, 'v1');
    await t.pause('incident 7');
    t.forget();
    await t.clock.advance(3 * intervalMs);
    expect(t.asked()).toEqual([]);
    expect(t.store.writes).toEqual([]);
    expect(controllers.pausedBecause()).toContain('ops/imagestreams-pause pauses everything (incident 7)');
    await t.resume();
    expect(controllers.pausedBecause()).toBeUndefined();
    expect(t.asked()).toEqual([]);
    await t.clock.advance(intervalMs / 2);
    expect(t.asked().length).toBeLessThan(40);
    await t.clock.advance(intervalMs / 2);
    expect(new Set(t.asked()).size).toBe(50);
    expect(t.asked()).toHaveLength(50);
  });

  it('holds after a restart', async () => {
    const t = setUp();
    t.push('v1');
    const first = await t.start();
    await t.create(aStream('app', [scheduled('v1')]));
    await t.imported('app', 'v1');
    await t.pause();
    await first.stop();
    await t.start();
    t.forget();
    await t.clock.advance(2 * intervalMs);
    expect(t.asked()).toEqual([]);
  });

  it('lets requests through, and gives failed tags their turns again when it ends', async () => {
    const t = setUp();
    t.push('v1');
    await t.start();
    await t.pause();
    await t.create(aStream('app', [tag('v1'), tag('missing')]));
    await t.imported('app', 'v1');
    expect(await t.failureOf('app', 'missing')).toBe('NotFound');
    t.forget();
    await t.clock.advance(120 * minuteMs);
    expect(t.asked()).toEqual([]);
    await t.resume();
    expect(t.asked()).toEqual([]);
    t.push('missing');
    await t.clock.advance(60 * minuteMs);
    await t.imported('app', 'missing');
    expect(t.asked(`${repository}:v1`)).toEqual([]);
  });
});
