import type { ImageStream, NamedTagEventList, TagEvent, TagEventCause } from '../../api/image-stream.ts';
import { imageStreams } from '../../api/resources.ts';
import type { CommandContext } from '../context.ts';
import { ago } from '../description.ts';
import { CliError } from '../errors.ts';
import { formatTable, parseOutput, writeDocument } from '../output.ts';
import { findRunning, type Running } from '../running-workloads.ts';
import { clientFor, parseTagTarget } from '../targets.ts';

export type HistoryOptions = { readonly output?: string };

/** One image that a tag pointed at; the newest of each tag is the current one. */
export type HistoryEntry = {
  readonly tag: string;
  readonly revision: number | undefined;
  /** Empty for a tag that is only a reference. */
  readonly image: string;
  readonly sourceDigest: string | undefined;
  readonly reference: string;
  readonly created: string | null;
  readonly cause: TagEventCause | undefined;
  readonly current: boolean;
  /** Workloads of the namespace that run it, as `Deployment/web`. */
  readonly workloads: readonly string[];
};

const entryOf = (tag: string, event: TagEvent, index: number, running: Running): HistoryEntry => ({
  tag,
  revision: event.revision,
  image: event.image,
  sourceDigest: event.sourceDigest,
  reference: event.dockerImageReference,
  created: event.created,
  cause: event.cause,
  current: index === 0,
  workloads: running([event.image, event.sourceDigest]),
});

/** Every image that the tags of a stream had, tag by tag, the newest first; only those of `tag`, where one is given. */
export const historyOf = (
  stream: ImageStream,
  tag: string | undefined,
  running: Running = () => [],
): readonly HistoryEntry[] => {
  const lists: readonly NamedTagEventList[] = stream.status?.tags ?? [];
  return lists
    .filter((list) => tag === undefined || list.tag === tag)
    .flatMap((list) => (list.items ?? []).map((event, index) => entryOf(list.tag, event, index, running)));
};

const tableOf = (entries: readonly HistoryEntry[], nowMs: number): string =>
  formatTable(
    ['TAG', 'REVISION', 'IMAGE', 'WHEN', 'CAUSE', 'BY', 'RUN BY'],
    entries.map((entry) => [
      entry.tag,
      entry.revision === undefined ? '-' : String(entry.revision),
      `${entry.image === '' ? entry.reference : entry.image}${entry.current ? ' *' : ''}`,
      ago(entry.created, nowMs),
      entry.cause?.type ?? '-',
      entry.cause?.by ?? '-',
      entry.workloads.join(', ') || '-',
    ]),
  );

/** `history STREAM[:TAG]`: every image that a tag had, when it came and why, and which workloads run it. */
export const history = async (
  { ports, connect }: CommandContext,
  [target = '']: readonly string[],
  options: HistoryOptions,
): Promise<void> => {
  const format = parseOutput(options.output ?? 'table', ['table', 'json', 'yaml']);
  const wanted = parseTagTarget(target);
  const { stream: name, tag } = wanted;
  const client = clientFor(await connect(), wanted);
  const stream = await client.get(imageStreams, name, ports.signal);
  const running = await findRunning(client, ports.signal, (note) => ports.stderr.write(`warning: ${note}\n`));
  const entries = historyOf(stream, tag, running);
  if (tag !== undefined && entries.length === 0)
    throw new CliError('failed', `the tag "${tag}" of the image stream "${name}" has no image yet`);
  if (format !== 'table') return writeDocument(ports.stdout, format, entries);
  if (entries.length === 0) ports.stderr.write(`The image stream "${name}" has no images yet.\n`);
  else ports.stdout.write(tableOf(entries, ports.clock.now()));
};
