import { isDeepStrictEqual } from 'node:util';

/** A change as a watch sends it, or as the original's were recorded. */
export type Change = { readonly object: unknown };

type Stream = {
  readonly spec: { readonly tags?: readonly { readonly name: string }[] };
  readonly status: {
    readonly tags?: readonly {
      readonly tag: string;
      readonly items?: readonly { readonly image: string; readonly dockerImageReference: string }[] | null;
      readonly conditions?: readonly { readonly reason: string }[];
    }[];
  };
};

/** What matters of a stream to who follows it: its tags, what each points at, and why one could not be imported. */
const stateOf = ({ spec, status }: Stream) => ({
  spec: (spec.tags ?? []).map(({ name }) => name),
  tags: (status.tags ?? []).map(({ tag, items, conditions }) => ({
    tag,
    history: (items ?? []).map(({ image, dockerImageReference }) => image || dockerImageReference),
    failures: (conditions ?? []).map(({ reason }) => reason),
  })),
});

/** The states that a stream went through, in order; changes that nobody who follows it would see are left out. */
export const timelineOf = (changes: unknown): unknown => {
  const states = (changes as readonly Change[]).map(({ object }) => stateOf(object as Stream));
  return states.filter((state, index) => !isDeepStrictEqual(state, states[index - 1]));
};
