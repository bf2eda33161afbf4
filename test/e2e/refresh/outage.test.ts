import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Condition } from '../../../src/api/condition.ts';
import type { ImageStream } from '../../../src/api/image-stream.ts';
import type { Stored } from '../../../src/api/meta.ts';
import { anImage, push } from '../../fakes/registry/index.ts';
import { type DockerRegistry, hasDockerRegistry, startDockerRegistry } from '../../setup/docker-registry.ts';
import { eventually, type Serve, startServe } from '../serve.ts';
import { createStream, path } from './create-stream.ts';

const interval = '2s';
const patientMs = 120_000;
const names = ['a', 'b', 'c'];
const tags = Array.from({ length: 10 }, (_, index) => `t${index}`);
const tagCount = names.length * tags.length;

type Streams = readonly Stored<ImageStream>[];

const historiesOf = (streams: Streams) =>
  streams.flatMap(({ metadata, status }) =>
    (status?.tags ?? []).map(({ tag, items }) => ({ stream: metadata.name, tag, items })),
  );
const conditionsOf = (streams: Streams, type: string): readonly (Condition | undefined)[] =>
  streams.map(({ status }) => status?.conditions?.find((condition) => condition.type === type));
const failuresOf = (streams: Streams): readonly string[] =>
  streams.flatMap(({ status }) =>
    (status?.tags ?? []).flatMap(({ conditions }) =>
      (conditions ?? [])
        .filter(({ type, status: value }) => type === 'ImportSuccess' && value === 'False')
        .map(({ reason = '' }) => reason),
    ),
  );

describe.skipIf(!hasDockerRegistry)('a registry that is down for three intervals', () => {
  const rootDirectory = mkdtempSync(join(tmpdir(), 'outage-'));
  let registry: DockerRegistry;
  let serve: Serve;
  beforeAll(async () => {
    registry = await startDockerRegistry({ rootDirectory });
    serve = await startServe({ args: ['--min-refresh-interval', interval] });
  });
  afterAll(async () => {
    await serve?.remove();
    await registry?.stop();
    rmSync(rootDirectory, { recursive: true, force: true });
  });

  const list = async (): Promise<Streams> =>
    ((await serve.api('GET', path)).body as { readonly items: Streams }).items;
  const create = async (): Promise<void> => {
    for (const name of names) await createStream(serve, registry.host, { name, tags, interval });
  };
  /** Slots that have come, by what came of them; the server's own count. */
  const slots = async (outcome: string): Promise<number> => {
    const { text } = await serve.api('GET', '/metrics');
    const pattern = new RegExp(`^imagestreams_refreshes_total\\{[^}]*outcome="${outcome}"\\} (\\d+)$`, 'gm');
    return [...text.matchAll(pattern)].reduce((sum, [, count]) => sum + Number(count), 0);
  };
  const untilAll = (streams: (seen: Streams) => boolean, what: string): Promise<Streams> =>
    eventually(list, streams, what, patientMs);
  const everyCondition =
    (type: string, value: string) =>
    (seen: Streams): boolean =>
      conditionsOf(seen, type).every((condition) => condition?.status === value);

  it('shows in the conditions and leaves the histories alone; its return brings no storm', async () => {
    for (const name of names)
      for (const tag of tags)
        await push(
          { url: `http://${registry.host}` },
          `team/${name}`,
          anImage({ name: `${name} ${tag}` }),
          tag,
        );
    await create();
    const imported = await untilAll(
      (seen) => historiesOf(seen).filter(({ items }) => items?.length === 1).length === tagCount,
      'the imports',
    );
    const before = historiesOf(imported);

    await registry.stop();
    // A slot that fails counts; of each tag at least three must have come.
    await eventually(
      () => slots('failed'),
      (count) => count >= 4 * tagCount,
      'three intervals',
      patientMs,
    );
    const down = await untilAll((seen) => failuresOf(seen).length === tagCount, 'every tag tried');
    expect(new Set(failuresOf(down))).toEqual(new Set(['ServiceUnavailable']));
    expect(conditionsOf(down, 'Fresh')).toMatchObject(
      names.map(() => ({ status: 'False', reason: 'RefreshFailed' })),
    );
    // What was imported is still good.
    expect(everyCondition('Ready', 'True')(down)).toBe(true);
    expect(historiesOf(down)).toEqual(before);
    const versions = down.map(({ metadata }) => metadata.resourceVersion);
    const failed = await slots('failed');
    await eventually(
      () => slots('failed'),
      (count) => count >= failed + tagCount,
      'more slots',
      patientMs,
    );
    // The same failure again is nothing new.
    expect((await list()).map(({ metadata }) => metadata.resourceVersion)).toEqual(versions);

    const slotsBefore = (await slots('unchanged')) + (await slots('failed')) + (await slots('moved'));
    registry = await startDockerRegistry({
      rootDirectory,
      port: Number(registry.host.split(':')[1]),
    });
    const recovered = await untilAll(everyCondition('Fresh', 'True'), 'the return');
    const { length: count } = registry.log();
    const slotsAfter = (await slots('unchanged')) + (await slots('failed')) + (await slots('moved'));
    expect(historiesOf(recovered)).toEqual(before);
    expect(failuresOf(recovered)).toEqual([]);
    // One question per slot, and at most one try of what had failed; nothing is fetched anew.
    expect(count).toBeLessThanOrEqual(slotsAfter - slotsBefore + tagCount);
    expect(registry.log().filter((line) => !line.startsWith('HEAD '))).toEqual([]);
  }, 600_000);
});
