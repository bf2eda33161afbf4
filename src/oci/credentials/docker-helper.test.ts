import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createManualClock } from '../../../test/fakes/clock.ts';
import { createPrograms, type Programs } from '../../../test/fakes/programs.ts';
import { never } from '../../../test/fakes/send.ts';
import type { CredentialHelper, Repository } from '../types.ts';
import { parseDockerConfig } from './docker-config.ts';
import { createDockerHelpers } from './docker-helper.ts';
import { createKeychain } from './keychain.ts';
import { createRunProgram } from './run-program.ts';

let programs: Programs;
beforeEach(() => {
  programs = createPrograms();
});
afterEach(() => {
  programs.remove();
});

const setUp = () => {
  const clock = createManualClock();
  const problems: string[] = [];
  const helpers = createDockerHelpers({
    run: createRunProgram({ env: programs.env }),
    clock,
    onProblem: (message) => problems.push(message),
  });
  const keychainOf = (config: unknown) => {
    const parsed = parseDockerConfig(JSON.stringify(config), 'file', helpers);
    problems.push(...parsed.problems);
    return createKeychain(parsed.entries);
  };
  /** The first helper of a config for a repository. */
  const helperOf = (config: unknown, registry = 'quay.io'): CredentialHelper => {
    const [offer] = keychainOf(config)({ registry, repository: 'team/app' });
    if (offer?.kind !== 'helper') throw new Error('no helper is offered');
    return offer;
  };
  return { clock, problems, keychainOf, helperOf };
};

/** Logs what it is asked, and answers as JSON. */
const answering = (answer: unknown): string =>
  `server=$(cat); echo "$1 $server" >>$DIR/asked; echo '${JSON.stringify(answer)}'`;

const alice = { ServerURL: 'x', Username: 'alice', Secret: 'wonderland' };

