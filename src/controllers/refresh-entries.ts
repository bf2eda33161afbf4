import { createHash } from 'node:crypto';
import { insecureRepositoryAnnotation } from '../api/annotations.ts';
import type { ImageStream } from '../api/image-stream.ts';
import { repositorySlot } from '../api/import-failure.ts';
import type { Stored } from '../api/meta.ts';
import { type ScheduleProblem, scheduleProblems } from '../api/schedule-problems.ts';
import { isSuspended } from '../api/suspension.ts';
import { isOn } from '../api/toggle-annotation.ts';
import {
  type Importer,
  type IntervalSettings,
  type Keychains,
  type ScheduledTag,
  scheduledListing,
  scheduledRefresh,
} from '../importer/index.ts';
import { type Clock, formatTime } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { Lister } from '../runtime/index.ts';
import type { ObjectKey } from '../store/store.ts';
import type { RecordEvent } from './ports.ts';
import type { RefreshEntry } from './refresh-index.ts';

export type EntryPorts = {
  readonly streams: Lister<Stored<ImageStream>>;
  readonly importer: Pick<Importer, 'placesOf'>;
  readonly keychains: Keychains;
  /** By the secrets that the watches have seen: entries are made anew when a secret changes. Default {@link keychains}. */
  readonly watchedKeychains?: Keychains | undefined;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly settings: { readonly intervals: IntervalSettings };
  readonly recordEvent: RecordEvent;
};

/** The host that a canonical reference begins with. */
const registryOf = (reference: string): string => reference.slice(0, reference.indexOf('/'));

/** Tells the user of it. A courtesy: that it cannot be told stops no refresh. */
const tellProblem = async (
  { apiVersion, kind, metadata }: Stored<ImageStream>,
  { reason, message }: ScheduleProblem,
  { recordEvent, clock, logger }: EntryPorts,
  signal: AbortSignal,
): Promise<void> => {
  const { namespace = '', name, uid } = metadata;
  const id = createHash('sha256')
    .update(JSON.stringify([uid, message]))
    .digest('hex');
  const involvedObject = { apiVersion, kind, namespace, name, uid };
  const at = formatTime(clock.now());
  try {
    await recordEvent({ id, type: 'Warning', reason, message, involvedObject, at }, signal);
  } catch (error) {
    signal.throwIfAborted();
    logger.warn({ err: error, namespace, name, problem: message }, 'cannot write the event');
  }
};

const entryOf = (
  slot: string,
  { refresh, sharingKey }: ScheduledTag,
  request: RefreshEntry['request'],
): RefreshEntry => ({
  refresh,
  // The registry in front: keys of one registry are one group of the queue.
  sharingKey: `${registryOf(refresh.reference)} ${slot === repositorySlot ? 'list' : 'tag'} ${sharingKey}`,
  tag: slot,
  request,
});

/** What of a stream is refreshed; what is wrong with what it says about that is told. */
export const entriesOf = async (
  key: ObjectKey,
  ports: EntryPorts,
  signal: AbortSignal,
): Promise<readonly RefreshEntry[]> => {
  const stream = ports.streams.get(key);
  if (stream === undefined) return [];
  for (const problem of scheduleProblems(stream, ports.settings.intervals))
    await tellProblem(stream, problem, ports, signal);
  const tags = stream.spec?.tags?.filter(({ importPolicy }) => importPolicy?.scheduled === true) ?? [];
  const from = stream.spec?.dockerImageRepository ?? '';
  if (isSuspended(stream) || (tags.length === 0 && from === '')) return [];
  const keychain = await (ports.watchedKeychains ?? ports.keychains)(key.namespace, signal);
  const { placesOf } = ports.importer;
  const schedule = { keychain, settings: ports.settings.intervals, placesOf };
  const listing = scheduledListing(stream, schedule);
  const insecure = isOn(stream, insecureRepositoryAnnotation);
  const refreshes = tags.flatMap((tag) => {
    const found = scheduledRefresh(stream, tag, schedule);
    const request = { from: tag.from?.name ?? '', insecure: tag.importPolicy?.insecure === true };
    return found === undefined ? [] : [entryOf(tag.name, found, request)];
  });
  return listing === undefined
    ? refreshes
    : [...refreshes, entryOf(repositorySlot, listing, { from, insecure })];
};
