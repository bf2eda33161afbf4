import { isDeepStrictEqual } from 'node:util';
import { type FieldError, invalid, required, rootPath } from '../field-error.ts';
import { parseImageStreamTagName } from '../image-stream-names.ts';
import type { ImageTag } from '../image-stream-tag.ts';
import { pathSegmentRule } from './names.ts';
import { validateObjectMeta, validateSameUid } from './object-meta.ts';
import { validateTagReference } from './tag-reference.ts';

const validateSpec = ({ spec, metadata }: ImageTag): readonly FieldError[] => {
  if (spec === undefined || spec === null) return [];
  const path = rootPath.child('spec');
  return [
    ...(parseImageStreamTagName(metadata.name)?.tag === spec.name
      ? []
      : [invalid(path.child('name'), spec.name, 'must match image tag name')]),
    ...validateTagReference(spec, path),
  ];
};

/**
 * Rules of a tag of a stream that is created.
 *
 * @see openshift-apiserver `pkg/image/apis/image/validation/validation.go`
 */
export const validateImageTag = (tag: ImageTag): readonly FieldError[] => [
  ...validateObjectMeta(
    tag.metadata,
    { isNamespaced: true, nameRule: pathSegmentRule },
    rootPath.child('metadata'),
  ),
  ...(tag.spec === undefined || tag.spec === null
    ? [required(rootPath.child('spec'), 'spec is a required field during creation')]
    : validateSpec(tag)),
];

/** Rules of an update: only `spec` may differ. */
export const validateImageTagUpdate = (next: ImageTag, old: ImageTag): readonly FieldError[] => {
  const problem = 'may not update fields other than spec';
  return [
    ...validateSameUid(next.metadata, old.metadata, rootPath.child('metadata')),
    ...validateSpec(next),
    ...(isDeepStrictEqual(next.metadata, old.metadata)
      ? []
      : [invalid(rootPath.child('metadata'), '', problem)]),
    ...(isDeepStrictEqual(next.status ?? null, old.status ?? null)
      ? []
      : [invalid(rootPath.child('status'), '', problem)]),
  ];
};
