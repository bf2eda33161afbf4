import { describe, expect, it } from 'vitest';
import { createManualClock, settle } from '../../../test/fakes/clock.ts';
import { anAnswer, aRequest, createFakeSend, type FakeAnswer, never } from '../../../test/fakes/send.ts';
import { basicCredential, identityToken } from '../credentials/credential.ts';
import { RegistryError } from '../errors.ts';
import type { Credential, CredentialHelper } from '../types.ts';
import { withAuth } from './auth.ts';
import type { RegistryRequest } from './send.ts';

const alice = basicCredential('alice', 'wonderland', 'secret a');
const bob = basicCredential('bob', 'builder', 'secret b');

const basicOf = (user: string, password: string): string =>
  `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;

type RequestOptions = {
  readonly host?: string;
  readonly repository?: string;
  readonly credentials?: readonly (Credential | CredentialHelper)[];
  readonly insecure?: boolean;
};

const request = (options: RequestOptions = {}): RegistryRequest => {
  const { host = 'registry.example', repository = 'team/app', credentials = [], insecure = false } = options;
  return aRequest({
    repository: { registry: host, repository },
    subject: `${host}/${repository}:v1`,
    url: new URL(`https://${host}/v2/${repository}/manifests/v1`),
    access: { keychain: () => credentials, insecure },
  });
};

const challenge = (value: string, status = 401): FakeAnswer =>
  anAnswer(status, { headers: { 'www-authenticate': value } });

const bearerChallenge = challenge('Bearer realm="https://registry.example/token",service="svc"');

const json = (value: unknown, status = 200): FakeAnswer => anAnswer(status, { body: JSON.stringify(value) });

/** `GET /path who`, where who is anonymous, a user or a token. */
const line = ({ method, url, headers }: RegistryRequest): string => {
  const authorization = headers['authorization'] ?? 'anonymous';
  const basic = /^Basic (.+)$/.exec(authorization)?.[1];
  const who = basic === undefined ? authorization : Buffer.from(basic, 'base64').toString().split(':')[0];
  return `${method} ${url.pathname} ${who}`;
};

type Registry = {
  /** Which token or user may read; tokens are named after their user and count up. */
  readonly accepts: (authorization: string, request: RegistryRequest) => boolean;
  readonly challenge?: (request: RegistryRequest) => FakeAnswer;
  readonly token?: (request: RegistryRequest, count: number) => FakeAnswer;
};

/** Auth in front of a registry that is a few functions. */
const against = (registry: Registry, trustedRealms: readonly string[] = []) => {
  const clock = createManualClock();
  let tokens = 0;
  const fake = createFakeSend((sent) => {
    if (sent.operation === 'token') {
      tokens += 1;
      return registry.token?.(sent, tokens) ?? json({ token: `token-${tokens}`, expires_in: 300 });
    }
    return registry.accepts(sent.headers['authorization'] ?? '', sent)
      ? anAnswer(200)
      : (registry.challenge?.(sent) ?? bearerChallenge);
  });
  const send = withAuth({ clock, trustedRealms })(fake.send);
  const lines = () => fake.requests.map(line);
  return { clock, send: (sent: RegistryRequest, signal = never) => send(sent, signal), fake, lines };
};

const withToken = (authorization: string): boolean => authorization.startsWith('Bearer token-');
const app = '/v2/team/app/manifests/v1';

describe('withAuth, at a registry that is open', () => {
  it('sends each request once, without credentials', async () => {
    const { send, lines } = against({ accepts: () => true });
    await send(request({ credentials: [alice] }));
    await send(request({ credentials: [alice] }));
    expect(lines()).toEqual([`GET ${app} anonymous`, `GET ${app} anonymous`]);
  });

  it('learns when the registry asks for credentials later', async () => {
    let isOpen = true;
    const { send, lines } = against({ accepts: (who) => isOpen || withToken(who) });
    await send(request());
    isOpen = false;
    expect((await send(request())).status).toBe(200);
    expect(lines().slice(1)).toEqual([
      `GET ${app} anonymous`,
      'GET /token anonymous',
      `GET ${app} Bearer token-1`,
    ]);
  });

  it('keeps public repositories anonymous next to private ones', async () => {
    const { send, lines } = against({
      accepts: (who, { repository }) => repository.repository === 'public' || withToken(who),
    });
    await send(request({ repository: 'public' }));
    await send(request({ repository: 'private' }));
    await send(request({ repository: 'public' }));
    expect(lines().at(-1)).toBe('GET /v2/public/manifests/v1 anonymous');
  });
});

