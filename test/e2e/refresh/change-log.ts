import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** One revision of a store's change log. */
export type LoggedChange = {
  readonly revision: number;
  /** `update deployments.apps default/web`. */
  readonly what: string;
  /** As the write left it and as it was before; a delete leaves nothing. */
  readonly object: LoggedObject | undefined;
  readonly previous: LoggedObject | undefined;
};
export type LoggedObject = {
  readonly metadata: Readonly<Record<string, unknown>> & { readonly name: string };
  readonly spec?: unknown;
  readonly status?: unknown;
} & Readonly<Record<string, unknown>>;

type Row = {
  readonly revision: number;
  readonly operation: string;
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
  readonly object: string | null;
  readonly before: string | null;
};

const parsed = (text: string | null): LoggedObject | undefined =>
  text === null ? undefined : (JSON.parse(text) as LoggedObject);

/** Every change after a revision that the store of a stopped server has, oldest first: nothing that was written can hide. */
export const changesAfter = (dataDir: string, revision: number): readonly LoggedChange[] => {
  const database = new DatabaseSync(join(dataDir, 'imagestreams.db'), { readOnly: true });
  try {
    const compacted = database.prepare('SELECT revision FROM compaction').get()?.['revision'];
    if (Number(compacted) > revision) throw new Error('the changes are no longer all there');
    const rows = database
      .prepare(
        `SELECT r.*, p.object AS before FROM revisions r LEFT JOIN revisions p ON p.revision = r.previous
         WHERE r.revision > ? ORDER BY r.revision`,
      )
      .all(revision) as unknown as readonly Row[];
    return rows.map((row) => ({
      revision: row.revision,
      what: `${row.operation} ${row.resource} ${row.namespace}${row.namespace === '' ? '' : '/'}${row.name}`,
      object: parsed(row.object),
      previous: parsed(row.before),
    }));
  } finally {
    database.close();
  }
};

/** What a change made different: paths of members, such as `spec.template`, down to where a member came, went or is no object. */
export const changedPaths = (before: unknown, after: unknown, path = ''): readonly string[] => {
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  const areObjects = [before, after].every((one) => typeof one === 'object' && one !== null);
  if (!areObjects) return [path];
  const [old, next] = [before as Record<string, unknown>, after as Record<string, unknown>];
  const names = [...new Set([...Object.keys(old), ...Object.keys(next)])];
  return names.flatMap((name) => changedPaths(old[name], next[name], path === '' ? name : `${path}.${name}`));
};
