import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually, type Serve, startServe } from '../e2e/serve.ts';
import { createPrograms, type Programs } from '../fakes/programs.ts';
import { anImage } from '../fakes/registry/index.ts';
import { hasDockerRegistry } from '../setup/docker-registry.ts';
import { type NamedRegistries, startNamedRegistries } from './named-registries.ts';
import { createCleanups } from './support.ts';

const image = anImage();

/** Each name is a registry that only the user of that name may read; his password ends in -secret. */
const users = ['secret', 'legacy', 'file', 'helper', 'store', 'provider', 'operator'];

const passwordOf = (user: string): string => `${user}-secret`;
const hostOf = (user: string): string => `${user}.example.test`;
const basic = (user: string): { readonly auth: string } => ({
  auth: Buffer.from(`${user}:${passwordOf(user)}`).toString('base64'),
});

type Tag = {
  readonly items?: readonly { readonly image: string }[];
  readonly conditions?: readonly { readonly reason: string }[];
};

describe.skipIf(!hasDockerRegistry)('a server with credentials of every kind', () => {
  const rig = createCleanups();
  let registries: NamedRegistries;
  let programs: Programs;
  let serve: Serve;

  /** A helper of docker's that knows one server and writes down what it is asked for. */
  const addHelper = (name: string, user: string): void => {
    programs.add(
      `docker-credential-${name}`,
      `read server; echo "${name} $1 $server" >> "$DIR/asked"
if [ "$server" = '${hostOf(user)}' ]; then echo '{"ServerURL":"","Username":"${user}","Secret":"${passwordOf(user)}"}'
else echo 'credentials not found in native keychain'; exit 1; fi`,
    );
  };

  const addProvider = (): void => {
    const apiVersion = 'credentialprovider.kubelet.k8s.io/v1';
    programs.add(
      'test-provider',
      `read request; echo "provider $1 $TEST_REGION $request" >> "$DIR/asked"
echo '${JSON.stringify({
        kind: 'CredentialProviderResponse',
        apiVersion,
        cacheKeyType: 'Registry',
        cacheDuration: '1h',
        auth: { [hostOf('provider')]: { username: 'provider', password: passwordOf('provider') } },
      })}'`,
    );
    programs.write(
      'providers.yaml',
      JSON.stringify({
        apiVersion: 'kubelet.config.k8s.io/v1',
        kind: 'CredentialProviderConfig',
        providers: [
          {
            name: 'test-provider',
            apiVersion,
            matchImages: ['provider.*.test'],
            defaultCacheDuration: '1h',
            args: ['get-credentials'],
            env: [{ name: 'TEST_REGION', value: 'here' }],
          },
        ],
      }),
    );
  };

  const addSecret = async (name: string, type: string, key: string, text: string): Promise<void> => {
    const { status } = await serve.api('POST', '/api/v1/namespaces/default/secrets', {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name },
      type: `kubernetes.io/${type}`,
      data: { [key]: Buffer.from(text).toString('base64') },
    });
    expect(status).toBe(201);
  };

  beforeAll(async () => {
    registries = await startNamedRegistries(
      {
        names: users.map(hostOf),
        // Whose host it is cannot be told by the registry: each has a repository of that name.
        contents: Object.fromEntries(users.map((user) => [`${user}/app`, image])),
        users: Object.fromEntries(users.map((user) => [user, passwordOf(user)])),
        allows: (user, repository) => repository === `${user}/app`,
      },
      rig,
    );
    programs = createPrograms();
    rig.add(programs.remove);
    addHelper('one', 'helper');
    addHelper('rest', 'store');
    addProvider();
    const authFile = programs.write(
      'auth.json',
      JSON.stringify({
        auths: { [hostOf('file')]: basic('file') },
        credHelpers: { [hostOf('helper')]: 'one' },
        credsStore: 'rest',
      }),
    );
    const pullSecret = programs.write(
      'pull-secret.json',
      JSON.stringify({ auths: { [`${hostOf('operator')}/operator`]: basic('operator') } }),
    );
    const certificates = join(programs.directory, 'certs.d');
    for (const host of users.map(hostOf)) {
      mkdirSync(join(certificates, host), { recursive: true });
      programs.write(`certs.d/${host}/ca.crt`, registries.ca);
    }
    serve = await startServe({
      args: [
        `--certs-dir=${certificates}`,
        '--docker-config=auto',
        `--global-pull-secret=${pullSecret}`,
        `--image-credential-provider-config=${join(programs.directory, 'providers.yaml')}`,
        `--image-credential-provider-bin-dir=${programs.directory}`,
      ],
      env: {
        PATH: programs.env['PATH'] ?? '',
        REGISTRY_AUTH_FILE: authFile,
        HTTPS_PROXY: registries.proxy.href,
        NO_PROXY: '127.0.0.1,localhost',
      },
    });
    rig.add(serve.remove);
    // The one that cannot be read comes first by its name, and spoils nothing.
    await addSecret(
      'a-broken',
      'dockerconfigjson',
      '.dockerconfigjson',
      JSON.stringify({ auths: { 'x.test': { auth: 'brokensecret' } } }),
    );
    await addSecret(
      'b',
      'dockerconfigjson',
      '.dockerconfigjson',
      JSON.stringify({ auths: { [hostOf('secret')]: basic('secret') } }),
    );
    await addSecret(
      'c',
      'dockercfg',
      '.dockercfg',
      JSON.stringify({ [`https://${hostOf('legacy')}/v1/`]: basic('legacy') }),
    );
  });
  afterAll(rig.run);

  const streams = '/apis/image.openshift.io/v1/namespaces/default/imagestreams';

  it.each(users)('imports what only the user of this source may read: %s', async (user) => {
    registries.forgetRequests();
    const { status } = await serve.api('POST', streams, {
      apiVersion: 'image.openshift.io/v1',
      kind: 'ImageStream',
      metadata: { name: user },
      spec: { tags: [{ name: 'v1', from: { kind: 'DockerImage', name: `${hostOf(user)}/${user}/app:v1` } }] },
    });
    expect(status).toBe(201);
    const tag = await eventually(
      async () => {
        const { body } = await serve.api('GET', `${streams}/${user}`);
        return (body as { status?: { tags?: readonly Tag[] } }).status?.tags?.[0];
      },
      (seen) => (seen?.items?.length ?? 0) + (seen?.conditions?.length ?? 0) > 0,
      `${user} is imported`,
      20_000,
    );
    expect(tag?.conditions).toBeUndefined();
    expect(tag?.items?.[0]?.image).toBe(image.manifest.digest);
    expect(registries.accounts()).toContain(user);
  });

  it('asked each program for what it is for, once', () => {
    const asked = programs.lines('asked');
    expect(asked.filter((line) => line.startsWith('one '))).toEqual([`one get ${hostOf('helper')}`]);
    expect(asked.filter((line) => line.startsWith('provider '))).toEqual([
      `provider get-credentials here ${JSON.stringify({
        kind: 'CredentialProviderRequest',
        apiVersion: 'credentialprovider.kubelet.k8s.io/v1',
        image: `${hostOf('provider')}/provider/app`,
      })}`,
    ]);
    expect(asked.filter((line) => line === `rest get ${hostOf('store')}`)).toHaveLength(1);
  });

  it('told of the secret that cannot be read, and no secret', () => {
    const output = serve.output();
    expect(output).toContain('secret default/a-broken: x.test: auth is not base64 of user:password');
    expect(output).not.toContain('brokensecret');
    for (const user of users) {
      expect(output).not.toContain(passwordOf(user));
      expect(output).not.toContain(basic(user).auth);
    }
  });
});
