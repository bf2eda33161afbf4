import fc from 'fast-check';
import { disturb, type Model, type Source, spell, type TagModel, type Wish } from '../model.ts';
import type { Run } from '../run.ts';
import type { HostState } from '../wire.ts';

/** One thing that happens; `run` resolves when the program is at rest again and was looked at. */
export type Command = fc.AsyncCommand<Model, Run>;

export const command = (
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
export const tagNames = ['t1', 't2'];
const shared: readonly Source[] = [
  { host: 'public.example', repository: 'a', tag: 'v1' },
  { host: 'public.example', repository: 'a', tag: 'v2' },
  { host: 'other.example', repository: 'c', tag: 'v1' },
];
/** Of one tag alone, so that it can be told who asks for it. */
export const ownOf = (stream: string, tag: string): Source => ({
  host: 'private.example',
  repository: `p-${stream}-${tag}`,
  tag: 'v1',
});
/** Everything that can move upstream. */
export const sources: readonly Source[] = [
  ...shared,
  ...streamNames.flatMap((stream) => tagNames.map((tag) => ownOf(stream, tag))),
];

export const value = (model: Model, { source }: Wish): readonly string[] => {
  const digest = model.upstream.get(spell(source));
  return digest === undefined ? [] : [digest];
};

export const newTag = (model: Model, wish: Wish, nowMs: number): TagModel => ({
  wish,
  may: [...value(model, wish)],
  mayBeHeld: false,
  rollbacks: [],
  isOwed: true,
  undisturbedSinceMs: nowMs,
});

/** A user wants a tag looked at: what stands upstream now may be found. */
export const ask = (model: Model, real: Run, tag: TagModel): void => {
  tag.isOwed = true;
  tag.undisturbedSinceMs = real.nowMs();
  tag.may.push(...value(model, tag.wish));
  real.traffic.allowTries();
};

export const stream = fc.constantFrom(...streamNames);
export const tagName = fc.constantFrom(...tagNames);
export const interval = fc.constantFrom('5m' as const, '5m' as const, '15m' as const, undefined);
export const sourceIndex = fc.nat(shared.length);
export const wishOf = (name: string, tag: string, index: number, every: Wish['interval']): Wish => ({
  source: shared[index] ?? ownOf(name, tag),
  interval: every,
});

/** A host behaves in another way from now on. */
export const hostIs = (model: Model, real: Run, name: string, state: HostState): void => {
  const { wire } = real.world;
  const before = wire.state(name);
  wire.set(name, state);
  model.hosts.set(name, typeof state === 'object' ? 'limited' : state);
  const limitedUntilMs = typeof before === 'object' ? before.limitedUntilMs : 0;
  const since = Math.max(model.quietUntilMs.get(name) ?? 0, limitedUntilMs, real.nowMs());
  model.quietUntilMs.set(name, since);
  // A stream waits for all its tags, so what one host does disturbs tags of others.
  disturb(model, since, () => true);
  real.traffic.allowTries();
};
