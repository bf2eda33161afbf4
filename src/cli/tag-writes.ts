import type { ImageStream, TagReference } from '../api/image-stream.ts';
import { imageStreams, imageStreamTags } from '../api/resources.ts';
import type { ApiClient } from './client.ts';
import { CliError } from './errors.ts';
import { findStream, isRefusal } from './streams.ts';
import { imageStreamTagOf, type TagDestination } from './tag-request.ts';

/** How often a write is tried that others came in between of. */
const maxTries = 5;

/** Refusals after which another way to write may be open: the server does not know the resource, or not this verb of it. */
const closedDoors = ['MethodNotAllowed', 'Forbidden', 'NotFound'];

const untilNoConflict = async <Result>(work: () => Promise<Result>): Promise<Result> => {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      if (tries === maxTries || !isRefusal(error, 'Conflict')) throw error;
    }
  }
};

/** Tries one way, and the next where the server has no such way. */
const orElse = async (first: () => Promise<unknown>, second: () => Promise<unknown>): Promise<void> => {
  try {
    await first();
  } catch (error) {
    if (!isRefusal(error, ...closedDoors)) throw error;
    await second();
  }
};

const withTags = (stream: ImageStream, tags: readonly TagReference[]): ImageStream => ({
  ...stream,
  spec: { ...stream.spec, tags: [...tags] },
});

const otherTags = ({ spec }: ImageStream, { tag }: TagDestination): readonly TagReference[] =>
  (spec?.tags ?? []).filter(({ name }) => name !== tag);

/** Writes the tag into the stream itself, as it is done where a server has no tags of their own. */
const writeStream = async (
  client: ApiClient,
  to: TagDestination,
  tag: TagReference,
  signal: AbortSignal,
): Promise<void> => {
  const stream = await findStream(client, to.stream, signal);
  if (stream !== undefined) {
    await client.replace(imageStreams, to.stream, withTags(stream, [...otherTags(stream, to), tag]), signal);
    return;
  }
  const { kind } = imageStreams;
  const metadata = { name: to.stream, namespace: to.namespace };
  const made = withTags({ apiVersion: 'image.openshift.io/v1', kind, metadata }, [tag]);
  await client.create(imageStreams, made, signal);
};

/**
 * Sets a tag of a stream of the client's namespace, and makes the stream where it is missing; by the ways that `oc tag` tries, and in
 * the stream itself also where the server knows no tags. Rejects with the StatusError of the last refusal.
 */
export const setTag = (
  client: ApiClient,
  to: TagDestination,
  tag: TagReference,
  signal: AbortSignal,
): Promise<void> => {
  const object = imageStreamTagOf(to, tag);
  const create = (): Promise<void> =>
    orElse(
      () => client.create(imageStreamTags, object, signal),
      () => writeStream(client, to, tag, signal),
    );
  return untilNoConflict(() =>
    orElse(() => client.replace(imageStreamTags, to.name, object, signal), create),
  );
};

/** Takes the spec tag out of the stream itself; its history stays, as only the server can take it away. */
const removeFromStream = async (
  client: ApiClient,
  to: TagDestination,
  signal: AbortSignal,
): Promise<string> => {
  const stream = await findStream(client, to.stream, signal);
  if (stream === undefined) return `Image stream ${JSON.stringify(to.stream)} does not exist.`;
  const left = otherTags(stream, to);
  if (left.length === (stream.spec?.tags ?? []).length)
    throw new CliError('failed', `destination tag ${to.namespace}/${to.name} does not exist.`);
  await client.replace(imageStreams, to.stream, withTags(stream, left), signal);
  return deletedMessage(to);
};

const deletedMessage = ({ namespace, name }: TagDestination): string => `Deleted tag ${namespace}/${name}.`;

const removeOnce = async (client: ApiClient, to: TagDestination, signal: AbortSignal): Promise<string> => {
  try {
    await client.delete(imageStreamTags, to.name, signal);
    return deletedMessage(to);
  } catch (error) {
    // A tag that is not there is named in the refusal; a resource that is not there has no name.
    const isUnknown = isRefusal(error, 'NotFound') && error.status.details?.name === undefined;
    if (!isUnknown && !isRefusal(error, 'MethodNotAllowed', 'Forbidden')) throw error;
    return removeFromStream(client, to, signal);
  }
};

/**
 * Deletes a tag of a stream of the client's namespace with its history, or its spec tag alone where the server allows no more. Resolves
 * to what is to be said of it, in the words of `oc tag`.
 */
export const removeTag = (client: ApiClient, to: TagDestination, signal: AbortSignal): Promise<string> =>
  untilNoConflict(() => removeOnce(client, to, signal));
