import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { ImageStream } from '../../src/api/image-stream.ts';
import { imageStreams } from '../../src/api/resources.ts';
import { isStoreError } from '../../src/store/errors.ts';
import { anImage, type FakeRegistry, startFakeRegistry } from '../fakes/registry/index.ts';
import {
  administer,
  auditSince,
  digestsOf,
  ensureNamespace,
  eventually,
  install,
  type RunningController,
  startController,
  streamOf,
} from './harness.ts';

const signal = AbortSignal.timeout(900_000);
const { store, client } = administer(inject('kubeconfig'));
const count = 5_000;

/** Creates a stream also where the API server has so much to do that it does not answer in time. */
const createStubbornly = async (stream: ImageStream): Promise<void> => {
  for (;;) {
    try {
      await store.create(imageStreams, stream, {}, signal);
      return;
    } catch (error) {
      if (isStoreError(error, 'already-exists')) return;
      if (!isStoreError(error, 'unavailable')) throw error;
    }
  }
};

/** Imports that went well, of all registries. */
const importsOf = async ({ metricsUrl }: RunningController): Promise<number> => {
  const text = await (await fetch(`${metricsUrl()}/metrics`)).text();
  const values = text.matchAll(/^openshift_imagestreamcontroller_success_count\{.*\} (\d+)$/gm);
  return [...values].reduce((sum, [, value]) => sum + Number(value), 0);
};

describe('five thousand streams in a burst', () => {
  let registry: FakeRegistry;
  let account: ReturnType<typeof install>;
  let running: RunningController;

  beforeAll(async () => {
    registry = await startFakeRegistry();
    account = install(inject('kubeconfig'));
    await ensureNamespace(store, 'burst', signal);
    await ensureNamespace(store, 'beside', signal);
    // As fast as the API server can: what is of interest is what becomes of them, not how long it takes.
    running = await startController(account.kubeconfig, ['--kube-request-rate', '1000']);
  });
  afterAll(async () => {
    await running?.stop('SIGKILL');
    await registry?.stop();
    account?.remove();
    await client.close();
  });

  it('are all imported, and hold up nobody else', { timeout: 600_000 }, async () => {
    registry.add('team/burst', anImage({ name: 'burst' }), 'main');
    registry.add('team/beside', anImage({ name: 'beside' }), 'main');
    const from = `${registry.host}/team/burst:main`;
    const queue = Array.from({ length: count }, (_, number) =>
      streamOf({ namespace: 'burst', name: `app-${number}` }, from),
    ).values();
    const writer = async (): Promise<void> => {
      for (const stream of queue) await createStubbornly(stream);
    };
    const before = readFileSync(inject('auditLog'), 'utf8').length;
    const importedOf = async (namespace: string): Promise<number> => {
      let imported = 0;
      let continueToken: string | undefined;
      do {
        const page = await store.list(imageStreams, { namespace, limit: 500, continueToken }, signal);
        imported += page.items.filter((stream) => digestsOf(stream).length === 1).length;
        continueToken = page.continueToken;
      } while (continueToken !== undefined);
      return imported;
    };
    await Promise.all(Array.from({ length: 50 }, writer));
    await createStubbornly(
      streamOf({ namespace: 'beside', name: 'app' }, `${registry.host}/team/beside:main`),
    );
    await eventually(async () => (await importedOf('beside')) === 1, 'the import beside them');
    // To list five thousand streams costs an API server more than to import a hundred of them: the controller is asked how far it is.
    await eventually(async () => (await importsOf(running)) > count, 'all imports', 500_000, 1_000);
    await eventually(async () => (await importedOf('burst')) === count, 'all statuses', 60_000, 5_000);
    // One image, seen anew each minute: a few requests, not some for each stream.
    const ofImages = auditSince(inject('auditLog'), before).filter(
      ({ objectRef, verb, user }) =>
        objectRef?.resource === 'images' && verb !== 'watch' && user.username.endsWith(':imagestreams'),
    );
    expect(ofImages.length).toBeLessThan(100);
    const failures = running.log().filter(({ level }) => level >= 50);
    // An API server that has too much to do may leave one or the other without an answer; that is tried again.
    expect(failures.filter(({ err }) => (err as { code?: string }).code !== 'unavailable')).toEqual([]);
  });
});
