import { describe, expect, it } from 'vitest';
import type { Secret } from '../api/core.ts';
import { type CredentialHelper, parseDockerConfig } from '../oci/index.ts';
import { createKeychains } from './pull-secrets.ts';

const secret = (name: string, type: string, key: string, text: string, annotations = {}): Secret => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace: 'team', resourceVersion: name, annotations },
  type,
  data: { [key]: Buffer.from(text).toString('base64') },
});

const config = (host: string, username: string): string =>
  JSON.stringify({ auths: { [host]: { username, password: 'p' } } });

const operatorHelper: CredentialHelper = {
  kind: 'helper',
  id: 'operator',
  program: 'docker-credential-operator',
  source: 'file',
  ask: () => Promise.resolve([]),
};

const parseMatchOf = (host: string) => {
  const [entry] = parseDockerConfig(config(host, 'any'), 'test').entries;
  if (entry === undefined) throw new Error('not a host');
  return entry.match;
};

const json = 'kubernetes.io/dockerconfigjson';
const repository = { registry: 'quay.io', repository: 'team/app' };

const setUp = (secrets: readonly Secret[], global?: string) => {
  const problems: string[] = [];
  const shared = global === undefined ? [] : parseDockerConfig(global, 'global').entries;
  const keychains = createKeychains({
    listSecrets: async () => secrets,
    readShared: async () => shared,
    onProblem: ({ message }) => problems.push(message),
  });
  const usernames = async (): Promise<readonly string[]> =>
    (await keychains('team', new AbortController().signal))(repository).map((offer) =>
      offer.kind === 'helper' ? offer.program : offer.username,
    );
  return { problems, usernames };
};

describe('createKeychains', () => {
  it('offers the secrets of the namespace, then those for all', async () => {
    const { usernames } = setUp(
      [
        secret('a', json, '.dockerconfigjson', config('quay.io', 'modern')),
        secret(
          'b',
          'kubernetes.io/dockercfg',
          '.dockercfg',
          JSON.stringify({ 'quay.io': { username: 'old', password: 'p' } }),
        ),
      ],
      config('quay.io', 'everyone'),
    );
    expect(await usernames()).toEqual(['modern', 'old', 'everyone']);
  });

  it('leaves out secrets of other types and those that exclude themselves', async () => {
    const { usernames } = setUp([
      secret('a', 'Opaque', '.dockerconfigjson', config('quay.io', 'opaque')),
      secret('b', json, '.dockerconfigjson', config('quay.io', 'hidden'), {
        'openshift.io/image.excludeSecret': 'true',
      }),
    ]);
    expect(await usernames()).toEqual([]);
  });

  it('runs no program that a secret names, and offers those of the operator', async () => {
    const config = JSON.stringify({ credsStore: 'x', credHelpers: { 'quay.io': 'y' } });
    const match = parseMatchOf('quay.io');
    const keychains = createKeychains({
      listSecrets: async () => [secret('a', json, '.dockerconfigjson', config)],
      readShared: async () => [{ match, helper: () => operatorHelper }],
      onProblem: () => undefined,
    });
    expect((await keychains('team', new AbortController().signal))(repository)).toEqual([operatorHelper]);
  });

  it('keeps the keychain of a namespace until its secrets or the shared credentials change', async () => {
    let secrets = [secret('a', json, '.dockerconfigjson', config('quay.io', 'a'))];
    let shared = parseDockerConfig(config('quay.io', 'shared'), 'global').entries;
    const keychains = createKeychains({
      listSecrets: async () => secrets,
      readShared: async () => shared,
      onProblem: () => undefined,
    });
    const users = async () => {
      const keychain = await keychains('team', new AbortController().signal);
      expect(await keychains('team', new AbortController().signal)).toBe(keychain);
      return keychain(repository).map((offer) => (offer.kind === 'helper' ? '' : offer.username));
    };
    expect(await users()).toEqual(['a', 'shared']);
    shared = parseDockerConfig(config('quay.io', 'rotated'), 'global').entries;
    expect(await users()).toEqual(['a', 'rotated']);
    secrets = [secret('b', json, '.dockerconfigjson', config('quay.io', 'b'))];
    expect(await users()).toEqual(['b', 'rotated']);
  });

  it('reports an unreadable secret once, without its text, and uses the others', async () => {
    const { usernames, problems } = setUp([
      secret('broken', json, '.dockerconfigjson', 'p4ssw0rd {'),
      secret('good', json, '.dockerconfigjson', config('quay.io', 'good')),
    ]);
    expect(await usernames()).toEqual(['good']);
    expect(await usernames()).toEqual(['good']);
    expect(problems).toEqual(['secret team/broken: not valid JSON']);
  });
});
