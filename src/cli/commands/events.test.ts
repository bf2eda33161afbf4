import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import {
  type ApiCall,
  createCliWorld,
  type FakeApi,
  notFound,
  startFakeApi,
} from '../../../test/fakes/cli.ts';
import type { ChangeEvent } from '../../api/change-event.ts';

const apis: FakeApi[] = [];
afterEach(async () => {
  await Promise.all(apis.splice(0).map((api) => api.close()));
});
const start = async (handler: Parameters<typeof startFakeApi>[0]): Promise<FakeApi> => {
  const api = await startFakeApi(handler);
  apis.push(api);
  return api;
};

const anEvent = (id: string, more: Partial<ChangeEvent> = {}): ChangeEvent => ({
  id,
  type: 'TagMoved',
  namespace: 'default',
  stream: 'app',
  tag: 'v1',
  revision: 2,
  oldDigest: 'sha256:1',
  newDigest: 'sha256:2',
  reference: 'r.example/app@sha256:2',
  cause: { type: 'Schedule' },
  time: '2026-01-01T00:00:00Z',
  ...more,
});
const linesOf = (...events: readonly unknown[]): string =>
  events.map((event) => `${JSON.stringify(event)}\n`).join('');

describe('events', () => {
  it('tells what happened, a line for each event', async () => {
    const { oldDigest: _, ...created } = anEvent('a', {
      type: 'TagCreated',
      cause: { type: 'Request', by: 'alice' },
    });
    const {
      oldDigest: __,
      newDigest: ___,
      cause: ____,
      ...failed
    } = anEvent('c', {
      type: 'ImportFailed',
      reason: 'NotFound',
      message: 'no such tag',
    });
    const { newDigest: _____, ...deleted } = anEvent('e', { type: 'TagDeleted' });
    const body = linesOf(created, anEvent('b'), failed, anEvent('d', { type: 'ImportRecovered' }), deleted);
    const api = await start(() => ({ body }));
    expect(await createCliWorld({ api }).run('events')).toEqual({
      exitCode: 0,
      stderr: '',
      stdout: [
        '2026-01-01T00:00:00Z  TagCreated       app:v1  → sha256:2 (Request by alice)',
        '2026-01-01T00:00:00Z  TagMoved         app:v1  sha256:1 → sha256:2 (Schedule)',
        '2026-01-01T00:00:00Z  ImportFailed     app:v1  NotFound: no such tag',
        '2026-01-01T00:00:00Z  ImportRecovered  app:v1  is imported again',
        '2026-01-01T00:00:00Z  TagDeleted       app:v1  was sha256:1',
        '',
      ].join('\n'),
    });
    expect(api.calls[0]?.path).toBe('/apis/imagestreams.dev/v1/events');
  });

  const body = linesOf(
    anEvent('a'),
    anEvent('b', { tag: 'v2' }),
    anEvent('c', { stream: 'web' }),
    anEvent('d', { namespace: 'other' }),
  );
  const selections = [
    { line: 'events -o json', ids: ['a', 'b', 'c'] },
    { line: 'events app -o json', ids: ['a', 'b'] },
    { line: 'events app:v2 -o json', ids: ['b'] },
    { line: 'events -n other -o json', ids: ['d'] },
    { line: 'events -A is/app:v1 -o json', ids: ['a', 'd'] },
    { line: 'events other/app -o json', ids: ['d'] },
    { line: 'events -A istag/other/app:v1 -o json', ids: ['d'] },
  ];
  for (const { line, ids } of selections) {
    it(`prints those of ${line} as JSON lines`, async () => {
      const api = await start(() => ({ body }));
      const { stdout } = await createCliWorld({ api }).run(line);
      const printed = stdout
        .trimEnd()
        .split('\n')
        .map((text) => JSON.parse(text) as ChangeEvent);
      expect(printed.map(({ id }) => id)).toEqual(ids);
    });
  }

  it('tells of a whole repository beside the name of the stream alone', async () => {
    const facts = { tag: '', reference: 'quay.io/a/b' };
    const why = { reason: 'NotFound', message: 'no such repository' };
    const body = linesOf(
      anEvent('a', { type: 'ImportFailed', ...facts, ...why }),
      anEvent('b', { type: 'ImportRecovered', ...facts }),
    );
    const world = createCliWorld({ api: await start(() => ({ body })) });
    expect((await world.run('events')).stdout).toBe(
      [
        '2026-01-01T00:00:00Z  ImportFailed     app  repository quay.io/a/b: NotFound: no such repository',
        '2026-01-01T00:00:00Z  ImportRecovered  app  repository quay.io/a/b is imported again',
        '',
      ].join('\n'),
    );
    expect((await world.run('events app')).stdout).toContain('  app  ');
    expect((await world.run('events -A')).stdout).toContain('  default/app  ');
  });

  it('fails where nothing was told because there is no such stream or tag', async () => {
    const api = await start(({ path }) => {
      if (path.includes('/v1/events')) return { body: '' };
      if (!path.endsWith('/imagestreams/app')) return notFound('imagestreams', path.split('/').at(-1) ?? '');
      return { body: { kind: 'ImageStream', metadata: { name: 'app' }, spec: { tags: [{ name: 'v1' }] } } };
    });
    const world = createCliWorld({ api });
    expect(await world.run('events nope')).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: 'Error from server (NotFound): imagestreams.image.openshift.io "nope" not found\n',
    });
    expect(await world.run('events app:v2')).toMatchObject({
      exitCode: 1,
      stderr: 'error: there is no tag "v2" in the image stream "app"\n',
    });
    expect(await world.run('events app:v1')).toEqual({ exitCode: 0, stdout: '', stderr: '' });
    expect(await world.run('events app --since 1h')).toEqual({ exitCode: 0, stdout: '', stderr: '' });
  });

  it('names the namespace where it is not the only one', async () => {
    const api = await start(() => ({ body }));
    expect((await createCliWorld({ api }).run('events -A')).stdout).toContain('  other/app:v1  ');
  });

  const times = [
    { since: '10m', asks: 'since=2025-12-31T23%3A50%3A00Z' },
    { since: '2026-01-02T15:04:05+02:00', asks: 'since=2026-01-02T13%3A04%3A05Z' },
  ];
  for (const { since, asks } of times) {
    it(`asks for what is newer than ${since}`, async () => {
      const api = await start(() => ({ body: '' }));
      await createCliWorld({ api }).run(`events --since ${since}`);
      expect(api.calls[0]?.path).toBe(`/apis/imagestreams.dev/v1/events?${asks}`);
    });
  }

  it('refuses a time that is none', async () => {
    const run = await createCliWorld().run('events --since yesterday');
    expect(run).toMatchObject({ exitCode: 2 });
    expect(run.stderr).toContain('--since "yesterday" is neither');
  });

  it('fails for a line that is no event, and for a failure in the feed', async () => {
    const api = await start(({ path }) => ({
      body: path.includes('since') ? '{"kind":"Status","reason":"Expired","message":"too old"}' : '<html>',
    }));
    const world = createCliWorld({ api });
    expect(await world.run('events')).toMatchObject({
      exitCode: 1,
      stderr: 'error: the server sent a line that is no event\n',
    });
    expect(await world.run('events --since 1h')).toMatchObject({
      exitCode: 1,
      stderr: 'Error from server (Expired): too old\n',
    });
  });
});

