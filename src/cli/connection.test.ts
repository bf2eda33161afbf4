import { describe, expect, it } from 'vitest';
import { kubeconfigFor } from '../../test/fakes/cli.ts';
import { createManualClock } from '../../test/fakes/clock.ts';
import { type ConnectionOptions, loadConnection } from './connection.ts';
import { CliError } from './errors.ts';

const nowMs = Date.UTC(2026, 10, 23, 12);

type Place = {
  readonly files: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  readonly options?: ConnectionOptions;
};

const load = ({ files, env, options = {} }: Place) =>
  loadConnection(options, {
    env: { HOME: '/home/me', ...env },
    cwd: '/here',
    clock: createManualClock(nowMs),
    stderr: { write: () => undefined },
    signal: new AbortController().signal,
    readFile: async (path) => {
      const text = files[path];
      if (text === undefined) throw Object.assign(new Error(`no such file: ${path}`), { code: 'ENOENT' });
      return text;
    },
  });

const failure = async (place: Place): Promise<CliError> => {
  const error: unknown = await load(place).catch((caught: unknown) => caught);
  if (error instanceof CliError) return error;
  throw new Error('it did not fail with a CliError', { cause: error });
};

const home = '/home/me/.kube/config';
const local = '/here/.imagestreams/kubeconfig';

describe('loadConnection looks', () => {
  const files = {
    '/here/mine': kubeconfigFor('https://mine.example'),
    '/env/one': kubeconfigFor('https://env.example'),
    [local]: kubeconfigFor('https://local.example'),
    [home]: kubeconfigFor('https://home.example'),
  };
  const KUBECONFIG = '/env/missing:/env/one';
  const rows = [
    {
      name: 'at --kubeconfig first',
      env: { KUBECONFIG },
      options: { kubeconfig: 'mine' },
      host: 'mine.example',
    },
    { name: 'then at KUBECONFIG', env: { KUBECONFIG }, options: {}, host: 'env.example' },
    {
      name: 'then at what serve wrote in the working directory',
      env: {},
      options: {},
      host: 'local.example',
    },
  ];
  for (const { name, env, options, host } of rows) {
    it(name, async () => {
      expect((await load({ files, env, options })).server.host).toBe(host);
    });
  }

  it('last in the home directory', async () => {
    const connection = await load({ files: { [home]: kubeconfigFor('https://home.example') } });
    expect(connection.server.host).toBe('home.example');
  });

  it('nowhere else, and says where it looked', async () => {
    const error = await failure({ files: {} });
    expect(error.code).toBe('unreachable');
    expect(error.message).toContain(local);
    expect(error.message).toContain(home);
    expect(error.message).toContain('imagestreams serve');
  });

  it('at nothing instead of a KUBECONFIG that names missing files', async () => {
    const error = await failure({ files, env: { KUBECONFIG: '/env/missing' } });
    expect(error.message).toContain('KUBECONFIG=/env/missing');
  });
});

