import { createHash } from 'node:crypto';
import { refreshIntervalAnnotation } from '../api/annotations.ts';
import type { ImageStream, ImportMode, TagReference } from '../api/image-stream.ts';
import { hasImageOfSpec, importModeOf, isImportable } from '../api/pending.ts';
import { formatDuration, parseDuration } from '../lib/duration.ts';
import { formatReference } from '../oci/reference.ts';
import type { Keychain } from '../oci/types.ts';
import { credentialClass, type PlacesOf } from './content.ts';
import { parseSource, repositoryOf } from './source.ts';

/** What makes two refreshes the same work. */
export type Refresh = {
  /** Canonical pull spec, as registries are asked by it. */
  readonly reference: string;
  readonly importMode: ImportMode;
  /** Kinds and user names (of helpers: programs) of the credentials that would be tried: stable from one run to the next, and no secret. */
  readonly credentialClass: string;
  readonly intervalMs: number;
};

const hashBits = 48;

/** Where in its interval a refresh falls, from 0 to below `intervalMs`: a hash, so that the load of many is spread evenly. */
const slotOffsetMs = ({ reference, importMode, credentialClass, intervalMs }: Refresh): number => {
  const key = JSON.stringify([reference, importMode, credentialClass, intervalMs]);
  const hash = createHash('sha256')
    .update(key)
    .digest()
    .readUIntBE(0, hashBits / 8);
  return Math.floor((hash / 2 ** hashBits) * intervalMs);
};

/**
 * When a refresh is due next, in milliseconds since the epoch; always after `nowMs`.
 *
 * Depends on nothing but its arguments (DECISIONS.md, 13): the same work of many streams falls together, and a restart finds the
 * slots where they were. A slot that was missed while the program was down is not made up for.
 */
export const nextSlot = (refresh: Refresh, nowMs: number): number => {
  const { intervalMs } = refresh;
  const offset = slotOffsetMs(refresh);
  return offset + (Math.floor((nowMs - offset) / intervalMs) + 1) * intervalMs;
};

/** Longer than anyone means, and short enough that times stay exact numbers. */
const longestIntervalMs = 365 * 24 * 60 * 60 * 1000;

export type IntervalSettings = { readonly defaultMs: number; readonly floorMs: number };

export type RefreshInterval = {
  readonly intervalMs: number;
  /** What is wrong with the annotation, for the user. */
  readonly problem?: string;
};

/**
 * How often a tag is refreshed: the annotation `imagestreams.dev/refresh-interval` of the spec tag, else of the stream, else the
 * default. Never more often than the floor; a malformed annotation counts as none.
 */
export const refreshInterval = (
  stream: ImageStream,
  tag: TagReference,
  { defaultMs, floorMs }: IntervalSettings,
): RefreshInterval => {
  const text =
    tag.annotations?.[refreshIntervalAnnotation] ?? stream.metadata.annotations?.[refreshIntervalAnnotation];
  const within = (ms: number): number => Math.round(Math.min(Math.max(ms, floorMs), longestIntervalMs));
  if (text === undefined) return { intervalMs: within(defaultMs) };
  const asked = parseDuration(text);
  if (asked !== undefined) {
    const floor = `annotation ${refreshIntervalAnnotation}: "${text}" is less than the ${formatDuration(floorMs)} that are allowed`;
    return { intervalMs: within(asked), ...(asked < floorMs ? { problem: floor } : {}) };
  }
  return {
    intervalMs: within(defaultMs),
    problem: `annotation ${refreshIntervalAnnotation}: "${text}" is no duration; write for example 30s, 15m or 1h`,
  };
};

export type ScheduledTag = {
  readonly refresh: Refresh;
  /** Refreshes with equal keys are done once: same source, transport and credentials, to the secret. Good for this run only. */
  readonly sharingKey: string;
  /** As of {@link RefreshInterval}. */
  readonly problem?: string;
};

/**
 * The refresh that a spec tag asks for; undefined for a tag that is not scheduled, whose reference cannot be parsed, or that names a
 * digest and has its image: a digest never moves.
 */
export const scheduledRefresh = (
  stream: ImageStream,
  tag: TagReference,
  ports: {
    readonly keychain: Keychain;
    readonly settings: IntervalSettings;
    readonly placesOf: PlacesOf;
  },
): ScheduledTag | undefined => {
  const { keychain, settings, placesOf } = ports;
  if (!isImportable(tag) || tag.importPolicy?.scheduled !== true) return undefined;
  const parsed = parseSource(tag.from?.name ?? '');
  if (!parsed.ok) return undefined;
  const { reference } = parsed.source;
  if (reference.target.kind === 'digest' && hasImageOfSpec(stream, tag)) return undefined;
  const { intervalMs, ...rest } = refreshInterval(stream, tag, settings);
  const repository = repositoryOf(reference);
  const refresh = {
    reference: formatReference(reference),
    importMode: importModeOf(tag),
    credentialClass: JSON.stringify(
      keychain(repository).map((offer) => [
        offer.kind,
        offer.kind === 'helper' ? offer.program : offer.username,
      ]),
    ),
    intervalMs,
  };
  const isInsecure = tag.importPolicy.insecure === true;
  const sharingKey = JSON.stringify([refresh, isInsecure, credentialClass(keychain, repository, placesOf)]);
  return { refresh, sharingKey, ...rest };
};
