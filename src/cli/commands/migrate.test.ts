import { afterEach, describe, expect, it } from 'vitest';
import { createCliWorld, type FakeApi, notFound, startFakeApi } from '../../../test/fakes/cli.ts';

const stream = (name: string, namespace?: string) => ({
  apiVersion: 'image.openshift.io/v1',
  kind: 'ImageStream',
  metadata: { name, ...(namespace === undefined ? {} : { namespace }), uid: 'u', resourceVersion: '7' },
  spec: {},
});

describe('imagestreams migrate', () => {
  let api: FakeApi | undefined;
  afterEach(() => api?.close());

  const migrate = async (line: string, files: Readonly<Record<string, string>>) => {
    api = await startFakeApi(({ method, path, body }) =>
      method === 'GET'
        ? notFound('imagestreams', path)
        : { body: { ...(body as object), kind: 'ImageStream' } },
    );
    return createCliWorld({ api, files }).run(`migrate ${line}`);
  };
  const written = (): readonly string[] =>
    (api?.calls ?? []).map(
      ({ method, path }) => `${method} ${path.replace('/apis/image.openshift.io/v1', '')}`,
    );

  it('writes status before spec, of single objects, lists and many documents, in JSON and YAML', async () => {
    const run = await migrate('a.json b.yaml', {
      '/here/a.json': JSON.stringify({
        kind: 'ImageStreamList',
        apiVersion: 'image.openshift.io/v1',
        items: [{ metadata: { name: 'one' } }],
      }),
      '/here/b.yaml': `---\n# nothing\n---\n${JSON.stringify(stream('two', 'shop'))}\n`,
    });
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
    expect(run.stdout).toBe(
      'default/one migrated with 0 tags and 0 images of history\nshop/two migrated with 0 tags and 0 images of history\n',
    );
    expect(written().filter((call) => call.includes('shop'))).toEqual([
      'GET /namespaces/shop/imagestreams/two',
      'POST /namespaces/shop/imagestreams',
      'PATCH /namespaces/shop/imagestreams/two/status',
      'PATCH /namespaces/shop/imagestreams/two',
    ]);
  });

  it('tells in a dry run of a namespace that is not there, and of one that may not be read nothing', async () => {
    api = await startFakeApi(({ path }) => {
      if (path === '/api/v1/namespaces/open') return { body: { kind: 'Namespace' } };
      if (path === '/api/v1/namespaces/secret')
        return { code: 403, body: { kind: 'Status', reason: 'Forbidden', code: 403, message: 'no' } };
      return notFound('namespaces', path);
    });
    const files = {
      '/here/a.yaml': ['open', 'secret', 'nope']
        .map((name) => JSON.stringify(stream('one', name)))
        .join('\n---\n'),
    };
    const run = await createCliWorld({ api, files }).run('migrate a.yaml --dry-run');
    expect(run.exitCode).toBe(1);
    const would = 'would be migrated with 0 tags and 0 images of history (dry run)';
    expect(run.stdout).toBe(`open/one ${would}\nsecret/one ${would}\n`);
    expect(run.stderr).toContain('error: nope/one: there is no namespace "nope": create it first\n');
    expect(api.calls.every(({ method }) => method === 'GET')).toBe(true);
  });

  it('takes Images along, and says what it leaves out', async () => {
    const run = await migrate('-', {
      '/dev/stdin': JSON.stringify({
        kind: 'List',
        apiVersion: 'v1',
        items: [
          { apiVersion: 'image.openshift.io/v1', kind: 'Image', metadata: { name: 'sha256:1', uid: 'x' } },
          { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'web' } },
          stream('one'),
        ],
      }),
    });
    expect(run.exitCode).toBe(0);
    expect(run.stderr).toBe('skipped, because only ImageStreams and Images are carried over: 1 Deployment\n');
    expect(written()[0]).toBe('POST /images');
    expect(api?.calls[0]?.body).not.toHaveProperty('metadata.uid');
  });

  it.each([
    ['none.yaml', {}, 'cannot read none.yaml: no such file'],
    ['a.yaml', { '/here/a.yaml': 'a: [' }, 'a.yaml is no valid YAML: '],
    ['a.yaml', { '/here/a.yaml': '' }, 'a.yaml holds no objects'],
    [
      'a.yaml',
      { '/here/a.yaml': 'just a text' },
      'a.yaml: a document is no Kubernetes object: it has no kind',
    ],
    ['a.yaml', { '/here/a.yaml': '{"kind":"Pod"}' }, 'no ImageStream of image.openshift.io/v1 in a.yaml'],
    [
      'a.yaml',
      { '/here/a.yaml': JSON.stringify({ ...stream('one'), spec: { tags: 'none' } }) },
      'a.yaml: ImageStream one: spec.tags: json: cannot unmarshal string',
    ],
    [
      'a.yaml -n shop',
      { '/here/a.yaml': `${JSON.stringify(stream('one', 'a'))}\n---\n${JSON.stringify(stream('one', 'b'))}` },
      'the files hold two image streams that would become shop/one; migrate them apart',
    ],
  ])('refuses %s before it writes anything (%#)', async (line, files, message) => {
    const run = await migrate(line, files as Readonly<Record<string, string>>);
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toContain(`error: ${message}`);
    expect(api?.calls).toEqual([]);
  });

  it('goes on after a stream that the server refuses, and fails at the end', async () => {
    api = await startFakeApi(({ method, path, body }) => {
      if (method !== 'GET') return { body: { ...(body as object), kind: 'ImageStream' } };
      return path.includes('/shop/') ? notFound('imagestreams', 'two') : { body: stream('one') };
    });
    const files = {
      '/here/a.yaml': `${JSON.stringify(stream('one'))}\n---\n${JSON.stringify(stream('two', 'shop'))}`,
    };
    const run = await createCliWorld({ api, files }).run('migrate a.yaml');
    expect(run.exitCode).toBe(1);
    expect(run.stdout).toBe('shop/two migrated with 0 tags and 0 images of history\n');
    expect(run.stderr).toBe(
      'error: default/one: exists already; --overwrite replaces its tags and history\nerror: 1 of 2 objects failed\n',
    );
  });
});
