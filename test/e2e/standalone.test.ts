import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { anImage, push } from '../fakes/registry/index.ts';
import { type DockerRegistry, hasDockerRegistry, startDockerRegistry } from '../setup/docker-registry.ts';
import { eventually, type Serve, startServe } from './serve.ts';

const run = promisify(execFile);
const main = resolve(import.meta.dirname, '../../src/main.ts');
const streams = '/apis/image.openshift.io/v1/namespaces/default/imagestreams';

type TagEvent = {
  readonly image: string;
  readonly revision: number;
  readonly generation: number;
  readonly sourceDigest: string;
  readonly cause: { readonly type: string };
};
type Stream = {
  readonly metadata: { readonly name: string; readonly generation: number; readonly resourceVersion: string };
  readonly status?: {
    readonly tags?: readonly {
      readonly tag: string;
      readonly items?: readonly TagEvent[] | null;
      readonly conditions?: readonly Condition[];
    }[];
    readonly conditions?: readonly Condition[];
  };
};
type Condition = {
  readonly type: string;
  readonly status: string;
  readonly reason: string;
  readonly message: string;
};

/** Pushes an image and points the tag at it; answers its digest. */
const pushImage = async (host: string, repository: string, tag: string, name: string): Promise<string> => {
  const image = anImage({ name });
  await push({ url: `http://${host}` }, repository, image, tag);
  return image.manifest.digest;
};

const stream = (name: string, host: string, tag: string, extra: object = {}) => ({
  apiVersion: 'image.openshift.io/v1',
  kind: 'ImageStream',
  metadata: { name, ...extra },
  spec: {
    tags: [
      {
        name: tag,
        from: { kind: 'DockerImage', name: `${host}/team/app:${tag}` },
        importPolicy: { insecure: true, scheduled: true },
      },
    ],
  },
});

const digestsOf = (found: Stream, tag: string): readonly string[] =>
  (found.status?.tags?.find((list) => list.tag === tag)?.items ?? []).map(({ image }) => image);

