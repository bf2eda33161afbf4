import { isDeepStrictEqual } from 'node:util';
import { type FieldError, invalid, rootPath } from '../field-error.ts';
import type { ImageStreamTag } from '../image-stream-tag.ts';
import { pathSegmentRule } from './names.ts';
import { validateObjectMeta, validateSameUid } from './object-meta.ts';
import { validateTagReference } from './tag-reference.ts';

const validateTag = ({ tag, metadata }: ImageStreamTag): readonly FieldError[] => {
  if (tag === undefined || tag === null) return [];
  const path = rootPath.child('tag');
  const isSame =
    Object.keys(tag.annotations ?? {}).length === 0 ||
    isDeepStrictEqual(tag.annotations, metadata.annotations ?? {});
  const problem = 'tag annotations must not be provided or must be equal to the object meta annotations';
  return [
    ...validateTagReference(tag, path),
    ...(isSame ? [] : [invalid(path.child('annotations'), '<map>', problem)]),
  ];
};

/**
 * Rules of a tag of a stream that is created.
 *
 * @see openshift-apiserver `pkg/image/apis/image/validation/validation.go`
 */
export const validateImageStreamTag = (tag: ImageStreamTag): readonly FieldError[] => [
  ...validateObjectMeta(
    tag.metadata,
    { isNamespaced: true, nameRule: pathSegmentRule },
    rootPath.child('metadata'),
  ),
  ...validateTag(tag),
];

/** Rules of an update: of the metadata only annotations may differ. Image and conditions are not looked at: no write changes them. */
export const validateImageStreamTagUpdate = (
  next: ImageStreamTag,
  old: ImageStreamTag,
): readonly FieldError[] => [
  ...validateSameUid(next.metadata, old.metadata, rootPath.child('metadata')),
  ...validateTag(next),
  ...(isDeepStrictEqual({ ...next.metadata, annotations: null }, { ...old.metadata, annotations: null })
    ? []
    : [invalid(rootPath.child('metadata'), '', 'may not update fields other than metadata.annotations')]),
];
