import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasDockerRegistry } from '../../setup/docker-registry.ts';
import { type GoldenRegistries, startGoldenRegistries } from '../../setup/golden-registry.ts';
import { eventually, type Serve, startServe } from '../serve.ts';
import { compare, type Difference } from './compare.ts';
import { apiBase, createOc, type Oc } from './oc.ts';
import { goldenFolder, type Recorder, scenarios } from './scenarios.ts';

/**
 * Replays what OpenShift's own implementation was asked and compares field by field with what it answered. Each deliberate difference is
 * an entry of differences.json (scenario → path → the decision behind it); one that no longer differs fails too.
 */
type Accepted = Readonly<Record<string, Readonly<Record<string, string>>>>;

const acceptedFile = join(import.meta.dirname, 'differences.json');
const accepted: Accepted = existsSync(acceptedFile)
  ? (JSON.parse(readFileSync(acceptedFile, 'utf8')) as Accepted)
  : {};

type Item = { readonly metadata: { readonly name: string; readonly generation?: number } };
type Stream = Item & {
  readonly spec: { readonly tags?: readonly unknown[]; readonly dockerImageRepository?: string };
  readonly status: {
    readonly observedGeneration?: number;
    readonly tags?: readonly { readonly items?: readonly { readonly image: string }[] | null }[];
  };
};
type List<T> = { readonly items: readonly T[] };

const list = async <T>(oc: Oc, path: string): Promise<readonly T[]> =>
  ((await oc.get(path)).body as List<T>).items;

const sorted = <T extends Item>(items: readonly T[]): readonly T[] =>
  items.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1));

/** Waits until the controllers have seen every stream as it is, and a moment in which nothing changes any more. */
const settled = async (oc: Oc, namespace: string): Promise<readonly Stream[]> => {
  let before = '';
  return eventually(
    async () => {
      const streams = await list<Stream>(oc, `${apiBase}/namespaces/${namespace}/imagestreams`);
      const deployments = await list<Item>(oc, `/apis/apps/v1/namespaces/${namespace}/deployments`);
      const now = JSON.stringify([streams, deployments]);
      const quiet =
        now === before &&
        streams.every(({ metadata, status }) => status.observedGeneration === metadata.generation);
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

/** Lists leave out apiVersion and kind of their items, which the recorded states have. */
const withoutTypes = (state: unknown): unknown =>
  JSON.parse(JSON.stringify(state), (key, value: unknown) =>
    key === 'imagestreams' || key === 'imagestreamtags' || key === 'deployments'
      ? (value as readonly object[]).map((item) => ({ ...item, apiVersion: undefined, kind: undefined }))
      : value,
  );

type Failure = {
  readonly status?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly details?: {
    readonly kind?: string;
    readonly name?: string;
    readonly causes?: readonly { readonly field?: string; readonly message?: string }[];
  };
};

/** What `oc` prints for a failed request; successful answers stay as they are. */
const asOcSees = (body: unknown): unknown => {
  const failure = body as Failure;
  if (failure.status !== 'Failure') return body;
  const causes = (failure.details?.causes ?? []).map(({ field, message }) => `${field}: ${message}`);
  const invalid =
    causes.length === 1
      ? `The ${failure.details?.kind} "${failure.details?.name}" is invalid: ${causes[0]}\n`
      : `The ${failure.details?.kind} "${failure.details?.name}" is invalid: \n${causes.map((cause) => `* ${cause}\n`).join('')}`;
  const stderr =
    failure.reason === 'Invalid' ? invalid : `Error from server (${failure.reason}): ${failure.message}\n`;
  return { rc: 1, stderr, stdout: '' };
};

const replay = async (serve: Serve, scenario: (typeof scenarios)[number]): Promise<readonly Difference[]> => {
  const namespace = `g-${scenario.name}`;
  const golden = JSON.parse(readFileSync(join(goldenFolder, scenario.name, 'output.json'), 'utf8')) as Record<
    string,
    unknown
  >;
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
  const oc = createOc(serve, namespace);
  const differences: Difference[] = [];
  const record: Recorder = {
    state: async (name) => {
      const theirs = expected(name);
      const ours = await snapshot(oc, namespace);
      // The recording kept some images of each state only: the others cannot be compared.
      const images = Object.fromEntries(
        Object.entries(ours.images).filter(([digest]) => digest in theirs.images),
      );
      differences.push(...compare(withoutTypes(theirs), withoutTypes({ ...ours, images }), name ?? ''));
    },
    answer: (name, body) => void differences.push(...compare(golden[name], asOcSees(body), name)),
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
    registries = await startGoldenRegistries({ ports: [5005, 5006] });
    // The original's limit, so that its answer can be compared tag by tag; ours is tested with the settings.
    serve = await startServe({ args: ['--max-tags-per-repository', '50'] });
  });
  afterAll(async () => {
    await serve?.remove();
    await registries?.stop();
  });

  for (const scenario of scenarios) {
    it(`${scenario.name} answers as the original did, but for the listed differences`, async () => {
      const found = await replay(serve, scenario);
      report(scenario.name, found);
      const known = accepted[scenario.name] ?? {};
      const unknown = found.filter(({ path }) => !(path in known));
      const gone = Object.keys(known).filter((path) => !found.some((difference) => difference.path === path));
      expect({ unknown, gone }).toEqual({ unknown: [], gone: [] });
    });
  }
});
