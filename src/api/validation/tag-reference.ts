import { parseDockerImageReference } from '../docker-image-reference.ts';
import { type FieldError, type FieldPath, invalid, required } from '../field-error.ts';
import type { TagImportPolicy, TagReference } from '../image-stream.ts';

const validateFrom = (tag: TagReference, path: FieldPath): readonly FieldError[] => {
  if (tag.from === undefined) return [];
  const from = path.child('from');
  const { kind = '', name = '' } = tag.from;
  const missingName = name === '' ? [required(from.child('name'))] : [];
  switch (kind) {
    case 'DockerImage': {
      const parsed = parseDockerImageReference(name);
      return name !== '' && 'error' in parsed
        ? [invalid(from.child('name'), name, parsed.error)]
        : missingName;
    }
    case 'ImageStreamImage':
    case 'ImageStreamTag': {
      const { scheduled } = tag.importPolicy ?? {};
      const problem = 'only tags pointing to Docker repositories may be scheduled for background import';
      return scheduled === true
        ? [...missingName, invalid(path.child('importPolicy').child('scheduled'), scheduled, problem)]
        : missingName;
    }
    default: {
      const kinds = "valid values are 'DockerImage', 'ImageStreamImage', 'ImageStreamTag'";
      return [...missingName, required(from.child('kind'), kinds)];
    }
  }
};

/** Rules of how something is imported; `path` is that of the policy. */
export const validateImportPolicy = (
  { importMode = '' }: TagImportPolicy = {},
  path: FieldPath,
): readonly FieldError[] => {
  const problem = "invalid import mode, valid modes are '', 'Legacy', 'PreserveOriginal'";
  const isKnown = ['', 'Legacy', 'PreserveOriginal'].includes(importMode);
  return isKnown ? [] : [invalid(path.child('importMode'), importMode, problem)];
};

const validatePolicies = (tag: TagReference, path: FieldPath): readonly FieldError[] => {
  const type = tag.referencePolicy?.type ?? '';
  return [
    ...(['Source', 'Local'].includes(type)
      ? []
      : [invalid(path.child('referencePolicy').child('type'), type, 'valid values are "Source", "Local"')]),
    ...validateImportPolicy(tag.importPolicy, path.child('importPolicy')),
  ];
};

/**
 * Rules of a spec tag, after defaulting. Its name is free, as in the original.
 *
 * @see openshift-apiserver `pkg/image/apis/image/validation/validation.go`
 */
export const validateTagReference = (tag: TagReference, path: FieldPath): readonly FieldError[] => [
  ...validateFrom(tag, path),
  ...validatePolicies(tag, path),
];
