import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import {
  type ApiCall,
  createCliWorld,
  type FakeApi,
  notFound,
  startFakeApi,
} from '../../../test/fakes/cli.ts';

const apis: FakeApi[] = [];
afterEach(async () => {
  await Promise.all(apis.splice(0).map((api) => api.close()));
});

type Handler = Parameters<typeof startFakeApi>[0];
const start = async (handler: Handler): Promise<FakeApi> => {
  const api = await startFakeApi(handler);
  apis.push(api);
  return api;
};

const digests = {
  v1: 'sha256:2d938e4414ff67d00ac1a145acd6d709dc394ca4b02a01feba2979b62e864e11',
  v2: 'sha256:ff947126c80f6791ee8227af928974b5916d5592b47365956312436e4a56db68',
};
const item = (image: string) => ({
  created: '2026-11-23T08:47:41Z',
  dockerImageReference: `127.0.0.1:5005/demo/app@${image}`,
  image,
  generation: 1,
});

/** A stream with the tags `v1` and `v2`, as the scenarios have it. */
const app = (namespace: string) => ({
  apiVersion: 'image.openshift.io/v1',
  kind: 'ImageStream',
  metadata: { name: 'app', namespace, resourceVersion: '7' },
  spec: { tags: [{ name: 'v1', annotations: { description: 'first' } }, { name: 'v2' }] },
  status: {
    tags: [
      { tag: 'v1', items: [item(digests.v1)] },
      { tag: 'v2', items: [item(digests.v2)] },
    ],
  },
});

const refusal = (code: number, reason: string, message = reason) => ({
  code,
  body: { kind: 'Status', status: 'Failure', reason, message, code },
});

/** Answers as a server that has `app` and takes everything. */
const willing: Handler = ({ method, path, body }) => {
  const [, namespace = '', , name = ''] = /namespaces\/([^/]+)\/([^/]+)\/?(.*)$/.exec(path) ?? [];
  if (method === 'GET') return name === 'app' ? { body: app(namespace) } : notFound('imagestreams', name);
  if (method === 'DELETE') {
    return name === 'app:doesnotexist'
      ? notFound('imagestreamtags', name)
      : { body: { kind: 'Status', status: 'Success' } };
  }
  return { code: 201, body };
};

const requestsOf = (api: FakeApi): readonly string[] =>
  api.calls.map(({ method, path }) => `${method} ${path.replace('/apis/image.openshift.io/v1/', '')}`);
const lastBody = (api: FakeApi): unknown => api.calls.at(-1)?.body;

const fixture = (path: string): string =>
  readFileSync(resolve(import.meta.dirname, '../../../test/fixtures', path), 'utf8');

type Golden = {
  readonly command: string;
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
};

describe('tag, against what oc printed', () => {
  const { commands } = JSON.parse(fixture('oc-output/tag.json')) as { readonly commands: readonly Golden[] };
  it('finds the runs', () => {
    expect(commands).toHaveLength(18);
  });
  for (const { command, exitCode, stdout, stderr } of commands) {
    it(`${command}`, async () => {
      const world = createCliWorld({ api: await start(willing) });
      const run = await world.run(command.replace(/^oc /, ''));
      expect(run).toMatchObject({ stdout, stderr: stderr === '' ? '' : `${stderr}\n` });
      expect(run.exitCode === 0).toBe(exitCode === 0);
    });
  }
});

