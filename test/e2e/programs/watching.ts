import type { Client } from './client.ts';
import type { Body, Kind } from './kinds.ts';
import type { ModelObject } from './model.ts';
import { comparable, seenAs } from './seen.ts';

/** One change as a watch tells it. */
export type WatchedEvent = {
  readonly type: string;
  readonly name: string;
  readonly object: ModelObject;
};

/** The object by whose coming the end of a program is known. */
export const lastName = 'last';

/** A watch under way. */
export type Following = {
  /** Waits until the last object has come; all that came before it. */
  readonly upToLast: () => Promise<readonly WatchedEvent[]>;
  readonly stop: () => void;
};

/** Follows a collection. */
export const followFrom = (client: Client, kind: Kind, collection: string, query: string): Following => {
  const stop = new AbortController();
  const collect = async (): Promise<readonly WatchedEvent[]> => {
    const events: WatchedEvent[] = [];
    let newest = 0n;
    for await (const { type, object } of client.watch(`${collection}?watch=true&${query}`, stop.signal)) {
      const body = object as Body;
      if (type === 'ERROR') throw new Error(`the watch failed: ${JSON.stringify(object)}`);
      const revision = BigInt(body.metadata.resourceVersion);
      if (revision <= newest) throw new Error(`revision ${revision} came after ${newest}`);
      newest = revision;
      if (body.metadata.name === lastName) break;
      events.push({ type, name: body.metadata.name, object: comparable(seenAs(kind, body)) });
    }
    return events;
  };
  const collected = collect();
  // Whoever waits for it hears of a failure; until then it is not unhandled.
  collected.catch(() => undefined);
  return { upToLast: () => collected, stop: () => stop.abort() };
};
