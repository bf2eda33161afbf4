import { describe, expect, it } from 'vitest';
import { anAnswer, answerInTurn, aRequest, createFakeSend, never } from '../../../test/fakes/send.ts';
import { followRedirects } from './redirect.ts';
import type { RegistryRequest } from './send.ts';

const request = aRequest({ headers: { accept: 'a', authorization: 'Bearer secret' } });

const redirect = (location: string, status = 307) => anAnswer(status, { headers: { location } });

const trace = (requests: readonly RegistryRequest[]) =>
  requests.map(
    ({ method, url, headers }) => `${method} ${url.href} ${headers['authorization'] ?? 'anonymous'}`,
  );

const follow = async (location: string, status?: number): Promise<readonly string[]> => {
  const fake = answerInTurn(redirect(location, status), anAnswer(200));
  await followRedirects()(fake.send)(request, never);
  return trace(fake.requests.slice(1));
};

describe('followRedirects', () => {
  it.each([301, 302, 303, 307, 308])('follows %d with the same method', async (status) => {
    expect(await follow('https://cdn.example/blob?sig=1', status)).toEqual([
      'GET https://cdn.example/blob?sig=1 anonymous',
    ]);
    const fake = answerInTurn(redirect('/elsewhere', status), anAnswer(200));
    await followRedirects()(fake.send)({ ...request, method: 'HEAD' }, never);
    expect(fake.requests[1]?.method).toBe('HEAD');
  });

  it('keeps credentials within the origin', async () => {
    expect(await follow('/v2/other')).toEqual(['GET https://registry.example/v2/other Bearer secret']);
    expect(await follow('https://registry.example:443/v2/other')).toEqual([
      'GET https://registry.example/v2/other Bearer secret',
    ]);
  });

  it.each([
    ['another host', 'https://cdn.example/'],
    ['a host below it', 'https://cdn.registry.example/'],
    ['a host that begins the same', 'https://registry.example.evil.example/'],
    ['another port', 'https://registry.example:8443/'],
    ['another host, without a scheme', '//cdn.example/'],
  ])('drops credentials towards %s', async (_name, location) => {
    expect(await follow(location)).toEqual([expect.stringMatching(/ anonymous$/)]);
  });

  it('does not take credentials back when a chain returns', async () => {
    const fake = answerInTurn(
      redirect('https://cdn.example/x'),
      redirect('https://registry.example/back'),
      anAnswer(200),
    );
    await followRedirects()(fake.send)(request, never);
    expect(trace(fake.requests)).toEqual([
      'GET https://registry.example/v2/team/app/manifests/v1 Bearer secret',
      'GET https://cdn.example/x anonymous',
      'GET https://registry.example/back anonymous',
    ]);
  });

  it.each([
    ['to http', 'http://registry.example/', 'a redirect from https to http'],
    ['to a file', 'file:///etc/passwd', 'a redirect to file:'],
    ['with credentials', 'https://user:pass@cdn.example/', 'a redirect to an address with credentials'],
    ['to nonsense', 'https://[', 'a redirect without a usable location'],
  ])('refuses one %s', async (_name, location, problem) => {
    await expect(follow(location)).rejects.toMatchObject({
      code: 'redirect',
      message: `GET registry.example/team/app:v1: ${problem}`,
    });
  });

  it('refuses one without a location', async () => {
    const fake = answerInTurn(anAnswer(302));
    await expect(followRedirects()(fake.send)(request, never)).rejects.toMatchObject({ code: 'redirect' });
  });

  it('follows http to https, and http to http', async () => {
    const url = new URL('http://127.0.0.1:5000/v2/');
    for (const location of ['https://127.0.0.1:5000/x', '/x']) {
      const fake = createFakeSend((_request, _signal, index) =>
        index === 0 ? { ...redirect(location), url } : anAnswer(200),
      );
      await expect(followRedirects()(fake.send)(request, never)).resolves.toMatchObject({ status: 200 });
    }
  });

  it('follows five and no more', async () => {
    const endless = createFakeSend((_request, _signal, index) => redirect(`/hop/${index}`));
    await expect(followRedirects()(endless.send)(request, never)).rejects.toMatchObject({
      code: 'redirect',
      message: 'GET registry.example/team/app:v1: more than 5 redirects',
    });
    expect(endless.requests).toHaveLength(6);
    const five = createFakeSend((_request, _signal, index) =>
      index < 5 ? redirect(`/hop/${index}`) : anAnswer(200),
    );
    await expect(followRedirects()(five.send)(request, never)).resolves.toMatchObject({ status: 200 });
  });

  it('follows none on the way to a token', async () => {
    const fake = answerInTurn(redirect('/token2'), anAnswer(200));
    const token = { ...request, operation: 'token' } as const;
    await expect(followRedirects()(fake.send)(token, never)).rejects.toMatchObject({ code: 'redirect' });
    expect(fake.requests).toHaveLength(1);
  });

  it('leaves 300 and 304 alone', async () => {
    for (const status of [300, 304]) {
      const fake = answerInTurn(redirect('/x', status));
      expect((await followRedirects()(fake.send)(request, never)).status).toBe(status);
    }
  });
});