describe('tag, against what oc sent', () => {
  const recorded = [
    ...fixture('golden/oc-requests.txt').matchAll(/^### oc (tag .*?) {3}\[rc=\d\]\n((?: {2}.*\n)+)/gm),
  ].map(([, line = '', text = '']) => ({
    line,
    requests: [
      ...text.matchAll(/^ {2}(GET|PUT|DELETE) (\/apis\/image\S*) -> \d+\n(?: {6}body: (.*)\n)?/gm),
    ].map(([, method, path, body]) => ({ method, path, body: body && (JSON.parse(body) as unknown) })),
  }));

  it('finds the requests', () => {
    expect(recorded.map(({ line }) => line)).toHaveLength(6);
  });

  for (const { line, requests } of recorded) {
    it(`${line}`, async () => {
      const api = await start(willing);
      await createCliWorld({ api, namespace: 'ocreq' }).run(line);
      const sent = api.calls.map(({ method, path, body }) => ({ method, path, body }));
      expect(sent).toEqual(requests);
    });
  }
});

describe('tag', () => {
  const specTag = (api: FakeApi) => (lastBody(api) as { readonly tag: Record<string, unknown> }).tag;

  it('asks for periodic imports, pullthrough, whole lists and bad certificates', async () => {
    const api = await start(willing);
    const run = await createCliWorld({ api }).run(
      'tag quay.io/t/a:1 web:x --scheduled --insecure=true --reference-policy=local --import-mode=PreserveOriginal',
    );
    expect(run).toEqual({
      exitCode: 0,
      stdout: 'Tag web:x set to import quay.io/t/a:1 periodically.\n',
      stderr: '',
    });
    expect(specTag(api)).toEqual({
      name: 'x',
      annotations: null,
      from: { kind: 'DockerImage', name: 'quay.io/t/a:1' },
      generation: 0,
      importPolicy: { insecure: true, scheduled: true, importMode: 'PreserveOriginal' },
      referencePolicy: { type: 'Local' },
    });
  });

  it('points at a source without importing it', async () => {
    const api = await start(willing);
    await createCliWorld({ api }).run(
      'tag quay.io/t/a:1 web:x --reference --insecure=false --scheduled=false',
    );
    expect(specTag(api)).toMatchObject({ reference: true, importPolicy: { importMode: 'Legacy' } });
  });

  it('says from which namespace a tag comes, and in which one it stands', async () => {
    const api = await start(willing);
    const run = await createCliWorld({ api, namespace: 'here' }).run('tag app:v1 there/web:x');
    expect(requestsOf(api)).toEqual([
      'GET namespaces/here/imagestreams/app',
      'PUT namespaces/there/imagestreamtags/web:x',
    ]);
    expect(specTag(api)).toMatchObject({
      from: { kind: 'ImageStreamImage', name: `app@${digests.v1}`, namespace: 'here' },
    });
    expect(run.stdout).toBe(`Tag there/web:x set to app@${digests.v1}.\n`);
  });

  it('keeps a digest that stands beside a tag', async () => {
    const api = await start(willing);
    await createCliWorld({ api }).run(`tag quay.io/t/a:1@${digests.v1} web:x`);
    expect(specTag(api)).toMatchObject({ from: { name: `quay.io/t/a@${digests.v1}` } });
  });

  it('copies the pull spec of a tag that is only a reference', async () => {
    const api = await start((call, response) =>
      call.method === 'GET'
        ? {
            body: {
              ...app('default'),
              status: {
                tags: [{ tag: 'v1', items: [{ ...item(''), dockerImageReference: 'quay.io/t/a:9' }] }],
              },
            },
          }
        : willing(call, response),
    );
    const run = await createCliWorld({ api }).run('tag app:v1 web:x');
    expect(run.stdout).toBe('Tag web:x set to quay.io/t/a:9.\n');
    expect(specTag(api)).toMatchObject({
      from: { kind: 'DockerImage', name: 'quay.io/t/a:9' },
      generation: 0,
    });
  });

  it('tries again when others write in between', async () => {
    let conflicts = 2;
    const api = await start((call, response) => {
      if (call.method !== 'PUT' || conflicts === 0) return willing(call, response);
      conflicts -= 1;
      return refusal(409, 'Conflict');
    });
    expect((await createCliWorld({ api }).run('tag quay.io/t/a:1 web:x')).exitCode).toBe(0);
    expect(requestsOf(api)).toHaveLength(3);
  });

  it('gives up after five conflicts', async () => {
    const api = await start(() => refusal(409, 'Conflict', 'others are faster'));
    const run = await createCliWorld({ api }).run('tag quay.io/t/a:1 web:x');
    expect(run).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: 'Error from server (Conflict): others are faster\n',
    });
    expect(requestsOf(api)).toHaveLength(5);
  });

  it('stops at the first destination that fails, and says which are set', async () => {
    const api = await start((call, response) =>
      call.path.endsWith('web:b') ? refusal(422, 'Invalid', 'no') : willing(call, response),
    );
    const run = await createCliWorld({ api }).run('tag quay.io/t/a:1 web:a web:b web:c');
    expect(run).toEqual({
      exitCode: 1,
      stdout: 'Tag web:a set to quay.io/t/a:1.\n',
      stderr: 'Error from server (Invalid): no\n',
    });
    expect(requestsOf(api)).toHaveLength(2);
  });

  const mistakes = [
    ['tag', 'you must specify a source and at least one destination or one or more tags to delete'],
    ['tag app:v1', 'at least a destination is required'],
    ['tag quay.io/t/a:1 web', '"web" must be of the form <stream_name>:<tag>'],
    ['tag quay.io/t/a:1 a/b/web:x', 'invalid image stream "a/b/web:x"'],
    ['tag quay.io/t/a:1 /web:x', 'invalid namespace "" for image stream "/web:x"'],
    ['tag quay.io/t/a:1 a/', 'invalid name "" for image stream "a/"'],
    [
      'tag quay.io/t/a:1 web:x --reference-policy=other',
      '--reference-policy "other" is neither source nor local',
    ],
    ['tag quay.io/t/a:1 web:x --import-mode=all', 'valid ImportMode values are Legacy or PreserveOriginal'],
    ['tag app:v1 app:x --alias --insecure', 'only container images can have importing flags set'],
    [
      'tag --source=docker app:v1 app:x --alias --insecure',
      'cannot set a container image tag as an alias and also set import flags',
    ],
    ['tag other/app:v1 app:x --alias', 'cannot set alias across different Image Streams'],
    ['tag app:v1 app:x --scheduled=maybe', '--scheduled="maybe": neither true nor false'],
    ['tag -d app:v1 --alias', '--alias and --delete may not be both specified'],
    ['tag -d app:v1 --source=istag', 'cannot specify a source kind when deleting'],
    ['tag -d app:v1 --insecure', 'cannot set flags for importing images when deleting a tag'],
  ] as const;
  for (const [line, message] of mistakes) {
    it(`answers "${line}" with exit code 2, and writes nothing`, async () => {
      const api = await start(willing);
      expect(await createCliWorld({ api }).run(line)).toEqual({
        exitCode: 2,
        stdout: '',
        stderr: `error: ${message}\n`,
      });
      expect(api.calls.filter(({ method }) => method !== 'GET')).toEqual([]);
    });
  }
});

