import { rollbacksAnnotation } from './annotations.ts';
import type { ImageStream, TagEvent } from './image-stream.ts';

/**
 * What somebody asked for: that a tag goes back to an image of its history, and stays there. It stands in an annotation of the stream,
 * not of the spec tag: who applies a manifest again replaces the list of tags, and keeps annotations that the manifest does not name.
 */
export type RollbackRequest = {
  /** Of the entry to go back to. Never used twice, but for another stream of the same name: there the image differs. */
  readonly revision: number;
  readonly image: string;
  /** When it was asked for: tells a request from one for the same entry before. */
  readonly at?: string | undefined;
  /** Who asked, as they say; a server that knows better says so itself. */
  readonly by?: string | undefined;
};

/** By tag. */
export type RollbackRequests = ReadonlyMap<string, RollbackRequest>;

const isText = (value: unknown): value is string | undefined =>
  value === undefined || typeof value === 'string';

const isRequest = (value: unknown): value is RollbackRequest => {
  if (typeof value !== 'object' || value === null) return false;
  const { revision, image, at, by } = value as Partial<Record<keyof RollbackRequest, unknown>>;
  return Number.isSafeInteger(revision) && typeof image === 'string' && isText(at) && isText(by);
};

/** Reads the annotation; undefined for a text that is none. No annotation means no requests. */
export const parseRollbacks = (text: string | undefined): RollbackRequests | undefined => {
  if (text === undefined || text === '') return new Map();
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    const entries = Object.entries(value);
    const requests = entries.filter((entry): entry is [string, RollbackRequest] => isRequest(entry[1]));
    return requests.length === entries.length ? new Map(requests) : undefined;
  } catch {
    return undefined;
  }
};

/** The text of the annotation; undefined where there is nothing to say. */
export const formatRollbacks = (requests: RollbackRequests): string | undefined =>
  requests.size === 0 ? undefined : JSON.stringify(Object.fromEntries(requests));

/** The rollbacks that are asked for of a stream; undefined where what its annotation says cannot be read. */
export const rollbacksOf = ({ metadata }: ImageStream): RollbackRequests | undefined =>
  parseRollbacks(metadata.annotations?.[rollbacksAnnotation]);

/** Names a request in the status. */
export const rollbackIdOf = ({ revision, at = '' }: RollbackRequest): string => `${revision}@${at}`;

/** The number of an entry: its own, or where the history came without numbers, that of its place. */
export const revisionAt = (items: readonly TagEvent[], index: number): number =>
  items[index]?.revision ?? items.length - index;
