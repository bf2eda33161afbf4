import { afterEach, describe, expect, it } from 'vitest';
import { createCliWorld, type FakeApi, startFakeApi } from '../../test/fakes/cli.ts';
import { eventually } from '../../test/fakes/clock.ts';

const nowMs = Date.UTC(2026, 0, 1, 12);
const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;
const at = (minute: number): string => `2026-01-01T11:0${minute}:00Z`;

const aStream = (resourceVersion: string, ...letters: readonly string[]) => ({
  apiVersion: 'image.openshift.io/v1',
  kind: 'ImageStream',
  metadata: { namespace: 'ns', name: 'web', uid: 'u', resourceVersion, creationTimestamp: at(0) },
  status: {
    tags: [
      {
        tag: 'v1',
        items: letters
          .map((letter, index) => ({
            created: at(index),
            dockerImageReference: `quay.io/team/web@${digest(letter)}`,
            image: digest(letter),
            generation: 1,
            revision: index + 1,
          }))
          .toReversed(),
      },
    ],
  },
});
const list = (revision: string, ...items: readonly unknown[]) => ({
  body: { kind: 'ImageStreamList', metadata: { resourceVersion: revision }, items },
});
const resources = ['imagestreams', 'imagestreamimports'].map((name) => ({ name }));
const refused = { code: 403, body: { kind: 'Status', status: 'Failure', reason: 'Forbidden', code: 403 } };

const apis: FakeApi[] = [];
afterEach(async () => {
  for (const api of apis.splice(0)) await api.close();
});

type Handle = Parameters<typeof startFakeApi>[0];

/** A cluster with our CRDs: no feed, streams as `handle` has them. */
const worldWith = async (handle: Handle) => {
  const api = await startFakeApi((call, response) => {
    if (call.path === '/apis/image.openshift.io/v1') return { body: { kind: 'APIResourceList', resources } };
    return call.path.startsWith('/apis/imagestreams.dev/') ? refused : handle(call, response);
  });
  apis.push(api);
  return { api, world: createCliWorld({ api, namespace: 'ns', nowMs }) };
};
const typesIn = (stdout: string): readonly string[] =>
  stdout
    .trimEnd()
    .split('\n')
    .map((line) => (JSON.parse(line) as { readonly type: string }).type);

describe('events of a cluster', () => {
  it('are told from the histories, in the namespace that the user has rights in', async () => {
    const { api, world } = await worldWith(() => list('7', aStream('5', 'a', 'b')));
    const { stdout, exitCode } = await world.run('events -o json');
    expect(exitCode).toBe(0);
    expect(typesIn(stdout)).toEqual(['TagCreated', 'TagMoved']);
    expect(api.calls.at(-1)?.path).toBe('/apis/image.openshift.io/v1/namespaces/ns/imagestreams?limit=500');
  });

  it('are those since a time where one is named', async () => {
    const { world } = await worldWith(() => list('7', aStream('5', 'a', 'b')));
    const { stdout } = await world.run(`events -o json --since ${at(0)}`);
    expect(typesIn(stdout)).toEqual(['TagMoved']);
  });

  it('go on with a watch, over a revision that is no longer kept, each once, until the user ends it', async () => {
    let watches = 0;
    let lists = 0;
    const { api, world } = await worldWith(({ path }, response) => {
      if (!path.includes('watch=true')) {
        lists += 1;
        return list('7', lists === 1 ? aStream('5', 'a') : aStream('9', 'a', 'b', 'c'));
      }
      watches += 1;
      const lines =
        watches === 1
          ? [
              { type: 'MODIFIED', object: aStream('8', 'a', 'b') },
              { type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } },
            ]
          : [{ type: 'DELETED', object: aStream('12', 'a', 'b', 'c') }];
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
      if (watches === 1) response.end();
      return undefined;
    });
    const run = world.run('events -o json -f');
    await eventually(() => world.written.stdout.includes('TagDeleted'));
    world.interrupt();
    const { stdout } = await run;
    expect(typesIn(stdout)).toEqual(['TagCreated', 'TagMoved', 'TagMoved', 'TagDeleted']);
    expect(api.calls.filter(({ path }) => path.includes('watch=true'))[0]?.path).toContain(
      'resourceVersion=7',
    );
  });
});
