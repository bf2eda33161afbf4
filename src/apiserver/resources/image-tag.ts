import { applyTagReferenceDefaults } from '../../api/defaults.ts';
import type { ImageTag } from '../../api/image-stream-tag.ts';
import { imageTags } from '../../api/resources.ts';
import { validateImageTag, validateImageTagUpdate } from '../../api/validation/image-tag.ts';
import { notFoundError } from '../errors.ts';
import type { RestStorage } from '../rest-storage.ts';
import { imageTagColumns } from './image-tag-columns.ts';
import { getStream } from './stream-reader.ts';
import { splitTagName, tagNamesOf } from './stream-tags.ts';
import { createTag } from './tag-create.ts';
import { deleteTag } from './tag-delete.ts';
import { absentTag, showTag, type TagKind, type TagPorts } from './tag-kind.ts';
import { updateTag } from './tag-update.ts';
import { imageTagOf } from './tag-view.ts';
import { listFromStreams } from './virtual-list.ts';

const completed = (wanted: ImageTag, old: ImageTag | undefined, tag: string): ImageTag => {
  const { spec } = wanted;
  const { uid: wantedUid = '' } = wanted.metadata;
  return {
    ...wanted,
    // All metadata is the stream's: what a request leaves out is as it is there, what it says must be the same.
    metadata:
      old === undefined
        ? wanted.metadata
        : {
            ...old.metadata,
            ...wanted.metadata,
            ...(wantedUid === '' ? { uid: old.metadata.uid ?? '' } : {}),
            resourceVersion: old.metadata.resourceVersion ?? '',
            creationTimestamp: old.metadata.creationTimestamp ?? null,
          },
    spec:
      spec === undefined || spec === null
        ? null
        : applyTagReferenceDefaults({
            ...spec,
            name: old === undefined && spec.name === '' ? tag : spec.name,
          }),
  };
};

const imageTagKind: TagKind<ImageTag> = {
  resource: imageTags,
  existingAs: imageTags,
  updateAttempts: 1,
  show: imageTagOf,
  complete: completed,
  validateCreate: validateImageTag,
  validateUpdate: validateImageTagUpdate,
  specTag: ({ spec }) => spec ?? undefined,
  updateNeedsSpecTag: false,
  updatedSpecTag: ({ spec }) => spec ?? undefined,
};

/** Tags, spec and status apart, computed from streams (openshift-semantics §5.2). */
export const createImageTagStorage = (ports: TagPorts): RestStorage<ImageTag> => ({
  resource: imageTags,
  columns: imageTagColumns,

  async get({ namespace, name }, { signal }) {
    const { stream: streamName, tag } = splitTagName(imageTags.kind, name);
    const stream = await getStream(ports.store, imageTags, { namespace, name: streamName }, signal);
    if (!tagNamesOf(stream).includes(tag)) throw notFoundError(imageTags, name);
    return showTag(imageTagKind, ports.store, stream, tag, signal);
  },

  list: (options, { signal }) =>
    listFromStreams(
      ports.store,
      options,
      (stream) => tagNamesOf(stream).map((tag) => imageTagOf(stream, tag, undefined)),
      signal,
    ),

  create: (object, namespace, context) => createTag(imageTagKind, ports, object, namespace, context),
  update: (key, transform, context) => updateTag(imageTagKind, ports, key, transform, context),
  patchesFrom: (key) => absentTag(imageTagKind, key),
  delete: (key, options, context) => deleteTag(imageTags, ports, key, options, context),
});
