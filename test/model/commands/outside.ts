import fc from 'fast-check';
import type { LedgerState } from '../ledger.ts';
import { disturb, type Model, type Source, spell, type TagModel } from '../model.ts';
import type { Run } from '../run.ts';
import { imageOf, password } from '../world.ts';
import { command, hostIs, ownOf, sources, stream, tagName } from './command.ts';
import { requestImport } from './users.ts';

const minuteMs = 60_000;

/** Upstream, another image stands there now. */
const moveUpstream = (model: Model, real: Run, source: Source, number: number): void => {
  const image = imageOf(number);
  real.world.wire.push(source.host, source.repository, source.tag, image);
  model.upstream.set(spell(source), image.manifest.digest);
  const concerns = ({ wish }: TagModel): boolean => spell(wish.source) === spell(source);
  disturb(model, real.nowMs(), concerns);
  for (const { tags } of model.streams.values())
    for (const tag of tags.values()) {
      if (!concerns(tag)) continue;
      tag.may.push(image.manifest.digest);
      // Whether what was asked for was answered before is not known here.
      if (tag.wish.interval === undefined) tag.isOwed = false;
    }
};

export const push = fc.tuple(fc.nat(sources.length - 1), fc.nat(3)).map(([index, number]) => {
  const source = sources[index] ?? ownOf('s1', 't1');
  return command(`push image ${number} to ${spell(source)}`, async (model, real) =>
    moveUpstream(model, real, source, number),
  );
});

export const pushFollowed = fc.tuple(stream, tagName, fc.nat(3)).map(([name, tag, number]) =>
  command(
    `push image ${number} to what ${name}:${tag} follows`,
    async (model, real) => {
      const wish = model.streams.get(name)?.tags.get(tag)?.wish;
      if (wish !== undefined) moveUpstream(model, real, wish.source, number);
    },
    (model) => model.streams.get(name)?.tags.has(tag) === true,
  ),
);

/** The repository that s3 follows as a whole. */
export const changeRepository = fc
  .tuple(fc.constantFrom('1.0', '2.0', 'latest'), fc.option(fc.nat(3)))
  .map(([tag, number]) =>
    command(
      `s3 is listed when its repository has ${number === null ? 'no' : `image ${number} at`} ${tag}`,
      async (model, real) => {
        const { wire } = real.world;
        if (number === null) wire.removeTag('public.example', 'repo-s3', tag);
        else wire.push('public.example', 'repo-s3', tag, imageOf(number));
        await requestImport(model, real, 's3', 'annotation');
      },
      (model) => model.streams.has('s3'),
    ),
  );

export const unpush = fc.nat(sources.length - 1).map((index) => {
  const source = sources[index] ?? ownOf('s1', 't1');
  return command(`remove ${spell(source)} upstream`, async (model, { world }) => {
    world.wire.removeTag(source.host, source.repository, source.tag);
    model.upstream.delete(spell(source));
  });
});

const host = fc.constantFrom('public.example', 'other.example', 'private.example');
const state = fc.constantFrom('up', 'down', 'hanging', 'lying', 'torn', 'limited' as const, 'limited');
export const setHost = fc.tuple(host, state, fc.constantFrom(1, 40, 40)).map(([name, next, minutes]) =>
  command(`${name} is ${next}${next === 'limited' ? ` for ${minutes} min` : ''}`, async (model, real) => {
    const limitedUntilMs = real.nowMs() + minutes * minuteMs;
    hostIs(model, real, name, next === 'limited' ? { limitedUntilMs } : next);
  }),
);

/** One registry wants a long pause and is asked again; what another has moves meanwhile. */
export const troubleElsewhere = fc.nat(3).map((number) =>
  command(
    `public.example wants a pause, and image ${number} is pushed to other.example`,
    async (model, real) => {
      hostIs(model, real, 'public.example', { limitedUntilMs: real.nowMs() + 40 * minuteMs });
      await requestImport(model, real, 's1', 'annotation');
      for (const source of sources.filter((one) => one.host === 'other.example'))
        moveUpstream(model, real, source, number);
      await real.world.clock.advance(10 * minuteMs);
    },
    (model) => model.streams.has('s1'),
  ),
);

export const setPassword = fc.constantFrom(password, 'wrong', undefined).map((text) =>
  command(`the password is ${text}`, async (model, real) => {
    model.password = text;
    real.traffic.allowTries();
    disturb(model, real.nowMs(), ({ wish }) => wish.source.host === 'private.example');
    await real.world.setPassword(text);
    await real.expectAccess();
  }),
);

export const setSink = fc.constantFrom<LedgerState>('up', 'down', 'forgetful').map((state) =>
  command(`the sink is ${state}`, async (_model, { world }) => {
    world.ledger.state = state;
  }),
);

export const wait = fc
  .constantFrom(1, 6, 6, 20, 70)
  .map((minutes) =>
    command(`wait ${minutes} min`, async (_model, { world }) => world.clock.advance(minutes * minuteMs)),
  );

export const restart = fc
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

export const jump = fc.constantFrom(-180, -10, 10, 180).map((minutes) =>
  command(`the clock is set by ${minutes} min`, async (model, real) => {
    real.world.clock.jump(minutes * minuteMs);
    model.hasJumped = true;
    disturb(model, real.nowMs(), () => true);
  }),
);
