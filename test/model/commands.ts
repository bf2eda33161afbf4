import fc from 'fast-check';
import { importRequestedAtAnnotation, rollbacksAnnotation } from '../../src/api/annotations.ts';
import type { ImageStream } from '../../src/api/image-stream.ts';
import type { LedgerState } from './ledger.ts';
import { disturb, type Model, manifestOf, type Source, spell, type TagModel, type Wish } from './model.ts';
import type { Run } from './run.ts';
import { imageOf, password } from './world.ts';

const minuteMs = 60_000;

/** One thing that happens; `run` resolves when the program is at rest again and was looked at. */
export type Command = fc.AsyncCommand<Model, Run>;

const command = (
  text: string,
  run: (model: Model, real: Run) => Promise<void>,
  check: (model: Readonly<Model>) => boolean = () => true,
): Command => ({
  check,
  run: async (model, real) => {
    await run(model, real);
    await real.atRest();
  },
  toString: () => text,
});

const streamNames = ['s1', 's2', 's3'];
const tagNames = ['t1', 't2'];
const shared: readonly Source[] = [
  { host: 'public.example', repository: 'a', tag: 'v1' },
  { host: 'public.example', repository: 'a', tag: 'v2' },
  { host: 'other.example', repository: 'c', tag: 'v1' },
];
/** Of one tag alone, so that it can be told who asks for it. */
const ownOf = (stream: string, tag: string): Source => ({
  host: 'private.example',
  repository: `p-${stream}-${tag}`,
  tag: 'v1',
});
/** Everything that can move upstream. */
export const sources: readonly Source[] = [
  ...shared,
  ...streamNames.flatMap((stream) => tagNames.map((tag) => ownOf(stream, tag))),
];

const value = (model: Model, { source }: Wish): readonly string[] => {
  const digest = model.upstream.get(spell(source));
  return digest === undefined ? [] : [digest];
};

const newTag = (model: Model, wish: Wish, nowMs: number): TagModel => ({
  wish,
  may: [...value(model, wish)],
  mayBeHeld: false,
  rollbacks: [],
  isOwed: true,
  undisturbedSinceMs: nowMs,
});

/** A user wants a tag looked at: what stands upstream now may be found. */
const ask = (model: Model, real: Run, tag: TagModel): void => {
  tag.isOwed = true;
  tag.undisturbedSinceMs = real.nowMs();
  tag.may.push(...value(model, tag.wish));
  real.traffic.allowTries();
};

const stream = fc.constantFrom(...streamNames);
const tagName = fc.constantFrom(...tagNames);
const interval = fc.constantFrom('5m' as const, '5m' as const, '15m' as const, undefined);
const sourceIndex = fc.nat(shared.length);
const wishOf = (name: string, tag: string, index: number, every: Wish['interval']): Wish => ({
  source: shared[index] ?? ownOf(name, tag),
  interval: every,
});

const setTag = fc.tuple(stream, tagName, sourceIndex, interval).map(([name, tag, index, every]) => {
  const wish = wishOf(name, tag, index, every);
  return command(`set ${name}:${tag} to ${spell(wish.source)} every ${every}`, async (model, real) => {
    const known = model.streams.get(name);
    const target = known ?? {
      tags: new Map<string, TagModel>(),
      dropped: new Map<string, TagModel>(),
      followsRepository: name === 's3',
    };
    const dropped = target.dropped.get(tag);
    if (dropped !== undefined) {
      target.dropped.delete(tag);
      target.tags.set(tag, dropped);
      ask(model, real, dropped);
    }
    const before = target.tags.get(tag);
    if (before === undefined) target.tags.set(tag, newTag(model, wish, real.nowMs()));
    else {
      const isSameSource = spell(before.wish.source) === spell(wish.source);
      before.wish = wish;
      if (!isSameSource) {
        before.mayBeHeld = false;
        ask(model, real, before);
      }
      before.undisturbedSinceMs = real.nowMs();
    }
    real.traffic.allowTries();
    model.streams.set(name, target);
    const manifest = manifestOf(name, target);
    if (known === undefined) await real.world.create(manifest);
    else await real.world.update(name, (old) => withTags(old, manifest));
    const own = ownOf(name, tag);
    if (spell(wish.source) === spell(own)) real.traffic.adopt(`/v2/${own.repository}/manifests/${own.tag}`);
    await real.expectSeen([[name, tag]]);
  });
});

