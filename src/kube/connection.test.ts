import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { KubeconfigError, loadConnection } from './connection.ts';

const directory = mkdtempSync(join(tmpdir(), 'connection-'));
afterAll(() => rmSync(directory, { recursive: true }));

const kubeconfig = (user: object, cluster: object = { server: 'https://cluster.example:6443' }): string => {
  const file = join(directory, 'kubeconfig');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'here',
    clusters: [{ name: 'c', cluster }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'here', context: { cluster: 'c', user: 'u', namespace: 'shop' } }],
  };
  writeFileSync(file, stringify(config));
  return file;
};

describe('loadConnection', () => {
  it('finds server, namespace, proxy, token and certificates', async () => {
    const ca = Buffer.from('authority').toString('base64');
    const connection = loadConnection(
      kubeconfig(
        { token: 'secret' },
        {
          server: 'https://cluster.example:6443',
          'certificate-authority-data': ca,
          'tls-server-name': 'other.example',
          'proxy-url': 'http://proxy.example:3128',
        },
      ),
    );
    expect(connection).toMatchObject({
      server: new URL('https://cluster.example:6443'),
      proxy: new URL('http://proxy.example:3128'),
      namespace: 'shop',
    });
    expect(await connection.credentials()).toEqual({
      headers: { Authorization: 'Bearer secret' },
      tls: { ca: Buffer.from('authority'), servername: 'other.example' },
    });
  });

  it('runs the program that signs in', async () => {
    const credential = {
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      status: { token: 'from the plugin' },
    };
    const script = `console.log(${JSON.stringify(JSON.stringify(credential))})`;
    const exec = {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: process.execPath,
      args: ['-e', script],
      interactiveMode: 'Never',
    };
    const { headers } = await loadConnection(kubeconfig({ exec })).credentials();
    expect(headers).toEqual({ Authorization: 'Bearer from the plugin' });
  });

  it('says what is wrong with a kubeconfig', () => {
    expect(() => loadConnection(join(directory, 'none'))).toThrow(KubeconfigError);
    expect(() => loadConnection(join(directory, 'none'))).toThrow(/none: ENOENT/);
    const file = kubeconfig({}, { server: 'not a URL' });
    expect(() => loadConnection(file)).toThrow('server of the cluster: "not a URL" is no URL');
  });
});
