import { describe, expect, it } from 'vitest';
import { createManualClock } from '../../../test/fakes/clock.ts';
import { createRecordingLogger } from '../../../test/fakes/logger.ts';
import { MemoryStore } from '../../../test/fakes/store.ts';
import { aTagHistory, imageRefOf } from '../../../test/fakes/tag-history.ts';
import {
  onRollbackAnnotation,
  triggerBlockedAnnotation,
  triggeredRevisionsAnnotation,
  triggersAnnotation,
} from '../../api/annotations.ts';
import type { Deployment } from '../../api/core.ts';
import { deployments } from '../../api/core.ts';
import type { ImageStream } from '../../api/image-stream.ts';
import type { ManagedFieldsEntry, Stored } from '../../api/meta.ts';
import { StoreError } from '../../store/errors.ts';
import type { EventNote } from '../ports.ts';
import { createStoreWorkloads } from './access.ts';
import { createPatchBudget } from './budget.ts';
import type { TriggerEvent } from './events.ts';
import { deploymentKind, toWorkload } from './kinds.ts';
import { createTriggerReconciler } from './trigger.ts';

const { signal } = new AbortController();
const key = { namespace: 'ns', name: 'web' };
const imageRef = imageRefOf('app');
const aStream = (letters: string, uid?: string) => aTagHistory('app', letters, imageRef, uid);

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

