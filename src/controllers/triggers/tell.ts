import type { Logger } from '../../lib/logger.ts';
import type { RecordEvent } from '../ports.ts';
import type { TriggerNote } from './notes.ts';

/** Writes notes. They are a courtesy: one that cannot be written is logged, and the work goes on. */
export const tellNotes = async (
  { recordEvent, logger }: { readonly recordEvent: RecordEvent; readonly logger: Logger },
  notes: readonly TriggerNote[],
  signal: AbortSignal,
): Promise<void> => {
  for (const note of notes) {
    try {
      await recordEvent(note, signal);
    } catch (error) {
      signal.throwIfAborted();
      const { kind, namespace, name } = note.involvedObject;
      logger.warn({ err: error, kind, namespace, name }, 'cannot write the event');
    }
  }
};
