import { afterEach, describe, expect, it } from 'vitest';
import { createCliWorld, type FakeApi, notFound, startFakeApi } from '../../../test/fakes/cli.ts';
import type { NamedTagEventList } from '../../api/image-stream.ts';

const apis: FakeApi[] = [];
afterEach(async () => {
  await Promise.all(apis.splice(0).map((api) => api.close()));
});

const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;
const pod = (image: string) => ({ spec: { containers: [{ image: 'r.example/sidecar:1' }, { image }] } });
/** The server has no daemon sets; of deployments only the second page has one. */
const workloadsAt = (path: string) => {
  const list = (name: string, spec: unknown) => ({ body: { items: [{ metadata: { name }, spec }] } });
  if (path.includes('/deployments?') && !path.includes('continue='))
    return { body: { items: [], metadata: { continue: 'more' } } };
  if (path.includes('/deployments?'))
    return list('web', { template: pod(`mirror.example/x@${digest('c')}`) });
  if (path.includes('/statefulsets?')) return list('db', { template: pod(`r.example/app@${digest('a')}`) });
  if (path.includes('/cronjobs?'))
    return list('old', { jobTemplate: { spec: { template: pod(`r.example/app@${digest('a')}`) } } });
  return undefined;
};

const nowMs = Date.UTC(2026, 10, 23, 12);
const serve = async (tags: readonly NamedTagEventList[] | null): Promise<FakeApi> => {
  const api = await startFakeApi(
    ({ path }) =>
      workloadsAt(path) ??
      (path.endsWith('/app')
        ? {
            body: {
              apiVersion: 'image.openshift.io/v1',
              kind: 'ImageStream',
              metadata: { name: 'app' },
              status: { tags },
            },
          }
        : notFound('imagestreams', 'none')),
  );
  apis.push(api);
  return api;
};

const tags: readonly NamedTagEventList[] = [
  {
    tag: 'edge',
    items: [
      {
        created: '2026-11-23T11:58:00Z',
        dockerImageReference: `r.example/app@${digest('b')}`,
        image: digest('b'),
        sourceDigest: digest('c'),
        generation: 1,
        revision: 2,
        cause: { type: 'Schedule' },
      },
      {
        created: '2026-11-21T12:00:00Z',
        dockerImageReference: `r.example/app@${digest('a')}`,
        image: digest('a'),
        generation: 1,
        revision: 1,
        cause: { type: 'Request', by: 'alice' },
      },
    ],
  },
  {
    tag: 'ref',
    items: [
      { created: '2026-11-23T11:00:00Z', dockerImageReference: 'r.example/app:x', image: '', generation: 1 },
    ],
  },
  { tag: 'new', items: null },
];

describe('history', () => {
  it('lists the images of every tag, the newest first, with why they came', async () => {
    const run = await createCliWorld({ api: await serve(tags), nowMs }).run('history app');
    expect(run).toEqual({
      exitCode: 0,
      stderr: '',
      stdout: [
        `TAG    REVISION   IMAGE${' '.repeat(71)}WHEN                CAUSE      BY      RUN BY`,
        `edge   2          ${digest('b')} *   2 minutes ago       Schedule   -       Deployment/web`,
        `edge   1          ${digest('a')}     2 days ago          Request    alice   StatefulSet/db, CronJob/old`,
        `ref    -          r.example/app:x *${' '.repeat(59)}About an hour ago   -          -       -`,
        '',
      ].join('\n'),
    });
  });

  it('lists those of one tag', async () => {
    const run = await createCliWorld({ api: await serve(tags), nowMs }).run('history is/app:ref');
    expect(
      run.stdout
        .split('\n')
        .slice(1)
        .map((line) => line.split(' ')[0]),
    ).toEqual(['ref', '']);
  });

  for (const format of ['json', 'yaml']) {
    it(`tells programs everything as ${format}`, async () => {
      const run = await createCliWorld({ api: await serve(tags), nowMs }).run(
        `history app:edge -o ${format}`,
      );
      const { parse } = await import('yaml');
      expect(format === 'json' ? JSON.parse(run.stdout) : parse(run.stdout)).toEqual([
        {
          tag: 'edge',
          revision: 2,
          image: digest('b'),
          sourceDigest: digest('c'),
          reference: `r.example/app@${digest('b')}`,
          created: '2026-11-23T11:58:00Z',
          cause: { type: 'Schedule' },
          current: true,
          workloads: ['Deployment/web'],
        },
        {
          tag: 'edge',
          revision: 1,
          image: digest('a'),
          reference: `r.example/app@${digest('a')}`,
          created: '2026-11-21T12:00:00Z',
          cause: { type: 'Request', by: 'alice' },
          current: false,
          workloads: ['StatefulSet/db', 'CronJob/old'],
        },
      ]);
    });
  }

  it('fails for a tag without images', async () => {
    const run = await createCliWorld({ api: await serve(tags) }).run('history app:new');
    expect(run).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: 'error: the tag "new" of the image stream "app" has no image yet\n',
    });
  });

  it('says that a stream has no images yet, and gives programs an empty list', async () => {
    const api = await serve(null);
    expect(await createCliWorld({ api }).run('history app')).toEqual({
      exitCode: 0,
      stdout: '',
      stderr: 'The image stream "app" has no images yet.\n',
    });
    expect((await createCliWorld({ api }).run('history app -o json')).stdout).toBe('[]\n');
  });
});
