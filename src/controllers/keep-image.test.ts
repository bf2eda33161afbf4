import { describe, expect, it, vi } from 'vitest';
import { createManualClock } from '../../test/fakes/clock.ts';
import { MemoryStore } from '../../test/fakes/store.ts';
import type { Image } from '../api/image.ts';
import { images } from '../api/resources.ts';
import { StoreError } from '../store/errors.ts';
import { createImageKeeper } from './keep-image.ts';

const never = new AbortController().signal;
const minuteMs = 60_000;

const anImage = (number: number): Image => ({
  apiVersion: 'image.openshift.io/v1',
  kind: 'Image',
  metadata: { name: `sha256:${number.toString(16).padStart(64, '0')}` },
});
const key = { namespace: '', name: anImage(1).metadata.name };

const setUp = (graceMs: number | undefined) => {
  const clock = createManualClock();
  const store = new MemoryStore(clock.now);
  const create = vi.spyOn(store, 'create');
  return { clock, store, create, keep: createImageKeeper({ store, clock, graceMs }) };
};

describe('an image that is kept', () => {
  it('is asked for once where many come to it at a time, and once more after a while', async () => {
    const { clock, create, keep } = setUp(60 * minuteMs);
    await Promise.all(Array.from({ length: 5 }, () => keep(anImage(1), never)));
    await keep(anImage(1), never);
    expect(create).toHaveBeenCalledTimes(1);
    await clock.advance(minuteMs);
    await keep(anImage(1), never);
    expect(create).toHaveBeenCalledTimes(2);
  });

  it('is looked at again well before the pruner could have deleted it', async () => {
    const { clock, store, keep } = setUp(40_000);
    await keep(anImage(1), never);
    await store.delete(images, key, {}, never);
    await clock.advance(10_000);
    await keep(anImage(1), never);
    expect(await store.get(images, key, never)).toBeDefined();
  });

  it('does not count as kept where that failed', async () => {
    const { store, create, keep } = setUp(undefined);
    create.mockRejectedValueOnce(new StoreError('unavailable', 'not now'));
    await expect(keep(anImage(1), never)).rejects.toThrow('not now');
    create.mockRejectedValueOnce(new StoreError('invalid', 'too odd'));
    expect(await keep(anImage(1), never)).toMatchObject({ status: 'Failure', reason: 'Invalid' });
    expect(await keep(anImage(1), never)).toBeUndefined();
    expect(await store.get(images, key, never)).toBeDefined();
  });

  it('goes on for the others when one of them is told to stop', async () => {
    const { store, keep } = setUp(undefined);
    const stop = new AbortController();
    const stopped = keep(anImage(1), stop.signal);
    const other = keep(anImage(1), never);
    stop.abort(new Error('stop'));
    await expect(stopped).rejects.toThrow('stop');
    expect(await other).toBeUndefined();
    expect(await store.get(images, key, never)).toBeDefined();
  });

  it('is forgotten when too many others came after it', async () => {
    const { create, keep } = setUp(undefined);
    for (let number = 1; number <= 10_001; number += 1) await keep(anImage(number), never);
    create.mockClear();
    await keep(anImage(10_001), never);
    expect(create).not.toHaveBeenCalled();
    await keep(anImage(1), never);
    expect(create).toHaveBeenCalledTimes(1);
  });
});
