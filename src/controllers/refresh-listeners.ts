import type { ImageStream } from '../api/image-stream.ts';
import { failureOf } from '../api/import-failure.ts';
import type { Stored } from '../api/meta.ts';
import type { Status } from '../api/status.ts';
import { isSuspended } from '../api/suspension.ts';
import {
  type DueTag,
  type ImportContext,
  type Importer,
  isRefreshed,
  type Keychains,
} from '../importer/index.ts';
import type { Clock } from '../lib/clock.ts';
import type { Lister } from '../runtime/index.ts';
import type { ObjectKey } from '../store/store.ts';
import type { DueTags } from './due-tags.ts';
import type { RefreshGroup, RefreshMember } from './refresh-index.ts';
import type { Retries } from './retries.ts';

export type QuestionPorts = {
  readonly streams: Lister<Stored<ImageStream>>;
  readonly importer: Importer;
  readonly keychains: Keychains;
  readonly clock: Clock;
  readonly dueTags: DueTags;
  readonly retries: Pick<Retries, 'awaits'>;
  /** Has the image stream controller look at a stream. */
  readonly enqueue: (key: ObjectKey) => void;
  readonly settings: {
    /** Tags of a repository to import at most; 0: all. */
    readonly maxTagsPerRepository: number;
  };
};

/** Somebody who is told what a source answers. */
export type Listener = { readonly member: RefreshMember; readonly stream: Stored<ImageStream> };

/** Those for whom a source is asked; the first one's credentials are taken, to which all others' are equivalent. */
export type Listeners = readonly [Listener, ...Listener[]];

/** What a source answered: why it did not, and how a listener is told; whether that was news. */
export type Heard = {
  readonly failure: Status | undefined;
  readonly tell: (listener: Listener, sinceMs: number) => boolean;
};

/** Those of a group who want to know, as they are now. What failed before it had an image is tried again by itself, and sooner. */
export const listenersOf = (
  group: RefreshGroup,
  { streams }: Pick<QuestionPorts, 'streams'>,
): readonly Listener[] =>
  group.members.flatMap((member) => {
    const stream = streams.get(member.key);
    if (stream === undefined || isSuspended(stream)) return [];
    const isAwaited = failureOf(stream, member.tag) !== undefined && !isRefreshed(stream, member.tag);
    return isAwaited ? [] : [{ member, stream }];
  });

/** Leaves what was found out for the image stream controller. */
export const mark = (
  { key, tag }: RefreshMember,
  due: Omit<DueTag, 'cause'>,
  { dueTags, enqueue }: QuestionPorts,
): void => {
  dueTags.mark(key, tag, { cause: { type: 'Schedule' }, ...due });
  enqueue(key);
};

/** On whose behalf a source is asked. */
export const contextOf = async (
  [{ member }]: Listeners,
  { keychains }: QuestionPorts,
  signal: AbortSignal,
): Promise<ImportContext> => {
  const caller = member.key.namespace;
  return { keychain: await keychains(caller, signal), caller, priority: 'scheduled' };
};