describe('tag, where the server has no tags of their own', () => {
  /** As kube-apiserver answers for a path that nothing is registered for. */
  const nowhere = { code: 404, body: '404 page not found\n', type: 'text/plain; charset=utf-8' };
  const withoutTags =
    (streams: Handler): Handler =>
    (call, response) =>
      call.path.includes('imagestreamtags') ? nowhere : streams(call, response);
  const tagsOf = (call: ApiCall | undefined) =>
    (call?.body as { readonly spec?: { readonly tags: readonly { readonly name: string }[] } })?.spec?.tags;

  it('writes the tag into the stream', async () => {
    const api = await start(withoutTags(willing));
    const run = await createCliWorld({ api }).run('tag quay.io/t/a:1 app:v1');
    expect(run).toEqual({ exitCode: 0, stdout: 'Tag app:v1 set to quay.io/t/a:1.\n', stderr: '' });
    expect(requestsOf(api).slice(-2)).toEqual([
      'GET namespaces/default/imagestreams/app',
      'PATCH namespaces/default/imagestreams/app',
    ]);
    expect(tagsOf(api.calls.at(-1))).toMatchObject([
      { name: 'v1', from: { name: 'quay.io/t/a:1' }, annotations: { description: 'first' } },
      { name: 'v2' },
    ]);
    expect(lastBody(api)).toMatchObject({ metadata: { resourceVersion: '7' } });
  });

  it('asks for an import once more by a generation that neither tag nor stream had', async () => {
    const stream = app('default');
    for (const { ofStream, ofTag, asked } of [
      { ofStream: 4, ofTag: 0, asked: 5 },
      { ofStream: 6, ofTag: 7, asked: 8 },
      { ofStream: 2, ofTag: null, asked: 3 },
    ]) {
      const tags = [{ name: 'v1', reference: true, generation: ofTag }];
      const body = { ...stream, metadata: { ...stream.metadata, generation: ofStream }, spec: { tags } };
      const api = await start(
        withoutTags((call, response) => (call.method === 'GET' ? { body } : willing(call, response))),
      );
      await createCliWorld({ api }).run('tag quay.io/t/a:1 app:v1');
      expect(tagsOf(api.calls.at(-1))).toMatchObject([{ name: 'v1', generation: asked }]);
      expect(tagsOf(api.calls.at(-1))?.[0]).not.toHaveProperty('reference');
    }
  });

  it('reads the stream again when another writer came in between', async () => {
    let conflicts = 1;
    const api = await start(
      withoutTags((call, response) => {
        if (call.method !== 'PATCH' || conflicts === 0) return willing(call, response);
        conflicts -= 1;
        return refusal(409, 'Conflict');
      }),
    );
    expect((await createCliWorld({ api }).run('tag quay.io/t/a:1 app:v1')).exitCode).toBe(0);
    const ofStream = requestsOf(api).filter((request) => request.includes('/imagestreams/'));
    expect(ofStream.map((request) => request.split(' ')[0])).toEqual(['GET', 'PATCH', 'GET', 'PATCH']);
  });

  it('makes the stream where it is missing', async () => {
    const api = await start(withoutTags(willing));
    await createCliWorld({ api }).run('tag quay.io/t/a:1 web:x');
    expect(requestsOf(api).at(-1)).toBe('POST namespaces/default/imagestreams');
    expect(lastBody(api)).toMatchObject({ metadata: { name: 'web' }, spec: { tags: [{ name: 'x' }] } });
  });

  /** Answers a patch as a server does: with the whole object. */
  const patched: Handler = (call, response) =>
    call.method === 'PATCH' ? { body: app('default') } : willing(call, response);

  it('deletes the tag from the spec of the stream and its history from the status', async () => {
    const api = await start(withoutTags(patched));
    const run = await createCliWorld({ api }).run('tag -d app:v1');
    expect(run).toEqual({ exitCode: 0, stdout: 'Deleted tag default/app:v1.\n', stderr: '' });
    expect(requestsOf(api).slice(-2)).toEqual([
      'PATCH namespaces/default/imagestreams/app',
      'PATCH namespaces/default/imagestreams/app/status',
    ]);
    expect(tagsOf(api.calls.at(-2))).toEqual([{ name: 'v2' }]);
    expect(lastBody(api)).toMatchObject({
      metadata: { resourceVersion: '7' },
      status: { tags: [{ tag: 'v2' }] },
    });
  });

  it('says that the history stays where the user may not change a status', async () => {
    const api = await start(
      withoutTags((call, response) =>
        call.path.endsWith('/status') ? refusal(403, 'Forbidden') : patched(call, response),
      ),
    );
    expect(await createCliWorld({ api }).run('tag -d app:v1')).toEqual({
      exitCode: 0,
      stdout: 'Deleted tag default/app:v1.\n',
      stderr:
        'warning: the history of default/app:v1 stays: you may not change the status of image streams\n',
    });
  });

  it('says what there is nothing of to delete', async () => {
    const api = await start(withoutTags(willing));
    expect(await createCliWorld({ api }).run('tag -d app:v9')).toMatchObject({
      exitCode: 1,
      stderr: 'error: destination tag default/app:v9 does not exist.\n',
    });
    expect(await createCliWorld({ api }).run('tag -d web:x')).toEqual({
      exitCode: 0,
      stdout: 'Image stream "web" does not exist.\n',
      stderr: '',
    });
  });
});
