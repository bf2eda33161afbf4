import type { ImageStream } from '../api/image-stream.ts';
import { failureOf, repositorySlot } from '../api/import-failure.ts';
import { settledDigests } from '../api/pending.ts';
import type { Status } from '../api/status.ts';
import type { ResolveOutcome } from '../importer/index.ts';
import type { ControllerEvent } from './events.ts';
import type { RefreshGroup } from './refresh-index.ts';
import {
  contextOf,
  type Heard,
  type Listeners,
  listenersOf,
  mark,
  type QuestionPorts,
} from './refresh-listeners.ts';
import { createListing } from './refresh-listing.ts';

/** What came of asking a source; `nobody` wanted to know. */
export type Answer = {
  readonly outcome: Extract<ControllerEvent, { readonly type: 'refresh' }>['outcome'] | 'nobody';
  readonly failure?: Status | undefined;
};

/** Whether a tag already says what was just found out: then there is nothing to do, and nothing to write. */
const isSettled = (stream: ImageStream, tag: string, resolved: ResolveOutcome): boolean =>
  resolved.ok &&
  failureOf(stream, tag) === undefined &&
  settledDigests(stream, tag).includes(resolved.digest);

/** One HEAD: has the tag moved? */
const askTag = async (
  { request }: RefreshGroup,
  listeners: Listeners,
  ports: QuestionPorts,
  signal: AbortSignal,
): Promise<Heard> => {
  const context = await contextOf(listeners, ports, signal);
  const resolved = await ports.importer.resolve(request, context, signal);
  return {
    failure: resolved.ok ? undefined : resolved.status,
    tell: ({ member, stream }, sinceMs) => {
      if (isSettled(stream, member.tag, resolved)) return false;
      const { key, tag } = member;
      if (resolved.ok && ports.retries.awaits(key, tag, resolved.digest)) return false;
      mark(member, { resolved, sinceMs }, ports);
      return true;
    },
  };
};

/** Asks sources, each once for all who follow it, and marks what has something new; writes nothing itself. */
export const createQuestions = (ports: QuestionPorts) => {
  const listing = createListing(ports);
  return {
    changed: listing.changed,

    /** One question for all members of a group; `isStopped` says whether nobody is to be told any more. */
    ask: async (group: RefreshGroup, isStopped: () => boolean, signal: AbortSignal): Promise<Answer> => {
      const [first, ...others] = listenersOf(group, ports);
      if (first === undefined) return { outcome: 'nobody' };
      const askedMs = ports.clock.now();
      const listeners = [first, ...others] as const;
      const isList = first.member.tag === repositorySlot;
      const { failure, tell } = isList
        ? await listing.ask(group, listeners, signal)
        : await askTag(group, listeners, ports, signal);
      // As they are now: while the registry was asked, streams were changed, suspended or deleted.
      const told = isStopped() ? [] : listenersOf(group, ports).filter((listener) => tell(listener, askedMs));
      if (failure !== undefined) return { outcome: 'failed', failure };
      return { outcome: told.length > 0 ? 'moved' : 'unchanged' };
    },
  };
};
