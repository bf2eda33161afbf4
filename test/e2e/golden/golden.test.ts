import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasDockerRegistry } from '../../setup/docker-registry.ts';
import { type GoldenRegistries, startGoldenRegistries } from '../../setup/golden-registry.ts';
import { eventually, type Serve, startServe } from '../serve.ts';
import { compare, type Difference } from './compare.ts';
import { importScenarios } from './import-scenarios.ts';
import { apiBase, createOc, type Oc } from './oc.ts';
import { asOcSees, asPrinted, readOutput, readPrinted, withoutManagedFields } from './recorded.ts';
import { withRecordedHosts } from './recorded-hosts.ts';
import type { Recorder, Scenario } from './scenario.ts';
import { tagScenarios } from './tag-scenarios.ts';

/**
 * Replays what OpenShift's own implementation was asked and compares field by field with what it answered. Each deliberate difference is
 * an entry of differences.json (scenario → path → the decision behind it); one that no longer differs fails too.
 */
type Accepted = Readonly<Record<string, Readonly<Record<string, string>>>>;

const acceptedFile = join(import.meta.dirname, 'differences.json');
const accepted = JSON.parse(readFileSync(acceptedFile, 'utf8')) as Accepted;

type Item = { readonly metadata: { readonly name: string } };
type Tag = {
  readonly name: string;
  readonly reference?: boolean;
  readonly generation: number;
  readonly from?: { readonly kind: string };
};
type Stream = Item & {
  readonly spec: { readonly tags?: readonly Tag[]; readonly dockerImageRepository?: string };
  readonly status: {
    readonly repository?: unknown;
    readonly tags?: readonly {
      readonly tag: string;
      readonly items?: readonly { readonly image: string }[] | null;
      readonly observed?: { readonly fingerprint: string };
    }[];
  };
};
type List<T> = { readonly items: readonly T[] };

const list = async <T>(oc: Oc, path: string): Promise<readonly T[]> =>
  ((await oc.get(path)).body as List<T>).items;

const sorted = <T extends Item>(items: readonly T[]): readonly T[] =>
  items.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));

/** Whether the controllers have tried every tag, and the repository, as the spec has them now. */
const isObserved = ({ spec, status }: Stream): boolean =>
  (spec.dockerImageRepository === undefined || status.repository !== undefined) &&
  (spec.tags ?? [])
    .filter(({ from, reference }) => from?.kind === 'DockerImage' && reference !== true)
    .every(({ name, generation }) =>
      status.tags?.find(({ tag }) => tag === name)?.observed?.fingerprint.endsWith(`.${generation}`),
    );

/** Waits until the controllers have seen every stream as it is, and a moment in which nothing changes any more. */
const settled = async (oc: Oc, namespace: string): Promise<readonly Stream[]> => {
  let before = '';
  return eventually(
    async () => {
      const streams = await list<Stream>(oc, `${apiBase}/namespaces/${namespace}/imagestreams`);
      const deployments = await list<Item>(oc, `/apis/apps/v1/namespaces/${namespace}/deployments`);
      const now = JSON.stringify([streams, deployments]);
      const quiet = now === before && streams.every(isObserved);
      before = now;
      await new Promise((resolve) => setTimeout(resolve, 150));
      return { streams, quiet };
    },
    ({ quiet }) => quiet,
    `${namespace} settles`,
  ).then(({ streams }) => streams);
};

type State = {
  readonly deployments: readonly Item[];
  readonly images: Readonly<Record<string, unknown>>;
  readonly imagestreams: readonly Item[];
  readonly imagestreamtags: readonly Item[];
};

const snapshot = async (oc: Oc, namespace: string): Promise<State> => {
  const streams = await settled(oc, namespace);
  const digests = streams.flatMap(({ status }) =>
    (status.tags ?? []).flatMap(({ items }) => (items ?? []).map(({ image }) => image)),
  );
  const images = new Map<string, unknown>();
  for (const digest of new Set(digests.filter((digest_) => digest_ !== ''))) {
    images.set(digest, (await oc.get(`${apiBase}/images/${digest}`)).body);
  }
  return {
    deployments: sorted(await list<Item>(oc, `/apis/apps/v1/namespaces/${namespace}/deployments`)),
    images: Object.fromEntries(images),
    imagestreams: sorted(streams),
    imagestreamtags: sorted(await list<Item>(oc, `${apiBase}/namespaces/${namespace}/imagestreamtags`)),
  };
};

