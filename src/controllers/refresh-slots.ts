import type { Status } from '../api/status.ts';
import { nextSlot } from '../importer/index.ts';
import type { Clock } from '../lib/clock.ts';
import { Timetable } from '../runtime/index.ts';
import { nextTry } from './refresh-backoff.ts';
import type { RefreshGroup } from './refresh-index.ts';

/** When a source is asked, and how often in a row it failed to answer. */
type Slot = { readonly atMs: number; readonly failures: number };

/** The slots of sources, and which of them have come up. */
export const createSlots = (
  { clock }: { readonly clock: Clock },
  groupOf: (sharingKey: string) => RefreshGroup | undefined,
  onDue: (sharingKey: string) => void,
) => {
  const slots = new Map<string, Slot>();
  /** Those that have come up, by their time. */
  const due = new Map<string, number>();

  const plan = (sharingKey: string, status?: Status): void => {
    const group = groupOf(sharingKey);
    due.delete(sharingKey);
    if (group === undefined) return;
    const { refresh } = group;
    const nowMs = clock.now();
    const before = slots.get(sharingKey) ?? { atMs: nowMs, failures: 0 };
    const attempt = before.failures + 1;
    const atMs =
      status === undefined
        ? nextSlot(refresh, nowMs)
        : nextTry({ refresh, status, attempt, slotMs: before.atMs }, nowMs);
    slots.set(sharingKey, { atMs, failures: status === undefined ? 0 : attempt });
    timetable.set(sharingKey, atMs);
  };

  const timetable: Timetable = new Timetable({
    clock,
    time: 'wall',
    onDue: (sharingKey) => {
      due.set(sharingKey, slots.get(sharingKey)?.atMs ?? clock.now());
      onDue(sharingKey);
    },
    // Set forward, it would make everything due at once; set back, nothing for as long. As after a start: each waits for its next slot.
    onClockSet: () => {
      for (const sharingKey of slots.keys()) if (!due.has(sharingKey)) plan(sharingKey);
    },
  });

  return {
    plan,
    close: (sharingKey: string): void => {
      timetable.delete(sharingKey);
      slots.delete(sharingKey);
      due.delete(sharingKey);
    },
    atMs: (sharingKey: string): number | undefined => slots.get(sharingKey)?.atMs,
    dueSinceMs: (sharingKey: string): number | undefined => due.get(sharingKey),
    run: (signal: AbortSignal) => timetable.run(signal),
  };
};
