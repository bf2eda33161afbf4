import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createManualClock, eventually, type ManualClock } from '../../test/fakes/clock.ts';
import { createRecordingLogger } from '../../test/fakes/logger.ts';
import { configMaps, namespaces, secrets } from '../api/core.ts';
import { type EmbeddedStore, openEmbeddedStore } from '../store/index.ts';
import { createNamespaceController } from './namespaces.ts';

const { signal } = new AbortController();

describe('the namespace controller', () => {
  let clock: ManualClock;
  let directory: string;
  let store: EmbeddedStore;
  let stop: AbortController;
  let running: Promise<void>;
  const start = (): void => {
    stop = new AbortController();
    const { run } = createNamespaceController({
      store,
      resources: [configMaps, secrets],
      clock,
      logger: createRecordingLogger(),
      onRuntime: () => undefined,
    });
    running = run(stop.signal);
  };
  beforeEach(() => {
    clock = createManualClock();
    directory = mkdtempSync(join(tmpdir(), 'namespaces-'));
    store = openEmbeddedStore({ file: join(directory, 'db'), clock });
  });
  afterEach(async () => {
    stop.abort(new Error('the test is over'));
    await running;
    await store.close();
    rmSync(directory, { recursive: true });
  });

  const addNamespace = (name: string, phase: string) =>
    store.create(
      namespaces,
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name }, status: { phase } },
      {},
      signal,
    );
  const addMap = (namespace: string, name: string, finalizers: readonly string[] = []) =>
    store.create(
      configMaps,
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { namespace, name, finalizers: [...finalizers] } },
      {},
      signal,
    );
  const namespace = (name: string) => store.get(namespaces, { namespace: '', name }, signal);
  const map = (place: string, name: string) => store.get(configMaps, { namespace: place, name }, signal);

  it('completes at its start a deletion that was interrupted, and touches no other namespace', async () => {
    await addNamespace('old', 'Terminating');
    await addNamespace('shop', 'Active');
    await addMap('old', 'left');
    await addMap('shop', 'kept');
    start();
    await eventually(async () => (await namespace('old')) === undefined);
    expect(await map('old', 'left')).toBeUndefined();
    expect(await map('shop', 'kept')).toBeDefined();
    expect(await namespace('shop')).toBeDefined();
  });

  it('deletes a namespace once the finalizers of what is in it are gone', async () => {
    await addNamespace('old', 'Terminating');
    await addMap('old', 'held', ['example.com/hold']);
    start();
    await eventually(async () => (await map('old', 'held'))?.metadata.deletionTimestamp !== undefined);
    await clock.advance(5000);
    expect(await namespace('old')).toBeDefined();

    const held = await map('old', 'held');
    if (held === undefined) throw new Error('the map is gone');
    await store.update(configMaps, { ...held, metadata: { ...held.metadata, finalizers: [] } }, {}, signal);
    await eventually(async () => {
      await clock.advance(1000);
      return (await namespace('old')) === undefined;
    });
  });
});
