import { refreshIntervalAnnotation, scheduledAnnotation } from '../api/annotations.ts';
import type { ImageStream } from '../api/image-stream.ts';
import { scheduleProblems } from '../api/schedule-problems.ts';
import { tagFilterOf } from '../api/tag-filter.ts';
import { isOn } from '../api/toggle-annotation.ts';
import { parseDuration } from '../lib/duration.ts';

/** The server's own interval and floor are not known here: only what is wrong in itself is. */
const anyInterval = { defaultMs: 1, floorMs: 1 };

/** What cannot be read counts as nothing, and is told of below. */
const every = (interval: string | undefined): string =>
  interval === undefined || parseDuration(interval) === undefined
    ? 'at the interval of the server'
    : `every ${interval}`;

const ofRepository = (stream: ImageStream): readonly string[] => {
  const { dockerImageRepository: from = '' } = stream.spec ?? {};
  const filter = tagFilterOf(stream);
  const isScheduled = isOn(stream, scheduledAnnotation);
  if (from === '' || (!isScheduled && filter === undefined)) return [];
  const interval = stream.metadata.annotations?.[refreshIntervalAnnotation];
  const words = [
    isScheduled ? every(interval) : 'when asked for',
    ...(filter === undefined ? [] : [`tags that pass ${filter}`]),
  ];
  return [`${from}: ${words.join(', ')}`];
};

const ofTags = ({ spec, metadata }: ImageStream): readonly string[] =>
  (spec?.tags ?? []).flatMap(({ name, importPolicy, annotations }) => {
    const interval =
      annotations?.[refreshIntervalAnnotation] ?? metadata.annotations?.[refreshIntervalAnnotation];
    return importPolicy?.scheduled !== true || interval === undefined ? [] : [`${name}: ${every(interval)}`];
  });

/** How often a stream wants to be refreshed, and what of that cannot be read; nothing where it says nothing of its own. */
export const describeRefresh = (stream: ImageStream): string => {
  const lines = [
    ...ofRepository(stream),
    ...ofTags(stream),
    ...scheduleProblems(stream, anyInterval).map(({ message }) => `! ${message}`),
  ];
  return lines.length === 0 ? '' : `\nRefresh:\n${lines.map((line) => `  ${line}\n`).join('')}`;
};
