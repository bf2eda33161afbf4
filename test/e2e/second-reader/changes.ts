import type { Client } from '../programs/client.ts';

/** A change as it was made, or as a reader was told of it. A deletion has the revision only where the teller knows it. */
export type Change = {
  readonly type: string;
  readonly name: string;
  readonly uid: string;
  readonly revision: string;
};

type Answered = {
  readonly metadata: { readonly name: string; readonly uid: string; readonly resourceVersion: string };
};

const body = (name: string, counter: number) => ({
  apiVersion: 'image.openshift.io/v1',
  kind: 'ImageStream',
  metadata: { name, annotations: { counter: String(counter) } },
});

/** Objects that are written at the same time; the changes of one come one after the other. */
const writers = 16;
/** Every so many changes of an object it is deleted and made anew. */
const lifetime = 50;

/**
 * Makes `count` changes of a few streams: creates, updates and deletions. Calls `onChange` after each; answers them by name, each in order.
 */
export const makeChanges = async (
  client: Client,
  collection: string,
  count: number,
  onChange: (made: number) => void,
): Promise<ReadonlyMap<string, readonly Change[]>> => {
  let made = 0;
  const all = new Map<string, Change[]>();
  const write = async (name: string): Promise<void> => {
    const changes: Change[] = [];
    all.set(name, changes);
    for (let step = 0; made < count; step += 1) {
      made += 1;
      const phase = step % lifetime;
      const [type, method, path, sent] =
        phase === 0
          ? (['ADDED', 'POST', collection, body(name, step)] as const)
          : phase === lifetime - 1
            ? (['DELETED', 'DELETE', `${collection}/${name}`, undefined] as const)
            : (['MODIFIED', 'PATCH', `${collection}/${name}`, body(name, step)] as const);
      const answer = await client.call(
        method,
        path,
        sent,
        method === 'PATCH' ? 'application/merge-patch+json' : 'application/json',
      );
      if (answer.status >= 300) throw new Error(`${method} ${path}: ${JSON.stringify(answer.body)}`);
      const last = changes.at(-1);
      const { metadata } = answer.body as Answered;
      changes.push(
        type === 'DELETED'
          ? { type, name, uid: last?.uid ?? '', revision: '' }
          : { type, name, uid: metadata.uid, revision: metadata.resourceVersion },
      );
      onChange(made);
    }
  };
  await Promise.all(Array.from({ length: writers }, (_, index) => write(`stream-${index}`)));
  return all;
};

/** What a reader was told, by name. */
export const byName = (told: readonly Change[]): ReadonlyMap<string, readonly Change[]> =>
  Map.groupBy(
    told.map((change) => (change.type === 'DELETED' ? { ...change, revision: '' } : change)),
    ({ name }) => name,
  );
