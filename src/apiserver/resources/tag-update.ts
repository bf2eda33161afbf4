import type { ImageStream } from '../../api/image-stream.ts';
import type { KubernetesObject, Stored } from '../../api/meta.ts';
import type { Resource } from '../../api/resource.ts';
import { imageStreams } from '../../api/resources.ts';
import type { ObjectKey } from '../../store/store.ts';
import { badRequestError, conflictError, notFoundError } from '../errors.ts';
import { assertValid } from '../metadata.ts';
import type { RestContext, Transform } from '../rest-storage.ts';
import { newStream, specTagOf, splitTagName, withoutSpecTag, withSpecTag } from './stream-tags.ts';
import { isRace, untilNoRace } from './stream-writer.ts';
import { showTag, type TagKind, type TagPorts } from './tag-kind.ts';

type Target = { readonly key: ObjectKey; readonly streamKey: ObjectKey; readonly tag: string };

/** True where the request says which version it builds on, and that is the newest. */
const isPinned = (
  resource: Resource,
  { metadata: { resourceVersion = '' } }: KubernetesObject,
  stream: Stored<ImageStream> | undefined,
  name: string,
): boolean => {
  if (resourceVersion === '') return false;
  if (stream === undefined) throw notFoundError(resource, name);
  const newest = stream.metadata.resourceVersion;
  if (newest === resourceVersion) return true;
  throw conflictError(resource, name, `another caller has updated the resource version to ${newest}`);
};

const nextStream = <T extends KubernetesObject>(
  kind: TagKind<T>,
  wanted: T,
  base: ImageStream,
  { streamKey: { namespace, name }, tag }: Target,
): ImageStream => {
  const current = specTagOf(base, tag);
  if (kind.updateNeedsSpecTag && current === undefined && kind.specTag(wanted) === undefined)
    throw badRequestError(
      `${kind.resource.singular} ${tag} is not a spec tag in imagestream ${namespace}/${name}, cannot be updated`,
    );
  const updated = kind.updatedSpecTag(wanted, current);
  return updated === undefined ? withoutSpecTag(base, tag) : withSpecTag(base, updated);
};

const inNamespace = <T extends KubernetesObject>(object: T, namespace: string): T => ({
  ...object,
  metadata: { ...object.metadata, namespace },
});

type Written = { readonly stream: Stored<ImageStream>; readonly created: boolean };

const writeOnce = async <T extends KubernetesObject>(
  kind: TagKind<T>,
  { store, writer }: TagPorts,
  target: Target,
  transform: Transform<T>,
  context: RestContext,
): Promise<Written> => {
  const { key, streamKey, tag } = target;
  const stream = await store.get(imageStreams, streamKey, context.signal);
  const old = stream && kind.show(stream, tag, undefined);
  const given = inNamespace(await transform(old), key.namespace);
  const pinned = isPinned(kind.resource, given, stream, key.name);
  const wanted = kind.complete(given, old, tag);
  const errors = old === undefined ? kind.validateCreate(wanted) : kind.validateUpdate(wanted, old);
  assertValid(kind.resource, key.name, errors);
  const next = nextStream(kind, wanted, stream ?? newStream(streamKey), target);
  if (stream === undefined) return { stream: await writer.create(next, context), created: true };
  const created = specTagOf(stream, tag) === undefined;
  try {
    return { stream: await writer.replace(next, stream, context), created };
  } catch (error) {
    // Who named a version is not given another one.
    throw pinned && isRace(error) ? conflictError(kind.resource, key.name, undefined, error) : error;
  }
};

/**
 * Writes the spec tag behind a shown tag; makes tag and stream where they are missing. A request without resourceVersion wins over what
 * was written in between (openshift-semantics §5.1, §5.2).
 */
export const updateTag = async <T extends KubernetesObject>(
  kind: TagKind<T>,
  ports: TagPorts,
  key: ObjectKey,
  transform: Transform<T>,
  context: RestContext,
): Promise<{ readonly object: T; readonly created: boolean }> => {
  const { resource, updateAttempts } = kind;
  const { stream: name, tag } = splitTagName(resource.kind, key.name);
  const target: Target = { key, streamKey: { namespace: key.namespace, name }, tag };
  const { stream, created } = await untilNoRace(
    updateAttempts,
    () => writeOnce(kind, ports, target, transform, context),
    (cause) => conflictError(resource, key.name, undefined, cause),
  );
  return { object: await showTag(kind, ports.store, stream, tag, context.signal), created };
};
