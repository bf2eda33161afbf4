import type { Resource } from '../../api/resource.ts';
import type { Status } from '../../api/status.ts';
import { findTag } from '../../api/tag-history.ts';
import type { DeleteOptions, ObjectKey } from '../../store/store.ts';
import { conflictError, notFoundError } from '../errors.ts';
import type { RestContext } from '../rest-storage.ts';
import { getStream } from './stream-reader.ts';
import { specTagOf, splitTagName, withoutTag } from './stream-tags.ts';
import { tryAgainError, untilNoRace } from './stream-writer.ts';
import type { TagPorts } from './tag-kind.ts';

/** How often the request is decided anew when others write the stream in between. */
const attempts = 10;

const violation = (what: string, expected: string | undefined, found: string): string | undefined =>
  expected === undefined || expected === found ? undefined : `the ${what} precondition was not met`;

/**
 * Takes a tag out of its stream, spec and whole history; the Images stay. Preconditions are about the stream
 * (openshift-semantics §5.1). `resource` is the one in the request's URL.
 */
export const deleteTag = (
  resource: Resource,
  { store, writer }: TagPorts,
  key: ObjectKey,
  options: DeleteOptions,
  context: RestContext,
): Promise<Status> => {
  const { stream: name, tag } = splitTagName(resource.kind, key.name);
  return untilNoRace(
    attempts,
    async () => {
      const stream = await getStream(store, resource, { namespace: key.namespace, name }, context.signal);
      const { uid, resourceVersion } = stream.metadata;
      const problem =
        violation('UID', options.uid, uid) ??
        violation('ResourceVersion', options.resourceVersion, resourceVersion);
      if (problem !== undefined) throw conflictError(resource, key.name, problem);
      if (specTagOf(stream, tag) === undefined && findTag(stream.status, tag) === undefined)
        throw notFoundError(resource, key.name);
      await writer.replace(withoutTag(stream, tag), stream, context);
      return { status: 'Success' };
    },
    () => tryAgainError(resource, 'delete'),
  );
};
