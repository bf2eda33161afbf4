import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createCliWorld, type FakeApi, notFound, startFakeApi } from '../../../test/fakes/cli.ts';
import type { Image } from '../../api/image.ts';
import type { ImageStream } from '../../api/image-stream.ts';
import type { ImageStreamImport } from '../../api/image-stream-import.ts';

type Fixture = {
  readonly commands: readonly {
    readonly command: string;
    readonly exitCode: number;
    readonly stdout: string;
    readonly stderr: string;
  }[];
  readonly imagestreams: readonly ImageStream[];
  readonly images: Readonly<Record<string, Image>>;
};

const fixture = (name: string): Fixture =>
  JSON.parse(
    readFileSync(resolve(import.meta.dirname, `../../../test/fixtures/oc-output/${name}.json`), 'utf8'),
  ) as Fixture;

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

const success = { metadata: {}, status: 'Success' };

/** What the original's server answers with while it imports: the image as it came, created just now. */
const fresh = (image: Image | undefined, created: string) => ({
  ...image,
  metadata: { ...image?.metadata, creationTimestamp: created },
});

/** Runs the command that `oc` ran, against a server that answers as the original's did. */
const replay = async (scenario: string, commandPart: string, status: (created: string) => unknown) => {
  const { commands, imagestreams } = fixture(scenario);
  const golden = commands.find(({ command }) => command.includes(commandPart));
  if (golden === undefined) throw new Error(`${scenario} has no command ${commandPart}`);
  const [, namespace = '', line = ''] = /^oc -n (\S+) (.*)$/.exec(golden.command) ?? [];
  const stream = imagestreams.find(({ metadata }) => line.split(/[ :]/).includes(metadata.name));
  const created = stream?.metadata.creationTimestamp ?? '';
  const api = await start(({ method, path, body }) =>
    method === 'GET'
      ? notFound('imagestreams', path.split('/').at(-1) ?? '')
      : {
          code: 201,
          body: { ...(body as object), status: { import: stream, ...(status(created) as object) } },
        },
  );
  const world = createCliWorld({ api, nowMs: Date.parse(created) + 300 });
  return { golden, run: await world.run(`-n ${namespace} ${line}`) };
};

describe('import-image prints what oc import-image prints', () => {
  it('for one tag', async () => {
    const { images } = fixture('import-confirm');
    const { golden, run } = await replay('import-confirm', 'import-image app:v1', (created) => ({
      images: [{ status: success, image: fresh(Object.values(images)[0], created), tag: 'v1' }],
    }));
    expect(run).toEqual({ exitCode: 0, stdout: golden.stdout, stderr: '' });
  });

  it('for an artifact without config', async () => {
    const { images } = fixture('artifact');
    const { golden, run } = await replay('artifact', 'import-image a:latest', (created) => ({
      images: [{ status: success, image: fresh(Object.values(images)[0], created), tag: 'latest' }],
    }));
    expect(run).toEqual({ exitCode: 0, stdout: golden.stdout, stderr: '' });
  });

  it('for a whole repository', async () => {
    const { images, imagestreams } = fixture('import-all');
    const { golden, run } = await replay('import-all', '--confirm --all', (created) => ({
      repository: {
        status: success,
        images: ['latest', 'edge', 'v1', 'v2'].map((tag) => {
          const list = imagestreams[0]?.status?.tags?.find((candidate) => candidate.tag === tag);
          return { status: success, tag, image: fresh(images[list?.items?.[0]?.image ?? ''], created) };
        }),
      },
    }));
    expect(run).toEqual({ exitCode: 0, stdout: golden.stdout, stderr: '' });
  });

  it('for a tag that is missing', async () => {
    const message = 'dockerimage.image.openshift.io "127.0.0.1:5005/demo/app:nope" not found';
    const { golden, run } = await replay('import-missing-tag', 'import-image', () => ({
      images: [{ status: { status: 'Failure', reason: 'NotFound', message, code: 404 }, tag: 'nope' }],
    }));
    expect(run).toEqual({ exitCode: 1, stdout: golden.stdout, stderr: `${golden.stderr}\n` });
  });

  it('for a repository that is missing, and also says which', async () => {
    const { golden, run } = await replay('import-missing-repo', 'app2', () => ({
      repository: { status: { status: 'Failure', reason: 'NotFound', message: 'no such repository' } },
    }));
    expect(run.exitCode).toBe(1);
    expect(run.stdout).toBe(golden.stdout);
    expect(run.stderr).toBe(
      `error: repository 127.0.0.1:5005/demo/nothere failed: no such repository\n${golden.stderr}\n`,
    );
  });
});

