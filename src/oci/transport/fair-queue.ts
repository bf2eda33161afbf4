import type { Queue, QueueAddOptions } from 'p-queue';

/** What decides when a request gets its turn. */
export type Turn = QueueAddOptions & {
  /** Whose request it is: a namespace. */
  readonly caller: string;
  readonly urgency: 'interactive' | 'scheduled';
};

/** What p-queue is told to have a request that waits go as an interactive one. */
export const interactivePriority = 1;

type Run = () => Promise<unknown>;

/** Of so many turns one goes to scheduled requests although interactive ones wait. */
const scheduledShare = 4;

/** Requests of one urgency, by their ids: a line per caller, and callers in the order in which they are served next. */
const createLines = () => {
  const lines = new Map<string, Set<string>>();
  return {
    add: (caller: string, id: string): void => {
      const line = lines.get(caller) ?? new Set();
      lines.set(caller, line.add(id));
    },
    remove: (caller: string, id: string): void => {
      const line = lines.get(caller);
      line?.delete(id);
      if (line?.size === 0) lines.delete(caller);
    },
    /** The first request of the caller whose turn it is; that caller goes to the end. */
    next: (): string | undefined => {
      const [turn] = lines;
      if (turn === undefined) return undefined;
      const [caller, line] = turn;
      const [id] = line;
      lines.delete(caller);
      if (id !== undefined) line.delete(id);
      if (line.size > 0) lines.set(caller, line);
      return id;
    },
  };
};

/**
 * The order of a gate: callers take turns, whoever has how many requests waiting, and interactive requests go before scheduled ones
 * without starving them. A `queueClass` for p-queue.
 */
export class FairQueue implements Queue<Run, Turn> {
  readonly #lines = { interactive: createLines(), scheduled: createLines() };
  readonly #waiting = new Map<string, Pick<Turn, 'caller' | 'urgency'> & { readonly run: Run }>();
  #turns = 0;

  get size(): number {
    return this.#waiting.size;
  }

  enqueue(run: Run, { id = '', caller = '', urgency = 'scheduled' }: Partial<Turn> = {}): void {
    this.#waiting.set(id, { caller, urgency, run });
    this.#lines[urgency].add(caller, id);
  }

  dequeue(): Run | undefined {
    this.#turns += 1;
    const { interactive, scheduled } = this.#lines;
    const [first, second] =
      this.#turns % scheduledShare === 0 ? [scheduled, interactive] : [interactive, scheduled];
    const id = first.next() ?? second.next() ?? '';
    const run = this.#waiting.get(id)?.run;
    this.#waiting.delete(id);
    return run;
  }

  remove(id: string): void {
    const turn = this.#waiting.get(id);
    if (turn === undefined) return;
    this.#waiting.delete(id);
    this.#lines[turn.urgency].remove(turn.caller, id);
  }

  filter({ caller, urgency }: Partial<Turn>): Run[] {
    return [...this.#waiting.values()]
      .filter((turn) => turn.caller === caller && turn.urgency === urgency)
      .map(({ run }) => run);
  }

  /** Moves a request up among the interactive ones, to the end of its caller's line; nothing else moves. */
  setPriority(id: string, priority: number): void {
    const turn = this.#waiting.get(id);
    if (turn === undefined || priority !== interactivePriority) return;
    this.remove(id);
    this.enqueue(turn.run, { id, caller: turn.caller, urgency: 'interactive' });
  }
}
