import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import { createKubeRequest } from '../setup/kube-request.ts';

const run = promisify(execFile);
const fixtures = join(import.meta.dirname, '../fixtures/golden');

type Json = Readonly<Record<string, unknown>>;
type KubernetesObject = Json & { readonly metadata: Json & { readonly name: string } };

/** Runs kubectl as administrator; rejects with what it wrote to standard error. */
const kubectl = async (args: readonly string[], input?: unknown): Promise<string> => {
  const options = { maxBuffer: 256 * 1024 * 1024 };
  const running = run('kubectl', [`--kubeconfig=${inject('kubeconfig')}`, ...args], options);
  running.child.stdin?.end(input === undefined ? '' : JSON.stringify(input));
  return (await running).stdout;
};
const get = async (...args: readonly string[]): Promise<Json> =>
  JSON.parse(await kubectl(['get', '-o', 'json', ...args])) as Json;
const listOf = (items: readonly unknown[]) => ({ apiVersion: 'v1', kind: 'List', items });

/** Every object of a kind in what OpenShift answered, at any depth. */
const goldenObjects = (kind: string): readonly KubernetesObject[] => {
  const search = (value: unknown): readonly KubernetesObject[] => {
    if (typeof value !== 'object' || value === null) return [];
    const object = value as KubernetesObject;
    const own = object['kind'] === kind && typeof object.metadata === 'object' ? [object] : [];
    return [...own, ...Object.values(value).flatMap(search)];
  };
  return readdirSync(fixtures, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .flatMap(({ name }) => {
      const { input: _request, ...answers } = JSON.parse(
        readFileSync(join(fixtures, name, 'output.json'), 'utf8'),
      ) as Json;
      return search(answers);
    });
};

const withoutMetadata = (object: KubernetesObject): Json => {
  const { metadata: _, ...rest } = object;
  return rest;
};

const namespace = 'crds';
const request = createKubeRequest(inject('kubeconfig'));
beforeAll(async () => {
  await kubectl(['create', 'namespace', namespace]);
});

describe('the CRDs', () => {
  it.each([
    { kind: 'ImageStream', path: `namespaces/${namespace}/imagestreams` },
    { kind: 'Image', path: 'images' },
    { kind: 'ImageStreamImport', path: `namespaces/${namespace}/imagestreamimports` },
  ])('keep every $kind of OpenShift without loss', async ({ kind, path }) => {
    const golden = goldenObjects(kind);
    expect(golden.length).toBeGreaterThan(0);
    const base = `/apis/image.openshift.io/v1/${path}`;
    const kept = await Promise.all(
      golden.map(async (object, index) => {
        const { annotations, labels } = object.metadata;
        const name = `golden-${index}`;
        const made = { ...object, metadata: { name, annotations, labels } };
        const created = await request('POST', `${base}?fieldValidation=Strict`, made);
        if (kind === 'Image') return created;
        const { metadata } = created.body;
        return request('PUT', `${base}/${name}/status?fieldValidation=Strict`, { ...made, metadata });
      }),
    );
    for (const [index, { body }] of kept.entries()) {
      const stored = body as KubernetesObject;
      const object = golden[index];
      expect(withoutMetadata(stored)).toEqual(object && withoutMetadata(object));
      expect(stored.metadata['annotations'] ?? {}).toEqual(object?.metadata['annotations'] ?? {});
    }
    expect((await request('DELETE', base)).status).toBe(200);
  });

  const stream = (tag: Json): Json => ({
    apiVersion: 'image.openshift.io/v1',
    kind: 'ImageStream',
    metadata: { name: 'refused', namespace },
    spec: { tags: [{ name: 'v1', ...tag }] },
  });
  const anImport = (spec: Json): Json => ({
    apiVersion: 'image.openshift.io/v1',
    kind: 'ImageStreamImport',
    metadata: { name: 'refused', namespace },
    spec: { import: true, ...spec },
  });
  const grant = (spec: Json): Json => ({
    apiVersion: 'imagestreams.dev/v1',
    kind: 'ImageStreamGrant',
    metadata: { name: 'refused', namespace },
    spec,
  });
  const from = { kind: 'DockerImage', name: 'quay.io/team/app:1' };

  it.each<readonly [string, Json, string]>([
    ['a source of another kind', stream({ from: { kind: 'Image', name: 'x' } }), 'spec.tags[0].from.kind'],
    ['a source without a kind', stream({ from: { name: 'x' } }), 'spec.tags[0].from.kind'],
    ['a source without a name', stream({ from: { kind: 'DockerImage' } }), 'spec.tags[0].from.name'],
    [
      'a tag that follows another one on a schedule',
      stream({ from: { kind: 'ImageStreamTag', name: 'a:b' }, importPolicy: { scheduled: true } }),
      'only tags pointing to Docker repositories may be scheduled',
    ],
    ['an import mode', stream({ from, importPolicy: { importMode: 'All' } }), 'importPolicy.importMode'],
    ['a reference policy', stream({ from, referencePolicy: { type: 'Remote' } }), 'referencePolicy.type'],
    ['an import of nothing', anImport({}), 'at least one image or a repository'],
    [
      'an import of a tag',
      anImport({ images: [{ from: { kind: 'ImageStreamTag', name: 'a:b' } }] }),
      'only DockerImage',
    ],
    ['a grant to nobody', grant({ from: [] }), 'spec.from'],
    ['a grant to a pattern', grant({ from: [{ namespace: 'team-*' }] }), 'spec.from[0].namespace'],
    ['a grant said twice', grant({ from: [{ namespace: 'a' }, { namespace: 'a' }] }), 'Duplicate value'],
  ])('refuse %s', async (_, object, words) => {
    await expect(kubectl(['create', '-f', '-'], object)).rejects.toThrow(words);
  });

  it('fill in the defaults of OpenShift', async () => {
    const made = { ...stream({ from }), metadata: { name: 'defaults', namespace } };
    await kubectl(['create', '-f', '-'], made);
    expect((await get('is', 'defaults', '-n', namespace))['spec']).toEqual({
      lookupPolicy: { local: false },
      tags: [
        {
          name: 'v1',
          from,
          importPolicy: { importMode: 'Legacy' },
          referencePolicy: { type: 'Source' },
        },
      ],
    });
  });

  it('let two appliers own tags of one stream', async () => {
    const apply = (manager: string, name: string) =>
      kubectl(['apply', '--server-side', `--field-manager=${manager}`, '-f', '-'], {
        ...stream({ name, from }),
        metadata: { name: 'shared', namespace },
      });
    await apply('one', 'a');
    await apply('two', 'b');
    const { spec } = (await get('is', 'shared', '-n', namespace)) as {
      readonly spec: { readonly tags: readonly { readonly name: string }[] };
    };
    expect(spec.tags.map(({ name }) => name).toSorted()).toEqual(['a', 'b']);
  });

  it('print a stream, an import, a grant and a cursor', async () => {
    const at = '2026-01-01T00:00:00Z';
    const conditions = (type: string, reason: string, message = '') => [
      { type, status: 'True', reason, message, lastTransitionTime: at },
    ];
    const image = 'quay.io/team/app';
    const objects = [
      {
        ...stream({ from }),
        metadata: { name: 'shown', namespace },
        spec: { dockerImageRepository: image },
        status: { conditions: [...conditions('Ready', 'Imported'), ...conditions('Fresh', 'UpToDate')] },
      },
      {
        ...anImport({ stream: 'shown', images: [{ from }] }),
        metadata: { name: 'shown', namespace },
        status: { conditions: conditions('Complete', 'Imported') },
      },
    ];
    await kubectl(['create', '-f', '-'], listOf(objects));
    await kubectl(['replace', '--subresource=status', '-f', '-'], listOf(objects));
    await kubectl(
      ['create', '-f', '-'],
      listOf([
        { ...grant({ from: [{ namespace: '*' }] }), metadata: { name: 'shown', namespace } },
        {
          apiVersion: 'imagestreams.dev/v1',
          kind: 'ChangeCursor',
          metadata: { name: 'shown', namespace },
          stream: { name: 'web', uid: '1' },
          sinks: [{ name: 'cloudevents', tags: { v1: 3 } }],
        },
      ]),
    );
    const printed = async (resource: string): Promise<readonly string[]> =>
      (await kubectl(['get', resource, 'shown', '-n', namespace]))
        .trim()
        .split('\n')
        .map((line) => line.replace(/\S+$/, 'AGE').replaceAll(/ {2,}/g, '|'));
    expect(await printed('is')).toEqual([
      'NAME|IMAGE REPOSITORY|READY|FRESH|AGE',
      'shown|quay.io/team/app|True|True|AGE',
    ]);
    expect(await printed('imagestreamimports')).toEqual([
      'NAME|STREAM|RESULT|AGE',
      'shown|shown|Imported|AGE',
    ]);
    expect(await printed('isgrant')).toEqual(['NAME|FROM|TO|AGE', 'shown|*|AGE']);
    expect(await printed('changecursors')).toEqual(['NAME|STREAM|AGE', 'shown|web|AGE']);
    await kubectl(['wait', '--for=condition=Ready', 'is/shown', '-n', namespace, '--timeout=5s']);
    expect(
      await kubectl([
        'get',
        'is',
        '-n',
        namespace,
        '-o',
        'name',
        `--field-selector=spec.dockerImageRepository=${image}`,
      ]),
    ).toBe('imagestream.image.openshift.io/shown\n');
    expect(
      await kubectl(['get', 'imagestreams.v1crd.image.openshift.io', 'shown', '-n', namespace, '-o', 'name']),
    ).toBe('imagestream.image.openshift.io/shown\n');
  });
});
