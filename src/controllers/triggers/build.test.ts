import { describe, expect, it } from 'vitest';
import { createManualClock } from '../../../test/fakes/clock.ts';
import { createRecordingLogger } from '../../../test/fakes/logger.ts';
import { MemoryStore } from '../../../test/fakes/store.ts';
import { aTagHistory, imageRefOf } from '../../../test/fakes/tag-history.ts';
import { runTemplateAnnotation, triggersAnnotation } from '../../api/annotations.ts';
import type { ImageStream } from '../../api/image-stream.ts';
import type { KubernetesObject, Stored } from '../../api/meta.ts';
import { StoreError } from '../../store/errors.ts';
import type { EventNote } from '../ports.ts';
import { createStoreWorkloads } from './access.ts';
import { createPatchBudget } from './budget.ts';
import { createBuildTriggerReconciler } from './build.ts';
import { type BuildKind, buildKinds } from './build-kinds.ts';
import type { TriggerEvent } from './events.ts';

const { signal } = new AbortController();
const key = { namespace: 'ns', name: 'app' };
const imageRef = imageRefOf('base');
const [shipwright, tekton] = buildKinds as [BuildKind, BuildKind];

const aStream = (name: string, letters: string) => aTagHistory(name, letters, imageRef);

const onTags = (...names: readonly string[]): string =>
  JSON.stringify(names.map((name) => ({ from: { kind: 'ImageStreamTag', name } })));

const setUp = async (
  kind: BuildKind,
  annotations: Readonly<Record<string, string>>,
  streams: Record<string, Stored<ImageStream>>,
) => {
  const clock = createManualClock();
  const store = new MemoryStore(clock.now);
  const notes: EventNote[] = [];
  const events: TriggerEvent[] = [];
  const object = {
    apiVersion: `${kind.resource.group}/${kind.resource.version}`,
    kind: kind.resource.kind,
    metadata: { ...key, annotations },
  };
  await store.create(kind.resource, object, {}, signal);
  let cached: Stored<KubernetesObject> | undefined;
  const reconcile = createBuildTriggerReconciler({
    kind,
    store,
    builds: { get: () => cached },
    access: createStoreWorkloads(store),
    streams: { get: ({ name }) => streams[name] },
    isPermitted: (from, { namespace }) => from === namespace,
    budget: createPatchBudget({ perMinute: 0, clock }),
    recordEvent: async (note) => {
      notes.push(note);
      return true;
    },
    clock,
    logger: createRecordingLogger(),
    onEvent: (event) => events.push(event),
  });
  /** What an informer would do, then the reconcile. */
  const look = async (): Promise<void> => {
    cached = await store.get(kind.resource, key, signal);
    await reconcile(key, signal);
  };
  const runs = async () => (await store.list(kind.run, {}, signal)).items;
  return { store, streams, notes, events, look, runs };
};

