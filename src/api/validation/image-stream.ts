import { rollbacksAnnotation } from '../annotations.ts';
import { parseDockerImageReference } from '../docker-image-reference.ts';
import { type FieldError, type FieldPath, invalid, required, rootPath } from '../field-error.ts';
import type { ImageStream, ImageStreamStatus } from '../image-stream.ts';
import { defaultMaxBytes, hasRoomForSpec } from '../object-budget.ts';
import { parseRollbacks } from '../rollback.ts';
import { imageStreamNameRule } from './names.ts';
import { validateObjectMeta } from './object-meta.ts';
import { validateTagReference } from './tag-reference.ts';

/** Longest path of a repository, which `<namespace>/<stream>` must be able to be. */
const maxRepositoryLength = 255;

const validateRepository = (stream: ImageStream, path: FieldPath): readonly FieldError[] => {
  const text = stream.spec?.dockerImageRepository ?? '';
  if (text === '') return [];
  const parsed = parseDockerImageReference(text);
  if ('error' in parsed) return [invalid(path, text, parsed.error)];
  return [
    ...(parsed.tag === '' ? [] : [invalid(path, text, 'the repository name may not contain a tag')]),
    ...(parsed.id === '' ? [] : [invalid(path, text, 'the repository name may not contain an ID')]),
  ];
};

const validateLength = (stream: ImageStream, path: FieldPath): readonly FieldError[] => {
  const { namespace = '', name } = stream.metadata;
  return `${namespace}/${name}`.length > maxRepositoryLength
    ? [invalid(path, name, `'namespace/name' cannot be longer than ${maxRepositoryLength} characters`)]
    : [];
};

/** References of a history, each with where it stands. */
const referencesOf = (
  status: ImageStreamStatus | undefined,
): readonly { readonly path: FieldPath; readonly text: string }[] =>
  (status?.tags ?? []).flatMap(({ tag, items }) =>
    (items ?? []).map((item, index) => ({
      path: rootPath
        .child('status')
        .child('tags')
        .key(tag)
        .child('items')
        .key(index)
        .child('dockerImageReference'),
      text: item.dockerImageReference,
    })),
  );

const validateReference = (path: FieldPath, text: string): readonly FieldError[] => {
  if (text === '') return [required(path)];
  const parsed = parseDockerImageReference(text);
  return 'error' in parsed ? [invalid(path, text, parsed.error)] : [];
};

const validateRollbacks = ({ metadata }: ImageStream, path: FieldPath): readonly FieldError[] => {
  const text = metadata.annotations?.[rollbacksAnnotation];
  return parseRollbacks(text) === undefined
    ? [invalid(path, text, 'must be a JSON object of {"revision": NUMBER, "image": DIGEST} by tag')]
    : [];
};

const validateSize = (stream: ImageStream, path: FieldPath): readonly FieldError[] =>
  hasRoomForSpec(stream, defaultMaxBytes)
    ? []
    : [
        {
          type: 'FieldValueTooLong',
          path: path.toString(),
          message: `Too long: metadata and spec leave no room for the tags' status within ${defaultMaxBytes} bytes: use fewer tags`,
        },
      ];

/**
 * Rules of a stream, after defaulting.
 *
 * @see openshift-apiserver `pkg/image/apis/image/validation/validation.go`; the size is ours (design decision 8)
 */
export const validateImageStream = (stream: ImageStream): readonly FieldError[] => {
  const metadata = rootPath.child('metadata');
  const spec = rootPath.child('spec');
  return [
    ...validateObjectMeta(stream.metadata, { isNamespaced: true, nameRule: imageStreamNameRule }, metadata),
    ...validateLength(stream, metadata.child('name')),
    ...validateRollbacks(stream, metadata.child('annotations').key(rollbacksAnnotation)),
    ...validateRepository(stream, spec.child('dockerImageRepository')),
    ...(stream.spec?.tags ?? []).flatMap((tag) =>
      validateTagReference(tag, spec.child('tags').key(tag.name)),
    ),
    ...referencesOf(stream.status).flatMap(({ path, text }) => validateReference(path, text)),
    ...validateSize(stream, spec.child('tags')),
  ];
};

/** Rules of a write to the status alone: only references that were not there before are looked at. */
export const validateImageStreamStatusUpdate = (
  next: ImageStream,
  old: ImageStream,
): readonly FieldError[] => {
  const known = new Set(referencesOf(old.status).map(({ text }) => text));
  return referencesOf(next.status)
    .filter(({ text }) => !known.has(text))
    .flatMap(({ path, text }) => validateReference(path, text));
};