const anImageStream = (spec: ImageStream['spec'], annotations: Record<string, string> = {}): ImageStream => ({
  apiVersion: 'image.openshift.io/v1',
  kind: 'ImageStream',
  metadata: { name: 'app', namespace: 'ns', resourceVersion: '1013', annotations },
  ...(spec === undefined ? {} : { spec }),
});

/** Serves one stream, or none; answers imports with `status`. */
const serveStream = (stream: ImageStream | undefined, status: unknown = {}): Promise<FakeApi> =>
  start(({ method, body }) => {
    if (method === 'POST') return { code: 201, body: { ...(body as object), status } };
    return stream === undefined ? notFound('imagestreams', 'app') : { body: stream };
  });

const docker = (name: string, from: string, importPolicy = {}) => ({
  name,
  from: { kind: 'DockerImage', name: from },
  importPolicy,
});
const follows = (name: string, from: string) => ({ name, from: { kind: 'ImageStreamTag', name: from } });

describe('import-image sends what oc import-image sends', () => {
  const image = (tag: string, policy: object = { insecure: true, importMode: 'Legacy' }) => ({
    from: { kind: 'DockerImage', name: `127.0.0.1:5005/demo/app:${tag}` },
    to: { name: tag },
    importPolicy: policy,
    referencePolicy: { type: 'Source' },
  });
  const insecure = { insecure: true, importMode: 'Legacy' };
  const app = '127.0.0.1:5005/demo/app';
  const rows = [
    {
      name: 'a first import',
      line: `import-image app:v1 --from=${app}:v1 --confirm --insecure`,
      stream: undefined,
      spec: { import: true, images: [image('v1')] },
    },
    {
      name: 'another import of the same tag',
      line: 'import-image app:v1',
      stream: anImageStream({ tags: [docker('v1', `${app}:v1`, { insecure: true })] }),
      spec: { import: true, images: [image('v1')] },
    },
    {
      name: 'a whole repository into a stream that exists',
      line: `import-image app --all --from=${app} --confirm --insecure`,
      stream: anImageStream({ tags: [docker('v1', `${app}:v1`)] }),
      spec: {
        import: true,
        repository: {
          from: { kind: 'DockerImage', name: app },
          importPolicy: insecure,
          referencePolicy: { type: 'Source' },
        },
      },
    },
    {
      name: 'all tags of a stream',
      line: 'import-image app --all',
      stream: anImageStream({
        tags: [
          docker('v1', `${app}:v1`, { insecure: true, scheduled: true }),
          docker('v2', `${app}:v2`),
          follows('prod', 'v1'),
        ],
      }),
      spec: {
        import: true,
        images: [
          image('v1', { insecure: true, scheduled: true, importMode: 'Legacy' }),
          image('v2', { importMode: 'Legacy' }),
        ],
      },
    },
    {
      name: 'the tag that a tag follows',
      line: 'import-image app:prod',
      stream: anImageStream({
        tags: [docker('v1', `${app}:v1`), follows('stable', 'app:v1'), follows('prod', 'stable')],
      }),
      spec: { import: true, images: [image('v1', { importMode: 'Legacy' })] },
    },
    {
      name: 'the repository of the stream, as latest',
      line: 'import-image app',
      stream: anImageStream({ dockerImageRepository: app }),
      spec: {
        import: true,
        images: [
          {
            from: { kind: 'DockerImage', name: app },
            to: { name: 'latest' },
            importPolicy: { importMode: 'Legacy' },
            referencePolicy: { type: 'Source' },
          },
        ],
      },
    },
    {
      name: 'a list as it is, scheduled, pulled through, tried only',
      line: `import-image app:v3 --from=${app}:v3 --import-mode=PreserveOriginal --scheduled=true --reference-policy=local --dry-run`,
      stream: anImageStream({}),
      spec: {
        import: false,
        images: [
          {
            ...image('v3', { scheduled: true, importMode: 'PreserveOriginal' }),
            referencePolicy: { type: 'Local' },
          },
        ],
      },
    },
    {
      name: 'what the annotation of the stream allows',
      line: `import-image app:v1 --from=${app}:v1`,
      stream: anImageStream({}, { 'openshift.io/image.insecureRepository': 'true' }),
      spec: { import: true, images: [image('v1')] },
    },
    {
      name: 'what a flag forbids although the annotation of the stream allows it',
      line: `import-image app:v1 --from=${app}:v1 --insecure=false`,
      stream: anImageStream({}, { 'openshift.io/image.insecureRepository': 'true' }),
      spec: { import: true, images: [image('v1', { importMode: 'Legacy' })] },
    },
  ];
  for (const { name, line, stream, spec } of rows) {
    it(`for ${name}`, async () => {
      const api = await serveStream(stream);
      const { exitCode, stderr } = await createCliWorld({ api, namespace: 'ocreq' }).run(line);
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
      expect(api.calls.map(({ method, path }) => `${method} ${path}`)).toEqual([
        'GET /apis/image.openshift.io/v1',
        'GET /apis/image.openshift.io/v1/namespaces/ocreq/imagestreams/app',
        'POST /apis/image.openshift.io/v1/namespaces/ocreq/imagestreamimports',
      ]);
      expect(api.calls[2]?.body).toEqual({
        kind: 'ImageStreamImport',
        apiVersion: 'image.openshift.io/v1',
        metadata: {
          name: 'app',
          namespace: 'ocreq',
          ...(stream === undefined ? {} : { resourceVersion: '1013' }),
        },
        spec,
        status: {},
      });
    });
  }
});

