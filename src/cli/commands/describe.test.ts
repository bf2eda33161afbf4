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

describe('describe, where streams and images are objects of a CRD', () => {
  const event = (image: string, dockerImageReference = `quay.io/t/a@${image}`) => ({
    created,
    dockerImageReference,
    image,
    generation: 1,
  });
  const list = `sha256:${'a'.repeat(64)}`;
  const child = `sha256:${'b'.repeat(64)}`;
  const gone = `sha256:${'ab'.repeat(32)}`;
  const group = '/apis/image.openshift.io/v1';
  const served = ['imagestreams', 'images', 'imagestreamimports'].map((name) => ({ name }));
  const answers: Readonly<Record<string, unknown>> = {
    [group]: { kind: 'APIResourceList', resources: served },
    [`${group}/namespaces/ns/imagestreams/app`]: {
      kind: 'ImageStream',
      metadata: { name: 'app', namespace: 'ns' },
      spec: { tags: [{ name: 'v1', annotations: { description: 'mine' } }, { name: 'v2' }, { name: 'ref' }] },
      status: {
        tags: [
          { tag: 'v1', items: [event(list), event(gone)] },
          {
            tag: 'v2',
            conditions: [{ type: 'ImportSuccess', status: 'False', reason: 'NotFound', message: 'no v2' }],
          },
          { tag: 'ref', items: [event('', 'quay.io/t/a:1')] },
        ],
      },
    },
    [`${group}/images/${list.replace(':', '-')}`]: {
      kind: 'Image',
      metadata: { name: list.replace(':', '-'), annotations: { own: 'yes' } },
      dockerImageManifests: [{ digest: child, os: 'linux', architecture: 'amd64' }],
    },
    [`${group}/images/${child.replace(':', '-')}`]: {
      kind: 'Image',
      metadata: { name: child.replace(':', '-') },
      dockerImageMetadata: { Architecture: 'amd64' },
    },
  };
  /** As kube-apiserver refuses: a role is asked first, then whether there is such a resource, then whether there is the object. */
  const refusalOf = (path: string, forbidden: RegExp | undefined) => {
    const kind = 'Status';
    if (forbidden?.test(path) === true)
      return { code: 403, body: { kind, reason: 'Forbidden', message: 'not for you', code: 403 } };
    return path.includes('imagestreamtags') || path.includes('imagestreamimages')
      ? { code: 404, body: '404 page not found\n', type: 'text/plain; charset=utf-8' }
      : notFound('imagestreams', path.split('/').at(-1) ?? '');
  };
  const cluster = async (forbidden?: RegExp) => {
    const api = await startFakeApi(({ path }) => {
      const isKnown = Object.hasOwn(answers, path) && forbidden?.test(path) !== true;
      return isKnown ? { body: answers[path] } : refusalOf(path, forbidden);
    });
    apis.push(api);
    return createCliWorld({ api, namespace: 'ns', nowMs });
  };

  it('puts a tag together from the stream and the image', async () => {
    for (const forbidden of [undefined, /imagestreamtags/]) {
      const run = await (await cluster(forbidden)).run('describe app:v1');
      expect(run).toMatchObject({ exitCode: 0, stderr: '' });
      expect(run.stdout).toContain(`Image Name:\t${list}\nDocker Image:\tquay.io/t/a@${list}\n`);
      expect(run.stdout).toMatch(/Description:\tmine\nAnnotations:\town=yes\n/);
      expect(run.stdout).toContain(`linux/amd64\t${child}`);
    }
  });

  it('finds an image by the start of its digest, also one that a list of the history holds', async () => {
    const world = await cluster();
    expect((await world.run('describe app@sha256:aaa')).stdout).toContain(`Image Name:\t${list}\n`);
    expect((await world.run('describe app@bbb')).stdout).toContain(`Image Name:\t${child}\n`);
  });

  it('shows the name alone of an image that may not be read or is gone, and says so', async () => {
    const hidden = await (await cluster(/v1\/images/)).run('describe app:v1');
    expect(hidden.exitCode).toBe(0);
    expect(hidden.stdout).toContain(`Image Name:\t${list}\n`);
    expect(hidden.stderr).toBe(
      `warning: you may not read images, which belong to no namespace: of ${list} only the name is known\n`,
    );
    const missing = await (await cluster()).run(`describe app@${gone}`);
    expect(missing.stderr).toBe(`warning: the image ${gone} is not there any more: only its name is known\n`);
  });

  const failures = [
    { line: 'describe app:v9', stderr: 'error: the image stream "app" has no tag "v9"\n' },
    { line: 'describe app:v2', stderr: 'error: the tag "app:v2" has no image yet (NotFound: no v2)\n' },
    {
      line: 'describe app:ref',
      stderr: 'error: the tag "app:ref" is only a reference to quay.io/t/a:1: it was never imported\n',
    },
    { line: 'describe app@ccc', stderr: 'error: the history of the image stream "app" has no image "ccc"\n' },
    {
      line: 'describe app@a',
      stderr: `error: "a" names several images of "app": ${list}, ${gone}\n`,
    },
    {
      line: 'describe none:v1',
      stderr: 'Error from server (NotFound): imagestreams.image.openshift.io "none" not found\n',
    },
  ];
  for (const { line, stderr } of failures)
    it(`says what is missing of ${line}`, async () => {
      expect(await (await cluster()).run(line)).toEqual({ exitCode: 1, stdout: '', stderr });
    });

  it('shows the others where one is missing, and fails at the end', async () => {
    const run = await (await world()).run('describe nope app:v1 app@sha256:9 app@sha256:3');
    expect(run.exitCode).toBe(1);
    expect(run.stdout).toMatch(/^Image Name:\tsha256:1\n[^]*\n\n\nImage Name:\tsha256:3\n/);
    expect(run.stderr).toBe(
      'Error from server (NotFound): imagestreams.image.openshift.io "nope" not found\n' +
        'Error from server (NotFound): imagestreams.image.openshift.io "app@sha256:9" not found\n' +
        'error: 2 of 4 cannot be shown\n',
    );
  });

  it('ends at once where the server does not know who asks', async () => {
    const api = await startFakeApi(() => ({ code: 401, body: { kind: 'Status', reason: 'Unauthorized' } }));
    apis.push(api);
    const run = await createCliWorld({ api, nowMs }).run('describe a b');
    expect(run).toMatchObject({ exitCode: 1, stdout: '' });
    expect(run.stderr.match(/Unauthorized/g)).toHaveLength(1);
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
