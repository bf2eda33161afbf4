import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createCliWorld, startFakeApi } from '../../test/fakes/cli.ts';

describe('runCli', () => {
  it('prints its help and its version with exit code 0', async () => {
    const world = createCliWorld();
    const help = await world.run('--help');
    expect(help).toMatchObject({ exitCode: 0, stderr: '' });
    for (const command of [
      'serve',
      'import-image',
      'tag',
      'describe',
      'history',
      'rollback',
      'events',
      'watch',
    ])
      expect(help.stdout).toContain(`\n  ${command} `);
    expect(await world.run('--version')).toEqual({ exitCode: 0, stdout: '1.2.3\n', stderr: '' });
  });

  const mistakes = [
    ['', 'Usage: imagestreams'],
    ['frobnicate', "error: unknown command 'frobnicate'"],
    ['descrbe app', 'Did you mean describe?'],
    ['describe', 'error: missing required argument'],
    ['describe app --nope', "error: unknown option '--nope'"],
    ['history app -n', "error: option '-n, --namespace <NS>' argument missing"],
    ['history a/b/c', 'error: "a/b/c" is no STREAM or STREAM:TAG'],
    ['history app --request-timeout=soon', 'error: --request-timeout "soon" is no duration'],
    ['watch nginx --interval=0s', 'error: --interval "0s" is no duration'],
  ] as const;
  for (const [line, says] of mistakes) {
    it(`answers "${line}" with one clear line and exit code 2`, async () => {
      const run = await createCliWorld().run(line === '' ? [] : line);
      expect(run).toMatchObject({ exitCode: 2, stdout: '' });
      expect(run.stderr).toContain(says);
      expect(run.stderr).not.toContain('    at ');
    });
  }

  it('exits with 3 where no API server can be reached', async () => {
    const run = await createCliWorld().run('describe app');
    expect(run).toMatchObject({ exitCode: 3, stdout: '' });
    expect(run.stderr).toMatch(/^error: no kubeconfig found .*\n$/);
  });

  const refusals = [
    {
      status: { reason: 'NotFound', message: 'imagestreams.image.openshift.io "app" not found', code: 404 },
      says: 'Error from server (NotFound): imagestreams.image.openshift.io "app" not found\n',
    },
    {
      status: { reason: 'Unauthorized', message: 'Unauthorized', code: 401 },
      says: 'error: the server does not accept the credentials of the kubeconfig (Unauthorized)\n',
    },
    { status: { message: 'out of order', code: 500 }, says: 'Error from server: out of order\n' },
  ];
  for (const { status, says } of refusals) {
    it(`says in one sentence that the server answered ${status.code}`, async () => {
      const api = await startFakeApi(() => ({ code: status.code, body: { kind: 'Status', ...status } }));
      expect(await createCliWorld({ api }).run('describe app')).toEqual({
        exitCode: 1,
        stdout: '',
        stderr: says,
      });
      await api.close();
    });
  }

  it('exits with 130 when it is interrupted', async () => {
    const api = await startFakeApi(() => {
      world.interrupt();
      return undefined;
    });
    const world = createCliWorld({ api });
    expect(await world.run('describe app')).toEqual({ exitCode: 130, stdout: '', stderr: '' });
    await api.close();
  });

  it('rejects for a bug', async () => {
    const world = createCliWorld({
      serve: async () => {
        throw new TypeError('a bug');
      },
    });
    await expect(world.run('serve')).rejects.toThrow('a bug');
  });
});

describe('serve', () => {
  it('gets its arguments as they are and decides the exit code', async () => {
    const seen: (readonly string[])[] = [];
    const world = createCliWorld({
      serve: async (argv) => {
        seen.push(argv);
        return 7;
      },
    });
    const run = await world.run('serve --listen 127.0.0.1:0 --namespace=x --apply a.yaml --dry-run b --demo');
    expect(run).toEqual({ exitCode: 7, stdout: '', stderr: '' });
    expect(seen).toEqual([
      ['--listen', '127.0.0.1:0', '--namespace=x', '--apply', 'a.yaml', '--dry-run', 'b', '--demo'],
    ]);
  });

  for (const line of ['serve --help', 'serve --listen x --help', 'serve -h']) {
    it(`explains its settings for ${line}`, async () => {
      const run = await createCliWorld({ serve: async () => 9 }).run(line);
      expect(run).toMatchObject({ exitCode: 0, stderr: '' });
      expect(run.stdout).toContain(
        '  --listen HOST:PORT\n      Address of the API. (IMAGESTREAMS_LISTEN; default: 127.0.0.1:8443)\n',
      );
    });
  }
});

describe('--help', () => {
  it('loads no command', () => {
    const script = `
      import { registerHooks } from 'node:module';
      registerHooks({ load: (url, context, next) => { console.error(url); return next(url, context); } });
      const { createProgram } = await import(${JSON.stringify(resolve(import.meta.dirname, 'index.ts'))});
      createProgram({ stdout: process.stdout, stderr: process.stderr, version: '0' }).helpInformation();
    `;
    const { stderr, status } = spawnSync(process.execPath, ['--input-type=module', '-e', script], {
      encoding: 'utf8',
    });
    expect(status).toBe(0);
    const loaded = stderr.split('\n').filter((line) => line !== '');
    expect(loaded.some((url) => url.endsWith('/cli/index.ts'))).toBe(true);
    expect(loaded.filter((url) => /\/commands\/|\/yaml\/|typebox|semver|node:https/.test(url))).toEqual([]);
  });
});