describe('import-image refuses in the words of oc import-image', () => {
  const rows = [
    {
      line: 'import-image app:v1 --from=r.example/app:v1',
      stream: undefined,
      error: 'no image stream named "app" exists, pass --confirm to create and import',
    },
    {
      line: 'import-image app:nope',
      stream: anImageStream({ tags: [docker('v1', 'r.example/app:v1')] }),
      error:
        'the tag "nope" does not exist on the image stream - choose an existing tag to import or use the \'tag\' command to create a new tag',
    },
    {
      line: 'import-image app:v1 --from=r.example/app:v2 --confirm',
      stream: anImageStream({ tags: [docker('v1', 'r.example/app:v1')] }),
      error:
        'the tag "v1" points to "r.example/app:v1" - use the \'tag\' command if you want to change the source to "r.example/app:v2"',
    },
    {
      line: 'import-image app:prod --from=r.example/app:v2',
      stream: anImageStream({ tags: [docker('v1', 'r.example/app:v1'), follows('prod', 'v1')] }),
      error:
        'the tag "prod" points to the tag "v1" which points to "r.example/app:v1" - use the \'tag\' command if you want to change the source to "r.example/app:v2"',
    },
    {
      line: 'import-image app:a',
      stream: anImageStream({ tags: [follows('a', 'b'), follows('b', 'app:a')] }),
      error: 'tag "a" on the image stream is a reference to same tag',
    },
    {
      line: 'import-image app:a',
      stream: anImageStream({ tags: [follows('a', 'other:v1')] }),
      error: 'tag "a" points to an imagestreamtag from another ImageStream',
    },
    {
      line: 'import-image app:a',
      stream: anImageStream({
        tags: [{ name: 'a', from: { kind: 'ImageStreamImage', name: 'app@sha256:1' } }],
      }),
      error: 'tag "a" points to existing ImageStreamImage "app@sha256:1", it cannot be re-imported',
    },
    {
      line: 'import-image app:a --from=r.example/app:a',
      stream: anImageStream({ tags: [{ name: 'a' }] }),
      error:
        'tag "a" already exists - you must use the \'tag\' command if you want to change the source to "r.example/app:a"',
    },
    {
      line: 'import-image app --all',
      stream: anImageStream({ tags: [follows('a', 'v1')] }),
      error: 'image stream does not have tags pointing to external container images',
    },
    {
      line: 'import-image app --all --from=r.example/app',
      stream: anImageStream({}),
      error:
        'the image stream does not currently import an entire Docker repository, pass --confirm to update',
    },
    {
      line: 'import-image app --all --from=r.example/app',
      stream: anImageStream({ dockerImageRepository: 'r.example/old' }),
      error: 'the image stream has a different import spec "r.example/old", pass --confirm to update',
    },
  ];
  for (const { line, stream, error } of rows) {
    it(`when asked to ${line}: ${error.slice(0, 60)}…`, async () => {
      const api = await serveStream(stream);
      expect(await createCliWorld({ api }).run(line)).toEqual({
        exitCode: 1,
        stdout: '',
        stderr: `error: ${error}\n`,
      });
      expect(api.calls.map(({ method }) => method)).toEqual(['GET', 'GET']);
    });
  }
});