const setUp = async (deployment: Deployment, stream: Stored<ImageStream> | undefined, perMinute = 0) => {
  const clock = createManualClock();
  const store = new MemoryStore(clock.now);
  const logger = createRecordingLogger();
  const notes: EventNote[] = [];
  const events: TriggerEvent[] = [];
  const state = { stream, isGranted: false, cached: await store.create(deployments, deployment, {}, signal) };
  const managers: ManagedFieldsEntry[] = [];
  const access = { ...createStoreWorkloads(store), managedFields: async () => managers };
  const budget = createPatchBudget({ perMinute, clock });
  const makeReconciler = () =>
    createTriggerReconciler({
      kind: deploymentKind,
      workloads: { get: () => toWorkload(state.cached, deploymentKind) },
      access,
      budget,
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
  return {
    clock,
    state,
    store,
    logger,
    notes,
    events,
    managers,
    look,
    images,
    current,
    editByHand,
    restart,
    writes,
  };
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

  it('follows the good part of an annotation, and warns once of the rest', async () => {
    const triggers = [trigger(web), trigger('spec.template.spec.containers[1].image', 'app')];
    const { look, notes, images } = await setUp(aDeployment(triggers), aStream('a'));
    await look();
    await look();
    expect((await images())?.[0]).toBe(imageRef('a'));
    expect(notes.filter(({ type }) => type === 'Warning')).toMatchObject([
      {
        reason: 'TriggerInvalid',
        message: expect.stringContaining('Entry 1: from.name "app" is not of the form'),
      },
    ]);
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

describe('a trigger that is not written as it is meant', () => {
  it('tells the owner of the workload once of what does not count, and follows the rest', async () => {
    const slips = [trigger(web), { ...trigger(side), from: { kind: 'ImageStream', name: 'app' } }];
    const { look, images, notes, events } = await setUp(
      aDeployment(slips, { [onRollbackAnnotation]: 'folow' }),
      aStream('a'),
    );
    await look();
    await look();
    expect(await images()).toEqual([imageRef('a'), 'other:1']);
    expect(notes.filter(({ reason }) => reason === 'TriggerInvalid')).toMatchObject([
      { type: 'Warning', message: expect.stringContaining('from.kind "ImageStream" is not followed') },
      {
        type: 'Warning',
        message: `The annotation ${onRollbackAnnotation} cannot be followed: it says "folow", which is neither "follow" nor "hold", so rollbacks by hand are held.`,
      },
    ]);
    expect(events.filter(({ type }) => type === 'invalid')).toHaveLength(2);
  });

  it('takes "hold" for what holds anyway', async () => {
    const { look, notes } = await setUp(
      aDeployment(undefined, { [onRollbackAnnotation]: 'hold' }),
      aStream('a'),
    );
    await look();
    expect(notes.map(({ reason }) => reason)).toEqual(['ImageTriggered']);
  });

  it('tells of the first slips only where there are hundreds', async () => {
    const fields = Object.fromEntries(Array.from({ length: 300 }, (_, index) => [`field${index}`, 1]));
    const { look, notes } = await setUp(aDeployment([{ ...trigger(web), ...fields }]), aStream('a'));
    await look();
    expect(notes.filter(({ reason }) => reason === 'TriggerInvalid')).toHaveLength(10);
  });

  it('lets the first of two entries count that name one container by name and by index', async () => {
    const byIndex = 'spec.template.spec.containers[0].image';
    const { look, images, notes, state, writes } = await setUp(
      aDeployment([trigger(web), trigger(byIndex, 'app:other')]),
      aStream('a'),
    );
    await look();
    state.stream = aStream('ba');
    await look();
    expect(await images()).toEqual([imageRef('b'), 'other:1']);
    expect(writes()).toBe(2);
    expect(notes.filter(({ type }) => type === 'Warning')).toMatchObject([
      {
        reason: 'TriggerInvalid',
        message: expect.stringContaining(`${byIndex} is the same container as ${web}, which comes first`),
      },
    ]);
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

/** An entry of `managedFields` for whoever put the image of the container `web` there. */
const writer = (manager: string, operation: 'Apply' | 'Update', time = '2026-01-01T00:00:00Z') => ({
  manager,
  operation,
  time,
  fieldsV1: {
    'f:spec': {
      'f:template': { 'f:spec': { 'f:containers': { 'k:{"name":"web"}': { '.': {}, 'f:image': {} } } } },
    },
  },
});

describe('a workload that somebody else sets back', () => {
  it('is given the image once more, then left alone with an Event that names who it was', async () => {
    const { look, images, editByHand, managers, notes, events, current } = await setUp(
      aDeployment(),
      aStream('a'),
    );
    managers.push(writer('imagestreams', 'Update', '2026-01-02T00:00:00Z'));
    managers.push(writer('argocd-controller', 'Apply'));
    await look();
    await editByHand('placeholder');
    await look();
    expect(await images()).toEqual([imageRef('a'), 'other:1']);
    await editByHand('placeholder');
    await look();
    await look();
    expect(await images()).toEqual(['placeholder', 'other:1']);
    const [blocked, ...more] = notes.filter(({ reason }) => reason === 'Blocked');
    expect(blocked).toMatchObject({
      type: 'Warning',
      message: expect.stringContaining(
        'Argo CD (field manager argocd-controller) set it back twice. Have the image left to the trigger (README.md#with-gitops)',
      ),
    });
    expect(more).toEqual([]);
    expect(events.filter(({ type }) => type === 'blocked')).toHaveLength(1);
    expect((await current()).metadata.annotations?.[triggerBlockedAnnotation]).toBe(
      JSON.stringify({ [web]: 'Argo CD (field manager argocd-controller)' }),
    );
  });

  it('stays alone over restarts and moves of the tag, until the annotation is removed', async () => {
    const { look, images, editByHand, restart, state, current } = await setUp(aDeployment(), aStream('a'));
    await look();
    for (const _ of ['once', 'twice']) {
      restart();
      await editByHand('placeholder');
      restart();
      await look();
    }
    restart();
    state.stream = aStream('ba');
    await look();
    expect(await images()).toEqual(['placeholder', 'other:1']);
    const { [triggerBlockedAnnotation]: _, ...rest } = (await current()).metadata.annotations ?? {};
    await editByHand('placeholder', rest);
    await look();
    expect(await images()).toEqual([imageRef('b'), 'other:1']);
    expect((await current()).metadata.annotations).not.toHaveProperty(triggerBlockedAnnotation);
  });

  it('stays alone when the stream is deleted and made anew', async () => {
    const { look, images, editByHand, restart, state } = await setUp(aDeployment(), aStream('a'));
    await look();
    for (const _ of ['once', 'twice']) {
      await editByHand('placeholder');
      await look();
    }
    state.stream = undefined;
    await look();
    restart();
    const stream = aStream('b');
    state.stream = { ...stream, metadata: { ...stream.metadata, uid: 'made anew' } };
    await look();
    expect(await images()).toEqual(['placeholder', 'other:1']);
  });

  it('is left alone, too, when it is replaced as a whole and so loses what was recorded', async () => {
    const { look, images, editByHand, writes } = await setUp(aDeployment(), aStream('a'));
    const { annotations = {} } = aDeployment().metadata;
    await look();
    for (let round = 0; round < 20; round += 1) {
      await editByHand('placeholder', annotations);
      await look();
    }
    expect(await images()).toEqual(['placeholder', 'other:1']);
    // The store counts both: the 20 replacements, two of the image, and some of the record.
    expect(writes()).toBeLessThan(20 + 2 + 5);
  });

  it('is left alone when an applier brings an older image of the tag each time the tag moves', async () => {
    const { look, images, editByHand, state, managers, notes } = await setUp(aDeployment(), aStream('a'));
    managers.push(writer('kustomize-controller', 'Apply'));
    await look();
    for (const letters of ['ba', 'cba', 'dcba']) {
      state.stream = aStream(letters);
      await look();
      await editByHand(imageRef('a'));
      await look();
    }
    expect(await images()).toEqual([imageRef('a'), 'other:1']);
    expect(notes.filter(({ reason }) => reason === 'TriggerHeld')).toHaveLength(1);
    expect(notes.find(({ reason }) => reason === 'Blocked')?.message).toContain('Flux');
  });

  it('is followed again after each rollback by hand, however many there are', async () => {
    const { look, images, editByHand, state, managers } = await setUp(aDeployment(), aStream('a'));
    managers.push(writer('kubectl-rollout', 'Update'));
    await look();
    for (const letters of ['ba', 'cba', 'dcba', 'edcba']) {
      state.stream = aStream(letters);
      await look();
      expect(await images()).toEqual([imageRef(letters[0] ?? ''), 'other:1']);
      await editByHand(imageRef('a'));
      await look();
      expect(await images()).toEqual([imageRef('a'), 'other:1']);
    }
  });

  it.each([
    { name: 'every 10 seconds', everyMs: 10_000 },
    { name: 'every 10 minutes', everyMs: 600_000 },
  ])(
    'is rolled out by us once more than needed in 24 hours by an applier $name',
    async ({ everyMs }) => {
      const { clock, look, images, editByHand, state, managers, events, restart } = await setUp(
        aDeployment(),
        aStream('a'),
      );
      managers.push(writer('kustomize-controller', 'Apply'));
      await look();
      let history = 'a';
      for (let atMs = everyMs; atMs <= 86_400_000; atMs += everyMs) {
        await clock.advance(everyMs);
        await editByHand('registry.example/web:1');
        // The tag moves each hour, and the program is restarted each six.
        if (atMs % 3_600_000 === 0) {
          history = `${String.fromCharCode(98 + (atMs / 3_600_000 - 1))}${history}`;
          state.stream = aStream(history);
        }
        if (atMs % 21_600_000 === 0) restart();
        await look();
      }
      const rollouts = events.filter(({ type }) => type === 'triggered');
      expect(rollouts).toHaveLength(2);
      expect(await images()).toEqual(['registry.example/web:1', 'other:1']);
    },
    120_000,
  );
});

describe('what is written of a workload', () => {
  it('says why it was changed', async () => {
    const { look, current } = await setUp(aDeployment(), aStream('ba'));
    await look();
    expect((await current()).metadata.annotations?.['kubernetes.io/change-cause']).toBe(
      `ns/app:latest is at revision 2, ${imageRef('b')}`,
    );
  });

  it('waits for its turn when enough of its namespace was changed this minute', async () => {
    const { clock, look, images, state, events } = await setUp(aDeployment(), aStream('a'), 1);
    await look();
    state.stream = aStream('ba');
    await clock.advance(59_000);
    await look();
    expect(await images()).toEqual([imageRef('a'), 'other:1']);
    expect(events.at(-1)).toEqual({ type: 'deferred', kind: 'Deployment' });
    await clock.advance(1_000);
    await look();
    expect(await images()).toEqual([imageRef('b'), 'other:1']);
  });
});