describe('withAuth, at a registry that wants tokens', () => {
  it('fetches a token for the repository, and uses it again', async () => {
    const { send, lines, fake } = against({ accepts: withToken });
    expect((await send(request())).status).toBe(200);
    expect((await send(request())).status).toBe(200);
    expect(lines()).toEqual([
      `GET ${app} anonymous`,
      'GET /token anonymous',
      `GET ${app} Bearer token-1`,
      `GET ${app} Bearer token-1`,
    ]);
    expect(fake.requests[1]?.url.search).toBe('?service=svc&scope=repository%3Ateam%2Fapp%3Apull');
  });

  it('needs no refusal to know what another repository wants that there are credentials for', async () => {
    const { send, lines } = against({ accepts: withToken });
    await send(request({ credentials: [alice] }));
    await send(request({ repository: 'team/other', credentials: [alice] }));
    expect(lines().slice(3)).toEqual(['GET /token alice', 'GET /v2/team/other/manifests/v1 Bearer token-2']);
  });

  it('asks another repository once whether it wants tokens where there are no credentials', async () => {
    const { send, lines } = against({ accepts: withToken });
    await send(request());
    const other = () => send(request({ repository: 'team/other' }));
    const answers = await Promise.all([other(), other(), other()]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    await other();
    const path = '/v2/team/other/manifests/v1';
    const withOther = Array.from({ length: 4 }, () => `GET ${path} Bearer token-2`);
    expect(lines().slice(3)).toEqual([`GET ${path} anonymous`, 'GET /token anonymous', ...withOther]);
  });

  it('proves who asks to the token server only', async () => {
    const { send, lines, fake } = against({ accepts: withToken });
    await send(request({ credentials: [alice] }));
    expect(lines()).toEqual([`GET ${app} anonymous`, 'GET /token alice', `GET ${app} Bearer token-1`]);
    expect(fake.requests[1]?.headers['authorization']).toBe(basicOf('alice', 'wonderland'));
    expect(fake.requests[1]?.url.searchParams.get('account')).toBe('alice');
  });

  it('keeps the query that a realm has', async () => {
    const { send, fake } = against({
      accepts: withToken,
      challenge: () => challenge('Bearer realm="https://registry.example/token?tenant=1"'),
    });
    await send(request());
    expect(fake.requests[1]?.url.search).toBe('?tenant=1&scope=repository%3Ateam%2Fapp%3Apull');
  });

  it('takes access_token for token', async () => {
    const { send } = against({ accepts: withToken, token: () => json({ access_token: 'token-x' }) });
    expect((await send(request())).status).toBe(200);
  });

  it.each([
    ['that it states', { expires_in: 1_000 }, 850],
    ['of 60 s where it states none', {}, 51],
    ['that is short', { expires_in: 10 }, 8.5],
  ])('replaces a token after 85 percent of a life %s', async (_name, life, seconds) => {
    const { send, lines, clock } = against({
      accepts: withToken,
      token: (_request, count) => json({ token: `token-${count}`, ...life }),
    });
    await send(request());
    await clock.advance(seconds * 1000 - 1);
    await send(request());
    expect(lines().at(-1)).toBe(`GET ${app} Bearer token-1`);
    await clock.advance(1);
    await send(request());
    expect(lines().slice(-2)).toEqual(['GET /token anonymous', `GET ${app} Bearer token-2`]);
  });

  it('fetches one new token when one from the cache is refused', async () => {
    let revoked = '';
    const { send, lines } = against({ accepts: (who) => withToken(who) && who !== revoked });
    await send(request());
    revoked = 'Bearer token-1';
    expect((await send(request())).status).toBe(200);
    expect(lines().slice(3)).toEqual([
      `GET ${app} Bearer token-1`,
      'GET /token anonymous',
      `GET ${app} Bearer token-2`,
    ]);
  });

  it('gives up when the new token is refused, too', async () => {
    const { send, lines } = against({ accepts: () => false });
    expect((await send(request())).status).toBe(401);
    expect(lines()).toEqual([`GET ${app} anonymous`, 'GET /token anonymous', `GET ${app} Bearer token-1`]);
  });

  it('uses one first contact and one token for requests that come at the same time', async () => {
    const { send, lines } = against({ accepts: withToken });
    const answers = await Promise.all(Array.from({ length: 50 }, () => send(request())));
    expect(answers.every(({ status }) => status === 200)).toBe(true);
    expect(lines().filter((text) => text.endsWith('anonymous'))).toEqual([
      `GET ${app} anonymous`,
      'GET /token anonymous',
    ]);
    expect(lines()).toHaveLength(52);
  });

  it('posts an identity token, which no URL holds', async () => {
    const { send, fake } = against({ accepts: withToken });
    await send(request({ credentials: [identityToken('alice', 'refresh me', 'secret')] }));
    const [, token] = fake.requests;
    expect(token).toMatchObject({
      method: 'POST',
      body: 'grant_type=refresh_token&service=svc&client_id=imagestreams&scope=repository%3Ateam%2Fapp%3Apull&refresh_token=refresh+me',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
    });
    expect(token?.url.search).toBe('');
  });

  it('does not give one user the token of another', async () => {
    const { send, lines } = against({ accepts: withToken });
    await send(request({ credentials: [alice] }));
    await send(request({ credentials: [bob] }));
    await send(request({ credentials: [alice] }));
    expect(lines().slice(3)).toEqual([
      'GET /token bob',
      `GET ${app} Bearer token-2`,
      `GET ${app} Bearer token-1`,
    ]);
  });

  it('does not send a token to another registry that names the same token server', async () => {
    const { send, fake } = against({
      accepts: withToken,
      challenge: () => challenge('Bearer realm="https://auth.example.com/token",service="svc"'),
    });
    await send(request({ host: 'good.example.com', credentials: [alice] }));
    await send(request({ host: 'evil.example.com', credentials: [alice] }));
    const sent = fake.requests.filter(({ headers }) => headers['authorization'] === 'Bearer token-1');
    expect(sent.map(({ url }) => url.host)).toEqual(['good.example.com']);
  });

  it.each([
    ['no token', json({ expires_in: 300 }), 'invalid-response', 'the answer holds no token'],
    [
      'a token that is no header',
      json({ token: 'a\r\nx-evil: 1' }),
      'invalid-response',
      'the answer holds no token',
    ],
    ['a web page', anAnswer(200, { body: '<html>' }), 'invalid-response', 'the answer holds no token'],
    ['nothing there', anAnswer(404), 'invalid-response', 'unexpected answer 404'],
    ['an overload', anAnswer(503), 'unavailable', 'the token server answered 503'],
    ['a limit', anAnswer(429), 'rate-limited', 'too many requests'],
  ] as const)('fails when the token server has %s', async (_name, token, code, problem) => {
    const { send } = against({ accepts: withToken, token: () => token });
    await expect(send(request())).rejects.toMatchObject({
      code,
      message: `GET https://registry.example/token: ${problem}`,
    });
  });

  it('follows a repository to a realm of its own', async () => {
    const { send, lines } = against({
      accepts: (who, { repository }) => who === `Bearer for-${repository.repository}`,
      challenge: ({ repository }) =>
        challenge(`Bearer realm="https://registry.example/token/${repository.repository}"`),
      token: ({ url }) => json({ token: `for-${url.pathname.slice('/token/'.length)}` }),
    });
    await send(request({ repository: 'a' }));
    expect((await send(request({ repository: 'b' }))).status).toBe(200);
    expect((await send(request({ repository: 'a' }))).status).toBe(200);
    expect((await send(request({ repository: 'b' }))).status).toBe(200);
    expect(lines().slice(-2)).toEqual([
      'GET /v2/a/manifests/v1 Bearer for-a',
      'GET /v2/b/manifests/v1 Bearer for-b',
    ]);
  });
});

describe('withAuth, at a registry where some repositories want tokens', () => {
  const isPublic = ({ repository }: RegistryRequest): boolean => repository.repository.startsWith('public');
  const mixed = (token: NonNullable<Registry['token']>): Registry => ({
    accepts: (who, sent) => isPublic(sent) || withToken(who),
    token,
  });
  const closed = request({ repository: 'closed', credentials: [alice] });
  const open = '/v2/public/manifests/v1';

  for (const [name, first] of [
    ['is new', undefined],
    ['was open before', 'public'],
    ['is next to one that was open before', 'public/first'],
  ] as const) {
    it(`reads an open repository that ${name} after another had no token`, async () => {
      const { send, lines } = against(mixed(() => anAnswer(404)));
      if (first !== undefined) await send(request({ repository: first }));
      await expect(send(request({ repository: 'closed' }))).rejects.toMatchObject({
        message: 'GET https://registry.example/token: unexpected answer 404',
      });
      const before = lines().length;
      expect((await send(request({ repository: 'public' }))).status).toBe(200);
      expect((await send(request({ repository: 'public' }))).status).toBe(200);
      expect(lines().slice(before)).toEqual([`GET ${open} anonymous`, `GET ${open} anonymous`]);
    });
  }

  it.each([400, 401, 403, 404, 429, 503])(
    'sends a request plainly, and later ones at once, when the token server answers %d',
    async (status) => {
      const { send, lines } = against(mixed(() => anAnswer(status)));
      await expect(send(request({ repository: 'closed' }))).rejects.toBeInstanceOf(RegistryError);
      const before = lines().length;
      const sent = request({ repository: 'public', credentials: [alice] });
      expect((await send(sent)).status).toBe(200);
      expect((await send(sent)).status).toBe(200);
      const asked = lines()
        .slice(before)
        .filter((text) => !text.startsWith('GET /token'));
      expect(asked).toEqual([`GET ${open} anonymous`, `GET ${open} anonymous`]);
      expect(lines().at(-2)).toBe(`GET ${open} anonymous`);
    },
  );

  it('sends a request plainly when the registry refuses the token', async () => {
    const { send, lines } = against({
      accepts: (who, sent) => (isPublic(sent) ? who === '' : withToken(who)),
      challenge: (sent) => (isPublic(sent) ? anAnswer(403) : bearerChallenge),
    });
    await send(closed);
    expect((await send(request({ repository: 'public', credentials: [alice] }))).status).toBe(200);
    expect(lines().at(-1)).toBe(`GET ${open} anonymous`);
  });

  it('tells why there is no token where the registry wants one', async () => {
    const { send, lines } = against(
      mixed((_sent, count) => (count === 1 ? json({ token: 'token-1' }) : anAnswer(404))),
    );
    await send(closed);
    const other = request({ repository: 'other', credentials: [alice] });
    await expect(send(other)).rejects.toMatchObject({
      message: 'GET https://registry.example/token: unexpected answer 404',
    });
    expect(lines().slice(3)).toEqual(['GET /token alice', 'GET /v2/other/manifests/v1 anonymous']);
  });

  it('tells what the registry says of a repository that wants no token', async () => {
    const { send } = against({
      accepts: () => false,
      challenge: (sent) => (isPublic(sent) ? anAnswer(404) : bearerChallenge),
      token: () => anAnswer(404),
    });
    await expect(send(closed)).rejects.toBeInstanceOf(RegistryError);
    expect((await send(request({ repository: 'public', credentials: [alice] }))).status).toBe(404);
  });

  it('notices that a repository was opened since', async () => {
    let isOpen = false;
    const { send, clock } = against({
      accepts: (who) => isOpen || withToken(who),
      token: () => (isOpen ? anAnswer(404) : json({ token: 'token-1' })),
    });
    await send(closed);
    isOpen = true;
    await clock.advance(60_000);
    expect((await send(closed)).status).toBe(200);
  });

  it('knows what closed repositories want after it has met an open one', async () => {
    const { send, lines } = against(mixed(() => json({ token: 'token-1' })));
    await send(closed);
    await send(request({ repository: 'public' }));
    await send(request({ repository: 'other', credentials: [alice] }));
    expect(lines().slice(4)).toEqual(['GET /token alice', 'GET /v2/other/manifests/v1 Bearer token-1']);
  });

  it('does not ask again plainly when the registry itself gives no answer', async () => {
    const { send, lines } = against({
      accepts: (who, { repository }) => {
        if (repository.repository === 'other') throw new RegistryError('unavailable', 'connection reset');
        return withToken(who);
      },
    });
    await send(closed);
    const other = request({ repository: 'other', credentials: [alice] });
    await expect(send(other)).rejects.toMatchObject({ code: 'unavailable' });
    expect(lines().slice(3)).toEqual(['GET /token alice', 'GET /v2/other/manifests/v1 Bearer token-2']);
  });
});

describe('withAuth, at a registry that wants Basic', () => {
  const basic: Registry = {
    accepts: (who) => who === basicOf('alice', 'wonderland'),
    challenge: () => challenge('Basic realm="https://1.dkr.ecr.example/",service="ecr"'),
  };

  it('sends the credentials once it is asked, and at once from then on', async () => {
    const { send, lines } = against(basic);
    await send(request({ credentials: [alice] }));
    await send(request({ credentials: [alice] }));
    expect(lines()).toEqual([`GET ${app} anonymous`, `GET ${app} alice`, `GET ${app} alice`]);
  });

  it('asks once where there are no credentials', async () => {
    const { send, lines } = against(basic);
    expect((await send(request())).status).toBe(401);
    expect((await send(request())).status).toBe(401);
    expect(lines()).toEqual([`GET ${app} anonymous`, `GET ${app} anonymous`]);
  });

  it('has no use for identity tokens', async () => {
    const { send, lines } = against(basic);
    const credentials = [identityToken('alice', 'token', 'secret')];
    expect((await send(request({ credentials }))).status).toBe(401);
    expect(lines()).toEqual([`GET ${app} anonymous`]);
  });

  it('is chosen where Bearer names a token server that is not trusted', async () => {
    const both = 'Bearer realm="https://evil.com/token", Basic realm="x"';
    const { send, lines } = against({ ...basic, challenge: () => challenge(both) });
    expect((await send(request({ credentials: [alice] }))).status).toBe(200);
    expect(lines()).toEqual([`GET ${app} anonymous`, `GET ${app} alice`]);
  });

  it('comes after Bearer where both are offered', async () => {
    const both = 'Basic realm="x", Bearer realm="https://registry.example/token"';
    const { send, lines } = against({ accepts: withToken, challenge: () => challenge(both) });
    await send(request({ credentials: [alice] }));
    expect(lines()).toEqual([`GET ${app} anonymous`, 'GET /token alice', `GET ${app} Bearer token-1`]);
  });
});

describe('withAuth, with several credentials', () => {
  it('tries them in order, and first the one that worked the next time', async () => {
    const { send, lines } = against({
      accepts: (who) => who === basicOf('bob', 'builder'),
      challenge: () => challenge('Basic realm="x"'),
    });
    const credentials = [alice, bob];
    await send(request({ credentials }));
    await send(request({ credentials }));
    expect(lines()).toEqual([`GET ${app} anonymous`, `GET ${app} alice`, `GET ${app} bob`, `GET ${app} bob`]);
  });

  it.each([400, 401, 403])('goes on to the next when the token server answers %d', async (status) => {
    const { send, lines } = against({
      accepts: withToken,
      token: ({ headers }) =>
        headers['authorization'] === basicOf('bob', 'builder')
          ? json({ token: 'token-b' })
          : anAnswer(status),
    });
    expect((await send(request({ credentials: [alice, bob] }))).status).toBe(200);
    expect(lines()).toEqual([
      `GET ${app} anonymous`,
      'GET /token alice',
      'GET /token bob',
      `GET ${app} Bearer token-b`,
    ]);
  });

  it('goes on to the next when the registry answers 403', async () => {
    const { send } = against({
      accepts: (who) => who === 'Bearer token-2',
      challenge: ({ headers }) => (headers['authorization'] === undefined ? bearerChallenge : anAnswer(403)),
    });
    expect((await send(request({ credentials: [alice, bob] }))).status).toBe(200);
  });

  it('asks anonymously at last', async () => {
    const { send, lines } = against({
      accepts: withToken,
      token: ({ headers }) =>
        headers['authorization'] === undefined ? json({ token: 'token-anonymous' }) : anAnswer(401),
    });
    expect((await send(request({ credentials: [alice] }))).status).toBe(200);
    expect(lines()).toEqual([
      `GET ${app} anonymous`,
      'GET /token alice',
      'GET /token anonymous',
      `GET ${app} Bearer token-anonymous`,
    ]);
  });

  it('tells of a 403 rather than of a 401', async () => {
    const { send } = against({
      accepts: () => false,
      challenge: ({ headers }) =>
        headers['authorization'] === basicOf('bob', 'builder') ? anAnswer(403) : challenge('Basic realm="x"'),
    });
    expect((await send(request({ credentials: [alice, bob] }))).status).toBe(403);
  });

  it('tells of the most specific credential where none is better than another', async () => {
    const { send } = against({ accepts: () => false, token: () => anAnswer(401) });
    await expect(send(request({ credentials: [alice, bob] }))).rejects.toMatchObject({
      code: 'unauthorized',
      message: 'GET https://registry.example/token: no credentials were accepted',
    });
  });

  it('does not go on when the token server cannot be reached', async () => {
    const { send, lines } = against({
      accepts: withToken,
      token: () => {
        throw new RegistryError('unavailable', 'connection refused');
      },
    });
    await expect(send(request({ credentials: [alice, bob] }))).rejects.toMatchObject({ code: 'unavailable' });
    expect(lines()).toEqual([`GET ${app} anonymous`, 'GET /token alice']);
  });
});

describe('withAuth, with helpers', () => {
  const helperOf = (ask: CredentialHelper['ask'], id = 'helper'): CredentialHelper => ({
    kind: 'helper',
    id,
    program: 'docker-credential-test',
    source: 'test',
    ask,
  });
  const isBob = (who: string): boolean => who === basicOf('bob', 'builder');
  const basic = { accepts: isBob, challenge: () => challenge('Basic realm="x"') };

  it('does not ask them where the registry demands nothing', async () => {
    const { send, lines } = against({ accepts: () => true });
    const helper = helperOf(() => Promise.reject(new Error('asked')));
    await send(request({ credentials: [helper] }));
    expect(lines()).toEqual([`GET ${app} anonymous`]);
  });

  it('tries what they answer in their place in the order, and asks the one that worked first', async () => {
    const { send, lines } = against(basic);
    let asked = 0;
    const silent = helperOf(() => {
      asked += 1;
      return Promise.resolve([]);
    }, 'silent');
    const credentials = [silent, alice, helperOf(() => Promise.resolve([alice, bob]))];
    expect((await send(request({ credentials }))).status).toBe(200);
    expect((await send(request({ credentials }))).status).toBe(200);
    expect(lines()).toEqual([
      `GET ${app} anonymous`,
      `GET ${app} alice`,
      `GET ${app} alice`,
      `GET ${app} bob`,
      `GET ${app} alice`,
      `GET ${app} bob`,
    ]);
    expect(asked).toBe(1);
  });

  it('goes anonymously at last where they know nothing', async () => {
    const { send, lines } = against({ accepts: withToken });
    expect((await send(request({ credentials: [helperOf(() => Promise.resolve([]))] }))).status).toBe(200);
    expect(lines().at(-2)).toBe('GET /token anonymous');
  });

  it('stops asking them when told to stop', async () => {
    const { send } = against(basic);
    const stop = new AbortController();
    const helper = helperOf(
      (signal) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason), { once: true });
          stop.abort(new Error('enough'));
        }),
    );
    await expect(send(request({ credentials: [helper] }), stop.signal)).rejects.toThrow('enough');
  });
});

