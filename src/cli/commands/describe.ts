import {
  type ImageStreamImageName,
  type ImageStreamTagName,
  parseImageStreamImageName,
  parseImageStreamTagName,
} from '../../api/image-stream-names.ts';
import { imageStreamImages, imageStreams, imageStreamTags } from '../../api/resources.ts';
import type { ApiClient } from '../client.ts';
import type { CommandContext } from '../context.ts';
import { describeConditions } from '../describe-conditions.ts';
import { describeImage, type EmbeddedImage } from '../describe-image.ts';
import { describeRefresh } from '../describe-refresh.ts';
import { describeStream } from '../describe-stream.ts';
import { CliError } from '../errors.ts';
import { answersImports } from '../import-object.ts';
import type { CliPorts } from '../ports.ts';
import { printable } from '../printable.ts';
import { serverSentence } from '../server-sentence.ts';
import { imageOfStream, imageOfTag } from '../stream-images.ts';
import { isRefusal } from '../streams.ts';

/** What can be described, and the words that people use for it. */
const kinds = {
  stream: [
    'is',
    'imagestream',
    'imagestreams',
    'imagestream.image.openshift.io',
    'imagestreams.image.openshift.io',
  ],
  tag: [
    'istag',
    'imagestreamtag',
    'imagestreamtags',
    'imagestreamtag.image.openshift.io',
    'imagestreamtags.image.openshift.io',
  ],
  image: [
    'isimage',
    'imagestreamimage',
    'imagestreamimages',
    'imagestreamimage.image.openshift.io',
    'imagestreamimages.image.openshift.io',
  ],
} as const;

type Kind = keyof typeof kinds;
type Target = { readonly kind: Kind; readonly name: string };

const kindOf = (word: string): Kind | undefined =>
  (['stream', 'tag', 'image'] as const).find((kind) =>
    kinds[kind].some((known) => known === word.toLowerCase()),
  );

/** A bare name says by its form what it names. */
const bareTarget = (name: string): Target => {
  if (name.includes('@')) return { kind: 'image', name };
  return { kind: name.includes(':') ? 'tag' : 'stream', name };
};

/**
 * Reads `STREAM`, `STREAM:TAG`, `STREAM@DIGEST`, each also as `is/NAME` or `is NAME`.
 *
 * @throws {CliError} `usage` for a kind that is none of these.
 */
export const parseDescribeTargets = (args: readonly string[]): readonly Target[] => {
  const [first = '', ...names] = args;
  const kind = names.length > 0 && !first.includes('/') ? kindOf(first) : undefined;
  if (kind !== undefined) return names.map((name) => checked({ kind, name }));
  return args.map((argument) => {
    const [word = '', name] = argument.split('/', 2);
    if (name === undefined) return checked(bareTarget(argument));
    const named = kindOf(word);
    if (named === undefined)
      throw new CliError('usage', `"${word}" cannot be described; is, istag and isimage can`);
    return checked({ kind: named, name });
  });
};

const checked = (target: Target): Target => {
  const { kind, name } = target;
  if (kind === 'stream' && /^$|[:@]/.test(name))
    throw new CliError('usage', `"${name}" is no name of an image stream`);
  if (kind === 'tag' && !name.includes(':')) return { kind, name: `${name}:latest` };
  if (kind === 'tag') splitTag(name);
  if (kind === 'image') splitImage(name);
  return target;
};

const splitTag = (name: string): ImageStreamTagName => {
  const parts = parseImageStreamTagName(name);
  if (parts === undefined) throw new CliError('usage', `"${name}" is no STREAM:TAG`);
  return parts;
};

const splitImage = (name: string): ImageStreamImageName => {
  const parts = parseImageStreamImageName(name);
  if (parts === undefined) throw new CliError('usage', `"${name}" is no STREAM@DIGEST`);
  return parts;
};

/** What the server tells of it, or what `otherwise` finds where the server has no such resource. */
const imageFrom = async (
  client: ApiClient,
  resource: typeof imageStreamTags | typeof imageStreamImages,
  name: string,
  { signal, otherwise }: { readonly signal: AbortSignal; readonly otherwise: () => Promise<EmbeddedImage> },
): Promise<EmbeddedImage> => {
  try {
    return (await client.get(resource, name, signal)).image ?? {};
  } catch (error) {
    // Roles are asked before what there is: whoever may not read a resource is not told that it is none.
    if (!isRefusal(error, 'NotFound', 'Forbidden') || (await answersImports(client, signal))) throw error;
    return otherwise();
  }
};

const describeTarget = async (
  client: ApiClient,
  { kind, name }: Target,
  { clock, stderr, signal }: CliPorts,
): Promise<string> => {
  const nowMs = clock.now();
  const onNote = (note: string): void => void stderr.write(`warning: ${note}\n`);
  const describeFound = (image: EmbeddedImage): string =>
    describeImage(image, image.metadata?.name ?? '', nowMs);
  switch (kind) {
    case 'stream': {
      const stream = await client.get(imageStreams, name, signal);
      return describeStream(stream, nowMs) + describeConditions(stream, nowMs) + describeRefresh(stream);
    }
    case 'tag': {
      const otherwise = () => imageOfTag(client, splitTag(name), onNote, signal);
      return describeFound(await imageFrom(client, imageStreamTags, name, { signal, otherwise }));
    }
    case 'image': {
      const otherwise = () => imageOfStream(client, splitImage(name), onNote, signal);
      return describeFound(await imageFrom(client, imageStreamImages, name, { signal, otherwise }));
    }
  }
};

/** What is said of a target that is not there or may not be read; undefined for what keeps the others from being shown, too. */
const refusalOf = (error: unknown): string | undefined => {
  if (error instanceof CliError && error.code === 'failed') return `error: ${error.message}`;
  return isRefusal(error, 'NotFound', 'Forbidden') ? serverSentence(error) : undefined;
};

/** `describe STREAM…`: what `oc describe` prints of streams, their tags and images. Of several, one that is missing hides no other. */
export const describe = async (
  { ports, connect }: CommandContext,
  args: readonly string[],
): Promise<void> => {
  const targets = parseDescribeTargets(args);
  const client = await connect();
  let shown = 0;
  for (const target of targets) {
    try {
      const text = await describeTarget(client, target, ports);
      ports.stdout.write(printable(shown === 0 ? text : `\n\n${text}`));
      shown += 1;
    } catch (error) {
      const refusal = targets.length === 1 ? undefined : refusalOf(error);
      if (refusal === undefined) throw error;
      ports.stderr.write(`${refusal}\n`);
    }
  }
  if (shown < targets.length)
    throw new CliError('failed', `${targets.length - shown} of ${targets.length} cannot be shown`);
};