describe('loadConnection', () => {
  const document = {
    'current-context': 'dev',
    clusters: [
      { name: 'a', cluster: { server: 'https://a.example:6443/k8s', 'certificate-authority': 'ca.pem' } },
      {
        name: 'b',
        cluster: {
          server: 'https://b.example',
          'insecure-skip-tls-verify': true,
          'tls-server-name': 'inner.example',
        },
      },
    ],
    users: [
      { name: 'token', user: { token: 'sesame' } },
      { name: 'file', user: { tokenFile: '/run/token', token: 'old' } },
      { name: 'basic', user: { username: 'alice', password: 'secret' } },
      {
        name: 'cert',
        user: {
          'client-certificate-data': Buffer.from('CERT').toString('base64'),
          'client-certificate': 'ignored.pem',
          'client-key': '/keys/key.pem',
        },
      },
    ],
    contexts: [
      { name: 'dev', context: { cluster: 'a', user: 'token', namespace: 'team' } },
      { name: 'file', context: { cluster: 'a', user: 'file' } },
      { name: 'basic', context: { cluster: 'a', user: 'basic' } },
      { name: 'cert', context: { cluster: 'b', user: 'cert' } },
      { name: 'nobody', context: { cluster: 'b' } },
    ],
  };
  const files = {
    '/etc/kube/config': JSON.stringify(document),
    '/etc/kube/ca.pem': 'CA',
    '/run/token': 'renewed\n',
    '/keys/key.pem': 'KEY',
  };
  const at = (options: ConnectionOptions) =>
    load({ files, options: { kubeconfig: '/etc/kube/config', ...options } });

  it('reads server, authority, token and namespace of the current context', async () => {
    expect(await at({})).toEqual({
      server: new URL('https://a.example:6443/k8s'),
      namespace: 'team',
      source: '/etc/kube/config',
      authorization: 'Bearer sesame',
      ca: 'CA',
      insecure: false,
    });
  });

  it('reads another context, a certificate in place and a key of a file', async () => {
    expect(await at({ context: 'cert' })).toEqual({
      server: new URL('https://b.example'),
      namespace: 'default',
      source: '/etc/kube/config',
      certificate: 'CERT',
      key: 'KEY',
      serverName: 'inner.example',
      insecure: true,
    });
  });

  it('prefers a token file to a token', async () => {
    expect((await at({ context: 'file' })).authorization).toBe('Bearer renewed');
  });

  it('signs in with name and password', async () => {
    expect((await at({ context: 'basic' })).authorization).toBe(
      `Basic ${Buffer.from('alice:secret').toString('base64')}`,
    );
  });

  it('needs no user', async () => {
    expect((await at({ context: 'nobody' })).authorization).toBeUndefined();
  });

  it('takes the namespace of the command line before that of the context', async () => {
    expect((await at({ namespace: 'other' })).namespace).toBe('other');
  });

  it('merges a list of files: the first one that names something decides', async () => {
    const first = {
      clusters: [{ name: 'a', cluster: { server: 'https://first.example' } }],
      contexts: [{ name: 'mine', context: { cluster: 'a', user: 'token' } }],
      'current-context': 'mine',
    };
    const connection = await load({
      files: { ...files, '/first': JSON.stringify(first) },
      env: { KUBECONFIG: '/first:/etc/kube/config' },
    });
    expect(connection.server.host).toBe('first.example');
    expect(connection.authorization).toBe('Bearer sesame');
  });
});

