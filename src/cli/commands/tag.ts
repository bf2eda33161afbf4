import { imageStreams } from '../../api/resources.ts';
import type { ApiClient } from '../client.ts';
import type { CommandContext } from '../context.ts';
import { CliError } from '../errors.ts';
import { importModeOf, referencePolicyOf } from '../policies.ts';
import { removeTag } from '../tag-removal.ts';
import {
  checkTagRequest,
  parseTagDestination,
  specTagOf,
  type TagFlags,
  tagMessage,
} from '../tag-request.ts';
import { currentSource, parseTagSource, type TagSource } from '../tag-source.ts';
import { setTag } from '../tag-writes.ts';

export type TagOptions = {
  readonly source?: string;
  readonly delete?: boolean;
  readonly alias?: boolean;
  readonly scheduled?: boolean;
  readonly insecure?: boolean;
  readonly reference?: boolean;
  readonly referencePolicy?: string;
  readonly importMode?: string;
};

const usage = (message: string): CliError => new CliError('usage', message);

const flagsOf = (options: TagOptions): TagFlags => ({
  alias: options.alias === true,
  scheduled: options.scheduled === true,
  insecure: options.insecure === true,
  reference: options.reference === true,
  referencePolicy: referencePolicyOf(options.referencePolicy),
  importMode: importModeOf(options.importMode),
});

const deleteTags = async (
  { ports, connect }: CommandContext,
  names: readonly string[],
  options: TagOptions,
): Promise<void> => {
  if (options.alias === true) throw usage('--alias and --delete may not be both specified');
  if (options.source !== undefined) throw usage('cannot specify a source kind when deleting');
  if (options.scheduled === true || options.insecure === true)
    throw usage('cannot set flags for importing images when deleting a tag');
  const client = await connect();
  for (const to of names.map((name) => parseTagDestination(name, client.namespace))) {
    const { message, note } = await removeTag(client.in(to.namespace), to, ports.signal);
    ports.stdout.write(`${message}\n`);
    if (note !== undefined) ports.stderr.write(`warning: ${note}\n`);
  }
};

/** The source as it is written: a tag of a stream stands for the image that it has now, unless it is to be followed. */
const resolveSource = async (
  client: ApiClient,
  text: string,
  options: TagOptions,
  signal: AbortSignal,
): Promise<TagSource> => {
  const source = parseTagSource(text, options.source);
  if (source.reference.name === '') throw usage('a source is required');
  if (source.kind !== 'ImageStreamTag' || options.alias === true) return source;
  const { namespace, name } = source.reference;
  const stream = await client.in(namespace || client.namespace).get(imageStreams, name, signal);
  return currentSource(stream, source, text);
};

/** `tag SOURCE DEST…`: points tags at an image, as `oc tag` does; with `-d`, `tag DEST…` deletes them. */
export const tag = async (
  context: CommandContext,
  args: readonly string[],
  options: TagOptions,
): Promise<void> => {
  const { ports, connect } = context;
  const [text, ...names] = args;
  if (text === undefined)
    throw usage('you must specify a source and at least one destination or one or more tags to delete');
  const flags = flagsOf(options);
  if (options.delete === true) return deleteTags(context, args, options);
  if (names.length === 0) throw usage('at least a destination is required');
  const client = await connect();
  const { namespace } = client;
  const destinations = names.map((name) => parseTagDestination(name, namespace));
  const source = await resolveSource(client, text, options, ports.signal);
  checkTagRequest(source, destinations, flags, namespace);
  for (const to of destinations) {
    const specTag = specTagOf(source, to, flags, namespace);
    await setTag(client.in(to.namespace), to, specTag, ports.signal);
    ports.stdout.write(`${tagMessage(source, to, flags, namespace)}\n`);
  }
};