describe('withAuth, against attempts to lead it astray', () => {
  it('does not ask a token server that is not trusted', async () => {
    const { send, lines } = against({
      accepts: withToken,
      challenge: () => challenge('Bearer realm="https://evil.com/token"'),
    });
    await expect(send(request({ credentials: [alice] }))).rejects.toMatchObject({
      code: 'blocked',
      message:
        'GET registry.example/team/app:v1: the registry names evil.com as its token server, which is not trusted',
    });
    expect(lines()).toEqual([`GET ${app} anonymous`]);
  });

  it('asks one that the operator trusts', async () => {
    const { send } = against(
      { accepts: withToken, challenge: () => challenge('Bearer realm="https://auth.other.com/token"') },
      ['auth.other.com'],
    );
    expect((await send(request())).status).toBe(200);
  });

  it('does not answer the 401 of another host after a redirect', async () => {
    const { send, lines } = against({
      accepts: () => false,
      challenge: () => ({ ...challenge('Basic realm="x"'), url: new URL('https://cdn.example/x') }),
    });
    expect((await send(request({ credentials: [alice] }))).status).toBe(401);
    expect(lines()).toEqual([`GET ${app} anonymous`]);
  });

  it('does not let what an unverified host said steer verified requests', async () => {
    const { send, fake } = against({
      accepts: (who, { access }) =>
        access.insecure ? withToken(who) : who === basicOf('alice', 'wonderland'),
      challenge: ({ access }) => (access.insecure ? bearerChallenge : challenge('Basic realm="x"')),
    });
    await send(request({ credentials: [alice], insecure: true }));
    await send(request({ credentials: [alice] }));
    expect(fake.requests.slice(3).map(line)).toEqual([`GET ${app} anonymous`, `GET ${app} alice`]);
  });

  it('takes a 401 that asks for nothing as the answer', async () => {
    const { send, lines } = against({ accepts: () => false, challenge: () => anAnswer(401) });
    expect((await send(request({ credentials: [alice] }))).status).toBe(401);
    expect(lines()).toEqual([`GET ${app} anonymous`, 'GET /v2/ anonymous']);
  });
});

