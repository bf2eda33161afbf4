import { describe, expect, it } from 'vitest';
import { createManualClock } from '../../../test/fakes/clock.ts';
import { anAnswer, aRequest, createFakeSend, never } from '../../../test/fakes/send.ts';
import { RegistryError } from '../errors.ts';
import { anonymous } from '../index.ts';
import { withPlainHttp } from './plain-http.ts';
import type { RegistryRequest } from './send.ts';

const insecure = aRequest({ access: { keychain: anonymous, insecure: true } });

/** A server that speaks only what `speaks` says, or fails every connection with a code. */
const createServer = (speaks: () => 'http:' | 'https:' | RegistryError['code']) =>
  createFakeSend(({ url }) => {
    const spoken = speaks();
    if (spoken === url.protocol) return anAnswer(200);
    const code = spoken === 'http:' ? 'http-not-https' : spoken === 'https:' ? 'unavailable' : spoken;
    throw new RegistryError(code, code);
  });

const schemes = (requests: readonly RegistryRequest[]) => requests.map(({ url }) => url.protocol);

describe('withPlainHttp', () => {
  it('uses http where the server speaks no TLS and the request may be insecure', async () => {
    const server = createServer(() => 'http:');
    const send = withPlainHttp(createManualClock())(server.send);
    const response = await send(insecure, never);
    expect(response.url.href).toBe('http://registry.example/v2/team/app/manifests/v1');
    expect(schemes(server.requests)).toEqual(['https:', 'http:']);
  });

  it('remembers what the host speaks, for ten minutes', async () => {
    const clock = createManualClock();
    const server = createServer(() => 'http:');
    const send = withPlainHttp(clock)(server.send);
    await send(insecure, never);
    await send(insecure, never);
    expect(schemes(server.requests)).toEqual(['https:', 'http:', 'http:']);
    await clock.advance(600_000);
    await send(insecure, never);
    expect(schemes(server.requests).slice(3)).toEqual(['https:', 'http:']);
  });

  it('never uses http for a request that may not be insecure', async () => {
    const server = createServer(() => 'http:');
    const send = withPlainHttp(createManualClock())(server.send);
    await send(insecure, never);
    await expect(send(aRequest(), never)).rejects.toMatchObject({ code: 'http-not-https' });
    expect(schemes(server.requests)).toEqual(['https:', 'http:', 'https:']);
  });

  it.each(['certificate', 'unavailable', 'timeout', 'blocked'] as const)(
    'does not use http after the failure %s',
    async (code) => {
      const server = createServer(() => code);
      const send = withPlainHttp(createManualClock())(server.send);
      await expect(send(insecure, never)).rejects.toMatchObject({ code });
      expect(schemes(server.requests)).toEqual(['https:']);
    },
  );

  it('tries https again once http fails', async () => {
    let speaks: 'http:' | 'https:' = 'http:';
    const server = createServer(() => speaks);
    const send = withPlainHttp(createManualClock())(server.send);
    await send(insecure, never);
    speaks = 'https:';
    await expect(send(insecure, never)).rejects.toMatchObject({ code: 'unavailable' });
    await send(insecure, never);
    expect(schemes(server.requests)).toEqual(['https:', 'http:', 'http:', 'https:']);
  });

  it('tries https at once when a host that spoke http answers as servers of https do', async () => {
    let hasTls = false;
    const server = createFakeSend(({ url }) => {
      if (hasTls) return anAnswer(url.protocol === 'https:' ? 200 : 400);
      if (url.protocol === 'http:') return anAnswer(200);
      throw new RegistryError('http-not-https', 'plain');
    });
    const send = withPlainHttp(createManualClock())(server.send);
    await send(insecure, never);
    hasTls = true;
    expect(await send(insecure, never)).toMatchObject({ status: 200 });
    await send(insecure, never);
    expect(schemes(server.requests).slice(2)).toEqual(['http:', 'https:', 'https:']);
  });

  it('passes on what a host that speaks only http finds wrong with a request', async () => {
    const server = createFakeSend(({ url, method }) => {
      if (url.protocol === 'https:') throw new RegistryError('http-not-https', 'plain');
      return anAnswer(method === 'POST' ? 400 : 200);
    });
    const send = withPlainHttp(createManualClock())(server.send);
    await send(insecure, never);
    expect(await send({ ...insecure, method: 'POST' }, never)).toMatchObject({ status: 400 });
    expect(schemes(server.requests).slice(2)).toEqual(['http:', 'https:', 'http:']);
  });
});
