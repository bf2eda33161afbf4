import { afterEach, describe, expect, it } from 'vitest';
import { createCliWorld, type FakeApi, startFakeApi } from '../../../test/fakes/cli.ts';
import type { Explanation } from '../../api/explanation.ts';

const nowMs = Date.UTC(2026, 0, 1, 12);
const at = (secondsAgo: number): string => new Date(nowMs - secondsAgo * 1000).toISOString();
const digest = `sha256:${'a'.repeat(64)}`;

const good: Explanation = {
  tag: 'v1',
  reference: 'quay.io/team/web:v1',
  state: `${digest} since ${at(3600)}`,
  places: [{ repository: 'quay.io/team/web', credentials: ['secret ns/pull'] }],
  attempts: [
    {
      at: at(120),
      durationMs: 40,
      question: 'resolve',
      digest,
      rung: 'digest-header',
      requests: [
        {
          method: 'HEAD',
          operation: 'resolve',
          host: 'quay.io',
          credential: 'secret ns/pull',
          answer: '200',
          durationMs: 40,
        },
      ],
    },
  ],
  next: { at: at(-600), why: 'refresh' },
  gates: [
    {
      host: 'quay.io',
      inFlight: 1,
      concurrency: 8,
      waiting: [{ caller: 'ns', requests: 2 }],
      perSecond: 4.5,
      pausedUntil: at(-2),
      quota: { remaining: 7, limit: 100, windowSeconds: 21_600 },
      refused: { status: 429, at: at(1) },
    },
  ],
};

const bad: Explanation = {
  reference: 'quay.io/team/web:v1',
  places: [{ repository: 'quay.io/team/web', credentials: [] }],
  attempts: [
    {
      at: at(1),
      durationMs: 10,
      question: 'resolve',
      requests: [],
      failure: { fault: 'no-credential', message: 'HEAD …', cause: 'it wants a login', advice: 'log in' },
    },
  ],
  gates: [],
};

const apis: FakeApi[] = [];
afterEach(async () => {
  for (const api of apis.splice(0)) await api.close();
});

const worldWith = async (items: readonly Explanation[]) => {
  const api = await startFakeApi(() => ({ body: { items } }));
  apis.push(api);
  return { api, world: createCliWorld({ api, namespace: 'ns', nowMs }) };
};

