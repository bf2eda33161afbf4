import type { ChangeEvent } from '../../api/change-event.ts';
import type { ImageStream } from '../../api/image-stream.ts';
import { imageStreams } from '../../api/resources.ts';
import { findTag } from '../../api/tag-history.ts';
import { formatTime } from '../../lib/clock.ts';
import { parseDuration } from '../../lib/duration.ts';
import type { ApiClient } from '../client.ts';
import type { CommandContext } from '../context.ts';
import { CliError } from '../errors.ts';
import { readFeed } from '../event-feed.ts';
import { answersImports } from '../import-object.ts';
import { parseOutput } from '../output.ts';
import { readStreamEvents, type StreamEventsQuery } from '../stream-events.ts';
import { isRefusal } from '../streams.ts';
import { clientFor, parseTagTarget, type TagTarget } from '../targets.ts';

export type EventsOptions = {
  readonly follow?: boolean;
  readonly since?: string;
  readonly allNamespaces?: boolean;
  readonly output?: string;
};

const sinceOf = (text: string | undefined, nowMs: number): string | undefined => {
  if (text === undefined) return undefined;
  const agoMs = parseDuration(text);
  if (agoMs !== undefined) return formatTime(nowMs - agoMs);
  const atMs = /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(atMs)) return formatTime(atMs);
  throw new CliError(
    'usage',
    `--since "${text}" is neither a duration like 10m nor a time like 2026-01-02T15:04:05Z`,
  );
};

const causeOf = ({ cause }: ChangeEvent): string => {
  if (cause === undefined) return '';
  return cause.by === undefined ? ` (${cause.type})` : ` (${cause.type} by ${cause.by})`;
};

/** What happened, after the name of the tag, or of the stream for its whole repository. */
const detailOf = (event: ChangeEvent): string => {
  const { tag, oldDigest = '', newDigest = '', reference, reason = '', message = '' } = event;
  switch (event.type) {
    case 'TagCreated':
      return `→ ${newDigest || reference}${causeOf(event)}`;
    case 'TagMoved':
      return `${oldDigest} → ${newDigest || reference}${causeOf(event)}`;
    case 'TagDeleted':
      return `was ${oldDigest || reference}`;
    case 'ImportFailed':
      return `${tag === '' ? `repository ${reference}: ` : ''}${reason}: ${message}`;
    case 'ImportRecovered':
      return `${tag === '' ? `repository ${reference} ` : ''}is imported again`;
    case 'Gap':
      return message;
  }
};

const typeWidth = 'ImportRecovered'.length;

/** One event as a line for people. */
export const formatEvent = (event: ChangeEvent, options: { readonly withNamespace: boolean }): string => {
  const stream = `${options.withNamespace ? `${event.namespace}/` : ''}${event.stream}`;
  const name = event.tag === '' ? stream : `${stream}:${event.tag}`;
  return `${event.time}  ${event.type.padEnd(typeWidth)}  ${name}  ${detailOf(event)}\n`;
};

const isWanted = (
  event: ChangeEvent,
  namespace: string | undefined,
  target: TagTarget | undefined,
): boolean =>
  (namespace === undefined || event.namespace === namespace) &&
  (target === undefined || event.stream === target.stream) &&
  (target?.tag === undefined || event.tag === target.tag);

/** What the server's feed tells; in a cluster, which has none, what the streams tell. */
async function* readEvents(
  client: ApiClient,
  query: StreamEventsQuery,
  ports: Parameters<typeof readFeed>[2],
  signal: AbortSignal,
): AsyncGenerator<ChangeEvent> {
  try {
    yield* readFeed(client, query, ports, signal);
  } catch (error) {
    if (!isRefusal(error, 'NotFound', 'Forbidden') || (await answersImports(client, signal))) throw error;
    yield* readStreamEvents(client, query, ports, signal);
  }
}

const hasTag = ({ spec, status }: ImageStream, tag: string): boolean =>
  (spec?.tags ?? []).some(({ name }) => name === tag) || findTag(status, tag) !== undefined;

/** Says so where nothing was told because there is nothing of that name. Rejects as the server does for a stream that is missing. */
const refuseMissing = async (
  client: ApiClient,
  { stream, tag }: TagTarget,
  signal: AbortSignal,
): Promise<void> => {
  const found = await client.get(imageStreams, stream, signal);
  if (tag !== undefined && !hasTag(found, tag))
    throw new CliError('failed', `there is no tag "${tag}" in the image stream "${stream}"`);
};

/** `events [STREAM[:TAG]]`: what happened to tags; with `--follow` also what happens from now on. */
export const events = async (
  { ports: { stdout, stderr, clock, signal }, connect }: CommandContext,
  [target]: readonly string[],
  options: EventsOptions,
): Promise<void> => {
  const format = parseOutput(options.output ?? 'table', ['table', 'json']);
  const wanted = target === undefined ? undefined : parseTagTarget(target);
  const query = { since: sinceOf(options.since, clock.now()), follow: options.follow === true };
  const connected = await connect();
  const client = wanted === undefined ? connected : clientFor(connected, wanted);
  const withNamespace = options.allNamespaces === true;
  const namespace = withNamespace ? wanted?.namespace : client.namespace;
  const onBreak = (why: string): void => {
    stderr.write(`warning: ${why}; trying again\n`);
  };
  let count = 0;
  try {
    const told = readEvents(client, { ...query, namespace }, { clock, onBreak }, signal);
    for await (const event of told) {
      if (!isWanted(event, namespace, wanted)) continue;
      count += 1;
      stdout.write(format === 'json' ? `${JSON.stringify(event)}\n` : formatEvent(event, { withNamespace }));
    }
  } catch (error) {
    // To be told to stop is how following ends.
    if (!query.follow || !signal.aborted) throw error;
  }
  const isSilent = count === 0 && !query.follow;
  if (isSilent && wanted !== undefined && namespace !== undefined)
    await refuseMissing(client, wanted, signal);
};
