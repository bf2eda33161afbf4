import { afterEach, describe, expect, it } from 'vitest';
import { createCliWorld, type FakeApi, notFound, startFakeApi } from '../../../test/fakes/cli.ts';
import { parseDescribeTargets } from './describe.ts';

const apis: FakeApi[] = [];
afterEach(async () => {
  await Promise.all(apis.splice(0).map((api) => api.close()));
});

const nowMs = Date.UTC(2026, 10, 23, 12);
const created = '2026-11-23T11:55:00Z';
const objects: Readonly<Record<string, unknown>> = {
  'imagestreams/app': {
    kind: 'ImageStream',
    metadata: { name: 'app', namespace: 'ns', creationTimestamp: created },
    status: {
      conditions: [
        { type: 'Fresh', status: 'True', reason: 'Refreshed', message: '', lastTransitionTime: created },
        {
          type: 'Ready',
          status: 'False',
          reason: 'NoTags',
          message: 'the stream has no tags',
          lastTransitionTime: '2026-11-20T08:00:00Z',
        },
      ],
    },
  },
  'imagestreamtags/app:v1': {
    kind: 'ImageStreamTag',
    metadata: { name: 'app:v1' },
    image: { metadata: { name: 'sha256:1' } },
  },
  'imagestreamtags/app:latest': {
    kind: 'ImageStreamTag',
    metadata: { name: 'app:latest' },
    image: { metadata: { name: 'sha256:2' } },
  },
  'imagestreamimages/app@sha256:3': {
    kind: 'ImageStreamImage',
    metadata: { name: 'app@sha256:3' },
    image: { metadata: { name: 'sha256:3' } },
  },
};

const world = async () => {
  const api = await startFakeApi(({ path }) => {
    const key = path.split('/').slice(-2).join('/');
    return key in objects ? { body: objects[key] } : notFound('imagestreams', key.split('/')[1] ?? '');
  });
  apis.push(api);
  return createCliWorld({ api, nowMs });
};

describe('describe', () => {
  it('shows the conditions of a stream below what oc shows', async () => {
    expect((await (await world()).run('describe app')).stdout).toBe(
      [
        'Name:\t\t\tapp',
        'Namespace:\t\tns',
        'Created:\t\t5 minutes ago',
        'Labels:\t\t\t<none>',
        'Annotations:\t\t<none>',
        'Image Repository:\t<none>',
        'Image Lookup:\t\tlocal=false',
        'Tags:\t\t\t<none>',
        '',
        'Conditions:',
        '  Type    Status   Reason      Age    Message',
        '  Fresh   True     Refreshed   5m',
        '  Ready   False    NoTags      3d4h   the stream has no tags',
        '',
      ].join('\n'),
    );
  });

  const forms = [
    { line: 'describe is app', shows: ['Name:\t\t\tapp\n'] },
    { line: 'describe imagestream/app', shows: ['Name:\t\t\tapp\n'] },
    { line: 'describe app:v1', shows: ['Name:\t\tsha256:1\n'] },
    { line: 'describe istag/app', shows: ['Name:\t\tsha256:2\n'] },
    { line: 'describe app@sha256:3', shows: ['Name:\t\tsha256:3\n'] },
    {
      line: 'describe istag app:v1 app:latest',
      shows: ['Name:\t\tsha256:1\n', '\n\nImage Name:\tsha256:2\n'],
    },
  ];
  for (const { line, shows } of forms) {
    it(`understands ${line}`, async () => {
      const run = await (await world()).run(line);
      expect(run).toMatchObject({ exitCode: 0, stderr: '' });
      for (const text of shows) expect(run.stdout).toContain(text);
    });
  }

  it('fails for a stream that is not there', async () => {
    expect(await (await world()).run('describe none')).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: 'Error from server (NotFound): imagestreams.image.openshift.io "none" not found\n',
    });
  });
});

describe('parseDescribeTargets', () => {
  for (const argument of [
    'pod/web',
    'is/app:v1',
    'istag/a:b:c',
    'istag/:v1',
    'isimage/app',
    'a/b/c',
    'is/',
    '',
  ])
    it(`refuses "${argument}"`, () => {
      expect(() => parseDescribeTargets([argument])).toThrow(expect.objectContaining({ code: 'usage' }));
    });
});
