import { parseDockerImageReference } from '../docker-image-reference.ts';
import { type FieldError, type FieldPath, invalid, required, rootPath } from '../field-error.ts';
import type { ImageImportSpec, ImageStreamImport, RepositoryImportSpec } from '../image-stream-import.ts';
import { imageStreamNameRule } from './names.ts';
import { validateObjectMeta } from './object-meta.ts';
import { validateImportPolicy } from './tag-reference.ts';

const wrongKind = (kind: string | undefined, path: FieldPath): readonly FieldError[] => [
  invalid(path.child('from').child('kind'), kind ?? '', 'only DockerImage is supported'),
];

const validateImageSource = (spec: ImageImportSpec, path: FieldPath): readonly FieldError[] => {
  if (spec.from.kind !== 'DockerImage') return wrongKind(spec.from.kind, path);
  const { name = '' } = spec.from;
  const at = path.child('from').child('name');
  const parsed = parseDockerImageReference(name);
  const isBad = name !== '' && 'error' in parsed;
  const target = path.child('to').child('name');
  return [
    ...(spec.to !== undefined && (spec.to.name ?? '') === ''
      ? [invalid(target, '', 'the name of the target tag must be specified')]
      : []),
    ...(name === '' ? [required(at)] : []),
    // Clients of old send `*` to look a stream up.
    ...(isBad && name !== '*' ? [invalid(at, name, parsed.error)] : []),
  ];
};

const validateRepositorySource = (spec: RepositoryImportSpec, path: FieldPath): readonly FieldError[] => {
  if (spec.from.kind !== 'DockerImage') return wrongKind(spec.from.kind, path);
  const { name = '' } = spec.from;
  const at = path.child('from').child('name');
  if (name === '') return [required(at, 'container image references require a name')];
  const parsed = parseDockerImageReference(name);
  if ('error' in parsed) return [invalid(at, name, parsed.error)];
  return parsed.tag === '' && parsed.id === ''
    ? []
    : [invalid(at, name, 'you must specify an image repository, not a tag or ID')];
};

const validateImageImport = (spec: ImageImportSpec, path: FieldPath): readonly FieldError[] => [
  ...validateImageSource(spec, path),
  ...validateImportPolicy(spec.importPolicy, path.child('importPolicy')),
];

const validateRepositoryImport = (
  spec: RepositoryImportSpec | undefined,
  path: FieldPath,
): readonly FieldError[] =>
  spec === undefined
    ? []
    : [
        ...validateRepositorySource(spec, path),
        ...validateImportPolicy(spec.importPolicy, path.child('importPolicy')),
      ];

/**
 * Rules of an import request, after defaulting.
 *
 * @see openshift-apiserver `pkg/image/apis/image/validation/validation.go`
 */
export const validateImageStreamImport = (request: ImageStreamImport): readonly FieldError[] => {
  const { images = [], repository } = request.spec ?? {};
  const path = rootPath.child('spec');
  const isEmpty = images.length === 0 && repository === undefined;
  return [
    ...images.flatMap((image, index) => validateImageImport(image, path.child('images').key(index))),
    ...validateRepositoryImport(repository, path.child('repository')),
    ...(isEmpty
      ? [invalid(path.child('images'), null, 'you must specify at least one image or a repository import')]
      : []),
    ...validateObjectMeta(
      request.metadata,
      { isNamespaced: true, nameRule: imageStreamNameRule },
      rootPath.child('metadata'),
    ),
  ];
};
