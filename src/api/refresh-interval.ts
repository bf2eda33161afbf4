import { formatDuration, parseDuration } from '../lib/duration.ts';
import { refreshIntervalAnnotation } from './annotations.ts';
import type { ImageStream, TagReference } from './image-stream.ts';

/** Longer than anyone means, and short enough that times stay exact numbers. */
const longestIntervalMs = 365 * 24 * 60 * 60 * 1000;

export type IntervalSettings = { readonly defaultMs: number; readonly floorMs: number };

export type RefreshInterval = {
  readonly intervalMs: number;
  /** What is wrong with the annotation, for the user. */
  readonly problem?: string;
};

/**
 * How often a tag is refreshed (undefined: the repository): the annotation `imagestreams.dev/refresh-interval` of the spec tag, else of the stream, else the
 * default. Never more often than the floor; a malformed annotation counts as none.
 */
export const refreshInterval = (
  stream: ImageStream,
  tag: TagReference | undefined,
  { defaultMs, floorMs }: IntervalSettings,
): RefreshInterval => {
  const text =
    tag?.annotations?.[refreshIntervalAnnotation] ?? stream.metadata.annotations?.[refreshIntervalAnnotation];
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