describe('import-image', () => {
  const usage = [
    ['import-image app:v1 --all', 'cannot specify a tag "app:v1" as well as --all'],
    ['import-image app --import-mode=Foo', 'valid ImportMode values are Legacy or PreserveOriginal'],
    ['import-image app --dry-run=maybe', '--dry-run "maybe" is none of client, server, none'],
    ['import-image app --scheduled=maybe', '--scheduled="maybe": neither true nor false'],
    ['import-image app --reference-policy=near', '--reference-policy "near" is neither source nor local'],
    ['import-image app -o wide', '-o "wide" is none of table, json, yaml, name'],
    ['import-image App', 'the image name must be a valid container image pull spec'],
    [`import-image app@sha256:${'0'.repeat(64)}`, "to import images by ID, use the 'tag' command"],
  ] as const;
  for (const [line, message] of usage) {
    it(`calls ${line.slice(0, 50)} a mistake, exit code 2, and asks no server`, async () => {
      const run = await createCliWorld().run(line);
      expect(run).toMatchObject({ exitCode: 2, stdout: '' });
      expect(run.stderr).toContain(`error: ${message}`);
    });
  }

  const targets = [
    { target: 'quay.io/team/deep/web:v1', stream: 'web', tag: 'v1' },
    { target: 'nginx', stream: 'nginx', tag: 'latest' },
    { target: 'node.js:v1', stream: 'node.js', tag: 'v1' },
  ];
  for (const { target, stream, tag } of targets) {
    it(`makes the stream ${stream} of ${target} where there is none`, async () => {
      const api = await serveStream(undefined);
      await createCliWorld({ api }).run(`import-image ${target} --confirm`);
      expect(api.calls[2]?.body).toMatchObject({
        metadata: { name: stream },
        spec: { images: [{ from: { kind: 'DockerImage', name: target }, to: { name: tag } }] },
      });
    });
  }

  it('tries again when the stream changed while it imported', async () => {
    let version = 1;
    const api = await start(({ method, body }) => {
      const { metadata } = body === undefined ? {} : (body as ImageStream);
      if (method === 'GET')
        return {
          body: {
            ...anImageStream({ dockerImageRepository: 'r.example/app' }),
            metadata: { name: 'app', resourceVersion: String(version) },
          },
        };
      if (metadata?.resourceVersion === '3') return { code: 201, body: { ...(body as object), status: {} } };
      version += 1;
      return { code: 409, body: { kind: 'Status', reason: 'Conflict', code: 409, message: 'changed' } };
    });
    expect((await createCliWorld({ api }).run('import-image app')).exitCode).toBe(0);
    expect(api.calls).toHaveLength(7);
  });

  it('prints nothing but JSON with -o json, also when a tag failed', async () => {
    const status = { images: [{ status: { status: 'Failure', message: 'gone' }, tag: 'v1' }] };
    const api = await serveStream(anImageStream({ tags: [docker('v1', 'r.example/app:v1')] }), status);
    const run = await createCliWorld({ api }).run('import-image app:v1 -o json');
    expect(JSON.parse(run.stdout)).toMatchObject({ kind: 'ImageStreamImport', status });
    expect(run.stderr).toBe('error: tag v1 failed: gone\nerror: imported completed with errors\n');
    expect(run.exitCode).toBe(1);
  });

  it('names the stream with -o name', async () => {
    const api = await serveStream(anImageStream({ dockerImageRepository: 'r.example/app' }));
    const run = await createCliWorld({ api }).run('import-image app -o name');
    expect(run.stdout).toBe('imagestream.image.openshift.io/app\n');
  });

  it('prints the request and sends none with --dry-run=client', async () => {
    const api = await serveStream(undefined);
    const run = await createCliWorld({ api }).run(
      'import-image app --from=r.example/app --confirm --dry-run=client -o yaml',
    );
    expect(run.stdout).toContain('kind: ImageStreamImport\n');
    expect(run.stdout).toContain('name: r.example/app\n');
    expect(api.calls.map(({ method }) => method)).toEqual(['GET']);
  });

  it('lists the tags that were left out', async () => {
    const repository = { status: success, additionalTags: ['t501', 't502'] };
    const api = await serveStream(anImageStream({ dockerImageRepository: 'r.example/app' }), { repository });
    const run = await createCliWorld({ api }).run('import-image app --all');
    expect(run.stdout).toContain(
      '\ninfo: The remote repository contained 2 additional tags which were not imported: t501, t502\n',
    );
  });

  it('shows progress on a terminal, and clears it', async () => {
    const api = await start((call, response) => {
      if (call.method === 'GET') return { body: anImageStream({ dockerImageRepository: 'r.example/app' }) };
      void world.clock
        .advance(1500)
        .then(() => response.end(JSON.stringify({ ...(call.body as object), status: {} })));
      return undefined;
    });
    const world = createCliWorld({ api, terminal: true });
    const run = await world.run('import-image app');
    expect(run.exitCode).toBe(0);
    expect(run.stderr).toContain('importing app 1s');
    expect(run.stderr.endsWith('\r\u001B[2K')).toBe(true);
  });
});

