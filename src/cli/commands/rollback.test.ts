import { afterEach, describe, expect, it } from 'vitest';
import { createCliWorld, type FakeApi, notFound, startFakeApi } from '../../../test/fakes/cli.ts';
import type { ImageStream } from '../../api/image-stream.ts';
import { settleRollbacks } from '../../api/settle-rollbacks.ts';

const apis: FakeApi[] = [];
afterEach(async () => {
  await Promise.all(apis.splice(0).map((api) => api.close()));
});

const annotation = 'imagestreams.dev/rollbacks';
const nowMs = Date.UTC(2026, 10, 23, 12);
const at = '2026-11-23T12:00:00.000Z';
const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;

const app = (annotations: Readonly<Record<string, string>> = {}): ImageStream => ({
  apiVersion: 'image.openshift.io/v1',
  kind: 'ImageStream',
  metadata: { name: 'app', resourceVersion: '7', annotations },
  spec: { tags: [{ name: 'v1', from: { kind: 'ImageStreamImage', name: 'other@b' } }] },
  status: {
    tags: ['v1', 'v2'].map((tag) => ({
      tag,
      items: ['b', 'a'].map((letter, index) => ({
        created: '2026-11-23T11:00:00Z',
        dockerImageReference: `r.example/app@${digest(letter)}`,
        image: digest(letter),
        generation: 1,
        revision: 2 - index,
      })),
    })),
  },
});

type Patch = {
  readonly metadata: {
    readonly resourceVersion: string;
    readonly annotations: Readonly<Record<string, string | null>>;
  };
};

/** A server with one stream, that takes patches of its annotations and carries rollbacks out as `serve` does. */
const serve = async (
  first: ImageStream,
  options: { readonly conflicts?: number; readonly isIdle?: boolean } = {},
): Promise<FakeApi & { readonly stream: () => ImageStream }> => {
  let stream = first;
  let { conflicts = 0 } = options;
  const api = await startFakeApi(({ method, path, body }) => {
    if (!path.endsWith('/imagestreams/app')) return notFound('imagestreams', 'none');
    if (method === 'GET') return { body: stream };
    if (conflicts > 0) {
      conflicts -= 1;
      return {
        code: 409,
        body: { kind: 'Status', reason: 'Conflict', message: 'others were faster', code: 409 },
      };
    }
    const patched = Object.entries((body as Patch).metadata.annotations);
    const annotations = Object.fromEntries(
      Object.entries({ ...stream.metadata.annotations, ...Object.fromEntries(patched) }).filter(
        (entry): entry is [string, string] => entry[1] !== null,
      ),
    );
    const asked = { ...stream, metadata: { ...stream.metadata, annotations } };
    stream =
      options.isIdle === true ? asked : settleRollbacks(asked, { now: '2026-11-23T12:00:00Z', by: 'alice' });
    return { body: stream };
  });
  apis.push(api);
  return { ...api, stream: () => stream };
};

const patchOf = (api: FakeApi): Patch => api.calls.at(-1)?.body as Patch;
const requestsIn = (api: FakeApi): unknown => {
  const text = patchOf(api).metadata.annotations[annotation];
  return text === null || text === undefined ? text : JSON.parse(text);
};

