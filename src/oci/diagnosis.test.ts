import { afterEach, describe, expect, it } from 'vitest';
import { type FakeRegistryOptions, startFakeRegistry } from '../../test/fakes/registry/index.ts';
import { never } from '../../test/fakes/send.ts';
import { texts } from './diagnosis-texts.ts';
import {
  createKeychain,
  createRegistryClient,
  diagnose,
  parseDockerConfig,
  parseReference,
  RegistryError,
  type RegistryFault,
} from './index.ts';

const repository = { registry: 'registry.example', repository: 'team/app' };
const password = 'hunter2-the-secret';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

/** Asks a fake registry for `app:v1` and diagnoses how that fails. `login` is what the secret `ns/pull` holds. */
const diagnoseAt = async (
  options: FakeRegistryOptions,
  login: { readonly username: string; readonly password: string } | undefined,
) => {
  const registry = await startFakeRegistry(options);
  const client = createRegistryClient({ retryPolicy: () => undefined });
  cleanups.push(registry.stop, () => client.close());
  const config = JSON.stringify({ auths: login === undefined ? {} : { [registry.host]: login } });
  const keychain = createKeychain(parseDockerConfig(config, 'secret ns/pull').entries);
  const parsed = parseReference(`${registry.host}/app:v1`);
  if (!parsed.ok) throw new Error(parsed.problem);
  const { reference } = parsed;
  const error: unknown = await client
    .getManifest(reference, { keychain, insecure: true }, never)
    .catch((reason: unknown) => reason);
  if (!(error instanceof RegistryError)) throw new Error('it did not fail');
  return { host: registry.host, ...diagnose(error, { repository: reference, namespace: 'ns' }) };
};

describe('diagnose', () => {
  const kinds = ['basic', 'bearer'] as const;
  const users = { alice: password };

  it.each(kinds)('says that no secret matches (%s)', async (kind) => {
    const { fault, cause, advice, host } = await diagnoseAt({ auth: { kind, users } }, undefined);
    expect(fault).toBe('no-credential');
    expect(cause).toBe(`${host} wants a login for ${host}/app, and no credential matches it`);
    expect(advice).toContain(`kubectl -n ns create secret docker-registry NAME --docker-server=${host}`);
  });

  it.each(kinds)('says which secret is wrong (%s)', async (kind) => {
    const found = await diagnoseAt({ auth: { kind, users } }, { username: 'alice', password: 'wrong' });
    expect(found.fault).toBe('credential-refused');
    expect(found.cause).toMatch(
      / refuses secret ns\/pull, which matches .*: the user name, password or token is wrong/,
    );
  });

  it.each(kinds)('says which secret may not read the repository (%s)', async (kind) => {
    const found = await diagnoseAt(
      { auth: { kind, users, allows: () => false } },
      { username: 'alice', password },
    );
    expect(found.fault).toBe('credential-insufficient');
    expect(found.cause).toContain('accepts secret ns/pull, and does not let it read');
  });

  it('says that a repository may be hidden from whoever shows no credential, and only then', async () => {
    const hidden = await diagnoseAt({}, undefined);
    expect(hidden).toMatchObject({ fault: 'name-unknown', cause: expect.stringContaining('hides it') });
    const seen = await diagnoseAt({ auth: { kind: 'bearer', users } }, { username: 'alice', password });
    expect(seen).toMatchObject({ fault: 'name-unknown', cause: expect.not.stringContaining('hides it') });
  });

  it('goes by the mirror that failed, not by the name that was asked for', () => {
    const mirror = { registry: 'mirror.example', repository: 'cache/app' };
    const error = new RegistryError('unauthorized', 'x', { fault: 'no-credential', repository: mirror });
    expect(diagnose(error, { repository })).toEqual({
      fault: 'no-credential',
      cause: 'mirror.example wants a login for mirror.example/cache/app, and no credential matches it',
      advice: expect.stringContaining('"docker login mirror.example"'),
    });
  });

  it('names the token server where that is who failed', () => {
    const error = new RegistryError('unavailable', 'x', {
      fault: 'host-unknown',
      host: 'auth.example',
      operation: 'token',
      repository,
    });
    expect(diagnose(error, { repository }).cause).toBe('the name auth.example does not exist in DNS');
  });

  it.each(Object.keys(texts) as RegistryFault[])('has a whole sentence and advice for "%s"', (fault) => {
    const error = new RegistryError('unavailable', 'GET registry.example/team/app:v1: it failed', {
      fault,
      credentials: [
        { source: 'secret ns/pull', outcome: 'refused' },
        { source: 'secret ns/pull', outcome: 'insufficient' },
        { source: 'helper docker-credential-x', outcome: 'nothing' },
      ],
    });
    const { cause, advice } = diagnose(error, { repository });
    for (const sentence of [cause, advice]) {
      expect(sentence).toMatch(/^\S.*[^\s.;,]$/);
      expect(sentence).not.toMatch(/undefined|\[object| {2}/);
    }
  });
});
