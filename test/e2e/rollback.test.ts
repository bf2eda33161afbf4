import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ImageStream } from '../../src/api/image-stream.ts';
import { findTag } from '../../src/api/tag-history.ts';
import { anImage, push } from '../fakes/registry/index.ts';
import { type DockerRegistry, hasDockerRegistry, startDockerRegistry } from '../setup/docker-registry.ts';
import { createKubectl, hasKubectl } from '../setup/kubectl.ts';
import { cliOf } from './cli.ts';
import { eventually, type Serve, startServe } from './serve.ts';

const streams = '/apis/image.openshift.io/v1/namespaces/default/imagestreams';
const args = ['--min-refresh-interval', '1s'];

describe.skipIf(!hasDockerRegistry)('imagestreams rollback against serve', () => {
  let registry: DockerRegistry;
  let serve: Serve;
  beforeAll(async () => {
    registry = await startDockerRegistry();
    serve = await startServe({ args });
  });
  afterAll(async () => {
    await serve?.remove();
    await registry?.stop();
  });

  const pushed = async (name: string): Promise<string> => {
    const image = anImage({ name });
    await push({ url: `http://${registry.host}` }, 'team/app', image, 'main');
    return image.manifest.digest;
  };
  const manifest = () => ({
    apiVersion: 'image.openshift.io/v1',
    kind: 'ImageStream',
    metadata: { name: 'app', annotations: { 'imagestreams.dev/refresh-interval': '1s' } },
    spec: {
      tags: [
        {
          name: 'main',
          from: { kind: 'DockerImage', name: `${registry.host}/team/app:main` },
          importPolicy: { insecure: true, scheduled: true },
        },
      ],
    },
  });
  const read = async (): Promise<ImageStream> =>
    (await serve.api('GET', `${streams}/app`)).body as ImageStream;
  const history = async (): Promise<readonly string[]> =>
    (findTag((await read()).status, 'main')?.items ?? []).map(({ image }) => image);
  const until = (expected: readonly string[], what: string) =>
    eventually(history, (seen) => JSON.stringify(seen) === JSON.stringify(expected), what, 20_000);
  /** HEADs of the tag so far, as the server counts them. */
  const refreshes = async (): Promise<number> => {
    const { text } = await serve.api('GET', '/metrics');
    return [...text.matchAll(/^\S*refresh\S*_total\{[^}]*\} (\d+)$/gm)].reduce(
      (sum, [, n]) => sum + Number(n),
      0,
    );
  };
  const pass = async (count: number): Promise<void> => {
    const before = await refreshes();
    await eventually(refreshes, (seen) => seen >= before + count, `${count} refreshes`, 20_000);
  };

  it('goes back and stays, through refreshes, a restart and kubectl apply, until there is a new image', async () => {
    const cli = cliOf(serve);
    const first = await pushed('one');
    await serve.api('POST', streams, manifest());
    await until([first], 'the first import');
    const second = await pushed('two');
    await until([second, first], 'the move');

    const run = await cli('rollback app:main');
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
    expect(run.stdout).toContain(`app:main rolled back to revision 1 (${first}).`);
    const held = [first, second, first];
    expect(await history()).toEqual(held);
    const list = findTag((await read()).status, 'main');
    expect(list?.items?.[0]?.cause).toEqual({ type: 'Rollback', by: 'admin' });
    expect((await cli('describe app')).stdout).toMatch(/rolled back by admin .* ago, and held until/);
    const { resourceVersion } = (await read()).metadata;

    await pass(2);
    expect(await history()).toEqual(held);
    const { dataDir } = serve;
    expect(await serve.stop()).toBe(0);
    serve = await startServe({ args, dataDir });
    await pass(2);
    expect(await history()).toEqual(held);
    // Neither a refresh of a held tag nor a restart writes anything.
    expect((await read()).metadata.resourceVersion).toBe(resourceVersion);

    if (hasKubectl) {
      const file = join(dataDir, 'app.json');
      writeFileSync(file, JSON.stringify(manifest()));
      const kubectl = createKubectl(serve.kubeconfig, dataDir);
      expect(await kubectl.run(['apply', '-f', file])).toMatchObject({ code: 0 });
      await pass(1);
      expect(await history()).toEqual(held);
    }

    const third = await pushed('three');
    await until([third, ...held], 'the move to a new image');
    expect((await cliOf(serve)('describe app')).stdout).not.toContain('rolled back');
  });

  it('follows its source again on request', async () => {
    const cli = cliOf(serve);
    const [third = '', ...older] = await history();
    const fourth = await pushed('four');
    await until([fourth, third, ...older], 'the move');
    expect((await cli(`rollback app:main --to ${third}`)).exitCode).toBe(0);
    expect((await history())[0]).toBe(third);
    const imported = await cli('import-image app:main');
    expect(imported).toMatchObject({ exitCode: 0, stderr: '' });
    expect(imported.stdout).toContain('info: app:main stays where it was rolled back to;');
    expect((await history())[0]).toBe(third);
    expect((await cli('rollback app:main --resume')).exitCode).toBe(0);
    await until([fourth, third, fourth, third, ...older], 'what the source has');
  });
});
