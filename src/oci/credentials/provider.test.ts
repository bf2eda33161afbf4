import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createManualClock } from '../../../test/fakes/clock.ts';
import { createPrograms, type Programs } from '../../../test/fakes/programs.ts';
import { never } from '../../../test/fakes/send.ts';
import type { CredentialHelper } from '../types.ts';
import { createKeychain } from './keychain.ts';
import { providerEntries } from './provider.ts';
import { parseProviderConfig } from './provider-config.ts';
import { createRunProgram } from './run-program.ts';

let programs: Programs;
beforeEach(() => {
  programs = createPrograms();
});
afterEach(() => {
  programs.remove();
});

const apiVersion = 'credentialprovider.kubelet.k8s.io/v1';

const configOf = (...providers: readonly object[]): string =>
  JSON.stringify({ apiVersion: 'kubelet.config.k8s.io/v1', kind: 'CredentialProviderConfig', providers });

const ecr = {
  name: 'ecr',
  matchImages: ['*.dkr.ecr.*.amazonaws.com'],
  defaultCacheDuration: '12h',
  apiVersion,
};

const setUp = (change: object = {}) => {
  const clock = createManualClock();
  const problems: string[] = [];
  const parsed = parseProviderConfig(configOf({ ...ecr, ...change }), 'config');
  expect(parsed.problems).toEqual([]);
  const ports = {
    run: createRunProgram({ env: programs.env }),
    clock,
    onProblem: (message: string) => problems.push(message),
  };
  const place = { binDir: programs.directory, source: 'config' };
  const keychain = createKeychain(
    parsed.providers.flatMap((provider) => providerEntries(provider, place, ports)),
  );
  const helpers = (image: string): readonly CredentialHelper[] => {
    const slash = image.indexOf('/');
    return keychain({ registry: image.slice(0, slash), repository: image.slice(slash + 1) }).filter(
      (offer) => offer.kind === 'helper',
    );
  };
  /** The users that the provider answers with for an image. */
  const users = async (image: string): Promise<readonly string[]> =>
    (await Promise.all(helpers(image).map((helper) => helper.ask(never)))).flat().map((one) => one.username);
  return { clock, problems, helpers, users };
};

/** Logs what it is asked, and answers. */
const answering = (response: object): string =>
  `request=$(cat); echo "$request" >>$DIR/asked; echo '${JSON.stringify({
    kind: 'CredentialProviderResponse',
    apiVersion,
    ...response,
  })}'`;

const host = '1.dkr.ecr.eu-west-1.amazonaws.com';
const aws = { auth: { '*.dkr.ecr.*.amazonaws.com': { username: 'AWS', password: 'hunter2' } } };

