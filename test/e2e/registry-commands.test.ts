import { execFile, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startFakeProxy } from '../fakes/proxy.ts';
import { anImage, createCertificate, push } from '../fakes/registry/index.ts';
import {
  aliceHtpasswd,
  type DockerRegistry,
  hasDockerRegistry,
  startDockerRegistry,
} from '../setup/docker-registry.ts';

/** `why REF`, `probe` and `watch` as a person at a terminal runs them: processes, files and a real registry. */

const main = resolve(import.meta.dirname, '../../src/main.ts');
const cleanups: (() => unknown)[] = [];

const alice = Buffer.from('alice:secret').toString('base64');
const image = anImage();

type Run = { readonly code: number; readonly stdout: string; readonly stderr: string };

describe.skipIf(!hasDockerRegistry)('at a terminal, with a registry that wants a login over TLS', () => {
  let registry: DockerRegistry;
  let home: string;
  let certs: string;

  const write = (path: string, text: string): string => {
    const full = join(home, path);
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, text);
    return full;
  };

  const environment = (env: Readonly<Record<string, string>>) => ({
    PATH: process.env['PATH'] ?? '',
    HOME: join(home, 'nobody'),
    IMAGESTREAMS_CERTS_DIR: certs,
    ...env,
  });

  const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Run> =>
    new Promise((done) => {
      execFile(process.execPath, [main, ...args], { env: environment(env) }, (error, stdout, stderr) =>
        done({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
      );
    });

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'terminal-'));
    cleanups.push(() => rmSync(home, { recursive: true }));
    certs = join(home, 'certs.d');
    const tls = await createCertificate();
    // The fake's push speaks http: what it stores is then served over https, from the same directory.
    const rootDirectory = join(home, 'storage');
    const plain = await startDockerRegistry({ rootDirectory, htpasswd: aliceHtpasswd });
    await push({ url: `http://${plain.host}`, authorization: `Basic ${alice}` }, 'team/app', image, 'v1');
    await plain.stop();
    registry = await startDockerRegistry({ rootDirectory, htpasswd: aliceHtpasswd, tls });
    cleanups.push(registry.stop);
    write(`certs.d/${registry.host}/ca.crt`, tls.ca);
    const config = JSON.stringify({ auths: { [registry.host]: { auth: alice } } });
    write('docker/config.json', config);
    write('me/.docker/config.json', config);
  });
  afterAll(async () => {
    for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
  });

  const places = [
    [
      'DOCKER_CONFIG',
      () => ({ DOCKER_CONFIG: join(home, 'docker') }),
      () => join(home, 'docker/config.json'),
    ],
    ['~/.docker/config.json', () => ({ HOME: join(home, 'me') }), () => join(home, 'me/.docker/config.json')],
  ] as const;

  it.each(places)('why uses the login of %s, and names it', async (_name, env, file) => {
    const { code, stdout, stderr } = await run(['why', `${registry.host}/team/app:v1`], env());
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toContain(`resolve: ${image.manifest.digest} by HEAD`);
    expect(stdout).toMatch(`${registry.host}/team/app, with `);
    expect(stdout).toContain(file());
    expect(stdout).not.toContain(alice);
  });

  it('why says that a login is missing, and how to get one', async () => {
    const { code, stdout, stderr } = await run(['why', `${registry.host}/team/app:v1`]);
    expect(code).toBe(1);
    expect(stdout).toContain('failed (no-credential)');
    expect(stdout).toMatch(/Advice: .*docker login 127\.0\.0\.1:\d+/);
    expect(stderr).toMatch(/^error: .* cannot be imported: /);
  });

  it('probe tells what the registry supports, with what it showed in TLS', async () => {
    const [[, env]] = places;
    const { code, stdout, stderr } = await run(['probe', `${registry.host}/team/app`], env());
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /TLS +TLSv1\.3 +the certificate verifies, issued by CN=test authority, expires \d{4}-\d\d-\d\d\n/,
    );
    expect(stdout).toMatch(/ping +401 +registry\/2\.0\n/);
    expect(stdout).toMatch(/authentication +basic +realm test\n/);
    expect(stdout).toMatch(/HEAD of manifests +yes +status 200, of the tag v1\n/);
    expect(stdout).toMatch(/conditional requests +yes +status 304\n/);
  });

  it('probe says why a certificate is not believed', async () => {
    const { code, stderr } = await run(['probe', registry.host], {
      IMAGESTREAMS_CERTS_DIR: dirname(write('none/empty', '')),
    });
    expect(code).toBe(1);
    expect(stderr).toMatch(/certificate is signed by an unknown authority\n\s*cause: .+\n\s*advice: .+/);
  });

  it('goes around a proxy for what NO_PROXY names, and through it for the rest', async () => {
    const proxy = await startFakeProxy({ refuseWith: 403 });
    cleanups.push(proxy.stop);
    const [[, env]] = places;
    const proxied = { ...env(), HTTPS_PROXY: proxy.url.href, NO_PROXY: '.invalid' };
    const direct = await run(['probe', `${registry.host}/team/app`], proxied);
    expect(direct.code).toBe(0);
    // Loopback never goes by way of a proxy, so this is a name that only the proxy could know.
    const through = await run(['probe', 'registry.example'], proxied);
    expect(through.stderr).toContain(`by way of the proxy ${proxy.url.host}`);
    expect(proxy.lines()).toEqual(expect.arrayContaining(['CONNECT registry.example:443']));
    const around = await run(['probe', 'registry.invalid'], proxied);
    expect(around.stderr).not.toContain('by way of the proxy');
    expect(proxy.lines().some((line) => line.includes('registry.invalid'))).toBe(false);
  });

  it('watch tells the digest with the login of DOCKER_CONFIG', async () => {
    const [[, env]] = places;
    const child = spawn(process.execPath, [main, 'watch', `${registry.host}/team/app:v1`], {
      env: environment(env()),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    child.stderr.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
    try {
      await expect.poll(() => output, { timeout: 15_000 }).toContain(image.manifest.digest);
    } finally {
      const ended = new Promise((done) => child.once('exit', done));
      child.kill('SIGTERM');
      await ended;
    }
  });
});
