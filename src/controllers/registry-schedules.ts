/** The schedule of one registry. */
export type RegistrySchedule = {
  readonly registry: string;
  /** Sources, tags and lists, that are asked at slots. */
  readonly sources: number;
  /** Those whose slot has come and that have not answered yet. */
  readonly due: number;
  /** How long the one that waits longest has waited, in milliseconds. */
  readonly longestMs: number;
};

/** The registry that stands in front of a sharing key. */
export const groupOf = (sharingKey: string): string => sharingKey.slice(0, sharingKey.indexOf(' '));

/** What is asked on a schedule, by registry; `dueSinceMs` tells the slot of a source that has come. */
export const schedulesOf = (
  sharingKeys: Iterable<string>,
  dueSinceMs: (sharingKey: string) => number | undefined,
  nowMs: number,
): readonly RegistrySchedule[] => {
  const found = new Map<string, { registry: string; sources: number; due: number; longestMs: number }>();
  for (const sharingKey of sharingKeys) {
    const registry = groupOf(sharingKey);
    const schedule = found.get(registry) ?? { registry, sources: 0, due: 0, longestMs: 0 };
    found.set(registry, schedule);
    schedule.sources += 1;
    const dueMs = dueSinceMs(sharingKey);
    if (dueMs === undefined) continue;
    schedule.due += 1;
    schedule.longestMs = Math.max(schedule.longestMs, nowMs - dueMs);
  }
  return [...found.values()];
};
