import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createManualClock } from '../../../test/fakes/clock.ts';
import { createPrograms, type Programs } from '../../../test/fakes/programs.ts';
import {
  anImage,
  type FakeRegistry,
  type FakeRegistryOptions,
  startFakeRegistry,
} from '../../../test/fakes/registry/index.ts';
import { never } from '../../../test/fakes/send.ts';
import { createRegistryClient, parseReference } from '../index.ts';
import { createKeychain } from './keychain.ts';
import { credentialLocations } from './locations.ts';
import { createOperatorCredentials, type OperatorCredentialsOptions } from './operator-credentials.ts';

let programs: Programs;
const cleanups: (() => Promise<unknown>)[] = [];
beforeEach(() => {
  programs = createPrograms();
});
afterEach(async () => {
  for (const cleanup of cleanups.splice(0)) await cleanup();
  programs.remove();
});

const write = (path: string, value: unknown): string => {
  const file = join(programs.directory, path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, typeof value === 'string' ? value : JSON.stringify(value));
  return file;
};

const login = (username: string, password = 'p') => ({ auths: { 'quay.io': { username, password } } });

const setUp = (options: Partial<OperatorCredentialsOptions>) => {
  const problems: string[] = [];
  const entries = createOperatorCredentials({
    env: programs.env,
    clock: createManualClock(),
    onProblem: (message) => problems.push(message),
    ...options,
  });
  const users = async () =>
    createKeychain(await entries())({ registry: 'quay.io', repository: 'team/app' }).map((offer) =>
      offer.kind === 'helper' ? offer.program : offer.username,
    );
  return { entries, problems, users };
};

describe('credentialLocations', () => {
  const home = { HOME: '/home/me', XDG_RUNTIME_DIR: '/run/user/1' };
  it.each([
    {
      name: 'by default looks at podman of this login, podman of the user, docker, and old docker',
      env: home,
      paths: [
        '/run/user/1/containers/auth.json',
        '/home/me/.config/containers/auth.json',
        '/home/me/.docker/config.json',
        '/home/me/.dockercfg',
      ],
    },
    {
      name: 'follows XDG_CONFIG_HOME',
      env: { HOME: '/home/me', XDG_CONFIG_HOME: '/conf' },
      paths: ['/conf/containers/auth.json', '/home/me/.docker/config.json', '/home/me/.dockercfg'],
    },
    { name: 'obeys DOCKER_CONFIG alone', env: { ...home, DOCKER_CONFIG: '/d' }, paths: ['/d/config.json'] },
    {
      name: 'obeys REGISTRY_AUTH_FILE before all',
      env: { ...home, DOCKER_CONFIG: '/d', REGISTRY_AUTH_FILE: '/a.json' },
      paths: ['/a.json'],
    },
    { name: 'takes an empty variable for none', env: { HOME: '', REGISTRY_AUTH_FILE: '' }, paths: [] },
  ])('$name', ({ env, paths }) => {
    expect(credentialLocations(env).map(({ path }) => path)).toEqual(paths);
  });
});

describe('createOperatorCredentials', () => {
  it('reads the files in their order, helpers only where they are wanted', async () => {
    const withHelper = { ...login('secret'), credsStore: 'ignored' };
    const { users, problems } = setUp({
      pullSecrets: [write('secret.json', withHelper)],
      dockerConfigs: [write('a.json', login('a')), write('b.json', { ...login('b'), credsStore: 'used' })],
    });
    expect(await users()).toEqual(['secret', 'a', 'b', 'docker-credential-used']);
    expect(problems).toEqual([]);
  });

  it('looks where docker and podman do for auto, and misses nothing there', async () => {
    write('run/containers/auth.json', login('podman'));
    write('home/.docker/config.json', login('docker'));
    const env = { HOME: join(programs.directory, 'home'), XDG_RUNTIME_DIR: join(programs.directory, 'run') };
    const { users, problems } = setUp({ dockerConfigs: ['auto'], env });
    expect(await users()).toEqual(['podman', 'docker']);
    expect(problems).toEqual([]);
  });

  it('takes a changed file at once, and gives the same array while none changes', async () => {
    const path = write('a.json', login('old'));
    const { users, entries } = setUp({ dockerConfigs: [path, write('b.json', login('b'))] });
    expect(await users()).toEqual(['old', 'b']);
    expect(await entries()).toBe(await entries());
    write('a.json', login('new'));
    expect(await users()).toEqual(['new', 'b']);
  });

  it('reports what cannot be read once, without quoting it, and uses the rest', async () => {
    const missing = join(programs.directory, 'missing.json');
    const broken = write('broken.json', 'hunter2 {');
    const { users, problems } = setUp({
      pullSecrets: [missing],
      dockerConfigs: [broken, write('good.json', login('good'))],
      providers: { configFile: broken, binDir: programs.directory },
    });
    expect(await users()).toEqual(['good']);
    expect(await users()).toEqual(['good']);
    const all = [
      `${missing}: cannot be read (ENOENT)`,
      `${broken}: not valid JSON`,
      `${broken}: not a CredentialProviderConfig`,
    ];
    expect(problems.toSorted()).toEqual(all.toSorted());
    rmSync(broken);
    await users();
    expect(problems.slice(3)).toEqual(Array(2).fill(`${broken}: cannot be read (ENOENT)`));
  });
});

