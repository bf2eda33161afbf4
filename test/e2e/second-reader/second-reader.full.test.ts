import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Client, createClient } from '../programs/client.ts';
import { startOurs, type Target } from '../programs/servers.ts';
import { byName, type Change, makeChanges } from './changes.ts';
import { buildClientGo, hasGo, startClientGo } from './client-go.ts';
import { startClientNode } from './client-node.ts';
import { type CuttingProxy, startCuttingProxy } from './cutting-proxy.ts';
import type { Reader, ReaderOptions } from './reader.ts';

const count = Number(process.env['CHANGES'] ?? 10_000);
/** Connections are cut after every so many changes. */
const cutEvery = 400;
/** Milliseconds; building client-go anew takes minutes of a processor. */
const timeoutMs = 900_000;

if (!hasGo) process.stdout.write('no go (1.26 or newer): skipping an informer of client-go\n');

describe('informers of other clients', () => {
  let server: Target;
  let client: Client;
  let proxy: CuttingProxy;
  let directory: string;
  beforeAll(async () => {
    directory = mkdtempSync(join(tmpdir(), 'second-reader-'));
    server = await startOurs();
    client = createClient(server.place);
    proxy = await startCuttingProxy(server.place.url);
  });
  afterAll(async () => {
    await proxy?.close();
    client?.close();
    await server?.close();
    rmSync(directory, { recursive: true, force: true });
  });

  /**
   * What must be seen, over all disconnects: every change of every object, each once, in order, and no revision after a newer one. An
   * informer that goes on from the revision that it knows has no reason to merge changes, and the server keeps those revisions.
   */
  const checkReader = async (
    start: (options: ReaderOptions) => Promise<Reader>,
    namespace: string,
  ): Promise<void> => {
    await client.call('POST', '/api/v1/namespaces', { metadata: { name: namespace } });
    const collection = `/apis/image.openshift.io/v1/namespaces/${namespace}/imagestreams`;
    const reader = await start({ place: { ...server.place, url: proxy.url }, namespace });
    let cuts = 0;
    try {
      const made = await makeChanges(client, collection, count, (index) => {
        if (index % cutEvery === 0) cuts += proxy.cut();
      });
      const total = [...made.values()].reduce((sum, { length }) => sum + length, 0);
      const end = performance.now() + 60_000;
      while (reader.told().length < total && performance.now() < end) await sleep(100);
      const told = reader.told();
      process.stdout.write(
        `${namespace}: told of ${told.length} of ${total} changes over ${cuts} cut connections\n`,
      );
      expect(cuts).toBeGreaterThanOrEqual(count / cutEvery / 2);
      expect(backwards(told)).toEqual([]);
      const seen = byName(told);
      for (const [name, changes] of made) expect(seen.get(name), name).toEqual(changes);
    } finally {
      await reader.stop();
    }
  };

  it(
    'of @kubernetes/client-node see every change in order over disconnects',
    () => checkReader(startClientNode, 'client-node'),
    timeoutMs,
  );

  it.skipIf(!hasGo)(
    'of client-go see every change in order over disconnects',
    () => checkReader((options) => startClientGo(buildClientGo(directory), options), 'client-go'),
    timeoutMs,
  );
});

/** The changes whose revision is not newer than the one told before. */
const backwards = (told: readonly Change[]): readonly Change[] =>
  told.filter(
    ({ revision }, index) => index > 0 && BigInt(revision) <= BigInt(told[index - 1]?.revision ?? 0),
  );
