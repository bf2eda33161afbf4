import type { FieldError } from '../../api/field-error.ts';
import type { Image } from '../../api/image.ts';
import type { ImageStream, TagReference } from '../../api/image-stream.ts';
import type { KubernetesObject, Stored } from '../../api/meta.ts';
import type { Resource } from '../../api/resource.ts';
import type { ObjectKey, Store } from '../../store/store.ts';
import { findImage } from './stream-reader.ts';
import { currentImageOf, newStream, splitTagName } from './stream-tags.ts';
import type { StreamWriter } from './stream-writer.ts';

/** What writes of tags stand on. */
export type TagPorts = { readonly store: Store; readonly writer: StreamWriter };

/** A kind that shows one tag of a stream: what its writes mean for the stream. */
export type TagKind<T extends KubernetesObject> = {
  readonly resource: Resource<T>;
  /** What the original calls the resource when a tag that is to be created is there. */
  readonly existingAs: Pick<Resource, 'group' | 'plural'>;
  /** How often an update that names no version is decided anew when others write the stream in between. */
  readonly updateAttempts: number;
  readonly show: (stream: Stored<ImageStream>, tag: string, image: Image | undefined) => T;
  /** The request in full: what it may leave out, or cannot change, is taken from `old`. */
  readonly complete: (wanted: T, old: T | undefined, tag: string) => T;
  readonly validateCreate: (object: T) => readonly FieldError[];
  readonly validateUpdate: (next: T, old: T) => readonly FieldError[];
  /** The spec tag that the request asks for; undefined: none. */
  readonly specTag: (wanted: T) => TagReference | undefined;
  /** Refuses an update of a tag that no spec has, where the request asks for none either. */
  readonly updateNeedsSpecTag: boolean;
  /** The spec tag after an update; undefined: it is taken away. */
  readonly updatedSpecTag: (wanted: T, current: TagReference | undefined) => TagReference | undefined;
};

/** What a patch of a tag begins with whose stream does not exist: it may make both (openshift-semantics §5.1). */
export const absentTag = <T extends KubernetesObject>(
  { resource, show }: TagKind<T>,
  { namespace, name }: ObjectKey,
): T => {
  const { stream: streamName, tag } = splitTagName(resource.kind, name);
  const stream = newStream({ namespace, name: streamName });
  const unstored = { uid: '', resourceVersion: '', creationTimestamp: '' };
  const shown = show({ ...stream, metadata: { ...stream.metadata, ...unstored } }, tag, undefined);
  return { ...shown, metadata: { name, namespace } };
};

/** The tag of a stream with its image, where it has one. */
export const showTag = async <T extends KubernetesObject>(
  { show }: TagKind<T>,
  store: Store,
  stream: Stored<ImageStream>,
  tag: string,
  signal: AbortSignal,
): Promise<T> => {
  const event = currentImageOf(stream, tag);
  const image = event === undefined ? undefined : await findImage(store, event.image, signal);
  return show(stream, tag, image);
};
