import { describe, expect, it } from 'vitest';
import { createManualClock } from '../../test/fakes/clock.ts';
import { createFakeRegistry, type FakeRegistry } from '../../test/fakes/registry-client.ts';
import type { ImageStream } from '../api/image-stream.ts';
import { RegistryError } from '../oci/errors.ts';
import { createImporter } from './index.ts';
import { type PlanFacts, planImports } from './plan.ts';
import { recordImports } from './record.ts';
import { runImports } from './run.ts';

const name = 'quay.io/team/app';
const never = new AbortController().signal;

/** Plans, runs and records, as the controllers do; what was asked of the registry is in `registry.asked()`. */
const sync = async (
  registry: FakeRegistry,
  stream: ImageStream,
  facts: Partial<PlanFacts> = {},
): Promise<ImageStream> => {
  const importer = createImporter({ client: registry, clock: createManualClock() });
  const plan = planImports(stream, { maxTags: 500, ...facts });
  const context = { keychain: () => [], priority: 'scheduled' } as const;
  const results = await runImports(importer, plan, context, never);
  return { ...stream, status: recordImports(stream, results, { nowMs: 0, historyLimit: 20 }) };
};

const aStream = (...tags: readonly string[]): ImageStream => ({
  apiVersion: 'image.openshift.io/v1',
  kind: 'ImageStream',
  metadata: { name: 'app', namespace: 'team', generation: 1 },
  spec: {
    tags: tags.map((tag) => ({
      name: tag,
      from: { kind: 'DockerImage', name: `${name}:${tag}` },
      generation: 1,
    })),
  },
});
const due = (...tags: readonly string[]): Partial<PlanFacts> => ({
  due: new Map(tags.map((tag) => [tag, { cause: { type: 'Schedule' } }])),
});
const imagesOf = (stream: ImageStream) =>
  Object.fromEntries(
    (stream.status?.tags ?? []).map(({ tag, items }) => [tag, items?.map(({ image }) => image) ?? []]),
  );

const image = (author: string) => ({ config: { author } });

describe('runImports', () => {
  it('imports what is planned, and one tag that fails never fails another', async () => {
    const registry = createFakeRegistry();
    const { digest } = registry.addImage(name, image('a'), 'v1');
    const stream = await sync(registry, aStream('v1', 'v2'));
    expect(imagesOf(stream)).toEqual({ v1: [digest], v2: [] });
    expect(stream.status?.tags?.[1]?.conditions).toMatchObject([{ reason: 'NotFound' }]);
  });

  it('asks one HEAD for a tag that stands where it stood, and changes nothing', async () => {
    const registry = createFakeRegistry();
    registry.addIndex(name, [registry.addImage(name, image('a'))], 'v1');
    const first = await sync(registry, aStream('v1'));
    registry.calls.length = 0;
    const second = await sync(registry, first, due('v1'));
    expect(registry.asked()).toEqual([`HEAD manifest ${name}:v1`]);
    expect(second.status).toBe(first.status);
  });

  it('fetches a tag that moved', async () => {
    const registry = createFakeRegistry();
    const old = registry.addImage(name, image('a'), 'v1');
    const first = await sync(registry, aStream('v1'));
    const moved = registry.addImage(name, image('b'), 'v1');
    const second = await sync(registry, first, due('v1'));
    expect(imagesOf(second)).toEqual({ v1: [moved.digest, old.digest] });
  });

  it('does not fetch what it could not ask for', async () => {
    const registry = createFakeRegistry();
    const { digest } = registry.addImage(name, image('a'), 'v1');
    const first = await sync(registry, aStream('v1'));
    registry.calls.length = 0;
    registry.fail('HEAD', new RegistryError('unavailable', 'down'));
    const second = await sync(registry, first, due('v1'));
    expect(registry.asked()).toEqual([`HEAD manifest ${name}:v1`]);
    expect(imagesOf(second)).toEqual({ v1: [digest] });
    expect(second.status?.tags?.[0]?.conditions).toMatchObject([{ reason: 'ServiceUnavailable' }]);
  });

  it('imports the repository beside the tags', async () => {
    const registry = createFakeRegistry();
    const v1 = registry.addImage(name, image('a'), 'v1');
    const v2 = registry.addImage(name, image('b'), 'v2');
    const stream = aStream('v1');
    const stored = await sync(registry, { ...stream, spec: { ...stream.spec, dockerImageRepository: name } });
    expect(imagesOf(stored)).toEqual({ v1: [v1.digest], v2: [v2.digest] });
  });

  it('stops with the reason that it is told', async () => {
    const registry = createFakeRegistry();
    registry.hold('GET manifest');
    const importer = createImporter({ client: registry, clock: createManualClock() });
    const plan = planImports(aStream('v1'), { maxTags: 500 });
    const stop = new AbortController();
    const context = { keychain: () => [], priority: 'scheduled' } as const;
    const results = runImports(importer, plan, context, stop.signal);
    const reason = new Error('enough');
    stop.abort(reason);
    await expect(results).rejects.toBe(reason);
  });
});
