import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { runToEnd } from '../fakes/clock.ts';
import type { Certificate } from '../fakes/registry/index.ts';
import { never } from '../fakes/send.ts';
import { createWorldCertificate, image, startWorld, type World } from './world.ts';

const cleanups: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

let tls: Certificate;
beforeAll(async () => {
  tls = await createWorldCertificate();
});

const start = async (expiresInSeconds?: number): Promise<World> => {
  const world = await startWorld(tls, {}, { expiresInSeconds });
  cleanups.push(world.stop);
  return world;
};

/** Asks for the manifest, and gives what that cost. */
const ask = async (world: World): Promise<readonly string[]> => {
  world.registry.forgetRequests();
  const { client, reference, access, clock } = world;
  const { digest } = await runToEnd(clock, client.getManifest(reference, access, never));
  expect(digest).toBe(image.manifest.digest);
  return world.sent();
};

const contact = 'GET manifest anonymous';
const renewal = ['GET token basic', 'GET manifest bearer'];

describe('a token', () => {
  it('that expires is renewed before it does, without a refusal', async () => {
    const world = await start(300);
    expect(await ask(world)).toEqual([contact, ...renewal]);
    await world.clock.advance(254_000);
    expect(await ask(world)).toEqual(['GET manifest bearer']);
    await world.clock.advance(2_000);
    expect(await ask(world)).toEqual(renewal);
  });

  it('that lives for a second is good for what it was fetched for', async () => {
    const world = await start(1);
    expect(await ask(world)).toEqual([contact, ...renewal]);
    await world.clock.advance(1_000);
    expect(await ask(world)).toEqual(renewal);
  });

  it('that does not say how long it lives is used for a minute', async () => {
    const world = await start();
    await ask(world);
    await world.clock.advance(50_000);
    expect(await ask(world)).toEqual(['GET manifest bearer']);
    await world.clock.advance(2_000);
    expect(await ask(world)).toEqual(renewal);
  });

  it('that expired early, or was revoked, costs one refusal', async () => {
    const world = await start(300);
    await ask(world);
    world.registry.revokeTokens();
    expect(await ask(world)).toEqual(['GET manifest bearer', ...renewal]);
    expect(await ask(world)).toEqual(['GET manifest bearer']);
  });

  it.each([
    ['an hour ahead', '2026-01-01T01:00:00Z'],
    ['an hour behind', '2025-12-31T23:00:00Z'],
    ['nonsense', 'yesterday'],
  ])('lives as long as it says where the clock of its server is %s', async (_name, issuedAt) => {
    const world = await start();
    const { registry, clock } = world;
    // The token of the guard would expire by the clock of the test: only its lifetime as told counts here.
    const mend = registry.intercept(({ url, headers }) => {
      if (url.hostname === 'auth.registry.test') {
        const body = JSON.stringify({ token: 'a-token', expires_in: 300, issued_at: issuedAt });
        return { kind: 'answer', status: 200, body };
      }
      return headers['authorization'] === 'Bearer a-token'
        ? {
            kind: 'answer',
            status: 200,
            headers: { 'content-type': image.manifest.mediaType },
            body: image.manifest.bytes,
          }
        : undefined;
    });
    await ask(world);
    await clock.advance(200_000);
    expect(await ask(world)).toEqual(['GET manifest bearer']);
    await clock.advance(60_000);
    expect(await ask(world)).toEqual(renewal);
    mend();
  });
});