describe('events --follow', () => {
  /** A feed whose connections the test holds. */
  const startFeed = async () => {
    const connections: { readonly call: ApiCall; readonly response: ServerResponse }[] = [];
    const api = await start((call, response) => {
      response.flushHeaders();
      connections.push({ call, response });
      return undefined;
    });
    const connection = async (index: number) => {
      await expect.poll(() => connections.length).toBeGreaterThan(index);
      return connections[index] as (typeof connections)[number];
    };
    return { api, connection };
  };

  it('prints events as they happen, and ends well when interrupted', async () => {
    const { api, connection } = await startFeed();
    const world = createCliWorld({ api });
    const running = world.run('events --follow -o json');
    const { call, response } = await connection(0);
    expect(call.path).toBe('/apis/imagestreams.dev/v1/events?follow=true');
    response.write(linesOf(anEvent('a')));
    await expect.poll(() => world.written.stdout).toContain('"a"');
    world.interrupt();
    expect(await running).toMatchObject({ exitCode: 0, stderr: '' });
  });

  it('goes on from the last event when the connection breaks, and repeats none', async () => {
    const { api, connection } = await startFeed();
    const world = createCliWorld({ api });
    const running = world.run('events -f -o json');
    const first = await connection(0);
    first.response.write(
      linesOf(anEvent('a'), anEvent('b', { time: '2026-01-01T00:00:07Z' }), anEvent('old')),
    );
    await expect.poll(() => world.written.stdout).toContain('"old"');
    first.response.destroy();
    await expect.poll(() => world.clock.sleeping()).toBe(1);
    await world.clock.advance(1000);
    const second = await connection(1);
    expect(second.call.path).toBe(
      '/apis/imagestreams.dev/v1/events?since=2026-01-01T00%3A00%3A06Z&follow=true',
    );
    second.response.write(linesOf(anEvent('b', { time: '2026-01-01T00:00:07Z' }), anEvent('c')));
    await expect.poll(() => world.written.stdout).toContain('"c"');
    world.interrupt();
    const { stdout, stderr, exitCode } = await running;
    expect(exitCode).toBe(0);
    expect(stdout.match(/"id":"\w+"/g)).toEqual(['"id":"a"', '"id":"b"', '"id":"old"', '"id":"c"']);
    expect(stderr).toMatch(/^warning: .*; trying again\n$/);
  });

  it('asks for what happened meanwhile when it was cut off before the first event', async () => {
    const { api, connection } = await startFeed();
    const world = createCliWorld({ api });
    const running = world.run('events -f');
    (await connection(0)).response.end();
    await expect.poll(() => world.clock.sleeping()).toBe(1);
    await world.clock.advance(1000);
    expect((await connection(1)).call.path).toContain('since=2025-12-31T23%3A59%3A59Z&');
    world.interrupt();
    expect((await running).stderr).toBe('warning: the server ended the feed; trying again\n');
  });

  it('waits longer and longer for a server that is starting', async () => {
    const bodies = [
      { code: 503, body: { error: 'Service Unavailable' } },
      { code: 503, body: { kind: 'Status', reason: 'ServiceUnavailable', message: 'starting', code: 503 } },
    ];
    let asked = 0;
    const api = await start((_, response) => {
      asked += 1;
      if (asked === 1) response.writeHead(200).end(linesOf(anEvent('a')));
      else if (asked < 4) return bodies[asked - 2];
      else response.writeHead(200).write(linesOf(anEvent('b')));
      return undefined;
    });
    const world = createCliWorld({ api });
    const running = world.run('events -f');
    for (const waitMs of [1000, 1000, 2000]) {
      await expect.poll(() => world.clock.sleeping()).toBe(1);
      await world.clock.advance(waitMs);
    }
    await expect.poll(() => world.written.stdout.split('\n')).toHaveLength(3);
    world.interrupt();
    expect((await running).stderr.split('\n')).toEqual([
      'warning: the server ended the feed; trying again',
      expect.stringMatching(/^warning: .* is not available now: HTTP 503; trying again$/),
      'warning: starting; trying again',
      '',
    ]);
  });

  it('gives up when the server refuses', async () => {
    let asked = 0;
    const api = await start((_, response) => {
      asked += 1;
      if (asked > 1)
        return { code: 403, body: { kind: 'Status', reason: 'Forbidden', message: 'no', code: 403 } };
      response.writeHead(200).end(linesOf(anEvent('a')));
      return undefined;
    });
    const world = createCliWorld({ api });
    const running = world.run('events -f');
    await expect.poll(() => world.clock.sleeping()).toBe(1);
    await world.clock.advance(1000);
    expect(await running).toMatchObject({ exitCode: 1 });
  });

  it('fails at once where the server cannot be reached from the start', async () => {
    const api = await start(() => ({ body: '' }));
    await api.close();
    expect((await createCliWorld({ api }).run('events -f')).exitCode).toBe(3);
  });
});
