import { scheduledAnnotation, suspendAnnotation } from './annotations.ts';
import type { ImageStream } from './image-stream.ts';
import { type IntervalSettings, refreshInterval } from './refresh-interval.ts';
import { parseTagFilter, tagFilterOf, tagFilterProblem } from './tag-filter.ts';
import { isOn, toggleProblem } from './toggle-annotation.ts';

/** An annotation that is not taken as it stands: the reason of the Event that tells of it, and a sentence. */
export type ScheduleProblem = { readonly reason: string; readonly message: string };

const scheduledWithoutRepository = (stream: ImageStream): string | undefined =>
  isOn(stream, scheduledAnnotation) && !stream.spec?.dockerImageRepository
    ? `annotation ${scheduledAnnotation}: there is no spec.dockerImageRepository that could be listed; for a tag set its importPolicy.scheduled`
    : undefined;

const filterProblem = (stream: ImageStream): string | undefined => {
  const text = tagFilterOf(stream);
  const parsed = parseTagFilter(text);
  if (text === undefined || parsed.ok || !stream.spec?.dockerImageRepository) return undefined;
  return tagFilterProblem(text, parsed.problem);
};

/** What is wrong with the annotations about `spec.dockerImageRepository`, apart from its interval; sentences. */
export const repositoryProblems = (stream: ImageStream): readonly string[] =>
  [
    toggleProblem(stream, scheduledAnnotation),
    scheduledWithoutRepository(stream),
    filterProblem(stream),
  ].filter((problem) => problem !== undefined);

const intervalProblems = (stream: ImageStream, settings: IntervalSettings): readonly string[] => {
  const scheduled = (stream.spec?.tags ?? []).filter(({ importPolicy }) => importPolicy?.scheduled === true);
  const refreshed = isOn(stream, scheduledAnnotation) ? [undefined, ...scheduled] : scheduled;
  return [...new Set(refreshed.flatMap((tag) => refreshInterval(stream, tag, settings).problem ?? []))];
};

/** What is wrong with what a stream says about its own schedule. */
export const scheduleProblems = (
  stream: ImageStream,
  settings: IntervalSettings,
): readonly ScheduleProblem[] => {
  const problem = (reason: string, message: string | undefined): readonly ScheduleProblem[] =>
    message === undefined ? [] : [{ reason, message }];
  return [
    ...problem('Suspend', toggleProblem(stream, suspendAnnotation)),
    ...problem('Scheduled', toggleProblem(stream, scheduledAnnotation)),
    ...problem('Scheduled', scheduledWithoutRepository(stream)),
    ...problem('TagFilter', filterProblem(stream)),
    ...intervalProblems(stream, settings).flatMap((message) => problem('RefreshInterval', message)),
  ];
};