const listKeys = ['imagestreams', 'imagestreamtags', 'deployments'];

/** Lists leave out apiVersion and kind of their items, which the recorded states have; `oc` left out the managed fields. */
const asRecorded = (state: State): unknown =>
  Object.fromEntries(
    Object.entries(withoutManagedFields(state) as object).map(([key, value]: [string, unknown]) =>
      listKeys.includes(key)
        ? [
            key,
            (value as readonly object[]).map((item) => ({ ...item, apiVersion: undefined, kind: undefined })),
          ]
        : [key, value],
    ),
  );

const replay = async (api: Serve['api'], scenario: Scenario): Promise<readonly Difference[]> => {
  const namespace = `g-${scenario.name}`;
  const golden = readOutput(scenario.name);
  const printed = readPrinted(scenario.name);
  const expected = (name: string | undefined): State => {
    const state = (name === undefined ? golden : golden[name]) as State;
    // The entry without a name is the list that the recording got when it asked for the image of a reference tag: no image at all.
    const images = Object.fromEntries(Object.entries(state.images).filter(([digest]) => digest !== ''));
    return {
      deployments: sorted(state.deployments),
      images,
      imagestreams: sorted(state.imagestreams),
      imagestreamtags: sorted(state.imagestreamtags),
    };
  };
  const oc = createOc(api, namespace);
  const differences: Difference[] = [];
  const record: Recorder = {
    state: async (name) => {
      const theirs = expected(name);
      const ours = await snapshot(oc, namespace);
      // The recording kept some images of each state only: the others cannot be compared.
      const images = Object.fromEntries(
        Object.entries(ours.images).filter(([digest]) => digest in theirs.images),
      );
      differences.push(...compare(asRecorded(theirs), asRecorded({ ...ours, images }), name ?? ''));
    },
    answer: (name, body, view = (answer) => answer) =>
      void differences.push(...compare(view(golden[name]), view(asOcSees(body)), name)),
    printed: (index, { body }) => {
      const command = printed[index];
      if (command === undefined) throw new Error(`${scenario.name} has no command ${index}`);
      const { theirs, ours } = asPrinted(command, body);
      differences.push(...compare(theirs, ours, `${index}. oc ${command.command}: `));
    },
    settled: async () => void (await settled(oc, namespace)),
  };
  await oc.createNamespace();
  await scenario.run(oc, record);
  return differences;
};

/** With GOLDEN_REPORT=FILE, adds what differs to that file, one JSON line a difference: raw material for differences.json. */
const report = (scenario: string, found: readonly Difference[]): void => {
  const file = process.env['GOLDEN_REPORT'];
  if (file === undefined) return;
  appendFileSync(
    file,
    found.map((difference) => `${JSON.stringify({ scenario, ...difference })}\n`).join(''),
  );
};

describe.skipIf(!hasDockerRegistry)('the golden scenarios', () => {
  let registries: GoldenRegistries;
  let serve: Serve;
  beforeAll(async () => {
    registries = await startGoldenRegistries();
    // The original's limit, so that its answer can be compared tag by tag; ours is tested with the settings.
    serve = await startServe({ args: ['--max-tags-per-repository', '50'] });
  });
  afterAll(async () => {
    await serve?.remove();
    await registries?.stop();
  });

  for (const scenario of [...importScenarios, ...tagScenarios]) {
    it(`${scenario.name} answers as the original did, but for the listed differences`, async () => {
      const found = await replay(withRecordedHosts(serve.api, registries), scenario);
      report(scenario.name, found);
      const known = accepted[scenario.name] ?? {};
      const unknown = found.filter(({ path }) => !(path in known));
      const gone = Object.keys(known).filter((path) => !found.some((difference) => difference.path === path));
      expect({ unknown, gone }).toEqual({ unknown: [], gone: [] });
    });
  }
});
