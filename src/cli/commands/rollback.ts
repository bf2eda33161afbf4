import { rollbacksAnnotation } from '../../api/annotations.ts';
import type { ImageStream, NamedTagEventList } from '../../api/image-stream.ts';
import { isHeld } from '../../api/pending.ts';
import { imageStreams } from '../../api/resources.ts';
import {
  formatRollbacks,
  type RollbackRequest,
  type RollbackRequests,
  rollbackIdOf,
  rollbacksOf,
} from '../../api/rollback.ts';
import { findTag } from '../../api/tag-history.ts';
import type { ApiClient } from '../client.ts';
import type { CommandContext } from '../context.ts';
import { CliError } from '../errors.ts';
import { rollbackTarget } from '../rollback-target.ts';
import { isRefusal } from '../streams.ts';
import { clientFor, parseTagTarget } from '../targets.ts';

export type RollbackOptions = { readonly to?: string; readonly resume?: boolean };

/** How often the request is made anew because the stream changed between reading and writing it. */
const maxTries = 5;

/** What a stream asks for already, without what is over: a request that was carried out, of a tag that moved on since. */
const standingRequests = (stream: ImageStream): RollbackRequests => {
  const requests = rollbacksOf(stream);
  if (requests === undefined)
    throw new CliError(
      'failed',
      `the annotation ${rollbacksAnnotation} of the image stream "${stream.metadata.name}" cannot be read; remove it first`,
    );
  const isOver = ([tag, request]: readonly [string, RollbackRequest]): boolean =>
    findTag(stream.status, tag)?.rollback?.request === rollbackIdOf(request) && !isHeld(stream, tag);
  return new Map([...requests].filter((entry) => !isOver(entry)));
};

type Changed = { readonly stream: ImageStream; readonly requests: RollbackRequests };

/** Reads the stream and writes what `change` makes of its requests; again, when it changed in between. */
const changeRequests = async (
  client: ApiClient,
  name: string,
  change: (stream: ImageStream, requests: RollbackRequests) => RollbackRequests,
  signal: AbortSignal,
): Promise<Changed> => {
  for (let tries = 1; ; tries += 1) {
    const stream = await client.get(imageStreams, name, signal);
    const requests = change(stream, standingRequests(stream));
    const { resourceVersion } = stream.metadata;
    const annotations = { [rollbacksAnnotation]: formatRollbacks(requests) ?? null };
    try {
      const patch = { metadata: { resourceVersion, annotations } };
      return { stream: await client.patch(imageStreams, name, patch, signal), requests };
    } catch (error) {
      if (tries === maxTries || !isRefusal(error, 'Conflict')) throw error;
    }
  }
};

const listOf = (stream: ImageStream, tag: string): NamedTagEventList => {
  const list = findTag(stream.status, tag);
  if (list !== undefined) return list;
  throw new CliError(
    'failed',
    `the image stream "${stream.metadata.name}" has no tag "${tag}" with an image`,
  );
};

type TagName = { readonly stream: string; readonly tag: string };

const rollBack = async (
  { ports }: CommandContext,
  client: ApiClient,
  { stream: name, tag }: TagName,
  to: string | undefined,
): Promise<void> => {
  const { stream: updated, requests } = await changeRequests(
    client,
    name,
    (stream, standing) => {
      const at = new Date(ports.clock.now()).toISOString();
      return new Map([...standing, [tag, { ...rollbackTarget(listOf(stream, tag), to), at }]]);
    },
    ports.signal,
  );
  const request = requests.get(tag);
  if (request === undefined) return;
  const isDone = findTag(updated.status, tag)?.rollback?.request === rollbackIdOf(request);
  const { revision, image } = request;
  ports.stdout.write(
    `${name}:${tag} ${isDone ? 'rolled back' : 'is to go back'} to revision ${revision} (${image}).\n` +
      `It stays there until its source has an image that its history does not hold, or "rollback ${name}:${tag} --resume".\n`,
  );
};

const resume = async (
  { ports }: CommandContext,
  client: ApiClient,
  { stream: name, tag }: TagName,
): Promise<void> => {
  await changeRequests(
    client,
    name,
    (stream, requests) => {
      listOf(stream, tag);
      if (!requests.has(tag)) throw new CliError('failed', `the tag "${tag}" is not held by a rollback`);
      return new Map([...requests].filter(([other]) => other !== tag));
    },
    ports.signal,
  );
  ports.stdout.write(`${name}:${tag} is not held any more: it follows its source again.\n`);
};

/** `rollback STREAM:TAG`: goes back to an older image and stays there; with `--resume`, follows the source again. */
export const rollback = async (
  context: CommandContext,
  [target = '']: readonly string[],
  { to, resume: isResume = false }: RollbackOptions,
): Promise<void> => {
  const wanted = parseTagTarget(target);
  const { stream, tag } = wanted;
  if (tag === undefined) throw new CliError('usage', `which tag of "${stream}"? Write ${stream}:TAG`);
  if (isResume && to !== undefined) throw new CliError('usage', '--to and --resume exclude each other');
  if (to === '') throw new CliError('usage', '--to needs a revision or a digest; "history" lists them');
  const client = clientFor(await context.connect(), wanted);
  await (isResume
    ? resume(context, client, { stream, tag })
    : rollBack(context, client, { stream, tag }, to));
};