describe('credential providers of the kubelet', () => {
  it('are asked for the image in the version of the configuration, with its arguments and environment', async () => {
    programs.add('ecr', `echo "$1 $REGION" >>$DIR/run; ${answering({ cacheKeyType: 'Registry', ...aws })}`);
    const { users, helpers, problems } = setUp({
      args: ['get-credentials'],
      env: [{ name: 'REGION', value: 'eu' }],
    });
    expect(await users(`${host}/team/app`)).toEqual(['AWS']);
    expect(programs.lines('run')).toEqual(['get-credentials eu']);
    expect(JSON.parse(programs.lines('asked')[0] ?? '')).toEqual({
      kind: 'CredentialProviderRequest',
      apiVersion,
      image: `${host}/team/app`,
    });
    expect(helpers('quay.io/team/app')).toEqual([]);
    expect(problems).toEqual([]);
  });

  const a = `${host}/team/a`;
  const b = `${host}/team/b`;
  const elsewhere = '2.dkr.ecr.us-east-1.amazonaws.com/team/a';
  it.each([
    { cacheKeyType: 'Image', images: [a, b, elsewhere] },
    { cacheKeyType: 'Registry', images: [a, elsewhere] },
    { cacheKeyType: 'Global', images: [a] },
  ])('are asked once per $cacheKeyType, also by those who ask at the same time', async (row) => {
    programs.add('ecr', answering({ cacheKeyType: row.cacheKeyType, ...aws }));
    const { users } = setUp();
    const images = [a, a, b, b, elsewhere, elsewhere];
    for (let round = 0; round < 2; round += 1)
      expect(await Promise.all(images.map(users))).toEqual(images.map(() => ['AWS']));
    const asked = programs.lines('asked').map((line) => (JSON.parse(line) as { image: string }).image);
    expect(asked.toSorted()).toEqual(row.images.toSorted());
  });

  it.each([
    ['as long as the answer says', { cacheDuration: '1h0m0s' }, 3_600_000],
    ['as long as the configuration says', {}, 12 * 3_600_000],
    [
      'as long as the configuration says, where the answer says null',
      { cacheDuration: null },
      12 * 3_600_000,
    ],
  ])('have answers that are kept %s', async (_name, duration, ms) => {
    programs.add('ecr', answering({ cacheKeyType: 'Global', ...aws, ...duration }));
    const { users, clock } = setUp();
    await users(a);
    await clock.advance(ms - 1);
    await users(a);
    expect(programs.lines('asked')).toHaveLength(1);
    await clock.advance(1);
    await users(a);
    expect(programs.lines('asked')).toHaveLength(2);
  });

  it('have answers that are not kept at all', async () => {
    programs.add('ecr', answering({ cacheKeyType: 'Image', cacheDuration: '0s', ...aws }));
    const { users } = setUp();
    await users(a);
    await users(a);
    expect(programs.lines('asked')).toHaveLength(2);
  });

  it('answer with several credentials, of which those for the image count, the most specific first', async () => {
    const as = (username: string) => ({ username, password: 'p' });
    const auth = {
      [host]: as('host'),
      [`${host}/team`]: as('team'),
      [`${host}/te`]: as('te'),
      'quay.io': as('quay'),
    };
    programs.add('ecr', answering({ cacheKeyType: 'Registry', auth }));
    const { users } = setUp();
    expect(await users(a)).toEqual(['team', 'host']);
    expect(await users(`${host}/other`)).toEqual(['host']);
    expect(programs.lines('asked')).toHaveLength(1);
  });

  it('may know nothing', async () => {
    programs.add('ecr', answering({ cacheKeyType: 'Registry', auth: null }));
    const { users, problems } = setUp();
    expect(await users(a)).toEqual([]);
    expect(problems).toEqual([]);
  });

  const fine = { cacheKeyType: 'Image', ...aws };
  it.each([
    ['is missing', undefined, 'it is not installed'],
    ['fails', 'echo x >>$DIR/asked; echo hunter2; exit 1', 'it ended with code 1'],
    ['writes no JSON', 'echo x >>$DIR/asked; echo hunter2', 'its answer is no JSON object'],
    [
      'answers in another version',
      answering({ ...fine, apiVersion: 'credentialprovider.kubelet.k8s.io/v1beta1' }),
      `its answer is no CredentialProviderResponse of ${apiVersion}`,
    ],
    ['says not what it is good for', answering(aws), 'its answer has no known cacheKeyType'],
    ['says not how long', answering({ ...fine, cacheDuration: 'soon' }), 'its cacheDuration is no duration'],
    ['has a list for auth', answering({ ...fine, auth: [] }), 'its auth is no object'],
  ])('are passed over for a minute and reported once: one that %s', async (_name, script, problem) => {
    if (script !== undefined) programs.add('ecr', script);
    const { users, problems, clock } = setUp();
    expect(await users(a)).toEqual([]);
    expect(await users(b)).toEqual([]);
    expect(programs.lines('asked').length).toBeLessThanOrEqual(1);
    await clock.advance(60_000);
    expect(await users(a)).toEqual([]);
    expect(problems).toEqual([`credential provider ecr, asked for ${host}: ${problem}`]);
  });

  it('serve other registries where they fail for one', async () => {
    programs.add(
      'ecr',
      `cat | grep -q '"image":"1' && exit 1; ${answering({ cacheKeyType: 'Registry', ...aws })}`,
    );
    const { users } = setUp();
    expect(await users(a)).toEqual([]);
    expect(await users(elsewhere)).toEqual(['AWS']);
  });
});

