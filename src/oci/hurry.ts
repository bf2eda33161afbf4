import type { Access } from './types.ts';

const always = AbortSignal.abort();

/** The signal that tells shared work that this asker is in a hurry: aborted already, later or never. */
export const hurryOf = ({ priority, hurry }: Access): AbortSignal | undefined =>
  priority === 'interactive' ? always : hurry;