describe('withAuth, when the first contact goes wrong', () => {
  const hold = () => {
    const { promise, resolve, reject } = Promise.withResolvers<FakeAnswer>();
    const fake = createFakeSend((_request, signal, index) => {
      if (index > 0) return anAnswer(200);
      signal.addEventListener('abort', () => reject(signal.reason));
      return promise;
    });
    const send = withAuth({ clock: createManualClock(), trustedRealms: [] })(fake.send);
    return { fake, send, resolve, reject };
  };

  it('lets those that waited find out for themselves', async () => {
    const { fake, send, reject } = hold();
    const first = send(request(), never);
    const others = [send(request(), never), send(request(), never)];
    await settle();
    expect(fake.requests).toHaveLength(1);
    reject(new RegistryError('timeout', 'no answer'));
    await expect(first).rejects.toMatchObject({ code: 'timeout' });
    expect((await Promise.all(others)).map(({ status }) => status)).toEqual([200, 200]);
  });

  it('does not stop the others when the first is told to stop', async () => {
    const { send, resolve } = hold();
    const stop = new AbortController();
    const first = send(request(), stop.signal);
    const other = send(request(), never);
    await settle();
    stop.abort('stop');
    await expect(first).rejects.toBe('stop');
    resolve(anAnswer(200));
    expect((await other).status).toBe(200);
  });

  it('ends the contact when nobody waits for it any more', async () => {
    const { send } = hold();
    const stop = new AbortController();
    const first = send(request(), stop.signal);
    await settle();
    stop.abort('stop');
    await expect(first).rejects.toBe('stop');
    expect((await send(request(), never)).status).toBe(200);
  });
});