describe('helpers of docker and podman', () => {
  it('are asked for the server, and answer with a user and a secret', async () => {
    programs.add('docker-credential-test', answering(alice));
    const { helperOf, problems } = setUp();
    expect(await helperOf({ credsStore: 'test' }).ask(never)).toMatchObject([
      { kind: 'basic', username: 'alice', password: 'wonderland' },
    ]);
    expect(programs.lines('asked')).toEqual(['get quay.io']);
    expect(problems).toEqual([]);
  });

  it('answer with an identity token under the user <token>', async () => {
    programs.add('docker-credential-test', answering({ ...alice, Username: '<token>' }));
    const { helperOf } = setUp();
    expect(await helperOf({ credHelpers: { 'quay.io': 'test' } }).ask(never)).toMatchObject([
      { kind: 'identity-token', token: 'wonderland' },
    ]);
  });

  it.each([
    ['credsStore', { credsStore: 'test' }, 'get https://index.docker.io/v1/'],
    [
      'credHelpers of docker',
      { credHelpers: { 'https://index.docker.io/v1/': 'test' } },
      'get https://index.docker.io/v1/',
    ],
    ['credHelpers of podman', { credHelpers: { 'docker.io': 'test' } }, 'get docker.io'],
  ])('are asked for Docker Hub as %s know it', async (_name, config, asked) => {
    programs.add('docker-credential-test', answering(alice));
    const { helperOf } = setUp();
    await helperOf(config, 'docker.io').ask(never);
    expect(programs.lines('asked')).toEqual([asked]);
  });

  it('are asked once a minute, and once for all who ask at the same time', async () => {
    programs.add('docker-credential-test', answering(alice));
    const { helperOf, clock } = setUp();
    const one = helperOf({ credsStore: 'test' });
    const same = helperOf({ credHelpers: { 'quay.io': 'test' } });
    expect(same.id).toBe(one.id);
    await Promise.all([one.ask(never), same.ask(never), one.ask(never)]);
    await clock.advance(59_000);
    await one.ask(never);
    expect(programs.lines('asked')).toHaveLength(1);
    await clock.advance(2_000);
    await one.ask(never);
    expect(programs.lines('asked')).toHaveLength(2);
    const other = helperOf({ credsStore: 'test' }, 'ghcr.io');
    expect(other.id).not.toBe(one.id);
    await other.ask(never);
    expect(programs.lines('asked')).toHaveLength(3);
  });

  it('may know nothing, which is no problem and is remembered as long', async () => {
    programs.add(
      'docker-credential-test',
      'echo x >>$DIR/asked; echo "credentials not found in native keychain"; exit 1',
    );
    const { helperOf, problems } = setUp();
    expect(await helperOf({ credsStore: 'test' }).ask(never)).toEqual([]);
    expect(await helperOf({ credsStore: 'test' }).ask(never)).toEqual([]);
    expect(programs.lines('asked')).toHaveLength(1);
    expect(problems).toEqual([]);
  });

  it.each([
    ['is missing', undefined, 'it is not installed'],
    ['fails', 'echo hunter2; echo hunter2 >&2; exit 4', 'it ended with code 4'],
    ['is killed', 'kill -9 $$', 'it ended with code none'],
    ['writes no JSON', 'echo hunter2', 'its answer is no JSON object'],
    ['lacks the secret', `echo '{"Username":"hunter2"}'`, 'its answer lacks Username and Secret'],
    ['lacks the user', `echo '{"Username":"","Secret":"hunter2"}'`, 'its answer lacks the user name'],
  ])(
    'are passed over and reported once, without what they wrote: one that %s',
    async (_name, script, problem) => {
      if (script !== undefined) programs.add('docker-credential-test', script);
      const { helperOf, problems, clock } = setUp();
      expect(await helperOf({ credsStore: 'test' }).ask(never)).toEqual([]);
      await clock.advance(120_000);
      expect(await helperOf({ credsStore: 'test' }).ask(never)).toEqual([]);
      expect(problems).toEqual([`docker-credential-test, asked for quay.io: ${problem}`]);
    },
  );

  it('are reported again when they break again', async () => {
    const { helperOf, problems, clock } = setUp();
    const helper = helperOf({ credsStore: 'test' });
    for (const script of ['exit 1', answering(alice), 'exit 1']) {
      programs.add('docker-credential-test', script);
      await helper.ask(never);
      await clock.advance(120_000);
    }
    expect(problems).toHaveLength(2);
  });

  it('come before what stands in the file for the same host, and the store after it', () => {
    const { keychainOf } = setUp();
    const keychain = keychainOf({
      auths: { 'quay.io': { username: 'bob', password: 'b' }, 'ghcr.io': {} },
      credHelpers: { 'quay.io': 'mine' },
      credsStore: 'everyone',
    });
    const offered = (repository: Repository) =>
      keychain(repository).map((offer) => (offer.kind === 'helper' ? offer.program : offer.username));
    expect(offered({ registry: 'quay.io', repository: 'a' })).toEqual([
      'docker-credential-mine',
      'bob',
      'docker-credential-everyone',
    ]);
    expect(offered({ registry: 'ghcr.io', repository: 'a' })).toEqual(['docker-credential-everyone']);
  });

  it.each([
    ['a path', { credsStore: '../evil' }, 'file: credsStore names no helper'],
    ['a list', { credsStore: ['x'] }, 'file: credsStore names no helper'],
    ['an option', { credHelpers: { 'quay.io': '-x' } }, 'file: credHelpers "quay.io" names no helper'],
    [
      'a key that is no host',
      { credHelpers: { 'a b': 'x' } },
      'file: credHelpers "a b" is not for a registry',
    ],
    ['no map', { credHelpers: 'x' }, 'file: credHelpers is not an object'],
  ])('are refused where the file has %s', (_name, config, problem) => {
    const { keychainOf, problems } = setUp();
    expect(keychainOf(config)({ registry: 'quay.io', repository: 'a' })).toEqual([]);
    expect(problems).toEqual([problem]);
  });

  it('are never taken from a secret', () => {
    const text = JSON.stringify({ credsStore: 'x', credHelpers: { 'quay.io': 'y' } });
    expect(parseDockerConfig(text, 'secret team/pull')).toEqual({ entries: [], problems: [] });
  });
});
