import {
  type DockerImageReference,
  formatDockerImageReference,
  parseDockerImageReference,
} from '../api/docker-image-reference.ts';
import type { ImageStream } from '../api/image-stream.ts';
import { latestTagEvent } from '../api/tag-history.ts';
import { CliError } from './errors.ts';

/** What `tag` points a tag at: a pull spec, or a tag or image of a stream. */
export type TagSource = {
  readonly kind: 'DockerImage' | 'ImageStreamTag' | 'ImageStreamImage';
  readonly reference: DockerImageReference;
};

const usage = (message: string): CliError => new CliError('usage', message);

/** What people write behind `--source`. */
const kindWords: Readonly<Record<TagSource['kind'], readonly string[]>> = {
  DockerImage: ['docker', 'dockerimage'],
  ImageStreamTag: ['imagestreamtag', 'imagestreamtags', 'istag'],
  ImageStreamImage: ['imagestreamimage', 'imagestreamimages', 'isimage'],
};

const kindOf = (word: string): TagSource['kind'] => {
  const found = (['DockerImage', 'ImageStreamTag', 'ImageStreamImage'] as const).find((kind) =>
    kindWords[kind].includes(word.toLowerCase()),
  );
  if (found !== undefined) return found;
  throw usage(
    `invalid source "${word}"; valid values are docker, dockerimage, imagestreamimage, imagestreamtag, isimage, istag`,
  );
};

const inferredKind = ({ registry, tag, id }: DockerImageReference): TagSource['kind'] => {
  if (registry !== '') return 'DockerImage';
  if (id !== '') return 'ImageStreamImage';
  return tag === '' ? 'DockerImage' : 'ImageStreamTag';
};

/** A lone word with a dot counts as a registry in a pull spec; that is no image, but a stream may well be called so. */
const asStream = (text: string): DockerImageReference => {
  const [, name = '', tag = '', id = ''] = /^([^:@]+)(?::([^@]*))?(?:@(.*))?$/.exec(text) ?? [];
  return { registry: '', namespace: '', name, tag, id };
};

/**
 * Reads SOURCE. Where `--source` does not say what it is, its form does: with a registry a pull spec, with a digest an image of a
 * stream, with a tag a tag of a stream, else a pull spec.
 *
 * @throws {CliError} `usage`, in the words of `oc tag`.
 */
export const parseTagSource = (text: string, kindWord: string | undefined): TagSource => {
  const asked = kindWord === undefined || kindWord === '' ? undefined : kindOf(kindWord);
  const parsed = parseDockerImageReference(text);
  if ('error' in parsed) throw usage(`invalid SOURCE: ${parsed.error}`);
  const reference = parsed.name === '' && asked !== 'DockerImage' ? asStream(text) : parsed;
  const kind = asked ?? inferredKind(reference);
  if (kind === 'DockerImage') return { kind, reference };
  if (reference.registry !== '')
    throw usage('server in SOURCE is only allowed when providing a container image');
  if (kind === 'ImageStreamTag' && reference.tag === '')
    throw usage('--source=ImageStreamTag requires a valid <name>:<tag> in SOURCE');
  if (kind === 'ImageStreamImage' && reference.id === '')
    throw usage('--source=ImageStreamImage requires a valid <name>@<id> in SOURCE');
  return { kind, reference };
};

/**
 * The image that a tag of a stream has now, as the source to copy: the image itself, or the pull spec of a tag that is only a reference.
 *
 * @throws {CliError} `failed`, in the words of `oc tag`, when the tag has none.
 */
export const currentSource = (stream: ImageStream, { reference }: TagSource, text: string): TagSource => {
  const event = latestTagEvent(stream.status, reference.tag);
  if (event === undefined)
    throw new CliError(
      'failed',
      `${JSON.stringify(text)} is not currently pointing to an image, cannot use it as the source of a tag`,
    );
  if (event.image !== '')
    return { kind: 'ImageStreamImage', reference: { ...reference, tag: '', id: event.image } };
  const parsed = parseDockerImageReference(event.dockerImageReference);
  if ('error' in parsed)
    throw new CliError(
      'failed',
      `the image stream tag ${JSON.stringify(text)} has an invalid pull spec and cannot be used to tag: ${parsed.error}`,
    );
  return { kind: 'DockerImage', reference: parsed };
};

/** The source as it was asked for, for messages; and, of a pull spec, as it is sent. */
export const formatSource = ({ reference }: TagSource): string => formatDockerImageReference(reference);