/** The tags of a manifest, those that stand there as they are stored. */
const withTags = (old: ImageStream, manifest: ImageStream): ImageStream => {
  const stored = new Map(old.spec?.tags?.map((tag) => [tag.name, tag]));
  const tags = manifest.spec?.tags?.map((tag) => ({ ...stored.get(tag.name), ...tag })) ?? [];
  return { ...old, spec: { ...old.spec, tags } };
};

const dropTag = fc.tuple(stream, tagName).map(([name, tag]) =>
  command(
    `drop ${name}:${tag}`,
    async (model, { world }) => {
      const { tags, dropped } = model.streams.get(name) ?? {};
      const found = tags?.get(tag);
      if (found !== undefined) dropped?.set(tag, found);
      tags?.delete(tag);
      await world.update(name, (old) => ({
        ...old,
        spec: { ...old.spec, tags: old.spec?.tags?.filter((one) => one.name !== tag) ?? [] },
      }));
    },
    (model) => model.streams.get(name)?.tags.has(tag) === true,
  ),
);

const removeStream = stream.map((name) =>
  command(
    `delete ${name}`,
    async (model, real) => {
      model.streams.delete(name);
      await real.world.remove(name);
      await real.world.rest();
      real.traffic.look();
      for (const tag of tagNames) real.traffic.abandon(`/v2/${ownOf(name, tag).repository}/manifests/v1`);
    },
    (model) => model.streams.has(name),
  ),
);

const request = fc.tuple(stream, fc.boolean()).map(([name, byGeneration]) =>
  command(
    `request an import of ${name} by ${byGeneration ? 'generation' : 'annotation'}`,
    async (model, real) => {
      const tags = model.streams.get(name)?.tags ?? new Map<string, TagModel>();
      for (const tag of tags.values()) ask(model, real, tag);
      model.requests += 1;
      const at = new Date(Date.UTC(2030, 0, 1, 0, 0, model.requests)).toISOString();
      await real.world.update(name, (old) =>
        byGeneration
          ? {
              ...old,
              spec: { ...old.spec, tags: old.spec?.tags?.map((tag) => ({ ...tag, generation: 0 })) ?? [] },
            }
          : withAnnotation(old, importRequestedAtAnnotation, at),
      );
      await real.expectSeen([...tags.keys()].map((tag) => [name, tag] as const));
    },
    (model) => model.streams.has(name),
  ),
);

const withAnnotation = (old: ImageStream, name: string, text: string | undefined): ImageStream => {
  const { [name]: _, ...rest } = old.metadata.annotations ?? {};
  const annotations = text === undefined ? rest : { ...rest, [name]: text };
  return { ...old, metadata: { ...old.metadata, annotations } };
};

const rollBack = fc.tuple(stream, tagName, fc.nat(3)).map(([name, tag, steps]) =>
  command(
    `roll ${name}:${tag} back ${steps + 1}`,
    async (model, { world }) => {
      const found = model.streams.get(name)?.tags.get(tag);
      const items = (await world.get(name))?.status?.tags?.find((list) => list.tag === tag)?.items ?? [];
      const target = items[steps + 1];
      if (found === undefined || target === undefined || target.image === items[0]?.image) return;
      model.requests += 1;
      const { revision, image } = target;
      const wanted = JSON.stringify({ [tag]: { revision, image, at: `request ${model.requests}` } });
      found.rollbacks.push(image);
      found.mayBeHeld = true;
      await world.update(name, (old) => withAnnotation(old, rollbacksAnnotation, wanted));
      // Others of the stream whose rollback is asked for no more follow their sources again.
      for (const [other, one] of model.streams.get(name)?.tags ?? [])
        if (other !== tag && one.mayBeHeld) resumed(model, one);
    },
    (model) => model.streams.get(name)?.tags.has(tag) === true,
  ),
);

const resumed = (model: Model, tag: TagModel): void => {
  tag.mayBeHeld = false;
  tag.may.push(...value(model, tag.wish));
};

const resume = stream.map((name) =>
  command(
    `end the rollbacks of ${name}`,
    async (model, real) => {
      const tags = model.streams.get(name)?.tags ?? new Map<string, TagModel>();
      const held = [...tags].filter(([, { mayBeHeld }]) => mayBeHeld);
      for (const [, tag] of held) {
        resumed(model, tag);
        tag.undisturbedSinceMs = real.nowMs();
      }
      await real.world.update(name, (old) => withAnnotation(old, rollbacksAnnotation, undefined));
    },
    (model) => model.streams.has(name),
  ),
);