describe('why STREAM', () => {
  it('asks the server and tells people everything that it knows', async () => {
    const { api, world } = await worldWith([good]);
    const { stdout, exitCode } = await world.run('why is/web:v1');
    expect(api.calls.map(({ path }) => path)).toEqual([
      '/apis/image.openshift.io/v1',
      '/apis/imagestreams.dev/v1/why?namespace=ns&stream=web&tag=v1',
    ]);
    expect(exitCode).toBe(0);
    expect(stdout).toBe(
      [
        'web:v1 from quay.io/team/web:v1',
        `  State:    ${digest} since ${at(3600)}`,
        '  Asks:     quay.io/team/web, with secret ns/pull, then no credential',
        `  Asked:    2 minutes ago, resolve: ${digest} by HEAD`,
        '              HEAD resolve  quay.io  200  40 ms  secret ns/pull',
        '  Next:     in 10m (scheduled refresh)',
        '  Hosts:    quay.io: 1 of 8 requests under way; waiting: 2 of ns; limited to 4.5 a second; paused, goes on in 2s; ' +
          'quota: 7 of 100 left, per 6 hours; asked for less (429) 1 second ago',
        '',
      ].join('\n'),
    );
  });

  it.each([
    ['istag/web', 'namespace=ns&stream=web&tag=latest'],
    ['is/team/web:v1', 'namespace=team&stream=web&tag=v1'],
  ])('takes the name %s as the other commands do', async (name, query) => {
    const { api, world } = await worldWith([good]);
    expect((await world.run(`why ${name}`)).exitCode).toBe(0);
    expect(api.calls[1]?.path).toBe(`/apis/imagestreams.dev/v1/why?${query}`);
  });

  it('tells how often, with what is wrong with that, and why nothing is asked of itself', async () => {
    const refresh = { every: '1h', filter: '>=1.2', problems: ['annotation x: is wrong'] };
    const { next: _next, ...rest } = good;
    const { world } = await worldWith([{ ...rest, refresh, halted: 'everything is paused' }]);
    const { stdout } = await world.run('why web:v1');
    expect(stdout).toContain(
      '  Refresh:  every 1h, tags that pass >=1.2\n            annotation x: is wrong\n  Halted:   everything is paused\n',
    );
  });

  it('shows what would command the terminal, and says so of a stream that asks for nothing', async () => {
    const { world } = await worldWith([{ ...good, state: '\u001b[31mred' }]);
    expect((await world.run('why web')).stdout).toContain('\\x1b[31mred');
    const { world: empty } = await worldWith([]);
    expect((await empty.run('why web')).stdout).toBe(
      'web asks for nothing: its spec has no tag and no repository\n',
    );
  });

  it('asks about every tag where none is named, and says which was not asked about yet', async () => {
    const { api, world } = await worldWith([good, { ...good, tag: 'v2', attempts: [], gates: [] }]);
    const { stdout } = await world.run('why web');
    expect(api.calls[1]?.path).toBe('/apis/imagestreams.dev/v1/why?namespace=ns&stream=web');
    expect(stdout).toContain('\nweb:v2 from');
    expect(stdout).toContain('Asked:    not since this program started');
  });

  it.each([
    ['', '/api/v1/namespaces/imagestreams/services/imagestreams-metrics:metrics/proxy'],
    [' --controller team/own', '/api/v1/namespaces/team/services/own:metrics/proxy'],
  ])('asks the controller of a cluster through the API server (why web%s)', async (flags, proxy) => {
    const resources = ['imagestreams', 'imagestreamimports'].map((name) => ({ name }));
    const api = await startFakeApi(({ path }) => ({
      body: path.startsWith('/api/') ? { items: [good] } : { kind: 'APIResourceList', resources },
    }));
    apis.push(api);
    const world = createCliWorld({ api, namespace: 'ns', nowMs });
    const { exitCode, stdout } = await world.run(`why web${flags}`);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('web:v1 from');
    expect(api.calls.map(({ path }) => decodeURIComponent(path))).toEqual([
      '/apis/image.openshift.io/v1',
      `${proxy}/apis/imagestreams.dev/v1/why?namespace=ns&stream=web`,
    ]);
  });

  it.each([
    {
      reason: 'ServiceUnavailable',
      kind: '',
      says: 'the controller does not answer at the service imagestreams/',
    },
    {
      reason: 'NotFound',
      kind: 'services',
      says: 'Is it running there? --controller NAMESPACE/SERVICE names',
    },
    { reason: 'NotFound', kind: 'imagestreams', says: 'Error from server (NotFound): nothing' },
  ])('says where it looked for the controller: $reason of $kind', async ({ reason, kind, says }) => {
    const resources = ['imagestreams', 'imagestreamimports'].map((name) => ({ name }));
    const refusal = { kind: 'Status', reason, message: 'nothing', details: { kind }, code: 503 };
    const api = await startFakeApi(({ path }) =>
      path.startsWith('/api/')
        ? { code: 503, body: refusal }
        : { body: { kind: 'APIResourceList', resources } },
    );
    apis.push(api);
    const { exitCode, stderr } = await createCliWorld({ api, nowMs }).run('why web');
    expect(exitCode).toBe(1);
    expect(stderr).toContain(says);
  });

  it('says how a service is named', async () => {
    const resources = ['imagestreams', 'imagestreamimports'].map((name) => ({ name }));
    const api = await startFakeApi(() => ({ body: { kind: 'APIResourceList', resources } }));
    apis.push(api);
    const { exitCode, stderr } = await createCliWorld({ api, nowMs }).run('why web --controller own');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('--controller "own": write NAMESPACE/SERVICE');
  });

  it('is for streams that say themselves what they allow', async () => {
    const { world } = await worldWith([good]);
    const { exitCode, stderr } = await world.run('why web --insecure');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('--insecure is for references');
  });
});

describe('why REF', () => {
  it.each(['quay.io/team/web:v1', 'docker.io/nginx', `nginx@${digest}`])(
    'needs no server for %s',
    async (target) => {
      const asked: string[] = [];
      const world = createCliWorld({
        nowMs,
        whyReference: async (reference) => {
          asked.push(reference);
          return { ...good, tag: undefined };
        },
      });
      expect((await world.run(['why', target])).exitCode).toBe(0);
      expect(asked).toEqual([target]);
    },
  );

  it('fails where the reference cannot be imported, after it said why', async () => {
    const world = createCliWorld({ nowMs, whyReference: async () => bad });
    const { exitCode, stdout, stderr } = await world.run('why quay.io/team/web:v1');
    expect(exitCode).toBe(1);
    expect(stdout).toContain('  Cause:    it wants a login\n  Advice:   log in\n');
    expect(stderr).toBe('error: quay.io/team/web:v1 cannot be imported: it wants a login\n');
  });

  it('says how to write a stream that looks like a reference of docker.io', async () => {
    const world = createCliWorld({ nowMs, whyReference: async () => bad });
    expect((await world.run('why team/web:v1')).stderr).toBe(
      'error: team/web:v1 cannot be imported: it wants a login; if a stream of that namespace is meant, write is/team/web:v1\n',
    );
    expect((await world.run('why localhost/web:v1')).stderr).not.toContain('is/');
  });

  it('prints JSON for programs', async () => {
    const world = createCliWorld({ nowMs, whyReference: async () => good });
    expect(JSON.parse((await world.run('why quay.io/team/web:v1 -o json')).stdout)).toEqual([good]);
  });
});
