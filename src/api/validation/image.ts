import { isDigest, parseDockerImageReference } from '../docker-image-reference.ts';
import { type FieldError, type FieldPath, invalid, required, rootPath } from '../field-error.ts';
import type { Image, ImageManifest } from '../image.ts';
import { pathSegmentRule } from './names.ts';
import { validateObjectMeta } from './object-meta.ts';

/** @see https://www.rfc-editor.org/rfc/rfc6838#section-4.2 */
const mediaType = /^ *[A-Za-z0-9][A-Za-z0-9!#$&^_-]{0,126}\/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126} *$/;

const validateReference = (text: string | undefined, path: FieldPath): readonly FieldError[] => {
  if (text === undefined || text === '') return [required(path)];
  const parsed = parseDockerImageReference(text);
  return 'error' in parsed ? [invalid(path, text, parsed.error)] : [];
};

const validateManifest = (manifest: ImageManifest, path: FieldPath): readonly FieldError[] => [
  ...(isDigest(manifest.digest)
    ? []
    : [
        invalid(
          path.child('digest'),
          manifest.digest,
          'digest does not conform with OCI image specification',
        ),
      ]),
  ...(mediaType.test(manifest.mediaType)
    ? []
    : [invalid(path.child('mediaType'), manifest.mediaType, 'media type does not conform to RFC6838')]),
  ...(manifest.architecture === '' ? [required(path.child('architecture'))] : []),
  ...(manifest.os === '' ? [required(path.child('os'))] : []),
  ...(manifest.manifestSize < 0
    ? [invalid(path.child('size'), manifest.manifestSize, 'manifest size cannot be negative')]
    : []),
];

/**
 * Rules of an image. One that came from a list holds manifests, any other layers; never both.
 *
 * @see openshift-apiserver `pkg/image/apis/image/validation/validation.go`
 */
export const validateImage = (image: Image, path: FieldPath = rootPath): readonly FieldError[] => {
  const manifests = image.dockerImageManifests ?? [];
  const layers = image.dockerImageLayers ?? [];
  return [
    ...validateObjectMeta(
      image.metadata,
      { isNamespaced: false, nameRule: pathSegmentRule },
      path.child('metadata'),
    ),
    ...validateReference(image.dockerImageReference, path.child('dockerImageReference')),
    ...manifests.flatMap((manifest, index) =>
      validateManifest(manifest, path.child('dockerImageManifests').key(index)),
    ),
    ...(manifests.length > 0 && layers.length > 0
      ? [
          invalid(
            path.child('dockerImageLayers'),
            layers,
            'dockerImageLayers should not be set when dockerImageManifests is set',
          ),
        ]
      : []),
  ];
};