const withUser = (user: object, cluster: object = {}) =>
  JSON.stringify({
    'current-context': 'x',
    clusters: [{ name: 'c', cluster: { server: 'https://c.example', ...cluster } }],
    users: [{ name: 'u', user }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
  });

const idToken = (exp: number): string => `x.${Buffer.from(JSON.stringify({ exp })).toString('base64url')}.x`;

describe('loadConnection signs in', () => {
  const loadUser = (user: object, cluster: object = {}, env: Readonly<Record<string, string>> = {}) =>
    load({ files: { '/config': withUser(user, cluster) }, env, options: { kubeconfig: '/config' } });

  it('with the id token of an OpenID provider, until it ends', async () => {
    const token = idToken(nowMs / 1000 + 60);
    const config = { 'auth-provider': { name: 'oidc', config: { 'id-token': token } } };
    expect(await loadUser(config)).toMatchObject({
      authorization: `Bearer ${token}`,
      expiresAtMs: nowMs + 60_000,
    });
  });

  it('as somebody else', async () => {
    const user = { token: 't', as: 'jane', 'as-groups': ['a', 'b'], 'as-user-extra': { 'team/x': ['1'] } };
    expect((await loadUser(user)).impersonation).toEqual({
      'Impersonate-User': 'jane',
      'Impersonate-Group': ['a', 'b'],
      'Impersonate-Extra-team%2Fx': ['1'],
    });
  });

  it('with a token in place rather than a plugin', async () => {
    const user = { token: 't', exec: { apiVersion: 'none', command: '/none' } };
    expect((await loadUser(user)).authorization).toBe('Bearer t');
  });

  it('through the proxy of the cluster, else that of the environment, which is not asked for this machine', async () => {
    const env = { HTTPS_PROXY: 'http://env.example:3128', NO_PROXY: 'x.example' };
    const named = await loadUser({}, { 'proxy-url': 'http://p.example:3128' }, env);
    expect(named.proxy).toEqual({
      HTTPS_PROXY: 'http://p.example:3128',
      HTTP_PROXY: 'http://p.example:3128',
    });
    expect((await loadUser({}, {}, env)).proxy).toEqual(env);
    expect((await loadUser({}, {})).proxy).toBeUndefined();
    for (const host of ['127.0.0.1', 'localhost', '[::1]'])
      expect((await loadUser({}, { server: `https://${host}:6443` }, env)).proxy).toBeUndefined();
  });
});

describe('loadConnection refuses', () => {
  const rows = [
    {
      name: 'an exec plugin without a version',
      text: withUser({ exec: { command: 'aws' } }),
      says: '"aws" speaks ""',
    },
    {
      name: 'an auth provider that nobody has any more',
      text: withUser({ 'auth-provider': { name: 'gcp' } }),
      says: 'use the exec plugin gke-gcloud-auth-plugin',
    },
    {
      name: 'an id token that has ended',
      text: withUser({ 'auth-provider': { name: 'oidc', config: { 'id-token': idToken(nowMs / 1000) } } }),
      says: 'whose id-token ended at 2026-11-23T12:00:00.000Z',
    },
    {
      name: 'a provider without an id token',
      text: withUser({ 'auth-provider': { name: 'oidc', config: {} } }),
      says: 'which has no id-token',
    },
    {
      name: 'a SOCKS proxy',
      text: withUser({}, { 'proxy-url': 'socks5://p.example' }),
      says: 'the proxy-url "socks5://p.example"',
    },
    {
      name: 'a key file that is missing',
      text: withUser({ 'client-key': 'k.pem' }),
      says: '/k.pem (client-key',
    },
    { name: 'a server that is no address', text: withUser({}, { server: 'localhost' }), says: '"localhost"' },
    { name: 'YAML that is none', text: 'a: [', says: '/config is no valid YAML' },
    { name: 'a list', text: '- a', says: 'holds no YAML mapping' },
    { name: 'a kubeconfig without a context', text: '{}', says: 'no current context' },
    {
      name: 'a context that is missing, and names those that are there',
      text: JSON.stringify({ 'current-context': 'x', contexts: [{ name: 'y', context: {} }] }),
      says: 'no context "x"; it has "y"',
    },
  ];
  for (const { name, text, says } of rows) {
    it(name, async () => {
      const error = await failure({ files: { '/config': text }, options: { kubeconfig: '/config' } });
      expect(error.code).toBe('usage');
      expect(error.message).toContain(says);
    });
  }

  it('a --kubeconfig that is missing', async () => {
    const error = await failure({ files: {}, options: { kubeconfig: 'nope' } });
    expect(error).toMatchObject({ code: 'usage', message: 'there is no kubeconfig at nope' });
  });
});

describe('loadConnection in a pod', () => {
  const account = '/var/run/secrets/kubernetes.io/serviceaccount';
  const files = {
    [`${account}/token`]: 'secret\n',
    [`${account}/ca.crt`]: 'PEM',
    [`${account}/namespace`]: 'team',
  };
  const env = { KUBERNETES_SERVICE_HOST: '10.0.0.1', KUBERNETES_SERVICE_PORT: '6443' };

  it('speaks to the API of the cluster as the service account', async () => {
    expect(await load({ files, env })).toMatchObject({
      server: new URL('https://10.0.0.1:6443'),
      namespace: 'team',
      authorization: 'Bearer secret',
      ca: 'PEM',
      insecure: false,
    });
  });

  it('knows IPv6, and another namespace', async () => {
    const connection = await load({
      files,
      env: { ...env, KUBERNETES_SERVICE_HOST: 'fd00::1' },
      options: { namespace: 'other' },
    });
    expect(connection).toMatchObject({ server: new URL('https://[fd00::1]:6443'), namespace: 'other' });
  });

  it('prefers a kubeconfig', async () => {
    const own = { ...files, [home]: kubeconfigFor('https://home.example') };
    expect((await load({ files: own, env })).server.host).toBe('home.example');
  });

  it('does not look past a kubeconfig that was named and is not there, or into a pod without an account', async () => {
    expect(await failure({ files, env, options: { kubeconfig: 'gone' } })).toMatchObject({ code: 'usage' });
    expect(await failure({ files: {}, env })).toMatchObject({ code: 'unreachable' });
  });
});
