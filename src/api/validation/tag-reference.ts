import { parseDockerImageReference } from '../docker-image-reference.ts';
import { type FieldError, type FieldPath, invalid, required } from '../field-error.ts';
import type { TagReference } from '../image-stream.ts';

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

const validatePolicies = (tag: TagReference, path: FieldPath): readonly FieldError[] => {
  const type = tag.referencePolicy?.type ?? '';
  const mode = tag.importPolicy?.importMode ?? '';
  return [
    ...(['Source', 'Local'].includes(type)
      ? []
      : [invalid(path.child('referencePolicy').child('type'), type, 'valid values are "Source", "Local"')]),
    ...(['', 'Legacy', 'PreserveOriginal'].includes(mode)
      ? []
      : [
          invalid(
            path.child('importPolicy').child('importMode'),
            mode,
            "invalid import mode, valid modes are '', 'Legacy', 'PreserveOriginal'",
          ),
        ]),
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
