import type { KubernetesObject } from '../../api/meta.ts';
import { imageStreams } from '../../api/resources.ts';
import { alreadyExistsError } from '../errors.ts';
import { assertValid } from '../metadata.ts';
import type { RestContext } from '../rest-storage.ts';
import { newStream, specTagOf, splitNewTagName, withSpecTag } from './stream-tags.ts';
import { tryAgainError, untilNoRace } from './stream-writer.ts';
import { showTag, type TagKind, type TagPorts } from './tag-kind.ts';

/** How often the request is decided anew when others write the stream in between. */
const attempts = 10;

/**
 * Adds a tag to the spec of a stream, which is made where it is missing; a request for no spec tag only makes the stream
 * (openshift-semantics §5.1, §5.2).
 */
export const createTag = async <T extends KubernetesObject>(
  kind: TagKind<T>,
  { store, writer }: TagPorts,
  requested: T,
  namespace: string,
  context: RestContext,
): Promise<T> => {
  const { resource } = kind;
  const { name } = requested.metadata;
  const parts = splitNewTagName(name);
  const inNamespace = { ...requested, metadata: { ...requested.metadata, namespace } };
  const wanted = kind.complete(inNamespace, undefined, parts.tag);
  assertValid(resource, name, kind.validateCreate(wanted));
  const tag = kind.specTag(wanted);
  const key = { namespace, name: parts.stream };
  const stream = await untilNoRace(
    attempts,
    async () => {
      const old = await store.get(imageStreams, key, context.signal);
      if (old !== undefined && specTagOf(old, parts.tag) !== undefined)
        throw alreadyExistsError(kind.existingAs, name);
      const base = old ?? newStream(key);
      const next = tag === undefined ? base : withSpecTag(base, tag);
      return old === undefined ? writer.create(next, context) : writer.replace(next, old, context);
    },
    () => tryAgainError(resource, 'create'),
  );
  return showTag(kind, store, stream, parts.tag, context.signal);
};
