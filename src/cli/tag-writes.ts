import type { ImageStream, TagReference } from '../api/image-stream.ts';
import { imageStreams, imageStreamTags } from '../api/resources.ts';
import type { ApiClient } from './client.ts';
import { findStream, isRefusal } from './streams.ts';
import { imageStreamTagOf, type TagDestination } from './tag-request.ts';

/** How often a write is tried that others came in between of. */
const maxTries = 5;

/** Refusals after which another way to write may be open: the server does not know the resource, or not this verb of it. */
const closedDoors = ['MethodNotAllowed', 'Forbidden', 'NotFound'];

/** Does it again, from reading on, when somebody else wrote in between; some times. */
export const untilNoConflict = async <Result>(work: () => Promise<Result>): Promise<Result> => {
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

/** A spec tag that is set anew: what others noted on the old one stays. */
const renewed = (old: TagReference, tag: TagReference): TagReference => {
  const { reference: _, ...kept } = old;
  return { ...kept, ...tag, annotations: old.annotations ?? null };
};

/**
 * The spec tags with one set. One that asks for an import gets the generation that the stream will have, as OpenShift gives it for the 0
 * that it is sent: so the same source once more is an import once more.
 */
const withTag = ({ metadata, spec }: ImageStream, tag: TagReference): readonly TagReference[] => {
  const tags = spec?.tags ?? [];
  const old = tags.find(({ name }) => name === tag.name);
  const generation = Math.max(metadata.generation ?? 0, old?.generation ?? 0) + 1;
  const set = tag.generation === 0 ? { ...tag, generation } : tag;
  if (old === undefined) return [...tags, set];
  return tags.map((one) => (one === old ? renewed(old, set) : one));
};

/** Writes the tags of the stream as it was read, and nothing else of it; refused with `Conflict` when it is another by now. */
export const patchTags = (
  client: ApiClient,
  { metadata: { name, resourceVersion } }: ImageStream,
  tags: readonly TagReference[],
  signal: AbortSignal,
): Promise<ImageStream> =>
  client.patch(imageStreams, name, { metadata: { resourceVersion }, spec: { tags } }, signal);

/** Writes the tag into the stream itself, as it is done where a server has no tags of their own. */
const writeStream = async (
  client: ApiClient,
  to: TagDestination,
  tag: TagReference,
  signal: AbortSignal,
): Promise<void> => {
  const stream = await findStream(client, to.stream, signal);
  if (stream !== undefined) {
    await patchTags(client, stream, withTag(stream, tag), signal);
    return;
  }
  const { kind } = imageStreams;
  const metadata = { name: to.stream, namespace: to.namespace };
  const made = { apiVersion: 'image.openshift.io/v1', kind, metadata };
  try {
    await client.create(imageStreams, { ...made, spec: { tags: withTag(made, tag) } }, signal);
  } catch (error) {
    // Somebody made it meanwhile: the tag goes into that one.
    if (!isRefusal(error, 'AlreadyExists')) throw error;
    await writeStream(client, to, tag, signal);
  }
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