/** Runs the command line to its end. */
const imagestreams = async (
  args: readonly string[],
  options: { readonly cwd?: string; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> => {
  try {
    const { stdout, stderr } = await run(process.execPath, [main, ...args], {
      ...options,
      env: { ...process.env, ...options.env },
    });
    return { code: 0, stdout, stderr };
  } catch (error) {
    const { code, stdout, stderr } = error as {
      readonly code: number;
      readonly stdout: string;
      readonly stderr: string;
    };
    return { code, stdout, stderr };
  }
};

describe.skipIf(!hasDockerRegistry)('serve', () => {
  let registry: DockerRegistry;
  let serve: Serve;
  beforeAll(async () => {
    registry = await startDockerRegistry();
    serve = await startServe({ args: ['--min-refresh-interval', '1s'] });
  });
  afterAll(async () => {
    await serve?.remove();
    await registry?.stop();
  });

  const read = async (name: string): Promise<Stream> =>
    (await serve.api('GET', `${streams}/${name}`)).body as Stream;

  it('says per tag what failed, keeps the last good image, and retries', async () => {
    await pushImage(registry.host, 'team/app', 'gone', 'gone');
    await serve.api('POST', streams, {
      ...stream('mixed', registry.host, 'gone'),
      spec: {
        tags: ['gone', 'never'].map((tag) => ({
          name: tag,
          from: { kind: 'DockerImage', name: `${registry.host}/team/app:${tag}` },
          importPolicy: { insecure: true },
        })),
      },
    });
    const found = await eventually(
      () => read('mixed'),
      ({ status }) => status?.tags?.length === 2,
      'both tags are tried',
    );
    expect(digestsOf(found, 'gone')).toHaveLength(1);
    expect(found.status?.tags?.find(({ tag }) => tag === 'never')?.conditions?.[0]).toMatchObject({
      type: 'ImportSuccess',
      status: 'False',
      reason: 'NotFound',
    });
    expect(found.status?.conditions?.find(({ type }) => type === 'Ready')).toMatchObject({ status: 'False' });
  });

  it('answers import-image with what was imported', async () => {
    const digest = await pushImage(registry.host, 'team/app', 'cli', 'cli');
    const from = `${registry.host}/team/app:cli`;
    const options = { env: { KUBECONFIG: serve.kubeconfig } };
    const imported = await imagestreams(
      ['import-image', 'fromcli:v1', '--from', from, '--confirm', '--insecure'],
      options,
    );
    expect(imported).toMatchObject({ code: 0, stderr: '' });
    expect(imported.stdout).toContain(digest);
    const missing = await imagestreams(
      ['import-image', 'fromcli:v2', '--from', `${from}x`, '--confirm', '--insecure'],
      options,
    );
    expect(missing.code).toBe(1);
    expect(missing.stderr).toMatch(/clix.*not found/);
    const described = await imagestreams(['describe', 'fromcli'], options);
    expect(described.stdout).toContain(`* ${registry.host}/team/app@${digest}`);
    const history = await imagestreams(['history', 'fromcli:v1', '-o', 'json'], options);
    expect(JSON.parse(history.stdout)).toMatchObject([
      { revision: 1, image: digest, cause: { type: 'Request' } },
    ]);
    const events = await imagestreams(['events', 'fromcli', '-o', 'json'], options);
    expect(events.stdout).toContain('TagCreated');
  });

  it('has digests and Images two seconds after kubectl applied a stream', async () => {
    const digest = await pushImage(registry.host, 'team/app', 'applied', 'applied');
    const file = join(serve.dataDir, 'stream.json');
    writeFileSync(file, JSON.stringify(stream('applied', registry.host, 'applied')));
    await run('kubectl', ['--kubeconfig', serve.kubeconfig, 'apply', '-f', file]);
    await eventually(
      () => read('applied'),
      (found) => digestsOf(found, 'applied')[0] === digest,
      'the import',
      2000,
    );
    const image = await serve.api('GET', `/apis/image.openshift.io/v1/images/${digest}`);
    expect(image.body).toMatchObject({
      metadata: { name: digest },
      dockerImageReference: `${registry.host}/team/app@${digest}`,
    });
  });

  it('ends a namespace by itself once what held it up is gone', async () => {
    const { api } = serve;
    const merge = 'application/merge-patch+json';
    const maps = '/api/v1/namespaces/held/configmaps';
    await api('POST', '/api/v1/namespaces', { metadata: { name: 'held' } });
    await api('POST', maps, { metadata: { name: 'stays', finalizers: ['example.com/hold'] } });
    expect((await api('DELETE', '/api/v1/namespaces/held')).body).toMatchObject({
      status: { phase: 'Terminating' },
    });
    await api('PATCH', `${maps}/stays`, { metadata: { finalizers: null } }, merge);
    await eventually(
      () => api('GET', '/api/v1/namespaces/held'),
      ({ status }) => status === 404,
      'the end of the namespace',
    );
  });

  it('ends within five seconds of SIGTERM and finds everything again', async () => {
    const before = await read('applied');
    const startedAt = performance.now();
    expect(await serve.stop()).toBe(0);
    expect(performance.now() - startedAt).toBeLessThan(5000);
    serve = await startServe({ dataDir: serve.dataDir });
    expect(await read('applied')).toEqual(before);
  });
});

describe('serve that cannot start', () => {
  const folder = (): string => mkdtempSync(join(tmpdir(), 'imagestreams-bad-'));
  const start = (args: readonly string[]) => imagestreams(['serve', '--listen', '127.0.0.1:0', ...args]);
  const oneLine = /^[^\n]+\n$/;

  it('names a taken port', async () => {
    const dataDir = folder();
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as { readonly port: number };
    const { code, stderr } = await imagestreams([
      'serve',
      '--listen',
      `127.0.0.1:${port}`,
      '--data-dir',
      dataDir,
    ]);
    taken.close();
    expect(code).toBe(1);
    expect(stderr).toMatch(oneLine);
    expect(stderr).toContain(`127.0.0.1:${port}`);
    rmSync(dataDir, { recursive: true });
  });

  it('leaves a foreign file where its database would be', async () => {
    const dataDir = folder();
    const text = 'not a database, but somebody wants it\n'.repeat(200);
    for (const name of ['imagestreams.db']) writeFileSync(join(dataDir, name), text);
    const { code, stderr } = await start(['--data-dir', dataDir]);
    expect(code).toBe(1);
    expect(stderr).toMatch(oneLine);
    expect(readFileSync(join(dataDir, 'imagestreams.db'), 'utf8')).toBe(text);
    rmSync(dataDir, { recursive: true });
  });

  it('says that another serve uses the data directory', async () => {
    const serve = await startServe();
    const { code, stderr } = await start(['--data-dir', serve.dataDir]);
    expect(code).toBe(1);
    expect(stderr).toMatch(oneLine);
    expect((await serve.api('GET', streams)).status).toBe(200);
    await serve.remove();
  });

  it('says that the data directory cannot be made', async () => {
    const dataDir = folder();
    const file = join(dataDir, 'file');
    writeFileSync(file, '');
    chmodSync(file, 0o600);
    const { code, stderr } = await start(['--data-dir', join(file, 'inside')]);
    expect(code).toBe(1);
    expect(stderr).toMatch(oneLine);
    rmSync(dataDir, { recursive: true });
  });

  it('names a file of credentials that cannot be read, as usage', async () => {
    const { code, stderr } = await start(['--global-pull-secret', '/nowhere/auth.json']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/^error: --global-pull-secret: .*\/nowhere\/auth.json'?\n$/);
  });

  it.each(['--global-pull-secret', '--docker-config'])(
    'refuses a %s that is no Docker config file, without quoting it',
    async (flag) => {
      const file = join(mkdtempSync(join(tmpdir(), 'broken-config-')), 'auth.json');
      writeFileSync(file, '{"auths": {"registry.example.com": {"auth": "c2VjcmV0');
      const { code, stderr } = await start([flag, file]);
      expect(code).toBe(2);
      expect(stderr).toBe(
        `error: ${flag}: ${file} is not valid JSON; give a Docker config file, as "docker login" writes it\n`,
      );
      rmSync(dirname(file), { recursive: true });
    },
  );

  it('refuses to watch what is no pull spec, as usage', async () => {
    const { code, stderr } = await imagestreams(['watch', 'bad ref']);
    expect(code).toBe(2);
    expect(stderr).toMatch(oneLine);
  });

  it('reports every wrong setting at once, as usage', async () => {
    const { code, stderr } = await imagestreams(['serve', '--listen', 'x', '--history-limit', '0']);
    expect(code).toBe(2);
    expect(stderr).toMatch(/--listen.*\n.*--history-limit/);
  });
});

describe('serve --demo', () => {
  it('shows import, move, event and patched Deployment without network, and ends', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'imagestreams-demo-'));
    const child: ChildProcess = spawn(
      process.execPath,
      [main, 'serve', '--demo', '--data-dir', dataDir, '--listen', '127.0.0.1:0'],
      {
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    let output = '';
    child.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
    child.stderr?.on('data', (chunk: Buffer) => (output += chunk.toString('utf8')));
    const [code] = await once(child, 'exit');
    expect({ code, output }).toMatchObject({ code: 0 });
    expect(output).toMatch(/TagMoved/);
    expect(output).toMatch(/deployment.*sha256:/i);
    rmSync(dataDir, { recursive: true, force: true });
  });
});
