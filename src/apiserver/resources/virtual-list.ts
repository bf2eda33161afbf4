import type { ImageStream } from '../../api/image-stream.ts';
import type { KubernetesObject, Stored } from '../../api/meta.ts';
import { imageStreams } from '../../api/resources.ts';
import type { FieldRequirement, ListOptions, Store } from '../../store/store.ts';
import type { RestList } from '../rest-storage.ts';

const matches = (object: KubernetesObject, { path, operator, value }: FieldRequirement): boolean => {
  const field = path === 'metadata.namespace' ? object.metadata.namespace : object.metadata.name;
  return operator === '=' ? (field ?? '') === value : (field ?? '') !== value;
};

/**
 * Lists what `expand` makes of each stream. Labels are those of the stream, field selectors mean the computed object. The list is
 * never split into pages: a page of streams would be no page of tags.
 */
export const listFromStreams = async <T extends KubernetesObject>(
  store: Store,
  { namespace, labels, fields = [] }: ListOptions,
  expand: (stream: Stored<ImageStream>) => readonly T[],
  signal: AbortSignal,
): Promise<RestList<T>> => {
  const streams = await store.list(imageStreams, { namespace, labels }, signal);
  const items = streams.items.flatMap(expand);
  return {
    items: items.filter((item) => fields.every((field) => matches(item, field))),
    resourceVersion: '',
  };
};
