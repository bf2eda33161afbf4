import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Explanation } from '../../src/api/explanation.ts';
import type { ImageStream } from '../../src/api/image-stream.ts';
import type { Stored } from '../../src/api/meta.ts';
import { createImporter, type ImportContext, type Importer } from '../../src/importer/index.ts';
import { formatReference, formatRepository } from '../../src/oci/index.ts';
import { createWhy, createWhyRoute } from '../../src/why.ts';
import { explainReference } from '../../src/why-reference.ts';
import { type CliWorld, createCliWorld, type FakeApi, startFakeApi } from '../fakes/cli.ts';
import { runToEnd } from '../fakes/clock.ts';
import type { Certificate } from '../fakes/registry/index.ts';
import { strayCredentials } from '../fakes/registry/stray-credentials.ts';
import { never } from '../fakes/send.ts';
import type { Row } from './row.ts';
import { rowsByKind } from './rows.ts';
import { createWorldCertificate, password, startWorld, type World } from './world.ts';

/** What the command `why` says of every fault: everything between the sockets and standard output is real. */

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

let tls: Certificate;
beforeAll(async () => {
  tls = await createWorldCertificate();
});

type Rig = { readonly world: World; readonly importer: Importer; readonly context: ImportContext };

const start = async (row: Row): Promise<Rig> => {
  const world = await startWorld(tls, row.options);
  cleanups.push(world.stop);
  const { keychain } = world.access;
  const importer = createImporter({ client: world.client, clock: world.clock });
  return { world, importer, context: { keychain, caller: 'ns', priority: 'interactive' } };
};

/** Runs the command in both forms; it may not ask a registry a second time to tell a person and a program the same. */
const runWhy = async (cli: CliWorld, { world }: Rig, target: string) => {
  const run = async (...flags: readonly string[]) =>
    runToEnd(world.clock, cli.run(['why', target, ...flags]));
  const shown = await run();
  const [explanation] = JSON.parse((await run('-o', 'json')).stdout) as readonly Explanation[];
  return { ...shown, failure: explanation?.attempts[0]?.failure };
};

/** `why REF`, of a program that has just started, as it always has. */
const whyOfReference = async (row: Row, rig: Rig) => {
  const { world } = rig;
  const from = formatReference(world.reference);
  world.registry.intercept((request) => row.breaks(request, world));
  const explanation = explainReference({ from, insecure: false }, rig, never);
  const cli = createCliWorld({ nowMs: world.clock.now(), whyReference: () => explanation });
  return runWhy(cli, rig, from);
};

const streamOf = (row: Row, { reference }: World): Stored<ImageStream> => ({
  apiVersion: 'image.openshift.io/v1',
  kind: 'ImageStream',
  metadata: {
    namespace: 'ns',
    name: 'web',
    uid: 'u',
    resourceVersion: '1',
    creationTimestamp: '2026-01-01T00:00:00Z',
    generation: 1,
  },
  spec:
    row.ask === 'tags'
      ? { dockerImageRepository: formatRepository(reference) }
      : { tags: [{ name: 'v1', from: { kind: 'DockerImage', name: formatReference(reference) } }] },
});

/** What a server does that finds out what `why STREAM` is asked about. */
const importOnce = (row: Row, { world, importer, context }: Rig): Promise<unknown> => {
  const rest = { insecure: false, importMode: 'Legacy' } as const;
  const from = formatReference(world.reference);
  switch (row.ask) {
    case 'resolve':
      return importer.resolve({ from, insecure: false }, context, never);
    case 'tags':
      return importer.importRepository(
        { ...rest, from: formatRepository(world.reference), maxTags: 500 },
        context,
        never,
      );
    case 'manifest':
    case 'config':
      return importer.importImage({ ...rest, from }, context, never);
  }
};

/** An API that answers `why` and nothing else of note. */
const startApi = async (row: Row, { world, importer, context }: Rig): Promise<FakeApi> => {
  const why = createWhy({
    getStream: () => streamOf(row, world),
    importer,
    keychains: async () => context.keychain,
    retryAtMs: () => undefined,
    refreshAtMs: () => undefined,
    pausedBecause: () => undefined,
    intervals: { defaultMs: 900_000, floorMs: 1_000 },
  });
  const route = createWhyRoute(why);
  const api = await startFakeApi(({ path }, response) => {
    const url = new URL(path, 'http://api');
    if (url.pathname !== route.path) return { body: { resources: [] } };
    void route.handle({ query: url.searchParams, accept: '' }, never).then(({ body }) => response.end(body));
    return undefined;
  });
  cleanups.push(api.close);
  return api;
};

/** `why STREAM`, of a server that was at work before the fault. */
const whyOfStream = async (row: Row, rig: Rig) => {
  const { world } = rig;
  if (row.isCold !== true) {
    const fetched = world.client.getManifest(world.reference, world.access, never);
    await runToEnd(world.clock, fetched);
  }
  world.registry.intercept((request) => row.breaks(request, world));
  await runToEnd(world.clock, importOnce(row, rig));
  const api = await startApi(row, rig);
  const cli = createCliWorld({ api, namespace: 'ns', nowMs: world.clock.now() });
  return runWhy(cli, rig, 'web');
};

type Told = Awaited<ReturnType<typeof runWhy>>;

const expectTrueCause = (row: Row, { world }: Rig, { stdout, stderr, failure }: Told): void => {
  expect(failure?.fault).toBe(row.gets?.fault);
  if (failure !== undefined) {
    expect(stdout).toContain(`failed (${failure.fault}): ${failure.message}\n`);
    expect(stdout).toContain(`  Cause:    ${failure.cause}\n  Advice:   ${failure.advice}\n`);
  } else expect(stdout).not.toContain('Cause:');
  const said = `${stdout}${stderr}`;
  expect(said).not.toContain(password);
  expect(said).not.toContain(Buffer.from(`alice:${password}`).toString('base64'));
  const confided = [{ secret: password, hosts: ['auth.registry.test'] }];
  expect(strayCredentials(world.registry.connections, confided)).toEqual([]);
};

const faults = rowsByKind.flatMap(([, rows]) => rows);
const named = (rows: readonly Row[]) => rows.map((row) => [row.name, row] as const);

describe('why REF tells the true cause where a registry', () => {
  // A reference is no list: what is wrong with lists is told of streams.
  it.each(named(faults.filter(({ ask }) => ask !== 'tags')))('%s', async (_name, row) => {
    const rig = await start(row);
    const told = await whyOfReference(row, rig);
    expectTrueCause(row, rig, told);
    expect(told.exitCode).toBe(row.gets === undefined ? 0 : 1);
    expect(told.stderr).toContain(
      told.failure === undefined ? '' : `cannot be imported: ${told.failure.cause}`,
    );
  });
});

describe('why STREAM tells the true cause where a registry', () => {
  it.each(named(faults))('%s', async (_name, row) => {
    const rig = await start(row);
    const told = await whyOfStream(row, rig);
    expectTrueCause(row, rig, told);
    // A reference is asked for by HEAD, whose answers may say less.
    expect(told.failure?.message.replaceAll(rig.world.port, 'PORT') ?? '').toContain(row.gets?.says ?? '');
    expect(told.exitCode).toBe(0);
  });
});