describe('parseProviderConfig', () => {
  it('reads YAML as the vendors print it', () => {
    const text = `
apiVersion: kubelet.config.k8s.io/v1
kind: CredentialProviderConfig
providers:
  - name: auth-provider-gcp
    apiVersion: credentialprovider.kubelet.k8s.io/v1
    matchImages: ["gcr.io", "*.pkg.dev", "registry.io:8080/path"]
    defaultCacheDuration: 1m
    args: [get-credentials, --v=3]
`;
    expect(parseProviderConfig(text, 'config')).toEqual({
      providers: [
        {
          name: 'auth-provider-gcp',
          apiVersion,
          matchImages: [
            { labels: ['gcr', 'io'], port: '', path: [] },
            { labels: ['*', 'pkg', 'dev'], port: '', path: [] },
            { labels: ['registry', 'io'], port: '8080', path: ['path'] },
          ],
          defaultCacheMs: 60_000,
          args: ['get-credentials', '--v=3'],
          env: {},
        },
      ],
      problems: [],
    });
  });

  it.each([
    [{ name: '../ecr' }, '"../ecr": the name is not that of a program'],
    [{ name: '' }, '1: the name is not that of a program'],
    [{ apiVersion: 'v1' }, '"ecr": apiVersion is not credentialprovider.kubelet.k8s.io/v1'],
    [{ matchImages: [] }, '"ecr": matchImages lists no images'],
    [{ matchImages: ['a b'] }, '"ecr": matchImages holds what is no image'],
    [{ defaultCacheDuration: undefined }, '"ecr": defaultCacheDuration is no duration'],
    [{ args: [1] }, '"ecr": args is no list of texts'],
    [{ env: [{ name: 'A' }] }, '"ecr": env is no list of names and values'],
    [{ tokenAttributes: {} }, '"ecr": tokenAttributes needs a kubelet'],
  ])('leaves out a provider with %j and keeps the others', (change, problem) => {
    const parsed = parseProviderConfig(configOf({ ...ecr, ...change }, { ...ecr, name: 'good' }), 'config');
    expect(parsed.providers.map(({ name }) => name)).toEqual(['good']);
    expect(parsed.problems).toEqual([`config: provider ${problem}`]);
  });

  it('keeps the first of two with one name', () => {
    const parsed = parseProviderConfig(configOf(ecr, { ...ecr, args: ['other'] }), 'config');
    expect(parsed.providers.map(({ args }) => args)).toEqual([[]]);
    expect(parsed.problems).toEqual(['config: provider "ecr": the name is not unique']);
  });

  it.each([
    ['{hunter2', 'not valid YAML'],
    ['[]', 'not a CredentialProviderConfig'],
    ['{kind: CredentialProviderConfig, apiVersion: v1}', 'apiVersion is not kubelet.config.k8s.io/v1'],
    ['{kind: CredentialProviderConfig, apiVersion: kubelet.config.k8s.io/v1}', 'providers is not a list'],
  ])('says what is wrong with %j, without quoting it', (text, problem) => {
    expect(parseProviderConfig(text, 'config')).toEqual({ providers: [], problems: [`config: ${problem}`] });
  });

  it('answers to whatever there may be in the file', () => {
    fc.assert(
      fc.property(fc.array(fc.json()), (providers) => {
        const text = `{"apiVersion":"kubelet.config.k8s.io/v1","kind":"CredentialProviderConfig","providers":[${providers.join()}]}`;
        const parsed = parseProviderConfig(text, 'config');
        expect(parsed.providers.length + parsed.problems.length).toBe(providers.length);
      }),
    );
  });
});
