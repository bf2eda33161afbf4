import fc from 'fast-check';
import {
  importRequestedAtAnnotation,
  rollbacksAnnotation,
  suspendAnnotation,
} from '../../../src/api/annotations.ts';
import type { ImageStream } from '../../../src/api/image-stream.ts';
import { type Model, manifestOf, spell, type TagModel, type Wish } from '../model.ts';
import type { Run } from '../run.ts';
import {
  ask,
  command,
  hostIs,
  interval,
  newTag,
  ownOf,
  sourceIndex,
  stream,
  tagName,
  tagNames,
  value,
  wishOf,
} from './command.ts';

/** What a tag that is there, or was, is to follow now. */
const changeWish = (model: Model, real: Run, tag: TagModel, wish: Wish): void => {
  const isSameSource = spell(tag.wish.source) === spell(wish.source);
  tag.wish = wish;
  if (!isSameSource) {
    tag.mayBeHeld = false;
    ask(model, real, tag);
  }
  tag.undisturbedSinceMs = real.nowMs();
};

/** A user has a tag follow a source, in a stream that is there or not. */
export const follow = async (
  model: Model,
  real: Run,
  [name, tag]: readonly [string, string],
  wish: Wish,
): Promise<void> => {
  const known = model.streams.get(name);
  const target = known ?? {
    tags: new Map(),
    dropped: new Map(),
    isSuspended: false,
    followsRepository: name === 's3',
  };
  const dropped = target.dropped.get(tag);
  if (dropped !== undefined) ask(model, real, dropped);
  target.dropped.delete(tag);
  const before = target.tags.get(tag) ?? dropped;
  const isNews =
    before === undefined || dropped !== undefined || spell(before.wish.source) !== spell(wish.source);
  if (before !== undefined) changeWish(model, real, before, wish);
  const now = before ?? newTag(model, wish, real.nowMs());
  target.tags.set(tag, now);
  model.streams.set(name, target);
  real.traffic.allowTries();
  const own = ownOf(name, tag);
  if (spell(wish.source) === spell(own)) real.traffic.adopt(`/v2/${own.repository}/manifests/${own.tag}`);
  const manifest = manifestOf(name, target);
  if (known === undefined) await real.world.create(manifest);
  else await real.world.update(name, (old) => withTags(old, manifest));
  if (isNews) await real.expectSeen([[name, tag]]);
};

export const setTag = fc.tuple(stream, tagName, sourceIndex, interval).map(([name, tag, index, every]) => {
  const wish = wishOf(name, tag, index, every);
  return command(`set ${name}:${tag} to ${spell(wish.source)} every ${every}`, (model, real) =>
    follow(model, real, [name, tag], wish),
  );
});

/** What is there from the beginning, so that most of what happens concerns somebody. */
export const followSome = async (model: Model, real: Run): Promise<void> => {
  await follow(model, real, ['s1', 't1'], wishOf('s1', 't1', 0, '5m'));
  await follow(model, real, ['s1', 't2'], wishOf('s1', 't2', 2, '5m'));
  await follow(model, real, ['s2', 't1'], wishOf('s2', 't1', 3, '5m'));
  await follow(model, real, ['s3', 't1'], wishOf('s3', 't1', 0, '15m'));
};

/** The tags of a manifest, those that stand there as they are stored. */
const withTags = (old: ImageStream, manifest: ImageStream): ImageStream => {
  const stored = new Map(old.spec?.tags?.map((tag) => [tag.name, tag]));
  const tags = manifest.spec?.tags?.map((tag) => ({ ...stored.get(tag.name), ...tag })) ?? [];
  return { ...old, spec: { ...old.spec, tags } };
};

export const dropTag = fc.tuple(stream, tagName).map(([name, tag]) =>
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

const removeIt = async (model: Model, real: Run, name: string): Promise<void> => {
  model.streams.delete(name);
  await real.world.remove(name);
  await real.world.rest();
  real.traffic.look();
  for (const tag of tagNames) real.traffic.abandon(`/v2/${ownOf(name, tag).repository}/manifests/v1`);
};

export const removeStream = stream.map((name) =>
  command(
    `delete ${name}`,
    (model, real) => removeIt(model, real, name),
    (model) => model.streams.has(name),
  ),
);

/** In the middle of an import that takes long. */
export const removeWhileImporting = stream.map((name) =>
  command(
    `private.example hangs, and ${name} is imported and deleted`,
    async (model, real) => {
      hostIs(model, real, 'private.example', 'hanging');
      await requestImport(model, real, name, 'annotation');
      await real.world.rest();
      await removeIt(model, real, name);
    },
    (model) => model.streams.has(name),
  ),
);

const withAnnotation = (old: ImageStream, name: string, text: string | undefined): ImageStream => {
  const { [name]: _, ...rest } = old.metadata.annotations ?? {};
  const annotations = text === undefined ? rest : { ...rest, [name]: text };
  return { ...old, metadata: { ...old.metadata, annotations } };
};

const withGenerations = (old: ImageStream, generation: number): ImageStream => {
  const tags = old.spec?.tags?.map((tag) => ({ ...tag, generation })) ?? [];
  return { ...old, spec: { ...old.spec, tags } };
};

/** A user wants everything of a stream imported. */
export const requestImport = async (
  model: Model,
  real: Run,
  name: string,
  way: 'annotation' | 'generation',
): Promise<void> => {
  const tags = model.streams.get(name)?.tags ?? new Map<string, TagModel>();
  for (const tag of tags.values()) ask(model, real, tag);
  model.requests += 1;
  const at = new Date(Date.UTC(2030, 0, 1, 0, 0, model.requests)).toISOString();
  await real.world.update(name, (old) =>
    way === 'generation' ? withGenerations(old, 0) : withAnnotation(old, importRequestedAtAnnotation, at),
  );
  await real.expectSeen([...tags.keys()].map((tag) => [name, tag] as const));
};

export const request = fc
  .tuple(stream, fc.constantFrom('annotation' as const, 'generation' as const))
  .map(([name, way]) =>
    command(
      `request an import of ${name} by ${way}`,
      (model, real) => requestImport(model, real, name, way),
      (model) => model.streams.has(name),
    ),
  );

/** Leaves a stream alone, or no longer. */
export const suspend = fc.tuple(stream, fc.boolean()).map(([name, isSuspended]) =>
  command(
    `${name} is ${isSuspended ? '' : 'not '}suspended`,
    async (model, real) => {
      const known = model.streams.get(name);
      if (known === undefined) return;
      known.isSuspended = isSuspended;
      for (const tag of known.tags.values()) tag.undisturbedSinceMs = real.nowMs();
      real.traffic.allowTries();
      await real.world.update(name, (old) =>
        withAnnotation(old, suspendAnnotation, isSuspended ? 'true' : undefined),
      );
    },
    (model) => model.streams.has(name),
  ),
);

export const rollBack = fc.tuple(stream, tagName, fc.nat(3)).map(([name, tag, steps]) =>
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

export const resume = stream.map((name) =>
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
