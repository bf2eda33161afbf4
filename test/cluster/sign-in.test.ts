import { readFileSync } from 'node:fs';
import { connect, type DetailedPeerCertificate } from 'node:tls';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { parse } from 'yaml';
import { type CliRun, createCliWorld } from '../fakes/cli.ts';
import { createPrograms } from '../fakes/programs.ts';
import { type FakeProxy, startFakeProxy } from '../fakes/proxy.ts';

type Kubeconfig = {
  readonly clusters: readonly { readonly cluster: { readonly server: string } }[];
  readonly users: readonly { readonly user: { readonly token: string } }[];
};

const given = parse(readFileSync(inject('kubeconfig'), 'utf8')) as Kubeconfig;
const server = new URL(given.clusters[0]?.cluster.server ?? '');
const token = given.users[0]?.user.token ?? '';

/** The authority that the API server made for itself, as PEM: what a kubeconfig of it would hold. */
const readAuthority = (): Promise<string> =>
  new Promise((resolve, reject) => {
    const socket = connect(
      { host: server.hostname, port: Number(server.port), rejectUnauthorized: false },
      () => {
        let top: DetailedPeerCertificate = socket.getPeerCertificate(true);
        while (top.issuerCertificate !== undefined && top.issuerCertificate !== top)
          top = top.issuerCertificate;
        socket.destroy();
        resolve(`-----BEGIN CERTIFICATE-----\n${top.raw.toString('base64')}\n-----END CERTIFICATE-----\n`);
      },
    );
    socket.once('error', reject);
  });

describe('signing in to a real API server', () => {
  const programs = createPrograms();
  let authority = '';
  let proxy: FakeProxy;
  beforeAll(async () => {
    authority = await readAuthority();
    proxy = await startFakeProxy();
  });
  afterAll(async () => {
    programs.remove();
    await proxy.stop();
  });

  type Place = {
    readonly user?: object;
    readonly cluster?: object;
    readonly files?: Readonly<Record<string, string>>;
    readonly env?: Readonly<Record<string, string>>;
  };
  const ask = ({ user = {}, cluster = {}, files = {}, env = {} }: Place): Promise<CliRun> => {
    const authorityData = Buffer.from(authority).toString('base64');
    const config = {
      'current-context': 'x',
      clusters: [
        {
          name: 'c',
          cluster: { server: server.origin, 'certificate-authority-data': authorityData, ...cluster },
        },
      ],
      users: [{ name: 'u', user }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    };
    const world = createCliWorld({
      files: { '/home/me/.kube/config': JSON.stringify(config), ...files },
      env: { PATH: process.env['PATH'] ?? '', ...env },
      nowMs: Date.now(),
    });
    return world.run('events');
  };
  const welcome = { exitCode: 0, stdout: '', stderr: '' };
  const apiVersion = 'client.authentication.k8s.io/v1';
  const echo = (shellText: string): string =>
    `printf '{"apiVersion": "${apiVersion}", "kind": "ExecCredential", "status": {"token": "%s"}}' ${shellText}`;

  it('asks the exec plugin of the kubeconfig', async () => {
    const command = programs.add('plugin', echo(`"$1"`));
    expect(await ask({ user: { exec: { apiVersion, command, args: [token] } } })).toEqual(welcome);
  });

  it('asks it again when the token that it gave is not accepted', async () => {
    const command = programs.add(
      'renewing',
      `echo run >> "$DIR/runs"; [ "$(wc -l < "$DIR/runs")" = 1 ] && ${echo('old')} || ${echo(token)}`,
    );
    expect(await ask({ user: { exec: { apiVersion, command } } })).toEqual(welcome);
    expect(programs.lines('runs')).toEqual(['run', 'run']);
  });

  it('says how a plugin that is missing is installed', async () => {
    const installHint = 'Install it with: apt-get install no-such-plugin';
    const run = await ask({ user: { exec: { apiVersion, command: 'no-such-plugin', installHint } } });
    expect(run).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: `error: the exec plugin "no-such-plugin", by which /home/me/.kube/config signs in, cannot be run: it is not in PATH\n\n${installHint}\n`,
    });
  });

  it('says that credentials are not accepted', async () => {
    const run = await ask({ user: { token: 'wrong' } });
    expect(run).toMatchObject({ exitCode: 1, stdout: '' });
    expect(run.stderr).toContain('Unauthorized');
  });

  it('reads a token file', async () => {
    expect(await ask({ user: { tokenFile: '/run/token' }, files: { '/run/token': `${token}\n` } })).toEqual(
      welcome,
    );
  });

  it('acts as somebody else, whose rights count', async () => {
    const run = await ask({ user: { token, as: 'jane', 'as-groups': ['guests'] } });
    expect(run.exitCode).toBe(1);
    expect(run.stderr).toContain('User "jane" cannot');
  });

  it('goes through the proxy of the cluster', async () => {
    expect(await ask({ user: { token }, cluster: { 'proxy-url': proxy.url.origin } })).toEqual(welcome);
    expect(new Set(proxy.lines())).toEqual(new Set([`CONNECT ${server.host}`]));
  });

  it('verifies the certificate under the name that the kubeconfig gives', async () => {
    const named = (name: string) => ask({ user: { token }, cluster: { 'tls-server-name': name } });
    expect(await named('kubernetes.default.svc')).toEqual(welcome);
    const other = await named('elsewhere.example');
    expect(other.exitCode).toBe(3);
    expect(other.stderr).toContain('tls-server-name');
  });

  it('verifies nothing where the kubeconfig says so, and all where it says nothing', async () => {
    const without = { 'certificate-authority-data': undefined };
    expect((await ask({ user: { token }, cluster: without })).exitCode).toBe(3);
    const insecure = { ...without, 'insecure-skip-tls-verify': true };
    expect(await ask({ user: { token }, cluster: insecure })).toEqual(welcome);
  });

  it('is the service account of its pod', async () => {
    const directory = '/var/run/secrets/kubernetes.io/serviceaccount';
    const world = createCliWorld({
      files: {
        [`${directory}/token`]: token,
        [`${directory}/ca.crt`]: authority,
        [`${directory}/namespace`]: 'default',
      },
      env: { KUBERNETES_SERVICE_HOST: server.hostname, KUBERNETES_SERVICE_PORT: server.port },
      nowMs: Date.now(),
    });
    expect(await world.run('events')).toEqual(welcome);
  });
});
