import { afterEach, describe, expect, it } from 'vitest';
import { createCliWorld, type FakeApi, startFakeApi } from '../../../test/fakes/cli.ts';
import type { ChangeCursor } from '../../api/change-cursor.ts';

const apis: FakeApi[] = [];
afterEach(async () => {
  await Promise.all(apis.splice(0).map((api) => api.close()));
});

const nowMs = Date.UTC(2026, 10, 23, 12);
const parkedEvent = (id: string) => ({
  id,
  tag: 't',
  revision: 3,
  at: '2026-11-23T11:58:00Z',
  problem: 'HTTP 422',
  event: '{}',
});
const cursor = (ids: readonly string[]): ChangeCursor => ({
  apiVersion: 'imagestreams.dev/v1',
  kind: 'ChangeCursor',
  metadata: { namespace: 'default', name: 'uid', resourceVersion: '1' },
  stream: { name: 'app', uid: 'uid' },
  sinks: [{ name: 'cloudevents', tags: { t: 3 }, parked: ids.map(parkedEvent) }],
});

/** An API with one cursor; the first write meets a conflict. */
const serve = async (ids: readonly string[]): Promise<FakeApi> => {
  let writes = 0;
  const api = await startFakeApi(({ method, body }) => {
    if (method === 'GET') return { body: { items: [cursor(ids)], ...cursor(ids) } };
    writes += 1;
    return writes === 1
      ? {
          code: 409,
          body: { kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: 'Conflict', code: 409 },
        }
      : { body };
  });
  apis.push(api);
  return api;
};
const written = (api: FakeApi) => (api.calls.at(-1)?.body as ChangeCursor | undefined)?.sinks;

describe('parked', () => {
  it('lists the events that wait, with what the receiver said', async () => {
    const run = await createCliWorld({ api: await serve(['a']), nowMs }).run('parked');
    expect(run.exitCode).toBe(0);
    expect(run.stdout.split('\n')[1]?.split(/ {2,}/)).toEqual([
      'a',
      'cloudevents',
      'default/app',
      't',
      '3',
      '2 minutes ago',
      'HTTP 422',
    ]);
    const none = await createCliWorld({ api: await serve([]) }).run('parked');
    expect(none.stderr).toBe('No change events are parked.\n');
  });

  it('has one sent again, also when the server writes meanwhile', async () => {
    const api = await serve(['a', 'b']);
    const run = await createCliWorld({ api }).run('parked b --resume');
    expect(run).toMatchObject({ exitCode: 0, stdout: 'b will be sent again\n' });
    expect(written(api)).toEqual([
      {
        name: 'cloudevents',
        tags: { t: 3 },
        parked: [parkedEvent('a'), { ...parkedEvent('b'), resume: true }],
      },
    ]);
  });

  it('drops all', async () => {
    const api = await serve(['a', 'b']);
    const run = await createCliWorld({ api }).run('parked --drop --all');
    expect(run.stdout).toBe('a dropped\nb dropped\n');
    expect(written(api)).toEqual([{ name: 'cloudevents', tags: { t: 3 } }]);
  });

  it.each([
    ['parked --resume --drop a', 2, 'exclude each other'],
    ['parked --resume', 2, 'name the ids'],
    ['parked a', 2, 'need --resume or --drop'],
    ['parked x --drop', 1, 'no parked event has the id "x"'],
  ])('refuses "%s"', async (command, exitCode, problem) => {
    const run = await createCliWorld({ api: await serve(['a']) }).run(command);
    expect(run).toMatchObject({ exitCode, stderr: expect.stringContaining(problem) });
  });
});
