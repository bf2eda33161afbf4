import { describe, expect, it } from 'vitest';
import { createManualClock } from '../../../test/fakes/clock.ts';
import { createRecordingLogger } from '../../../test/fakes/logger.ts';
import { MemoryStore } from '../../../test/fakes/store.ts';
import {
  onRollbackAnnotation,
  triggeredRevisionsAnnotation,
  triggersAnnotation,
} from '../../api/annotations.ts';
import type { Deployment } from '../../api/core.ts';
import { deployments } from '../../api/core.ts';
import type { ImageStream, TagEvent } from '../../api/image-stream.ts';
import type { Stored } from '../../api/meta.ts';
import { StoreError } from '../../store/errors.ts';
import type { EventNote } from '../ports.ts';
import type { TriggerEvent } from './events.ts';
import { deploymentKind } from './kinds.ts';
import { createTriggerReconciler, type Workloads } from './trigger.ts';

const { signal } = new AbortController();
const key = { namespace: 'ns', name: 'web' };
const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;
const imageRef = (letter: string): string => `quay.io/demo/app@${digest(letter)}`;

/** A stream whose tag `latest` had these images, the newest first. */
const aStream = (letters: string, uid = 'stream-1'): Stored<ImageStream> => ({
  apiVersion: 'image.openshift.io/v1',
  kind: 'ImageStream',
  metadata: {
    namespace: 'ns',
    name: 'app',
    uid,
    resourceVersion: '1',
    creationTimestamp: '2026-01-01T00:00:00Z',
  },
  status: {
    tags: [
      {
        tag: 'latest',
        items: letters.split('').map(
          (letter, index): TagEvent => ({
            created: '2026-01-01T00:00:00Z',
            dockerImageReference: imageRef(letter),
            image: digest(letter),
            generation: 1,
            revision: letters.length - index,
          }),
        ),
      },
    ],
  },
});

const trigger = (fieldPath: string, name = 'app:latest') => ({
  from: { kind: 'ImageStreamTag', name },
  fieldPath,
});
const web = 'spec.template.spec.containers[?(@.name=="web")].image';
const side = 'spec.template.spec.containers[1].image';

const aDeployment = (triggers: unknown = [trigger(web)], annotations = {}): Deployment => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: {
    ...key,
    annotations: {
      [triggersAnnotation]: typeof triggers === 'string' ? triggers : JSON.stringify(triggers),
      ...annotations,
    },
  },
  spec: {
    paused: false,
    template: {
      spec: {
        containers: [
          { name: 'web', image: 'placeholder' },
          { name: 'side', image: 'other:1' },
        ],
      },
    },
  },
});

const setUp = async (deployment: Deployment, stream: Stored<ImageStream> | undefined) => {
  const clock = createManualClock();
  const store = new MemoryStore(clock.now);
  const logger = createRecordingLogger();
  const notes: EventNote[] = [];
  const events: TriggerEvent[] = [];
  const state = { stream, isGranted: false, cached: await store.create(deployments, deployment, {}, signal) };
  const workloads: Workloads<Deployment> = {
    get: () => state.cached,
    update: async (object, stop) => {
      await store.update(deployments, object, {}, stop);
    },
  };
  const makeReconciler = () =>
    createTriggerReconciler({
      kind: deploymentKind,
      workloads,
      streams: { get: () => state.stream },
      isPermitted: (from, { namespace }) => from === namespace || state.isGranted,
      recordEvent: async (note) => {
        const isNew = !notes.some(({ id }) => id === note.id);
        if (isNew) notes.push(note);
        return isNew;
      },
      clock,
      logger,
      onEvent: (event) => events.push(event),
    });
  let reconcile = makeReconciler();
  const current = async (): Promise<Stored<Deployment>> => {
    const object = await store.get(deployments, key, signal);
    if (object === undefined) throw new Error('the deployment is gone');
    return object;
  };
  /** What an informer would do, then the reconcile. */
  const look = async (): Promise<void> => {
    state.cached = await current();
    await reconcile(key, signal);
    state.cached = await current();
    await reconcile(key, signal);
  };
  const images = async () => (await current()).spec?.template.spec?.containers.map(({ image }) => image);
  /** Somebody else's change: another image, and the annotations as given. */
  const editByHand = async (image: string, annotations?: Readonly<Record<string, string>>): Promise<void> => {
    const old = await current();
    const containers = (old.spec?.template.spec?.containers ?? []).map((container) =>
      container.name === 'web' ? { ...container, image } : container,
    );
    const edited = {
      ...old,
      metadata: { ...old.metadata, annotations: annotations ?? old.metadata.annotations ?? {} },
      spec: {
        ...old.spec,
        template: { ...old.spec?.template, spec: { ...old.spec?.template.spec, containers } },
      },
    };
    await store.update(deployments, edited, {}, signal);
  };
  const restart = (): void => {
    reconcile = makeReconciler();
  };
  const writes = () => store.writes.filter(({ verb }) => verb === 'update').length;
  return { state, store, logger, notes, events, look, images, current, editByHand, restart, writes };
};

