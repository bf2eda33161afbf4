import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { imageStreamGrants, imageStreamImports, imageStreams } from '../../src/api/resources.ts';
import { type CliRun, createCliWorld } from '../fakes/cli.ts';
import { anImage, push } from '../fakes/registry/index.ts';
import { type DockerRegistry, startDockerRegistry } from '../setup/docker-registry.ts';
import {
  administer,
  digestsOf,
  ensureNamespace,
  eventually,
  install,
  type RunningController,
  startController,
} from './harness.ts';

const signal = AbortSignal.timeout(600_000);
const namespace = 'cli';
const shared = 'shared';
const { store, client } = administer(inject('kubeconfig'));
const get = (name: string, where = namespace) => store.get(imageStreams, { namespace: where, name }, signal);

describe('the command line against a cluster', () => {
  let registry: DockerRegistry;
  let account: ReturnType<typeof install>;
  let running: RunningController;
  const pushed = async (tag: string): Promise<string> => {
    const image = anImage({ name: tag });
    await push({ url: `http://${registry.host}` }, 'team/app', image, tag);
    return image.manifest.digest;
  };
  const cli = (line: string): Promise<CliRun> =>
    createCliWorld({
      files: { '/home/me/.kube/config': readFileSync(inject('kubeconfig'), 'utf8') },
      nowMs: Date.now(),
    }).run(`-n ${namespace} ${line}`);

  beforeAll(async () => {
    registry = await startDockerRegistry();
    account = install(inject('kubeconfig'));
    for (const name of [namespace, shared]) await ensureNamespace(store, name, signal);
    running = await startController(account.kubeconfig);
  });
  afterAll(async () => {
    await running?.stop();
    await registry?.stop();
    account?.remove();
    await client.close();
  });

  it('imports into a new stream and prints it, and imports again', async () => {
    const digest = await pushed('v1');
    const first = await cli(`import-image app:v1 --from=${registry.host}/team/app:v1 --confirm --insecure`);
    expect({ exitCode: first.exitCode, stderr: first.stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(first.stdout).toContain('imagestream.image.openshift.io/app imported\n');
    expect(first.stdout).toContain(digest);
    expect(digestsOf(await get('app'), 'v1')).toEqual([digest]);
    const again = await cli('import-image app:v1');
    expect(again.exitCode).toBe(0);
    const { items } = await store.list(imageStreamImports, { namespace }, signal);
    expect(items.map(({ metadata }) => metadata.name.startsWith('app-'))).toEqual([true, true]);
    expect(items.map(({ status }) => status?.conditions?.[0]?.reason)).toEqual(['Imported', 'Imported']);
  });

  it('says what failed, exit code 1', async () => {
    const run = await cli(`import-image app:gone --from=${registry.host}/team/app:gone --confirm --insecure`);
    expect(run.exitCode).toBe(1);
    expect(run.stderr).toContain('tag gone failed');
  });

  it('sets a tag, which the controller imports, shows its history and rolls it back', async () => {
    const [one, two] = [await pushed('a'), await pushed('b')];
    const set = await cli(`tag ${registry.host}/team/app:a web:x --insecure`);
    expect(set).toMatchObject({ exitCode: 0, stderr: '' });
    await eventually(async () => digestsOf(await get('web'), 'x').length === 1, 'the first import');
    await cli(`tag ${registry.host}/team/app:b web:x --insecure`);
    await eventually(async () => digestsOf(await get('web'), 'x').length === 2, 'the second import');
    expect((await cli('history web:x')).stdout).toContain(one);
    expect((await cli('describe web')).stdout).toContain(two);
    expect(await cli('rollback web:x')).toMatchObject({ exitCode: 0 });
    await eventually(async () => digestsOf(await get('web'), 'x')[0] === one, 'the rollback');
    const told = (await cli('events web:x -o json')).stdout.trimEnd().split('\n');
    expect(told.map((line) => (JSON.parse(line) as { readonly type: string }).type)).toEqual([
      'TagCreated',
      'TagMoved',
      'TagMoved',
    ]);
  });

  it('describes tags and images, which no resource of the cluster holds', async () => {
    const digest = await pushed('described');
    await cli(`import-image shown:x --from=${registry.host}/team/app:described --confirm --insecure`);
    const ofTag = await cli('describe shown:x');
    expect(ofTag).toMatchObject({ exitCode: 0, stderr: '' });
    expect(ofTag.stdout).toContain(`Docker Image:\t${registry.host}/team/app@${digest}\n`);
    expect(ofTag.stdout).toContain('Layers:');
    const ofImage = await cli(`describe shown@${digest.slice('sha256:'.length, 20)}`);
    expect(ofImage).toMatchObject({ exitCode: 0, stderr: '' });
    expect(ofImage.stdout).toContain(`Image Name:\t${digest}\n`);
    expect(await cli('describe shown:none')).toMatchObject({ exitCode: 1, stdout: '' });
  });

  it('imports again when a tag is set to the source that it has, and leaves alone what others wrote', async () => {
    const before = await pushed('moving');
    const set = `tag ${registry.host}/team/app:moving again:x --insecure`;
    await cli(set);
    await eventually(async () => digestsOf(await get('again'), 'x')[0] === before, 'the first import');
    const annotate = { spec: { tags: [{ name: 'x', annotations: { description: 'kept' } }, { name: 'y' }] } };
    const other = [
      `--kubeconfig=${inject('kubeconfig')}`,
      '-n',
      namespace,
      'apply',
      '--server-side',
      '-f',
      '-',
    ];
    const identity = {
      apiVersion: 'image.openshift.io/v1',
      kind: 'ImageStream',
      metadata: { name: 'again' },
    };
    execFileSync('kubectl', other, { input: JSON.stringify({ ...identity, ...annotate }) });
    const image = anImage({ name: 'moved' });
    await push({ url: `http://${registry.host}` }, 'team/app', image, 'moving');
    expect(await cli(set)).toMatchObject({ exitCode: 0, stderr: '' });
    await eventually(
      async () => digestsOf(await get('again'), 'x')[0] === image.manifest.digest,
      'the second import',
    );
    const [x, y] = (await get('again'))?.spec?.tags ?? [];
    expect(x).toMatchObject({ name: 'x', annotations: { description: 'kept' } });
    expect(y).toMatchObject({ name: 'y' });
  });

  it('sets a tag in all ways, and deletes one with its history', async () => {
    const digest = await pushed('ways');
    await cli(`tag ${registry.host}/team/app:ways ways:main --insecure`);
    await eventually(async () => digestsOf(await get('ways')).length === 1, 'the import');
    for (const line of [
      'tag ways:main ways:copy other:copy',
      'tag ways:main ways:alias --alias',
      `tag ways@${digest} ways:image`,
      `tag --source=docker ${registry.host}/team/app:ways ways:ref --reference`,
      `tag ${registry.host}/team/app:ways ways:often --scheduled --insecure --reference-policy=local`,
    ])
      expect(await cli(line)).toMatchObject({ exitCode: 0, stderr: '' });
    const tagsWith = async (name: string) =>
      ((await get(name))?.status?.tags ?? []).flatMap(({ tag, items }) =>
        items?.[0]?.image === digest ? [tag] : [],
      );
    await eventually(async () => (await tagsWith('ways')).length === 5, 'the tags of the stream');
    expect(await tagsWith('ways')).toEqual(['alias', 'copy', 'image', 'main', 'often']);
    await eventually(async () => (await tagsWith('other')).length === 1, 'the copy in another stream');
    const deletion = await cli('tag -d ways:often ways:ref');
    expect(deletion).toMatchObject({ exitCode: 0, stderr: '' });
    expect((await get('ways'))?.status?.tags?.map(({ tag }) => tag)).toEqual([
      'alias',
      'copy',
      'image',
      'main',
    ]);
    expect((await cli('describe ways')).stdout).not.toContain('often');
  });

  it('copies a tag of another namespace only once that one permits it', async () => {
    const digest = await pushed('base');
    const from = { kind: 'DockerImage', name: `${registry.host}/team/app:base` };
    const source = {
      apiVersion: 'image.openshift.io/v1',
      kind: 'ImageStream',
      metadata: { namespace: shared, name: 'base' },
      spec: { tags: [{ name: 'main', from, importPolicy: { insecure: true } }] },
    };
    await store.create(imageStreams, source, {}, signal);
    const copy = {
      ...source,
      metadata: { namespace, name: 'copy' },
      spec: {
        tags: [{ name: 'main', from: { kind: 'ImageStreamTag', namespace: shared, name: 'base:main' } }],
      },
    };
    await store.create(imageStreams, copy, {}, signal);
    const failure = async () => (await get('copy'))?.status?.tags?.[0]?.conditions?.[0]?.reason;
    await eventually(async () => (await failure()) === 'ReferenceNotPermitted', 'the refusal');
    const grant = {
      apiVersion: 'imagestreams.dev/v1',
      kind: 'ImageStreamGrant',
      metadata: { namespace: shared, name: 'cli' },
      spec: { from: [{ namespace }] },
    };
    await store.create(imageStreamGrants, grant, {}, signal);
    await eventually(async () => digestsOf(await get('copy'))[0] === digest, 'the copy');
    expect(await failure()).toBeUndefined();
  });
});
