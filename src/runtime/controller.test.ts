import { describe, expect, it } from 'vitest';
import { createManualClock, eventually, settle } from '../../test/fakes/clock.ts';
import { createRecordingLogger } from '../../test/fakes/logger.ts';
import { StoreError } from '../store/errors.ts';
import type { ObjectKey } from '../store/store.ts';
import { Controller, type ControllerOptions } from './controller.ts';
import type { RuntimeEvent } from './events.ts';
import { done, type Reconcile, requeue } from './reconcile.ts';

const key = (name: string, namespace = 'ns'): ObjectKey => ({ namespace, name });

const start = (reconcile: Reconcile, options: Partial<ControllerOptions> = {}) => {
  const clock = createManualClock();
  const logger = createRecordingLogger();
  const events: RuntimeEvent[] = [];
  const controller = new Controller({
    name: 'test',
    reconcile,
    workers: 4,
    clock,
    logger,
    onEvent: (event) => events.push(event),
    ...options,
  });
  const stop = new AbortController();
  const running = controller.run(stop.signal);
  const outcomes = (): string[] =>
    events.flatMap((event) => (event.type === 'reconcile' ? [event.outcome] : []));
  return { clock, logger, events, controller, stop, running, outcomes };
};

describe('Controller', () => {
  it('reconciles a key that is enqueued, and again after the delay that it asks for', async () => {
    const seen: string[] = [];
    const { clock, controller, stop, running, outcomes } = start(async ({ name }) => {
      seen.push(name);
      return seen.length === 1 ? requeue(5_000) : done;
    });
    controller.enqueue(key('a'));
    await settle();
    expect(seen).toEqual(['a']);
    await clock.advance(4_999);
    expect(seen).toEqual(['a']);
    await clock.advance(1);
    expect(seen).toEqual(['a', 'a']);
    stop.abort();
    await running;
    expect(outcomes()).toEqual(['requeue-after', 'success']);
  });

  it('never runs one key twice at the same time, and runs it again for what came meanwhile', async () => {
    let active = 0;
    let most = 0;
    let runs = 0;
    let release = (): void => {};
    const { controller, stop, running } = start(async () => {
      active += 1;
      most = Math.max(most, active);
      runs += 1;
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      active -= 1;
      return done;
    });
    controller.enqueue(key('a'));
    await settle();
    controller.enqueue(key('a'));
    controller.enqueue(key('a'));
    await settle();
    expect(runs).toBe(1);
    release();
    await eventually(() => runs === 2);
    release();
    await settle();
    expect({ runs, most }).toEqual({ runs: 2, most: 1 });
    stop.abort();
    await running;
  });

  it('lets an object that always fails stall only itself, and tries it again more and more slowly', async () => {
    const tries: number[] = [];
    const healthy: string[] = [];
    const { clock, logger, controller, stop, running } = start(
      async ({ name }) => {
        if (name !== 'malformed') healthy.push(name);
        else {
          tries.push(clock.monotonic());
          throw new TypeError('cannot read properties of undefined');
        }
        return done;
      },
      { backoff: (attempt) => 100 * 2 ** (attempt - 1) },
    );
    controller.enqueue(key('malformed'));
    for (let index = 0; index < 20; index += 1) controller.enqueue(key(`good-${index}`));
    await clock.advance(1_000);
    expect(healthy).toHaveLength(20);
    expect(tries).toEqual([0, 100, 300, 700]);
    expect(logger.lines.filter(({ level }) => level === 'error')).toHaveLength(4);
    expect(logger.lines[0]?.fields).toMatchObject({
      controller: 'test',
      namespace: 'ns',
      name: 'malformed',
      attempt: 1,
    });
    stop.abort();
    await running;
  });

  it('retries a store conflict soon, and says so only at debug level', async () => {
    let runs = 0;
    const { clock, logger, controller, stop, running, outcomes } = start(async () => {
      runs += 1;
      if (runs <= 2) throw new StoreError('conflict', 'imagestreams ns/a changed');
      return done;
    });
    controller.enqueue(key('a'));
    await clock.advance(100);
    expect(runs).toBe(3);
    expect(outcomes()).toEqual(['conflict', 'conflict', 'success']);
    expect(logger.lines.map(({ level }) => level)).toEqual(['debug', 'debug']);
    stop.abort();
    await running;
  });

  it('invariant 9: stops the work in flight for an object that is deleted, and looks at its key once more', async () => {
    const runs: AbortSignal[] = [];
    const { logger, controller, stop, running, outcomes } = start(async (_key, signal) => {
      runs.push(signal);
      if (runs.length > 1) return done;
      await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      return done;
    });
    controller.enqueue(key('a'));
    await settle();
    controller.cancel(key('a'));
    await eventually(() => outcomes().length === 2);
    expect(runs[0]?.aborted).toBe(true);
    expect(runs[1]?.aborted).toBe(false);
    expect(outcomes()).toEqual(['cancelled', 'success']);
    expect(logger.lines).toEqual([]);
    stop.abort();
    await running;
  });

  it('ends quietly when told to stop: no error is logged or counted', async () => {
    const { logger, controller, stop, running, outcomes } = start(async (_key, signal) => {
      await new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason)));
      return done;
    });
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) controller.enqueue(key(name));
    await settle();
    stop.abort(new Error('shutting down'));
    await running;
    expect(outcomes()).toEqual([]);
    expect(logger.lines).toEqual([]);
  });

  it('invariant 3: a namespace whose objects all hang leaves workers for the others', async () => {
    const finished: string[] = [];
    const { controller, stop, running } = start(async ({ namespace, name }, signal) => {
      if (namespace === 'hangs')
        await new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason)),
        );
      finished.push(name);
      return done;
    });
    for (let index = 0; index < 50; index += 1) controller.enqueue(key(`h${index}`, 'hangs'));
    await settle();
    for (let index = 0; index < 10; index += 1) controller.enqueue(key(`g${index}`, 'good'));
    await eventually(() => finished.length === 10);
    stop.abort();
    await running;
  });
});