describe('a registry client with the operator’s credentials', () => {
  const image = anImage();

  const start = async (options: FakeRegistryOptions): Promise<FakeRegistry> => {
    const registry = await startFakeRegistry(options);
    cleanups.push(registry.stop);
    registry.add('team/app', image, 'v1');
    return registry;
  };

  /** Resolves the tag with these credentials, as a client that has asked nothing before. */
  const resolve = async ({ host }: FakeRegistry, options: Partial<OperatorCredentialsOptions>) => {
    const client = createRegistryClient();
    cleanups.push(() => client.close());
    const parsed = parseReference(`${host}/team/app:v1`);
    if (!parsed.ok) throw new Error(parsed.problem);
    const keychain = createKeychain(await setUp(options).entries());
    return client.resolve(parsed.reference, { keychain, insecure: true }, never);
  };

  it.each(['7000|ci-robot', 'robot$ci+pull', '$oauthtoken', '00000000-0000-0000-0000-000000000000', 'AWS'])(
    'reads as %s with a secret of a helper, by Basic and by token',
    async (user) => {
      const answer = JSON.stringify({ ServerURL: '', Username: user, Secret: 'p:w|$+"' });
      programs.write('answer.json', answer);
      programs.add('docker-credential-test', 'cat >/dev/null; cat "$DIR/answer.json"');
      const dockerConfigs = [write('config.json', { credsStore: 'test' })];
      for (const kind of ['basic', 'bearer'] as const) {
        const registry = await start({ auth: { kind, users: { [user]: 'p:w|$+"' } } });
        expect(await resolve(registry, { dockerConfigs })).toMatchObject({ digest: image.manifest.digest });
      }
    },
  );

  it('reads with the identity token of a helper', async () => {
    const auth = { kind: 'bearer', users: { alice: 'x' }, identityTokens: { idt: 'alice' } } as const;
    programs.add('docker-credential-test', `echo '{"Username":"<token>","Secret":"idt"}'`);
    const registry = await start({ auth });
    const dockerConfigs = [write('config.json', { credHelpers: { [registry.host]: 'test' } })];
    expect(await resolve(registry, { dockerConfigs })).toMatchObject({ digest: image.manifest.digest });
  });

  it('reads with what a credential provider of the kubelet answers', async () => {
    const registry = await start({ auth: { kind: 'basic', users: { AWS: 'token' } } });
    const apiVersion = 'credentialprovider.kubelet.k8s.io/v1';
    const answer = {
      kind: 'CredentialProviderResponse',
      apiVersion,
      cacheKeyType: 'Registry',
      auth: { [registry.host]: { username: 'AWS', password: 'token' } },
    };
    programs.add('ecr', `cat >/dev/null; echo '${JSON.stringify(answer)}'`);
    const configFile = write('providers.yaml', {
      apiVersion: 'kubelet.config.k8s.io/v1',
      kind: 'CredentialProviderConfig',
      providers: [{ name: 'ecr', apiVersion, matchImages: [registry.host], defaultCacheDuration: '12h' }],
    });
    const providers = { configFile, binDir: programs.directory };
    expect(await resolve(registry, { providers })).toMatchObject({ digest: image.manifest.digest });
  });

  it('goes on to the next credential where a helper is broken or its answer is refused', async () => {
    const registry = await start({ auth: { kind: 'basic', users: { alice: 'right' } } });
    programs.add('docker-credential-wrong', `echo '{"Username":"alice","Secret":"wrong"}'`);
    const auths = { [registry.host]: { username: 'alice', password: 'right' } };
    const dockerConfigs = [
      write('a.json', { credHelpers: { [registry.host]: 'missing' } }),
      write('b.json', { credHelpers: { [registry.host]: 'wrong' }, auths }),
    ];
    expect(await resolve(registry, { dockerConfigs })).toMatchObject({ digest: image.manifest.digest });
  });

  it('stays anonymous, and runs nothing, where a registry demands nothing', async () => {
    const registry = await start({});
    programs.add('docker-credential-test', 'echo run >>$DIR/asked; exit 1');
    const dockerConfigs = [write('config.json', { credsStore: 'test' })];
    expect(await resolve(registry, { dockerConfigs })).toMatchObject({ digest: image.manifest.digest });
    expect(programs.lines('asked')).toEqual([]);
    expect(registry.requests.map(({ headers }) => headers['authorization'])).toEqual([undefined]);
  });
});
