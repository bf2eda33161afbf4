import { describe, expect, it } from 'vitest';
import { createManualClock, eventually, settle } from '../../test/fakes/clock.ts';
import { createRecordingLogger } from '../../test/fakes/logger.ts';
import { MemoryStore } from '../../test/fakes/store.ts';
import { type ConfigMap, configMaps } from '../api/core.ts';
import { StoreError } from '../store/errors.ts';
import type { RuntimeEvent } from './events.ts';
import { createInformer, Informer } from './informer.ts';

const { signal } = new AbortController();

const aConfigMap = (name: string, value: string, namespace = 'ns'): ConfigMap => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { namespace, name },
  data: { value },
});

const put = async (store: MemoryStore, object: ConfigMap): Promise<void> => {
  const key = { namespace: object.metadata.namespace ?? '', name: object.metadata.name };
  const old = await store.get(configMaps, key, signal);
  if (old === undefined) await store.create(configMaps, object, {}, signal);
  else await store.update(configMaps, { ...old, data: object.data ?? {} }, {}, signal);
};

const remove = (store: MemoryStore, name: string) =>
  store.delete(configMaps, { namespace: 'ns', name }, {}, signal);

const setUp = () => {
  const clock = createManualClock();
  const logger = createRecordingLogger();
  const store = new MemoryStore(clock.now);
  const events: RuntimeEvent[] = [];
  const options = {
    store,
    resource: configMaps,
    clock,
    logger,
    onEvent: (event: RuntimeEvent) => events.push(event),
  };
  const informer = createInformer<ConfigMap>(options);
  const changes: string[] = [];
  informer.onChange((old, current, key) => {
    changes.push(`${key.name}: ${old?.data?.['value'] ?? '-'} > ${current?.data?.['value'] ?? '-'}`);
  });
  const stop = new AbortController();
  return { clock, logger, store, events, options, informer, changes, stop };
};

describe('Informer', () => {
  it('tells what is there at first as new, then every change with the object before it', async () => {
    const { store, informer, changes, stop } = setUp();
    await put(store, aConfigMap('a', '1'));
    const running = informer.run(stop.signal);
    await informer.synced();
    expect(changes).toEqual(['a: - > 1']);
    await put(store, aConfigMap('a', '2'));
    await put(store, aConfigMap('b', '1'));
    await remove(store, 'a');
    await eventually(() => changes.length === 4);
    expect(changes.slice(1)).toEqual(['a: 1 > 2', 'b: - > 1', 'a: 2 > -']);
    expect(informer.get({ namespace: 'ns', name: 'b' })?.data).toEqual({ value: '1' });
    expect(informer.list().map((object) => object.metadata.name)).toEqual(['b']);
    stop.abort();
    await running;
  });

  it('reads lists of any length page by page', async () => {
    const { store, informer, stop } = setUp();
    for (let index = 0; index < 1_203; index += 1) await put(store, aConfigMap(`n${index}`, 'x'));
    const running = informer.run(stop.signal);
    await informer.synced();
    expect(informer.list()).toHaveLength(1_203);
    expect(store.calls.list).toBe(3);
    stop.abort();
    await running;
  });

  it('resumes a watch that ended where it ended, without another list', async () => {
    const { clock, store, informer, changes, stop } = setUp();
    await put(store, aConfigMap('a', '1'));
    const running = informer.run(stop.signal);
    await informer.synced();
    await settle();
    store.endWatches();
    await settle();
    await put(store, aConfigMap('a', '2'));
    await clock.advance(1_000);
    await eventually(() => changes.length === 2);
    expect(changes).toEqual(['a: - > 1', 'a: 1 > 2']);
    expect(store.calls.list).toBe(1);
    stop.abort();
    await running;
  });

  it('lists again when its revision is no longer kept, and tells only the differences', async () => {
    const { clock, store, informer, changes, stop } = setUp();
    for (const name of ['same', 'changed', 'gone']) await put(store, aConfigMap(name, '1'));
    const running = informer.run(stop.signal);
    await informer.synced();
    await settle();
    changes.length = 0;
    store.endWatches();
    await settle();
    await put(store, aConfigMap('changed', '2'));
    await put(store, aConfigMap('new', '1'));
    await remove(store, 'gone');
    store.compact();
    await clock.advance(5_000);
    await eventually(() => changes.length === 3);
    expect(changes).toEqual(['changed: 1 > 2', 'new: - > 1', 'gone: 1 > -']);
    expect(store.calls.list).toBe(2);
    stop.abort();
    await running;
  });

  it('tells an object that was deleted and made again as gone, then new', async () => {
    const { clock, store, informer, changes, stop } = setUp();
    await put(store, aConfigMap('a', '1'));
    const running = informer.run(stop.signal);
    await informer.synced();
    await settle();
    changes.length = 0;
    store.endWatches();
    await settle();
    await remove(store, 'a');
    await put(store, aConfigMap('a', '2'));
    store.compact();
    await clock.advance(5_000);
    await eventually(() => changes.length === 2);
    expect(changes).toEqual(['a: 1 > -', 'a: - > 2']);
    stop.abort();
    await running;
  });

  it('keeps only what the projection leaves', async () => {
    const { options, store, stop } = setUp();
    await put(store, aConfigMap('a', '1'));
    const informer = new Informer({ ...options, project: (object: ConfigMap) => object.data?.['value'] });
    const running = informer.run(stop.signal);
    await informer.synced();
    expect(informer.get({ namespace: 'ns', name: 'a' })).toBe('1');
    stop.abort();
    await running;
  });

  it('leaves out an object that cannot be read, and a handler that throws, without stopping', async () => {
    const { options, logger, store, stop } = setUp();
    for (const name of ['bad', 'good']) await put(store, aConfigMap(name, '1'));
    const informer = new Informer({
      ...options,
      project: (object: ConfigMap) => {
        if (object.metadata.name === 'bad') throw new Error('malformed');
        return object;
      },
    });
    informer.onChange(() => {
      throw new Error('handler');
    });
    const seen: string[] = [];
    informer.onChange((_old, _current, key) => seen.push(key.name));
    const running = informer.run(stop.signal);
    await informer.synced();
    await put(store, aConfigMap('later', '1'));
    await eventually(() => seen.length === 2);
    expect(seen).toEqual(['good', 'later']);
    expect(logger.lines.filter(({ level }) => level === 'error')).toHaveLength(3);
    stop.abort();
    await running;
  });

  it('tries again, more and more slowly, while the store cannot be read', async () => {
    const { clock, events, store, informer, stop } = setUp();
    store.intercept = () => {
      throw new StoreError('unavailable', 'down');
    };
    const running = informer.run(stop.signal);
    await clock.advance(60_000);
    const tries = store.calls.list;
    expect(tries).toBeGreaterThan(7);
    expect(tries).toBeLessThan(16);
    expect(events).toHaveLength(tries);
    expect(informer.hasSynced).toBe(false);
    store.intercept = () => {};
    await clock.advance(30_000);
    await informer.synced();
    expect(informer.hasSynced).toBe(true);
    stop.abort();
    await running;
  });

  it('tells a handler that comes late of what is there', async () => {
    const { store, informer, stop } = setUp();
    await put(store, aConfigMap('a', '1'));
    const running = informer.run(stop.signal);
    await informer.synced();
    const late: string[] = [];
    informer.onChange((old, _current, key) => late.push(`${key.name} ${old === undefined}`));
    expect(late).toEqual(['a true']);
    stop.abort();
    await running;
  });
});
