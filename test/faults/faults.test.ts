import { inspect } from 'node:util';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { statusOfError } from '../../src/importer/outcome-status.ts';
import { diagnose, RegistryError } from '../../src/oci/index.ts';
import { runToEnd } from '../fakes/clock.ts';
import type { Certificate } from '../fakes/registry/index.ts';
import { strayCredentials } from '../fakes/registry/stray-credentials.ts';
import { never } from '../fakes/send.ts';
import type { Question, Row } from './row.ts';
import { rowsByKind } from './rows.ts';
import { createWorldCertificate, image, password, startWorld, type World } from './world.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

let tls: Certificate;
beforeAll(async () => {
  tls = await createWorldCertificate();
});

const [config] = image.blobs;
const configDescriptor = {
  mediaType: config?.mediaType ?? '',
  digest: image.blobs[0]?.digest ?? image.manifest.digest,
  size: config?.bytes.byteLength ?? 0,
};

const collect = async (pages: AsyncIterable<readonly string[]>): Promise<readonly string[]> => {
  const tags: string[] = [];
  for await (const page of pages) tags.push(...page);
  return tags;
};

const put = (question: Question, { client, reference, access }: World): Promise<unknown> => {
  switch (question) {
    case 'resolve':
      return client.resolve(reference, access, never);
    case 'manifest':
      return client.getManifest(reference, access, never);
    case 'config':
      return client.getConfig(reference, configDescriptor, access, never);
    case 'tags':
      return collect(client.listTags(reference, access, never));
  }
};

/** What came of a question, and how long that took. */
const ask = async (question: Question, world: World): Promise<{ error: unknown; tookMs: number }> => {
  const startedMs = world.clock.monotonic();
  const answer = put(question, world).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  const error = await runToEnd(world.clock, answer);
  return { error, tookMs: world.clock.monotonic() - startedMs };
};

/** Asks again, each time as late as it is told to, until there is an answer. */
const recover = async (question: Question, world: World): Promise<number> => {
  const startedMs = world.clock.monotonic();
  for (let tries = 0; tries < 3; tries += 1) {
    const { error } = await ask(question, world);
    if (error === undefined) return world.clock.monotonic() - startedMs;
    if (!(error instanceof RegistryError) || error.retryAfterMs === undefined) throw error;
    await world.clock.advance(error.retryAfterMs);
  }
  throw new Error('it did not recover');
};

const counted = (lines: readonly string[]): readonly string[] => {
  const runs: { line: string; times: number }[] = [];
  for (const line of lines) {
    const last = runs.at(-1);
    if (last?.line === line) last.times += 1;
    else runs.push({ line, times: 1 });
  }
  return runs.map(({ line, times }) => (times === 1 ? line : `${times} × ${line}`));
};

const failureOf = (error: unknown, { reference, port }: World) => {
  if (error === undefined) return undefined;
  if (!(error instanceof RegistryError)) throw error;
  const { code, status, message } = error;
  const { fault } = diagnose(error, { repository: reference, namespace: 'ns' });
  const said = message.slice(message.indexOf(': ') + 2).replaceAll(port, 'PORT');
  const { reason } = statusOfError(error, 'app:v1');
  return { code, ...(status === undefined ? {} : { status }), says: said, fault, reason };
};

/** All that a person may get to see of a failure, however it is looked at. */
const everythingSaidOf = (error: unknown, { reference, events }: World): string => {
  const diagnosis = error instanceof RegistryError ? diagnose(error, { repository: reference }) : undefined;
  const condition = error instanceof RegistryError ? statusOfError(error, 'app:v1') : undefined;
  return inspect([error, diagnosis, condition, events], {
    depth: 12,
    showHidden: true,
    maxStringLength: null,
  });
};

const run = async (row: Row) => {
  const world = await startWorld(tls, row.options);
  cleanups.push(world.stop);
  if (row.isCold !== true) await runToEnd(world.clock, put('manifest', world));
  world.registry.forgetRequests();
  const mend = world.registry.intercept((request) => row.breaks(request, world));
  const { error, tookMs } = await ask(row.ask, world);
  const sends = counted(world.sent());
  const said = everythingSaidOf(error, world);
  mend();
  world.registry.forgetRequests();
  const recoversAfterMs = await recover(row.ask, world);
  return { world, error, tookMs, sends, said, recoversAfterMs, recovery: counted(world.sent()) };
};

const usualRecovery: Readonly<Record<Question, readonly string[]>> = {
  resolve: ['HEAD manifest bearer'],
  manifest: ['GET manifest bearer'],
  config: ['GET config bearer'],
  tags: ['GET tags?n=1000 bearer'],
};
const coldRecovery = ['GET manifest anonymous', 'GET token basic', 'GET manifest bearer'];

describe.each(rowsByKind)('%s', (_name, rows) => {
  it.each(rows.map((row) => [row.name, row] as const))('%s', async (_title, row) => {
    const { world, error, tookMs, sends, said, recoversAfterMs, recovery } = await run(row);
    expect({ gets: failureOf(error, world), sends, afterMs: tookMs, recoversAfterMs, recovery }).toEqual({
      gets: row.gets,
      sends: row.sends,
      afterMs: row.afterMs ?? 0,
      recoversAfterMs: row.recoversAfterMs ?? 0,
      recovery: row.recovery ?? (row.isCold === true ? coldRecovery : usualRecovery[row.ask]),
    });
    const confided = [{ secret: password, hosts: ['auth.registry.test'] }];
    expect(strayCredentials(world.registry.connections, confided)).toEqual([]);
    expect(said).not.toContain(password);
    expect(said).not.toContain(Buffer.from(`alice:${password}`).toString('base64'));
    expect(said).not.toMatch(/<html|signature=/);
  });
});
