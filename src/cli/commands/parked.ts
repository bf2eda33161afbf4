import type { ChangeCursor, ParkedEvent } from '../../api/change-cursor.ts';
import { changeCursors } from '../../api/resources.ts';
import { StatusError } from '../../api/status.ts';
import type { ApiClient } from '../client.ts';
import type { CommandContext } from '../context.ts';
import { ago } from '../description.ts';
import { CliError } from '../errors.ts';
import { formatTable, parseOutput, writeDocument } from '../output.ts';

export type ParkedOptions = {
  readonly resume?: boolean;
  readonly drop?: boolean;
  readonly all?: boolean;
  readonly allNamespaces?: boolean;
  readonly output?: string;
};

type Found = {
  readonly namespace: string;
  readonly stream: string;
  readonly sink: string;
  readonly parked: ParkedEvent;
};

const foundIn = ({ metadata, stream, sinks = [] }: ChangeCursor): readonly Found[] =>
  sinks.flatMap(({ name, parked = [] }) =>
    parked.map((each) => ({
      namespace: metadata.namespace ?? '',
      stream: stream.name,
      sink: name,
      parked: each,
    })),
  );

const tableOf = (found: readonly Found[], nowMs: number): string =>
  formatTable(
    ['ID', 'SINK', 'STREAM', 'TAG', 'REVISION', 'WHEN', 'PROBLEM'],
    found.map(({ namespace, stream, sink, parked }) => [
      parked.id,
      sink,
      `${namespace}/${stream}`,
      parked.tag,
      String(parked.revision),
      ago(parked.at, nowMs),
      parked.resume === true ? `${parked.problem}; to be sent again` : parked.problem,
    ]),
  );

const maxConflicts = 10;

/** Writes what `decide` makes of each parked event, again when the server wrote meanwhile. */
const settle = async (
  client: ApiClient,
  cursor: ChangeCursor,
  decide: (parked: ParkedEvent) => readonly ParkedEvent[],
  signal: AbortSignal,
): Promise<void> => {
  const name = cursor.metadata.name ?? '';
  const own = client.in(cursor.metadata.namespace ?? '');
  let current = cursor;
  for (let conflicts = 0; ; conflicts += 1) {
    const sinks = (current.sinks ?? []).map(({ parked, ...sink }) => {
      const left = (parked ?? []).flatMap(decide);
      return left.length === 0 ? sink : { ...sink, parked: left };
    });
    try {
      await own.replace(changeCursors, name, { ...current, sinks }, signal);
      return;
    } catch (error) {
      const isConflict = error instanceof StatusError && error.status.code === 409;
      if (!isConflict || conflicts >= maxConflicts) throw error;
      current = await own.get(changeCursors, name, signal);
    }
  }
};

const idsOf = (
  ids: readonly string[],
  options: ParkedOptions,
  found: readonly Found[],
): ReadonlySet<string> => {
  if (options.resume === true && options.drop === true)
    throw new CliError('usage', '--resume and --drop exclude each other');
  if ((ids.length === 0) !== (options.all === true))
    throw new CliError('usage', 'name the ids of the events to resume or drop, or say --all');
  const known = new Set(found.map(({ parked }) => parked.id));
  const missing = ids.find((id) => !known.has(id));
  if (missing !== undefined)
    throw new CliError('failed', `no parked event has the id "${missing}"; "imagestreams parked" lists them`);
  return options.all === true ? known : new Set(ids);
};

/** `parked [ID…]`: change events that a receiver refused and that wait for a person. */
export const parked = async (
  { ports, connect }: CommandContext,
  ids: readonly string[],
  options: ParkedOptions,
): Promise<void> => {
  const { stdout, stderr, clock, signal } = ports;
  const format = parseOutput(options.output ?? 'table', ['table', 'json']);
  const isChange = options.resume === true || options.drop === true;
  if (!isChange && (ids.length > 0 || options.all === true))
    throw new CliError('usage', 'ids and --all need --resume or --drop');
  const client = await connect();
  const scope = options.allNamespaces === true ? 'all namespaces' : 'namespace';
  const cursors = await client.list<ChangeCursor>(changeCursors, scope, signal);
  const found = cursors.flatMap(foundIn);
  if (!isChange) {
    if (format === 'json') await writeDocument(stdout, format, found);
    else if (found.length === 0) stderr.write('No change events are parked.\n');
    else stdout.write(tableOf(found, clock.now()));
    return;
  }
  const wanted = idsOf(ids, options, found);
  const decide = (each: ParkedEvent): readonly ParkedEvent[] => {
    if (!wanted.has(each.id)) return [each];
    return options.drop === true ? [] : [{ ...each, resume: true }];
  };
  for (const cursor of cursors) {
    const own = foundIn(cursor).filter((each) => wanted.has(each.parked.id));
    if (own.length === 0) continue;
    await settle(client, cursor, decide, signal);
    for (const each of own)
      stdout.write(`${each.parked.id} ${options.drop === true ? 'dropped' : 'will be sent again'}\n`);
  }
};