describe('a build with triggers', () => {
  it('is not started for what its tag had before, and once for each move', async () => {
    const { look, runs, streams, notes, events } = await setUp(
      shipwright,
      { [triggersAnnotation]: onTags('base:latest') },
      { base: aStream('base', 'a') },
    );
    await look();
    await look();
    expect(await runs()).toEqual([]);
    streams['base'] = aStream('base', 'ba');
    await look();
    await look();
    expect(await runs()).toMatchObject([
      {
        apiVersion: 'shipwright.io/v1beta1',
        kind: 'BuildRun',
        metadata: {
          namespace: 'ns',
          name: expect.stringMatching(/^app-[0-9a-f]{12}$/),
          labels: { 'imagestreams.dev/triggered-build': 'app' },
          annotations: {
            'imagestreams.dev/trigger-cause': `ns/base:latest moved to revision 2, ${imageRef('b')}`,
          },
        },
        spec: { build: { name: 'app' } },
      },
    ]);
    expect(notes).toMatchObject([{ reason: 'BuildTriggered', involvedObject: { kind: 'Build' } }]);
    expect(events).toEqual([{ type: 'started', kind: 'Build' }]);
    // A, B, A are two moves.
    streams['base'] = aStream('base', 'aba');
    await look();
    expect(await runs()).toHaveLength(2);
  });

  it('is started by the first image of a tag that had none', async () => {
    const { look, runs, streams } = await setUp(
      shipwright,
      { [triggersAnnotation]: onTags('base:latest') },
      {},
    );
    await look();
    streams['base'] = aStream('base', 'a');
    await look();
    expect(await runs()).toHaveLength(1);
  });

  it('is started once when several of its tags moved, and once when a crash came before the record', async () => {
    const { look, runs, streams, store } = await setUp(
      shipwright,
      { [triggersAnnotation]: onTags('base:latest', 'tools:latest') },
      { base: aStream('base', 'a'), tools: aStream('tools', 'x') },
    );
    await look();
    streams['base'] = aStream('base', 'ba');
    streams['tools'] = aStream('tools', 'yx');
    store.intercept = (verb) => {
      if (verb === 'update') throw new StoreError('unavailable', 'gone');
    };
    await expect(look()).rejects.toMatchObject({ code: 'unavailable' });
    store.intercept = () => {};
    await look();
    expect(await runs()).toHaveLength(1);
  });

  it('leaves out states that came and went unseen', async () => {
    const { look, runs, streams } = await setUp(
      shipwright,
      { [triggersAnnotation]: onTags('base:latest') },
      { base: aStream('base', 'a') },
    );
    await look();
    streams['base'] = aStream('base', 'dcba');
    await look();
    expect(await runs()).toHaveLength(1);
  });

  it('fills in the template of a Pipeline', async () => {
    const template = {
      metadata: { labels: { team: 'x' } },
      spec: {
        params: [{ name: 'base', value: '$(trigger.image)' }],
        pipelineRef: { name: 'another' },
        timeouts: { pipeline: '1h' },
      },
    };
    const { look, runs, streams } = await setUp(
      tekton,
      {
        [triggersAnnotation]: onTags('base:latest'),
        [runTemplateAnnotation]: JSON.stringify(template),
      },
      { base: aStream('base', 'a') },
    );
    await look();
    streams['base'] = aStream('base', 'ba');
    await look();
    expect(await runs()).toMatchObject([
      {
        apiVersion: 'tekton.dev/v1',
        kind: 'PipelineRun',
        metadata: { labels: { team: 'x' } },
        spec: {
          params: [{ name: 'base', value: imageRef('b') }],
          pipelineRef: { name: 'app' },
          timeouts: { pipeline: '1h' },
        },
      },
    ]);
  });

  it.each([
    {
      name: 'a fieldPath',
      annotations: {
        [triggersAnnotation]: JSON.stringify([
          { from: { kind: 'ImageStreamTag', name: 'base:latest' }, fieldPath: 'spec.x' },
        ]),
      },
      problem: 'leave fieldPath out',
    },
    {
      name: 'a template that is no JSON',
      annotations: { [triggersAnnotation]: onTags('base:latest'), [runTemplateAnnotation]: 'spec:' },
      problem: 'The annotation imagestreams.dev/run-template cannot be followed: it must be a JSON object',
    },
    {
      name: 'a template for another namespace',
      annotations: {
        [triggersAnnotation]: onTags('base:latest'),
        [runTemplateAnnotation]: '{"metadata":{"namespace":"kube-system"}}',
      },
      problem: 'metadata.namespace cannot be set; labels and annotations can',
    },
    {
      name: 'a tag that is named twice',
      annotations: { [triggersAnnotation]: onTags('base:latest', 'base:latest') },
      problem: 'duplicate triggers are not allowed',
    },
  ])('warns of $name', async ({ annotations, problem }) => {
    const { look, notes, runs } = await setUp(shipwright, annotations, { base: aStream('base', 'a') });
    await look();
    expect(notes).toMatchObject([
      { type: 'Warning', reason: 'TriggerInvalid', message: expect.stringContaining(problem) },
    ]);
    expect(await runs()).toEqual([]);
  });
});
