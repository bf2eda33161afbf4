import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { ImageStream } from '../../src/api/image-stream.ts';
import type { Stored } from '../../src/api/meta.ts';
import { imageStreams } from '../../src/api/resources.ts';
import { ApiError } from '../../src/kube/errors.ts';
import { compare, type Difference } from '../e2e/golden/compare.ts';
import { importScenarios } from '../e2e/golden/import-scenarios.ts';
import { createOc } from '../e2e/golden/oc.ts';
import { readOutput } from '../e2e/golden/recorded.ts';
import { withRecordedHosts } from '../e2e/golden/recorded-hosts.ts';
import type { Recorder, Scenario } from '../e2e/golden/scenario.ts';
import type { Answer, Serve } from '../e2e/serve.ts';
import { type GoldenRegistries, startGoldenRegistries } from '../setup/golden-registry.ts';
import {
  administer,
  auditSince,
  eventually,
  install,
  isOurWrite,
  type RunningController,
  startController,
} from './harness.ts';

/** What needs an API server of ours: tags as objects, answers to import requests, secrets of a stream. */
const needVirtualResources = new Set(['import-api', 'private-nosecret-then-secret', 'scheduled', 'triggers']);
const scenarios = importScenarios.filter(({ name }) => !needVirtualResources.has(name));

/** Deliberate differences of `serve`, by scenario and path: they hold in a cluster, too. */
const accepted = JSON.parse(
  readFileSync(join(import.meta.dirname, '../e2e/golden/differences.json'), 'utf8'),
) as Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Over CRDs nobody counts the generations of single tags: those of histories and conditions are the stream's. */
const isGeneration = ({ path }: Difference): boolean => /\.(generation|observedGeneration)$/.test(path);

const signal = AbortSignal.timeout(600_000);
const { client, store } = administer(inject('kubeconfig'));

const ask = async (method: string, path: string, body: unknown): Promise<Answer> => {
  try {
    const answer = await client.request({ method: method as 'GET', path, body }, signal);
    return { status: 200, body: answer, text: JSON.stringify(answer) };
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    return { status: error.code, body: error.status, text: JSON.stringify(error.status) };
  }
};

type Request = {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: object;
};
type Asked = {
  readonly metadata?: { readonly name: string };
  readonly status?: { readonly conditions?: unknown };
};

/** As an import request is made where it is an object: under a name of its own, and waited for. */
const requestImport = async (path: string, { metadata, spec }: Request): Promise<Answer> => {
  const made = await ask('POST', path, {
    apiVersion: 'image.openshift.io/v1',
    kind: 'ImageStreamImport',
    metadata: { generateName: `${metadata.name}-`, namespace: metadata.namespace },
    spec: { ...spec, stream: metadata.name },
  });
  const name = (made.body as Asked).metadata?.name;
  if (made.status >= 300 || name === undefined) return made;
  let answer = made;
  await eventually(async () => {
    answer = await ask('GET', `${path}/${name}`, undefined);
    return JSON.stringify((answer.body as Asked).status?.conditions ?? '').includes('Complete');
  }, `the import request ${name}`);
  return answer;
};

const api: Serve['api'] = async (method, path, body) =>
  method === 'POST' && path.endsWith('/imagestreamimports')
    ? requestImport(path, body as Request)
    : ask(method, path, body);

/** Whether the controller has tried every tag, and the repository. */
const isTried = ({ spec, status }: ImageStream): boolean =>
  (spec?.dockerImageRepository === undefined || status?.repository !== undefined) &&
  (spec?.tags ?? [])
    .filter(({ from }) => from !== undefined)
    .every(({ name }) => status?.tags?.some(({ tag }) => tag === name) === true);

const settled = async (namespace: string): Promise<readonly Stored<ImageStream>[]> => {
  let before = '';
  let streams: readonly Stored<ImageStream>[] = [];
  await eventually(async () => {
    streams = (await store.list(imageStreams, { namespace }, signal)).items;
    const now = JSON.stringify(streams);
    const isQuiet = now === before && streams.every(isTried);
    before = now;
    if (!isQuiet) await sleep(300);
    return isQuiet;
  }, `${namespace} settles`);
  return streams;
};

type State = { readonly imagestreams: readonly ImageStream[] };
const statusesOf = (streams: readonly ImageStream[]) =>
  streams
    .map(({ metadata: { name }, status }) => ({ metadata: { name }, status }))
    .toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));

/** Names registries as the recordings do. */
const asRecorded = (streams: readonly ImageStream[], registries: GoldenRegistries): readonly ImageStream[] =>
  JSON.parse(
    JSON.stringify(streams)
      .replaceAll(registries.open, '127.0.0.1:5005')
      .replaceAll(registries.protected, '127.0.0.1:5006'),
  ) as readonly ImageStream[];

const replay = async (scenario: Scenario, registries: GoldenRegistries): Promise<readonly Difference[]> => {
  const namespace = `g-${scenario.name}`;
  const golden = readOutput(scenario.name);
  const oc = createOc(withRecordedHosts(api, registries), namespace);
  const differences: Difference[] = [];
  const record: Recorder = {
    state: async (name) => {
      const theirs = (name === undefined ? golden : golden[name]) as State;
      const ours = asRecorded(await settled(namespace), registries);
      const path = `${name ?? ''}.imagestreams`;
      differences.push(...compare(statusesOf(theirs.imagestreams), statusesOf(ours), path));
    },
    // What a server of ours answers beside the objects is replayed against `serve`.
    answer: () => undefined,
    printed: () => undefined,
    settled: async () => void (await settled(namespace)),
  };
  await oc.createNamespace();
  await scenario.run(oc, record);
  return differences;
};

describe('the golden scenarios through the CRDs', () => {
  let registries: GoldenRegistries;
  let account: ReturnType<typeof install>;
  let running: RunningController;
  const auditStart = readFileSync(inject('auditLog'), 'utf8').length;
  beforeAll(async () => {
    registries = await startGoldenRegistries();
    account = install(inject('kubeconfig'));
    running = await startController(account.kubeconfig, ['--max-tags-per-repository', '50']);
  });
  afterAll(async () => {
    await running?.stop();
    await registries?.stop();
    account?.remove();
    await client.close();
  });

  it.each(scenarios)(
    '$name has the status of the original, but for the listed differences',
    async (scenario) => {
      const found = await replay(scenario, registries);
      const known = accepted[scenario.name] ?? {};
      expect(found.filter((difference) => !(difference.path in known) && !isGeneration(difference))).toEqual(
        [],
      );
    },
  );

  it('led to no write of a spec that no import request asked for', () => {
    const entries = auditSince(inject('auditLog'), auditStart).filter(({ objectRef }) =>
      objectRef?.namespace?.startsWith('g-'),
    );
    const asked = new Set(
      entries
        .filter(({ verb, objectRef }) => verb === 'create' && objectRef?.resource === 'imagestreamimports')
        .map(({ objectRef }) => objectRef?.namespace),
    );
    const written = entries
      .filter(isOurWrite)
      .filter(
        ({ objectRef }) => objectRef?.resource === 'imagestreams' && objectRef.subresource === undefined,
      )
      .map(({ objectRef }) => objectRef?.namespace);
    expect(written.length).toBeGreaterThan(0);
    expect(written.filter((namespace) => !asked.has(namespace))).toEqual([]);
    expect([...asked]).not.toContain('g-create-spec-tags');
  });
});
