import { type FieldError, required, rootPath } from '../field-error.ts';
import type { Image } from '../image.ts';
import type { ImageStreamMapping } from '../image-stream-mapping.ts';
import { validateImage } from './image.ts';
import { imageStreamNameRule } from './names.ts';
import { validateObjectMeta } from './object-meta.ts';

/** The image of a mapping as an object of its own. */
export const imageOfMapping = ({ image = {} }: ImageStreamMapping): Image => ({
  ...image,
  apiVersion: 'image.openshift.io/v1',
  kind: 'Image',
  metadata: { ...image.metadata, name: image.metadata?.name ?? '' },
});

/**
 * Rules of a mapping.
 *
 * @see openshift-apiserver `pkg/image/apis/image/validation/validation.go`
 */
export const validateImageStreamMapping = (mapping: ImageStreamMapping): readonly FieldError[] => [
  ...validateObjectMeta(
    mapping.metadata,
    { isNamespaced: true, nameRule: imageStreamNameRule },
    rootPath.child('metadata'),
  ),
  ...((mapping.tag ?? '') === '' ? [required(rootPath.child('tag'))] : []),
  ...validateImage(imageOfMapping(mapping), rootPath.child('image')),
];
