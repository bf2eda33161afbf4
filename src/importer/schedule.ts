import { hash } from 'node:crypto';
import { insecureRepositoryAnnotation, scheduledAnnotation } from '../api/annotations.ts';
import type { ImageStream, ImportMode, TagReference } from '../api/image-stream.ts';
import { repositorySlot } from '../api/import-failure.ts';
import { hasImageOfSpec, hasListedRepository, importModeOf, isImportable } from '../api/pending.ts';
import { type IntervalSettings, refreshInterval } from '../api/refresh-interval.ts';
import { parseTagFilter, tagFilterOf } from '../api/tag-filter.ts';
import { isOn } from '../api/toggle-annotation.ts';
import { formatReference, formatRepository } from '../oci/reference.ts';
import type { Keychain, Repository } from '../oci/types.ts';
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
  const number = hash('sha256', key, 'buffer').readUIntBE(0, hashBits / 8);
  return Math.floor((number / 2 ** hashBits) * intervalMs);
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

export type ScheduledTag = {
  readonly refresh: Refresh;
  /** Refreshes with equal keys are done once: same source, transport and credentials, to the secret. Good for this run only. */
  readonly sharingKey: string;
};

/** What a refresh depends on besides the stream. */
export type SchedulePorts = {
  readonly keychain: Keychain;
  readonly settings: IntervalSettings;
  readonly placesOf: PlacesOf;
};

/** The refresh of something in a repository: `reference` names it. */
const refreshOf = (
  { reference, importMode }: Pick<Refresh, 'reference' | 'importMode'>,
  { repository, isInsecure, intervalMs }: { repository: Repository; isInsecure: boolean; intervalMs: number },
  { keychain, placesOf }: SchedulePorts,
): ScheduledTag => {
  const offers = keychain(repository).map((offer) => [
    offer.kind,
    offer.kind === 'helper' ? offer.program : offer.username,
  ]);
  const refresh = { reference, importMode, credentialClass: JSON.stringify(offers), intervalMs };
  const sharingKey = JSON.stringify([refresh, isInsecure, credentialClass(keychain, repository, placesOf)]);
  return { refresh, sharingKey };
};

/**
 * Whether a failure of a tag, or of the repository (''), is one of its refreshes: there is an image, and the schedule tries again.
 * What has none yet is awaited and is tried again sooner.
 */
export const isRefreshed = (stream: ImageStream, slot: string): boolean => {
  if (slot === repositorySlot) return isOn(stream, scheduledAnnotation) && hasListedRepository(stream);
  const tag = stream.spec?.tags?.find(({ name }) => name === slot);
  if (tag === undefined || !isImportable(tag) || tag.importPolicy?.scheduled !== true) return false;
  const parsed = parseSource(tag.from?.name ?? '');
  // A digest that there is an image of is never asked about again.
  const isOnSchedule = parsed.ok && parsed.source.reference.target.kind === 'tag';
  return isOnSchedule && hasImageOfSpec(stream, tag);
};

/**
 * The listing that a stream asks for by the annotation `imagestreams.dev/scheduled`; undefined where it does not, or its repository or its
 * filter cannot be read.
 */
export const scheduledListing = (stream: ImageStream, ports: SchedulePorts): ScheduledTag | undefined => {
  const from = stream.spec?.dockerImageRepository;
  if (!from || !isOn(stream, scheduledAnnotation) || !parseTagFilter(tagFilterOf(stream)).ok)
    return undefined;
  const parsed = parseSource(from);
  if (!parsed.ok) return undefined;
  const { intervalMs } = refreshInterval(stream, undefined, ports.settings);
  const repository = repositoryOf(parsed.source.reference);
  const isInsecure = isOn(stream, insecureRepositoryAnnotation);
  const reference = formatRepository(repository);
  const what = { reference, importMode: 'Legacy' } as const;
  return refreshOf(what, { repository, isInsecure, intervalMs }, ports);
};

/**
 * The refresh that a spec tag asks for; undefined for a tag that is not scheduled, whose reference cannot be parsed, or that names a
 * digest and has its image: a digest never moves.
 */
export const scheduledRefresh = (
  stream: ImageStream,
  tag: TagReference,
  ports: SchedulePorts,
): ScheduledTag | undefined => {
  if (!isImportable(tag) || tag.importPolicy?.scheduled !== true) return undefined;
  const parsed = parseSource(tag.from?.name ?? '');
  if (!parsed.ok) return undefined;
  const { reference } = parsed.source;
  if (reference.target.kind === 'digest' && hasImageOfSpec(stream, tag)) return undefined;
  const { intervalMs } = refreshInterval(stream, tag, ports.settings);
  const what = { reference: formatReference(reference), importMode: importModeOf(tag) };
  const isInsecure = tag.importPolicy.insecure === true;
  return refreshOf(what, { repository: repositoryOf(reference), isInsecure, intervalMs }, ports);
};