describe('a trigger', () => {
  it('puts the image of the tag into the container it names, in one write, and says so', async () => {
    const { look, images, writes, notes, events, current } = await setUp(aDeployment(), aStream('a'));
    await look();
    expect(await images()).toEqual([imageRef('a'), 'other:1']);
    expect((await current()).spec).toMatchObject({ paused: false });
    expect(writes()).toBe(1);
    expect(events).toEqual([{ type: 'triggered', kind: 'Deployment', containers: 1 }]);
    expect(notes).toMatchObject([
      {
        type: 'Normal',
        reason: 'ImageTriggered',
        involvedObject: { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'ns', name: 'web' },
        message: expect.stringContaining(imageRef('a')),
      },
    ]);
  });

  it('follows the tag, and writes nothing while the tag stands still', async () => {
    const { look, images, writes, state } = await setUp(aDeployment(), aStream('a'));
    await look();
    await look();
    expect(writes()).toBe(1);
    state.stream = aStream('ba');
    await look();
    expect(await images()).toEqual([imageRef('b'), 'other:1']);
    expect(writes()).toBe(2);
  });

  it('changes several containers in one write', async () => {
    const { look, images, writes } = await setUp(aDeployment([trigger(web), trigger(side)]), aStream('a'));
    await look();
    expect(await images()).toEqual([imageRef('a'), imageRef('a')]);
    expect(writes()).toBe(1);
  });

  it('waits for a tag that is not there, while the other triggers work', async () => {
    const both = [trigger(web), trigger(side, 'app:missing')];
    const { look, images } = await setUp(aDeployment(both), aStream('a'));
    await look();
    expect(await images()).toEqual([imageRef('a'), 'other:1']);
  });

  it('leaves the workload alone when the stream is gone', async () => {
    const { look, writes } = await setUp(aDeployment(), undefined);
    await look();
    expect(writes()).toBe(0);
  });

  it('reverts an image that is none of the tag', async () => {
    const { look, images, editByHand } = await setUp(aDeployment(), aStream('ba'));
    await look();
    await editByHand('somebody/elses:image');
    await look();
    expect(await images()).toEqual([imageRef('b'), 'other:1']);
  });

  it.each([
    { name: 'malformed', triggers: '[{', problem: 'it is not valid JSON' },
    {
      name: 'naming an unknown container',
      triggers: [trigger(web), trigger('spec.template.spec.containers[7].image')],
      problem: 'there is no container at',
    },
  ])('changes nothing for an annotation that is $name, and warns once', async ({ triggers, problem }) => {
    const { look, writes, notes, events } = await setUp(aDeployment(triggers), aStream('a'));
    await look();
    await look();
    expect(writes()).toBe(0);
    expect(notes).toMatchObject([
      { type: 'Warning', reason: 'TriggerInvalid', message: expect.stringContaining(problem) },
    ]);
    expect(events).toEqual([{ type: 'invalid', kind: 'Deployment' }]);
  });

  it('lets a conflict through, for the controller to retry', async () => {
    const { look, store, images } = await setUp(aDeployment(), aStream('a'));
    store.intercept = (verb) => {
      if (verb === 'update') throw new StoreError('conflict', 'changed');
    };
    await expect(look()).rejects.toMatchObject({ code: 'conflict' });
    store.intercept = () => {};
    await look();
    expect(await images()).toEqual([imageRef('a'), 'other:1']);
  });
});

