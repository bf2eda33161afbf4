import { createClient, type Place } from '../programs/client.ts';
import { givenData, nextMessage, report } from './child.ts';

/*
 * A process that follows a collection many times over. Reports `ready` when all watches run; told the newest revision, it reports what
 * each watch saw up to it, and ends.
 */

/** What the process is given. */
export type WatchersData = { readonly place: Place; readonly path: string; readonly count: number };

/** What one watch saw: every revision in the order of its coming. */
export type Seen = readonly number[];

/** Not parsed: what fifty readers spend on JSON would be taken from the server on the same processors. */
const frame = /^\{"type":"MODIFIED".*?"resourceVersion":"(\d+)"/;

const { place, path, count } = givenData<WatchersData>();
const client = createClient(place);
const stop = new AbortController();
let last = Number.POSITIVE_INFINITY;
/** Asks every watch whether it has seen the last revision: it may have come before anybody knew that it is the last. */
const checks: (() => void)[] = [];

const follow = async (): Promise<Seen> => {
  const seen: number[] = [];
  const complete = Promise.withResolvers<Seen>();
  const check = (): void => {
    if ((seen.at(-1) ?? 0) >= last) complete.resolve(seen);
  };
  checks.push(check);
  const read = async (): Promise<void> => {
    for await (const line of client.watchLines(path, stop.signal)) {
      const revision = frame.exec(line)?.[1];
      if (revision === undefined) throw new Error(`a watch was told ${line}`);
      seen.push(Number(revision));
      check();
    }
    throw new Error(`a watch ended after ${seen.length} events`);
  };
  read().catch(complete.reject);
  return complete.promise;
};

const all = Promise.all(Array.from({ length: count }, follow));
report('ready');
last = await nextMessage<number>();
for (const check of checks) check();
report(await all);
stop.abort();
client.close();
