import type { Place } from '../programs/client.ts';
import type { Change } from './changes.ts';

export type ReaderOptions = { readonly place: Place; readonly namespace: string };

/** An informer under way, with everything that its handlers were told. */
export type Reader = { readonly told: () => readonly Change[]; readonly stop: () => Promise<void> };