const push = fc.tuple(fc.nat(sources.length - 1), fc.nat(3)).map(([index, number]) => {
  const source = sources[index] ?? ownOf('s1', 't1');
  return command(`push image ${number} to ${spell(source)}`, async (model, real) => {
    const image = imageOf(number);
    real.world.wire.push(source.host, source.repository, source.tag, image);
    model.upstream.set(spell(source), image.manifest.digest);
    const concerns = ({ wish }: TagModel): boolean => spell(wish.source) === spell(source);
    disturb(model, real.nowMs(), concerns);
    for (const { tags } of model.streams.values())
      for (const tag of tags.values()) if (concerns(tag)) tag.may.push(image.manifest.digest);
  });
});

const unpush = fc.nat(sources.length - 1).map((index) => {
  const source = sources[index] ?? ownOf('s1', 't1');
  return command(`remove ${spell(source)} upstream`, async (model, { world }) => {
    world.wire.removeTag(source.host, source.repository, source.tag);
    model.upstream.delete(spell(source));
  });
});

const host = fc.constantFrom('public.example', 'other.example', 'private.example');
const hostState = fc.constantFrom('up', 'up', 'down', 'hanging', 'lying', 'torn', 'limited' as const);
const setHost = fc.tuple(host, hostState, fc.constantFrom(1, 20)).map(([name, state, minutes]) =>
  command(`${name} is ${state}${state === 'limited' ? ` for ${minutes} min` : ''}`, async (model, real) => {
    const { wire } = real.world;
    const before = wire.state(name);
    const limitedUntilMs = real.nowMs() + minutes * minuteMs;
    wire.set(name, state === 'limited' ? { limitedUntilMs } : state);
    model.hosts.set(name, state);
    const since = typeof before === 'object' ? Math.max(before.limitedUntilMs, real.nowMs()) : real.nowMs();
    model.quietUntilMs.set(name, since);
    // A stream waits for all its tags, so what one host does disturbs tags of others.
    disturb(model, since, () => true);
    real.traffic.allowTries();
  }),
);

const setPassword = fc.constantFrom(password, 'wrong', undefined).map((text) =>
  command(`the password is ${text}`, async (model, real) => {
    model.password = text;
    real.traffic.allowTries();
    disturb(model, real.nowMs(), ({ wish }) => wish.source.host === 'private.example');
    await real.world.setPassword(text);
    await real.expectAccess();
  }),
);

const setSink = fc.constantFrom<LedgerState>('up', 'down', 'forgetful').map((state) =>
  command(`the sink is ${state}`, async (_model, { world }) => {
    world.ledger.state = state;
  }),
);

const wait = fc
  .constantFrom(1, 6, 6, 20, 70)
  .map((minutes) =>
    command(`wait ${minutes} min`, async (_model, { world }) => world.clock.advance(minutes * minuteMs)),
  );

const restart = fc
  .tuple(fc.constantFrom(undefined, 0, 5, 20, 60), fc.constantFrom(0, 7))
  .map(([turns, minutes]) =>
    command(
      `${turns === undefined ? 'restart' : `crash after ${turns} turns`} and be away for ${minutes} min`,
      async (model, real) => {
        await real.restart(minutes * minuteMs, turns);
        model.hasJumped = false;
        disturb(model, real.nowMs(), () => true);
      },
    ),
  );

const jump = fc.constantFrom(-180, -10, 10, 180).map((minutes) =>
  command(`the clock is set by ${minutes} min`, async (model, real) => {
    real.world.clock.jump(minutes * minuteMs);
    model.hasJumped = true;
    disturb(model, real.nowMs(), () => true);
  }),
);

/** Everything that can happen, what matters most often. */
export const allCommands: fc.Arbitrary<Command>[] = [
  setTag,
  setTag,
  setTag,
  push,
  push,
  push,
  wait,
  wait,
  wait,
  setHost,
  setHost,
  request,
  rollBack,
  resume,
  dropTag,
  removeStream,
  unpush,
  setPassword,
  setSink,
  restart,
  restart,
  jump,
];