describe('a workload rolled back by hand', () => {
  const rolledBack = async (annotations?: Record<string, string>) => {
    const parts = await setUp(aDeployment([trigger(web)], annotations), aStream('a'));
    await parts.look();
    const before = (await parts.current()).metadata.annotations ?? {};
    parts.state.stream = aStream('ba');
    await parts.look();
    return { ...parts, before };
  };

  it('is held until the tag moves', async () => {
    const { look, images, editByHand, notes, events, state } = await rolledBack();
    await editByHand(imageRef('a'));
    await look();
    await look();
    expect(await images()).toEqual([imageRef('a'), 'other:1']);
    expect(notes.filter(({ reason }) => reason === 'TriggerHeld')).toHaveLength(1);
    expect(events.filter(({ type }) => type === 'held')).toHaveLength(1);
    state.stream = aStream('cba');
    await look();
    expect(await images()).toEqual([imageRef('c'), 'other:1']);
  });

  it('is held over a restart', async () => {
    const { look, images, editByHand, restart } = await rolledBack();
    await editByHand(imageRef('a'));
    restart();
    await look();
    expect(await images()).toEqual([imageRef('a'), 'other:1']);
  });

  it('is held after `kubectl rollout undo`, which takes the annotations back too, and then over a restart', async () => {
    const { look, images, editByHand, restart, before } = await rolledBack();
    await editByHand(imageRef('a'), before);
    await look();
    expect(await images()).toEqual([imageRef('a'), 'other:1']);
    restart();
    await look();
    expect(await images()).toEqual([imageRef('a'), 'other:1']);
  });

  it('is not held where the annotation asks to follow', async () => {
    const { look, images, editByHand } = await rolledBack({ [onRollbackAnnotation]: 'follow' });
    await editByHand(imageRef('a'));
    await look();
    expect(await images()).toEqual([imageRef('b'), 'other:1']);
  });

  it('is told from one that the move of the tag has not reached yet', async () => {
    const { look, images, restart, state } = await setUp(aDeployment(), aStream('a'));
    await look();
    state.stream = aStream('ba');
    restart();
    await look();
    expect(await images()).toEqual([imageRef('b'), 'other:1']);
  });

  it('is not held for what a stream of the same name had before it was made anew', async () => {
    const { look, images, state } = await setUp(aDeployment(), aStream('cba'));
    await look();
    state.stream = aStream('c', 'stream-2');
    await look();
    state.stream = aStream('dc', 'stream-2');
    await look();
    expect(await images()).toEqual([imageRef('d'), 'other:1']);
  });

  it('is not held when its record was overwritten with nonsense and nothing was seen', async () => {
    const { look, images, editByHand, restart, current } = await rolledBack();
    const annotations = (await current()).metadata.annotations ?? {};
    restart();
    await editByHand(imageRef('a'), { ...annotations, [triggeredRevisionsAnnotation]: '{"x":1' });
    await look();
    expect(await images()).toEqual([imageRef('b'), 'other:1']);
  });
});

describe('a trigger on a tag of another namespace', () => {
  const fromOther = [
    { ...trigger(web), from: { kind: 'ImageStreamTag', name: 'app:latest', namespace: 'openshift' } },
  ];

  it('does not follow it, and says once why not, until it is granted', async () => {
    const { look, images, notes, events, state } = await setUp(aDeployment(fromOther), aStream('a'));
    await look();
    await look();
    expect(await images()).toEqual(['placeholder', 'other:1']);
    expect(notes).toMatchObject([
      {
        type: 'Warning',
        reason: 'ReferenceNotPermitted',
        message: expect.stringContaining('its owner has to create an ImageStreamGrant there'),
      },
    ]);
    expect(events).toEqual([{ type: 'refused', kind: 'Deployment' }]);
    state.isGranted = true;
    await look();
    expect(await images()).toEqual([imageRef('a'), 'other:1']);
  });
});