describe('rollback', () => {
  it('asks for the image before, on top of the stream as it was read', async () => {
    const api = await serve(app());
    const run = await createCliWorld({ api, nowMs }).run('rollback app:v1');
    expect(run).toEqual({
      exitCode: 0,
      stderr: '',
      stdout: [
        `app:v1 rolled back to revision 1 (${digest('a')}).`,
        'It stays there until its source has an image that its history does not hold, or "rollback app:v1 --resume".',
        '',
      ].join('\n'),
    });
    expect(api.calls.map(({ method }) => method)).toEqual(['GET', 'PATCH']);
    expect(api.calls[1]?.headers['content-type']).toBe('application/merge-patch+json');
    expect(patchOf(api).metadata.resourceVersion).toBe('7');
    expect(requestsIn(api)).toEqual({ v1: { revision: 1, image: digest('a'), at } });
  });

  it('is shown as held, by whom and since when, and in the history', async () => {
    const api = await serve(app());
    const world = createCliWorld({ api, nowMs });
    await world.run('rollback is/app:v1 --to=sha256:aaaa');
    await world.clock.advance(3 * 60_000);
    const { stdout } = await world.run('describe app');
    expect(stdout).toContain(
      '  tagged from other@b\n    rolled back by alice 3 minutes ago, and held until its source has a new image\n',
    );
    expect(stdout.match(/rolled back/g)).toHaveLength(1);
    const history = (await world.run('history app:v1')).stdout.split('\n');
    expect(history[1]).toMatch(new RegExp(`^v1 +3 +${digest('a')} \\* +3 minutes ago +Rollback +alice +-$`));
  });

  it('keeps what is asked of other tags, and drops what is over', async () => {
    const asked = { v2: { revision: 1, image: digest('a'), at: 'before' } };
    const both = await serve(app({ [annotation]: JSON.stringify(asked) }));
    await createCliWorld({ api: both, nowMs }).run('rollback app:v1');
    expect(requestsIn(both)).toMatchObject({ ...asked, v1: { revision: 1 } });
    // The tag v2 was held, and moved on since.
    const { status } = both.stream();
    const lists = status?.tags ?? [];
    const over: ImageStream = {
      ...both.stream(),
      status: {
        ...status,
        tags: lists.map((list) =>
          list.tag === 'v2' && list.rollback !== undefined
            ? { ...list, rollback: { ...list.rollback, held: false } }
            : list,
        ),
      },
    };
    const api = await serve(over);
    await createCliWorld({ api, nowMs }).run('rollback app:v2 --to 2');
    expect(requestsIn(api)).toMatchObject({ v1: { revision: 1 } });
  });

  it('follows the source again', async () => {
    const api = await serve(app());
    const world = createCliWorld({ api, nowMs });
    await world.run('rollback app:v1');
    expect(await world.run('rollback app:v1 --resume')).toEqual({
      exitCode: 0,
      stdout: 'app:v1 is not held any more: it follows its source again.\n',
      stderr: '',
    });
    expect(requestsIn(api)).toBeNull();
    expect((await world.run('describe app')).stdout).not.toContain('rolled back');
    expect(await world.run('rollback app:v1 --resume')).toEqual({
      exitCode: 1,
      stdout: '',
      stderr: 'error: the tag "v1" is not held by a rollback\n',
    });
  });

  it('decides anew when others write in between, and gives up at last', async () => {
    const api = await serve(app(), { conflicts: 2 });
    expect((await createCliWorld({ api, nowMs }).run('rollback app:v1')).exitCode).toBe(0);
    expect(api.calls.filter(({ method }) => method === 'GET')).toHaveLength(3);
    const busy = await serve(app(), { conflicts: 9 });
    expect(await createCliWorld({ api: busy, nowMs }).run('rollback app:v1')).toMatchObject({
      exitCode: 1,
      stderr: 'Error from server (Conflict): others were faster\n',
    });
  });

  it('does not claim what a controller has yet to do', async () => {
    const api = await serve(app(), { isIdle: true });
    expect((await createCliWorld({ api, nowMs }).run('rollback app:v1')).stdout).toContain(
      'app:v1 is to go back to revision 1 ',
    );
  });

  const refusals = [
    ['rollback app', 2, 'which tag of "app"? Write app:TAG'],
    ['rollback a/b/c:v1', 2, '"a/b/c:v1" is no STREAM or STREAM:TAG, nor one with NAMESPACE/ in front'],
    ['rollback app:v1 --to 1 --resume', 2, '--to and --resume exclude each other'],
    ['rollback app:v1 --to=', 2, '--to needs a revision or a digest; "history" lists them'],
    ['rollback app:v9', 1, 'the image stream "app" has no tag "v9" with an image'],
    ['rollback app:v9 --resume', 1, 'the image stream "app" has no tag "v9" with an image'],
    ['rollback app:v1 --to 2', 1, `the tag "v1" is at ${digest('b')} already`],
  ] as const;
  for (const [line, exitCode, message] of refusals) {
    it(`answers "${line}" with exit code ${exitCode}, and writes nothing`, async () => {
      const api = await serve(app());
      expect(await createCliWorld({ api, nowMs }).run(line)).toEqual({
        exitCode,
        stdout: '',
        stderr: `error: ${message}\n`,
      });
      expect(api.calls.filter(({ method }) => method !== 'GET')).toEqual([]);
    });
  }

  it('does not write over an annotation that it cannot read', async () => {
    const api = await serve(app({ [annotation]: '{' }));
    const run = await createCliWorld({ api, nowMs }).run('rollback app:v1');
    expect(run.exitCode).toBe(1);
    expect(run.stderr).toContain(`the annotation ${annotation} of the image stream "app" cannot be read`);
    expect(api.calls).toHaveLength(1);
  });
});