describe('import-image, where import requests are objects of a cluster', () => {
  const digest = `sha256:${'a'.repeat(64)}`;
  const base = '/apis/image.openshift.io/v1';
  const requests = `${base}/namespaces/default/imagestreamimports`;
  const ended = (reason: string, message = '') => [{ type: 'Complete', status: 'True', reason, message }];
  const imported = {
    conditions: ended('Imported'),
    images: [{ tag: 'v1', status: success, image: { metadata: { name: digest } } }],
  };
  /** A kube-apiserver with our CRDs, whose controller finishes a request with `status` when it is watched. */
  const startCluster = (status: unknown, canReadImages = true) =>
    start(({ method, path, body }, response) => {
      if (path === base)
        return {
          body: {
            kind: 'APIResourceList',
            resources: ['images', 'imagestreams', 'imagestreamimports', 'imagestreamimports/status'].map(
              (name) => ({
                name,
              }),
            ),
          },
        };
      const made = {
        metadata: { name: 'app-x7f', resourceVersion: '9' },
        spec: { import: true, stream: 'app' },
      };
      if (method === 'POST') return { code: 201, body: { ...(body as object), ...made } };
      if (path.startsWith(`${requests}?`)) {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(
          [
            { type: 'ADDED', object: made },
            { type: 'MODIFIED', object: { ...made, status } },
          ]
            .map((event) => `${JSON.stringify(event)}\n`)
            .join(''),
        );
        return undefined;
      }
      if (path.startsWith(requests)) return { body: made };
      if (path.startsWith(`${base}/images/`))
        return canReadImages
          ? {
              body: { metadata: { name: digest.replace(':', '-') }, dockerImageReference: 'quay.io/t/app@x' },
            }
          : { code: 403, body: { kind: 'Status', reason: 'Forbidden', code: 403, message: 'no' } };
      return { body: anImageStream({ tags: [docker('v1', 'quay.io/t/app:v1')] }) };
    });

  it('creates one under a name of its own, waits until it is finished, and prints stream and images', async () => {
    const api = await startCluster(imported);
    const run = await createCliWorld({ api }).run('import-image app:v1');
    expect({ exitCode: run.exitCode, stderr: run.stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(run.stdout).toContain('imagestream.image.openshift.io/app imported\n');
    expect(run.stdout).toContain(`Image Name:\tapp:v1`);
    const created = api.calls.find(({ method }) => method === 'POST')?.body as ImageStreamImport;
    expect(created).toMatchObject({
      metadata: { generateName: 'app-' },
      spec: { stream: 'app', import: true },
    });
    expect(created.metadata).not.toHaveProperty('resourceVersion');
    expect(api.calls.map(({ path }) => path)).toContain(
      `${requests}?watch=true&fieldSelector=metadata.name%3Dapp-x7f&resourceVersion=9&timeoutSeconds=300`,
    );
    expect(api.calls.map(({ path }) => path)).toContain(`${base}/images/${digest.replace(':', '-')}`);
  });

  it('leaves images out that the user may not read', async () => {
    const api = await startCluster(imported, false);
    const run = await createCliWorld({ api }).run('import-image app:v1');
    expect(run.exitCode).toBe(0);
    expect(run.stdout).not.toContain('Image Name:');
  });

  it('says per tag what failed, exit code 1', async () => {
    const api = await startCluster({
      conditions: ended('ImportFailed', 'v1: gone'),
      images: [{ tag: 'v1', status: { status: 'Failure', reason: 'NotFound', message: 'gone' } }],
    });
    const run = await createCliWorld({ api }).run('import-image app:v1');
    expect(run.exitCode).toBe(1);
    expect(run.stderr).toBe('error: tag v1 failed: gone\nerror: imported completed with errors\n');
  });

  it('says why a request could not be run at all, exit code 1', async () => {
    const api = await startCluster({ conditions: ended('ImportFailed', 'spec.images[0]: wrong') });
    const run = await createCliWorld({ api }).run('import-image app:v1');
    expect(run).toEqual({ exitCode: 1, stdout: '', stderr: 'error: spec.images[0]: wrong\n' });
  });
});
