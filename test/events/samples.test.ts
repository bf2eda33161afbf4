import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Compile } from 'typebox/compile';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ChangeEvent } from '../../src/api/change-event.ts';
import { type Serve, startServe } from '../e2e/serve.ts';
import { hasRedis, type RedisServer, startRedis } from '../setup/redis.ts';
import { until } from './program.ts';
import { readEvents } from './redis-moves.ts';

const samples = resolve(import.meta.dirname, '../../deploy/samples');
const schemaFile = resolve(import.meta.dirname, '../../deploy/schemas/change-event.json');

/** A sample that runs as a program of its own. */
const run = (name: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) => {
  const child = spawn(process.execPath, [join(samples, name), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  return {
    output: () => output,
    stop: async (): Promise<void> => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill();
      await once(child, 'exit');
    },
  };
};

const stream = (tag: string) => ({
  apiVersion: 'image.openshift.io/v1',
  kind: 'ImageStream',
  metadata: { name: 'app' },
  // A tag that is only a reference: it points somewhere without a registry being asked.
  spec: {
    tags: [{ name: 'v1', reference: true, from: { kind: 'DockerImage', name: `r.example/app:${tag}` } }],
  },
});

/** One server with every sink, and each consumer of deploy/samples. */
describe.skipIf(!hasRedis)('the consumers of change events in deploy/samples', () => {
  let redis: RedisServer;
  let serve: Serve;
  let directory: string;
  const programs: ReturnType<typeof run>[] = [];
  const collection = '/apis/image.openshift.io/v1/namespaces/default/imagestreams';

  beforeAll(async () => {
    redis = await startRedis();
    directory = await mkdtemp(join(tmpdir(), 'samples-'));
    const secretFile = join(directory, 'secret');
    await writeFile(secretFile, 'a secret\n');
    const receiver = run('events-cloudevents.mjs', ['0', secretFile]);
    programs.push(receiver);
    await until(() => receiver.output().includes('listening on'), 'the receiver listens');
    const port = /listening on (\d+)/.exec(receiver.output())?.[1] ?? '';
    serve = await startServe({
      args: ['--cloudevents-url', `http://127.0.0.1:${port}/`, '--cloudevents-secret-file', secretFile],
      env: { IMAGESTREAMS_REDIS_URL: redis.url },
    });
    programs.push(run('events-redis.mjs', [redis.url]));
    const { clusters } = (await import('yaml')).parse(await readFile(serve.kubeconfig, 'utf8')) as {
      clusters: [{ cluster: { server: string; 'certificate-authority-data': string } }];
    };
    const { cluster } = clusters[0];
    const ca = join(directory, 'ca.crt');
    await writeFile(ca, Buffer.from(cluster['certificate-authority-data'], 'base64'));
    const feed = run('events-feed.mjs', [cluster.server, join(serve.dataDir, 'token')], {
      NODE_EXTRA_CA_CERTS: ca,
    });
    programs.push(feed);
  }, 60_000);
  afterAll(async () => {
    for (const program of programs) await program.stop();
    await serve.remove();
    await redis.stop();
    await rm(directory, { recursive: true, force: true });
  });

  it('each hear once of a tag that appears, moves and goes', async () => {
    expect((await serve.api('POST', collection, stream('1'))).status).toBe(201);
    await until(
      () => programs.every(({ output }) => output().includes('TagCreated')),
      'all hear that it appeared',
    );
    const patch = (body: unknown) =>
      serve.api('PATCH', `${collection}/app`, body, 'application/merge-patch+json');
    expect((await patch({ spec: stream('2').spec })).status).toBe(200);
    await until(
      () => programs.every(({ output }) => output().includes('TagMoved')),
      'all hear that it moved',
    );
    expect((await serve.api('DELETE', `${collection}/app`)).status).toBe(200);
    await until(
      () => programs.every(({ output }) => output().includes('TagDeleted')),
      'all hear that it is gone',
    );
    for (const { output } of programs)
      expect(
        output()
          .split('\n')
          .filter((line) => line.includes('default/app:v1'))
          .map((line) => line.split(' ')[0]),
      ).toEqual(['TagCreated', 'TagMoved', 'TagDeleted']);
    const check = Compile(JSON.parse(await readFile(schemaFile, 'utf8')) as object);
    const events: readonly ChangeEvent[] = await readEvents(redis.url);
    expect(events).toHaveLength(3);
    for (const event of events) expect([...check.Errors(event)]).toEqual([]);
    const metrics = (await serve.api('GET', '/metrics')).text;
    expect(metrics).toMatch(/^imagestreams_events_published_total\{sink="redis",reason="TagMoved"\} 1$/m);
    expect(metrics).toMatch(/^imagestreams_sink_up\{sink="cloudevents"\} 1$/m);
    expect(metrics).toMatch(/^imagestreams_events_lag_seconds\{sink="redis"\} 0$/m);
  }, 60_000);

  it('hear nothing again when the server restarts', async () => {
    expect((await serve.api('POST', collection, stream('1'))).status).toBe(201);
    await until(async () => (await readEvents(redis.url)).length === 4, 'a fourth event');
    const lines = (index: number) => programs[index]?.output().match(/^Tag/gm)?.length;
    await until(() => lines(0) === 4 && lines(1) === 4, 'all hear of it');
    expect(await serve.stop()).toBe(0);
    const again = await startServe({
      dataDir: serve.dataDir,
      env: { IMAGESTREAMS_REDIS_URL: redis.url },
    });
    try {
      expect(
        (
          await again.api(
            'PATCH',
            `${collection}/app`,
            { spec: stream('2').spec },
            'application/merge-patch+json',
          )
        ).status,
      ).toBe(200);
      await until(async () => (await readEvents(redis.url)).length > 4, 'a fifth event');
      expect((await readEvents(redis.url)).map(({ type }) => type)).toEqual([
        'TagCreated',
        'TagMoved',
        'TagDeleted',
        'TagCreated',
        'TagMoved',
      ]);
    } finally {
      await again.stop();
    }
  }, 60_000);
});
