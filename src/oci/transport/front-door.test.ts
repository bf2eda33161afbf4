import { describe, expect, it } from 'vitest';
import { createManualClock } from '../../../test/fakes/clock.ts';
import { anAnswer, aRequest, createFakeSend, type FakeAnswer, never } from '../../../test/fakes/send.ts';
import { basicCredential } from '../credentials/credential.ts';
import type { Credential } from '../types.ts';
import { withAuth } from './auth.ts';
import type { RegistryRequest } from './send.ts';

const alice = basicCredential('alice', 'wonderland', 'secret a');

const asking = (repository = 'team/app', credentials: readonly Credential[] = [alice]): RegistryRequest =>
  aRequest({
    repository: { registry: 'registry.example', repository },
    url: new URL(`https://registry.example/v2/${repository}/manifests/v1`),
    access: { keychain: () => credentials, insecure: false },
  });

const challenge = (realm: string): FakeAnswer =>
  anAnswer(401, { headers: { 'www-authenticate': `Bearer realm="${realm}",service="svc"` } });

const token = anAnswer(200, { body: JSON.stringify({ token: 'sesame', expires_in: 300 }) });

type Registry = {
  /** What whoever brings no token is answered. */
  readonly hidden: FakeAnswer;
  /** What whoever brings one is answered. */
  readonly shown?: FakeAnswer;
  readonly door?: FakeAnswer | Error;
};

const against = ({
  hidden,
  shown = anAnswer(200),
  door = challenge('https://registry.example/token'),
}: Registry) => {
  const clock = createManualClock();
  const fake = createFakeSend(({ url, headers }) => {
    if (url.pathname === '/token') return token;
    if (url.pathname !== '/v2/') return headers['authorization'] === 'Bearer sesame' ? shown : hidden;
    if (door instanceof Error) throw door;
    return door;
  });
  const layer = withAuth({ clock, trustedRealms: [] })(fake.send);
  const lines = () =>
    fake.requests.map(
      ({ url, headers }) => `${url.pathname} ${headers['authorization']?.split(' ')[0] ?? '-'}`,
    );
  return { clock, send: (request: RegistryRequest) => layer(request, never), lines };
};

const app = '/v2/team/app/manifests/v1';

describe('a registry that hides what is private', () => {
  it.each([401, 403, 404])('by a %i without a challenge is asked at its front door', async (status) => {
    const { send, lines } = against({ hidden: anAnswer(status) });
    expect(await send(asking())).toMatchObject({
      status: 200,
      credentials: [{ source: 'secret a', outcome: 'accepted' }],
    });
    expect(lines()).toEqual([`${app} -`, '/v2/ -', '/token Basic', `${app} Bearer`]);
    await send(asking());
    expect(lines().slice(4)).toEqual([`${app} Bearer`]);
  });

  it('is not asked so by who has no credential for it', async () => {
    const { send, lines } = against({ hidden: anAnswer(404) });
    expect((await send(asking('team/app', []))).status).toBe(404);
    expect(lines()).toEqual([`${app} -`]);
  });

  it('is asked so once an hour, also where it wants no login', async () => {
    const { send, lines, clock } = against({ hidden: anAnswer(404), door: anAnswer(200) });
    const knocks = () => lines().filter((line) => line === '/v2/ -').length;
    for (const repository of ['a', 'b', 'a']) expect((await send(asking(repository))).status).toBe(404);
    expect(knocks()).toBe(1);
    await clock.advance(3_600_001);
    await send(asking('a'));
    expect(knocks()).toBe(2);
  });

  it('is asked so once by requests that come together', async () => {
    const { send, lines } = against({ hidden: anAnswer(403) });
    const answers = await Promise.all(['a', 'b', 'c'].map((repository) => send(asking(repository))));
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(lines().filter((line) => line === '/v2/ -')).toHaveLength(1);
  });

  it('says that nothing is there where nothing is there', async () => {
    const { send } = against({ hidden: anAnswer(404), shown: anAnswer(404) });
    expect((await send(asking())).status).toBe(404);
  });

  it('keeps its first answer where the front door does not answer', async () => {
    const { send } = against({ hidden: anAnswer(403), door: anAnswer(503) });
    expect((await send(asking())).status).toBe(403);
  });

  it('may not send credentials to just any token server', async () => {
    const { send, lines } = against({ hidden: anAnswer(404), door: challenge('https://evil.example/token') });
    await expect(send(asking())).rejects.toMatchObject({ code: 'blocked', fault: 'realm' });
    expect(lines()).toEqual([`${app} -`, '/v2/ -']);
  });
});
