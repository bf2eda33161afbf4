import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ImageStream } from '../../src/api/image-stream.ts';
import { findTag, latestTagEvent } from '../../src/api/tag-history.ts';
import type { CliRun } from '../fakes/cli.ts';
import { anImage, push } from '../fakes/registry/index.ts';
import { type DockerRegistry, hasDockerRegistry, startDockerRegistry } from '../setup/docker-registry.ts';
import { cliOf } from './cli.ts';
import { eventually, type Serve, startServe } from './serve.ts';

const streams = '/apis/image.openshift.io/v1/namespaces/default/imagestreams';

describe.skipIf(!hasDockerRegistry)('imagestreams tag against serve', () => {
  let registry: DockerRegistry;
  let serve: Serve;
  const [first, second] = [anImage({ name: 'one' }), anImage({ name: 'two' })];
  beforeAll(async () => {
    registry = await startDockerRegistry();
    await push({ url: `http://${registry.host}` }, 'team/app', first, 'v1');
    await push({ url: `http://${registry.host}` }, 'team/app', second, 'v2');
    serve = await startServe({ args: ['--min-refresh-interval', '1s'] });
  });
  afterAll(async () => {
    await serve?.remove();
    await registry?.stop();
  });

  const tag = (...args: readonly string[]): Promise<CliRun> => cliOf(serve)(`tag ${args.join(' ')}`);
  const read = async (): Promise<ImageStream> =>
    (await serve.api('GET', `${streams}/app`)).body as ImageStream;
  const imageOf = async (name: string): Promise<string | undefined> =>
    latestTagEvent((await read()).status, name)?.image;

  it('imports a pull spec, copies a tag, follows one, and deletes one', async () => {
    const from = `${registry.host}/team/app:v1`;
    expect(await tag(from, 'app:v1', '--insecure')).toEqual({
      exitCode: 0,
      stdout: `Tag app:v1 set to ${from}.\n`,
      stderr: '',
    });
    await eventually(
      () => imageOf('v1'),
      (image) => image === first.manifest.digest,
      'the import of v1',
    );

    expect((await tag('app:v1', 'app:prod')).stdout).toBe(
      `Tag app:prod set to app@${first.manifest.digest}.\n`,
    );
    expect((await tag('app:v1', 'app:latest', '--alias')).stdout).toBe(
      'Tag app:latest set up to track app:v1.\n',
    );
    expect([await imageOf('prod'), await imageOf('latest')]).toEqual([
      first.manifest.digest,
      first.manifest.digest,
    ]);

    // The source moves by request: the alias with it, the copy not.
    await tag(`${registry.host}/team/app:v2`, 'app:v1', '--insecure');
    await eventually(
      () => imageOf('latest'),
      (image) => image === second.manifest.digest,
      'the alias follows',
    );
    expect(await imageOf('prod')).toBe(first.manifest.digest);
    expect(findTag((await read()).status, 'latest')?.items?.map(({ cause }) => cause)).toEqual([
      { type: 'Tag', by: 'v1' },
      { type: 'Tag', by: 'app:v1' },
    ]);

    expect((await tag('-d', 'app:prod')).stdout).toBe('Deleted tag default/app:prod.\n');
    expect(findTag((await read()).status, 'prod')).toBeUndefined();
    expect(await tag('-d', 'app:prod')).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: 'Error from server (NotFound): imagestreamtags.image.openshift.io "app:prod" not found\n',
    });
  });

  it('makes a reference without asking the registry for it', async () => {
    expect((await tag('quay.invalid/team/app:v1', 'app:ref', '--reference')).exitCode).toBe(0);
    const list = findTag((await read()).status, 'ref');
    expect(list?.items).toMatchObject([{ image: '', dockerImageReference: 'quay.invalid/team/app:v1' }]);
    expect(list?.conditions).toBeUndefined();
  });
});
