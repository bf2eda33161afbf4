import type { ChangeEvent } from '../../src/api/change-event.ts';
import { advanced, type TagCursors } from '../../src/api/outbox.ts';
import type { EventSink, StreamIdentity } from '../../src/controllers/index.ts';

/** `forgetful`: takes events, and its answers are lost every other time. */
export type LedgerState = 'up' | 'down' | 'forgetful';

/** A sink that outlives the program, as Redis does: the event and the cursor are written together, or neither. */
export type Ledger = {
  readonly sink: EventSink;
  readonly told: ChangeEvent[];
  state: LedgerState;
};

/** Makes an empty ledger. */
export const createLedger = (): Ledger => {
  const cursors = new Map<string, { readonly stream: StreamIdentity; readonly tags: TagCursors }>();
  let count = 0;
  const reach = (): void => {
    if (ledger.state === 'down') throw new Error('the sink is down');
  };
  const answer = (): void => {
    count += 1;
    if (ledger.state === 'forgetful' && count % 2 === 1) throw new Error('the answer of the sink is lost');
  };
  const tagsOf = ({ uid }: StreamIdentity): TagCursors => cursors.get(uid)?.tags ?? new Map();
  const ledger: Ledger = {
    told: [],
    state: 'up',
    sink: {
      name: 'ledger',
      load: async function* () {
        reach();
        for (const { stream, tags } of cursors.values()) yield { ...stream, tags };
      },
      read: async (stream) => {
        reach();
        return tagsOf(stream);
      },
      publish: async (stream, step) => {
        reach();
        if ((tagsOf(stream).get(step.tag) ?? 0) !== step.after) return { kind: 'stale' };
        ledger.told.push(step.event);
        cursors.set(stream.uid, { stream, tags: advanced(tagsOf(stream), step) });
        answer();
        return { kind: 'published' };
      },
      tell: async () => {
        reach();
      },
      forget: async ({ uid }) => {
        reach();
        cursors.delete(uid);
      },
    },
  };
  return ledger;
};
