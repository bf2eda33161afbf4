import { applyTagReferenceDefaults } from '../../api/defaults.ts';
import type { ImageStreamTag } from '../../api/image-stream-tag.ts';
import type { ObjectMeta } from '../../api/meta.ts';
import { imageStreamTags } from '../../api/resources.ts';
import {
  validateImageStreamTag,
  validateImageStreamTagUpdate,
} from '../../api/validation/image-stream-tag.ts';
import { notFoundError } from '../errors.ts';
import type { RestStorage } from '../rest-storage.ts';
import { imageStreamTagColumns } from './image-columns.ts';
import { inSingular } from './in-singular.ts';
import { getImage, getStream } from './stream-reader.ts';
import { currentImageOf, splitTagName } from './stream-tags.ts';
import { createTag } from './tag-create.ts';
import { deleteTag } from './tag-delete.ts';
import { absentTag, type TagKind, type TagPorts } from './tag-kind.ts';
import { updateTag } from './tag-update.ts';
import { imageStreamTagOf } from './tag-view.ts';
import { listFromStreams } from './virtual-list.ts';

const completedMetadata = (wanted: ObjectMeta, old: ObjectMeta): ObjectMeta => {
  const { managedFields: _fields, generation: _generation, selfLink: _link, ...rest } = wanted;
  const { resourceVersion = '', creationTimestamp = null, uid = '', labels } = old;
  const { labels: wantedLabels = {}, ...metadata } = rest;
  const keptLabels = Object.keys(wantedLabels).length === 0 ? labels : wantedLabels;
  return {
    ...metadata,
    resourceVersion,
    creationTimestamp,
    uid: metadata.uid === undefined || metadata.uid === '' ? uid : metadata.uid,
    ...(keptLabels === undefined ? {} : { labels: keptLabels }),
  };
};

/** On creation only what the tag itself says counts, as in the original; an update replaces it by the annotations of the whole. */
const completed = (wanted: ImageStreamTag, old: ImageStreamTag | undefined, name: string): ImageStreamTag => {
  const { annotations = null } = wanted.metadata;
  const tag = wanted.tag ?? undefined;
  const tagAnnotations = old === undefined ? (tag?.annotations ?? null) : annotations;
  return {
    ...wanted,
    metadata: old === undefined ? wanted.metadata : completedMetadata(wanted.metadata, old.metadata),
    tag: tag === undefined ? null : applyTagReferenceDefaults({ ...tag, annotations: tagAnnotations, name }),
  };
};

const imageStreamTagKind: TagKind<ImageStreamTag> = {
  resource: imageStreamTags,
  existingAs: inSingular(imageStreamTags),
  updateAttempts: 5,
  show: imageStreamTagOf,
  complete: completed,
  validateCreate: validateImageStreamTag,
  validateUpdate: validateImageStreamTagUpdate,
  specTag: ({ tag }) => tag ?? undefined,
  updateNeedsSpecTag: true,
  updatedSpecTag: ({ tag, metadata }, current) => {
    const spec = tag ?? current;
    return spec === undefined ? undefined : { ...spec, annotations: metadata.annotations ?? null };
  },
};

/** Tags with their images, computed from streams (openshift-semantics §5.1). */
export const createImageStreamTagStorage = (ports: TagPorts): RestStorage<ImageStreamTag> => ({
  resource: imageStreamTags,
  columns: imageStreamTagColumns,

  async get({ namespace, name }, { signal }) {
    const { stream: streamName, tag } = splitTagName(imageStreamTags.kind, name);
    const stream = await getStream(ports.store, imageStreamTags, { namespace, name: streamName }, signal);
    const event = currentImageOf(stream, tag);
    if (event === undefined) throw notFoundError(imageStreamTags, name);
    return imageStreamTagOf(stream, tag, await getImage(ports.store, imageStreamTags, event.image, signal));
  },

  list: (options, { signal }) =>
    listFromStreams(
      ports.store,
      options,
      (stream) =>
        (stream.status?.tags ?? [])
          .filter(({ tag }) => currentImageOf(stream, tag) !== undefined)
          .map(({ tag }) => imageStreamTagOf(stream, tag, undefined)),
      signal,
    ),

  create: (object, namespace, context) => createTag(imageStreamTagKind, ports, object, namespace, context),
  update: (key, transform, context) => updateTag(imageStreamTagKind, ports, key, transform, context),
  patchesFrom: (key) => absentTag(imageStreamTagKind, key),
  delete: (key, options, context) => deleteTag(imageStreamTags, ports, key, options, context),
});
