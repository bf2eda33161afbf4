import type { ImageStream } from '../api/image-stream.ts';
import { imageStreams, imageStreamTags } from '../api/resources.ts';
import { findTag, removeTag as removeTagHistory } from '../api/tag-history.ts';
import type { ApiClient } from './client.ts';
import { CliError } from './errors.ts';
import { findStream, isRefusal } from './streams.ts';
import type { TagDestination } from './tag-request.ts';
import { patchTags, untilNoConflict } from './tag-writes.ts';

/** What is to be said of a tag that was deleted, and what is left of it. */
export type Removal = { readonly message: string; readonly note?: string };

/** Takes the history of a tag out of the status; what came of it where the user may not. */
const removeHistory = async (
  client: ApiClient,
  stream: ImageStream,
  { tag, namespace, name }: TagDestination,
  signal: AbortSignal,
): Promise<Pick<Removal, 'note'>> => {
  if (findTag(stream.status, tag) === undefined) return {};
  const { tags = null, lastDeletedRevision } = removeTagHistory(stream.status ?? {}, tag);
  const { resourceVersion } = stream.metadata;
  const patch = { metadata: { resourceVersion }, status: { tags, lastDeletedRevision } };
  try {
    await client.patchStatus(imageStreams, stream.metadata.name, patch, signal);
    return {};
  } catch (error) {
    if (!isRefusal(error, 'Forbidden')) throw error;
    return {
      note: `the history of ${namespace}/${name} stays: you may not change the status of image streams`,
    };
  }
};

/** Takes the tag out of the stream itself. */
const removeFromStream = async (
  client: ApiClient,
  to: TagDestination,
  signal: AbortSignal,
): Promise<Removal> => {
  const stream = await findStream(client, to.stream, signal);
  if (stream === undefined) return { message: `Image stream ${JSON.stringify(to.stream)} does not exist.` };
  const tags = stream.spec?.tags ?? [];
  const left = tags.filter(({ name }) => name !== to.tag);
  const isInSpec = left.length < tags.length;
  if (!isInSpec && findTag(stream.status, to.tag) === undefined)
    throw new CliError('failed', `destination tag ${to.namespace}/${to.name} does not exist.`);
  const written = isInSpec ? await patchTags(client, stream, left, signal) : stream;
  return { ...deleted(to), ...(await removeHistory(client, written, to, signal)) };
};

const deleted = ({ namespace, name }: TagDestination): Removal => ({
  message: `Deleted tag ${namespace}/${name}.`,
});

const removeOnce = async (client: ApiClient, to: TagDestination, signal: AbortSignal): Promise<Removal> => {
  try {
    await client.delete(imageStreamTags, to.name, signal);
    return deleted(to);
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
export const removeTag = (client: ApiClient, to: TagDestination, signal: AbortSignal): Promise<Removal> =>
  untilNoConflict(() => removeOnce(client, to, signal));
