import { isDeepStrictEqual } from 'node:util';
import { repositoryCheckAnnotation } from './annotations.ts';
import { applyPart, type ImportedImage, type ImportPart, specTagOf } from './apply-import-part.ts';
import { importSuccess, type TagEventCondition } from './condition.ts';
import { applyImageStreamDefaults, decorateImageStream } from './defaults.ts';
import {
  asRepository,
  formatDockerImageReference,
  parseDockerImageReference,
} from './docker-image-reference.ts';
import type { FieldError } from './field-error.ts';
import type { ImageStream } from './image-stream.ts';
import type { ImageStreamImport } from './image-stream-import.ts';
import { prepareInternalCreate, prepareInternalUpdate, type WriteContext } from './image-stream-strategy.ts';
import { type BudgetOptions, fitIntoBudget } from './object-budget.ts';
import { observeRepository, observeTag } from './pending.ts';
import type { Status } from './status.ts';
import { withStreamConditions } from './stream-conditions.ts';
import { findTag, putTag } from './tag-history.ts';

/** What came of the repository of a request. */
export type ImportedRepository =
  | {
      readonly ok: true;
      readonly images: readonly ImportedImage[];
      readonly additionalTags: readonly string[];
    }
  | { readonly ok: false; readonly status: Status };

/** A request that has run: its spec with defaults, and what came of each part. */
export type FinishedImport = {
  readonly namespace: string;
  /** Of the stream. */
  readonly name: string;
  readonly spec: NonNullable<ImageStreamImport['spec']>;
  /** Aligned with `spec.images`. */
  readonly images: readonly ImportedImage[];
  readonly repository: ImportedRepository | undefined;
};

export type ApplyContext = WriteContext & Pick<BudgetOptions, 'historyLimit' | 'maxBytes' | 'toldRevision'>;

/** What is to be written; where nothing changed, the stream is the one that is stored. */
export type AppliedImport = {
  readonly change: 'created' | 'updated' | 'unchanged';
  readonly stream: ImageStream;
  readonly errors: readonly FieldError[];
  /** Tags that the object had no room for. */
  readonly refusedTags: readonly string[];
};

const repositoryParts = ({ spec, repository }: FinishedImport): readonly ImportPart[] => {
  if (spec.repository === undefined || repository === undefined || !repository.ok) return [];
  const { from, ...policies } = spec.repository;
  const parsed = parseDockerImageReference(from.name ?? '');
  if ('error' in parsed) return [];
  return repository.images.map((outcome) => ({
    tag: outcome.tag,
    from: formatDockerImageReference({ ...asRepository(parsed), tag: outcome.tag }),
    policies,
    outcome,
    isNamed: false,
  }));
};

const imageParts = ({ spec, images }: FinishedImport): readonly ImportPart[] =>
  (spec.images ?? []).flatMap(({ from, to, ...policies }, index) => {
    const outcome = images[index];
    const tag = to?.name ?? '';
    return outcome === undefined || tag === ''
      ? []
      : [{ tag, from: from.name ?? '', policies, outcome, isNamed: true }];
  });

/**
 * Remembers what was tried, now that generations are known: else the controller would try it once more. A tag whose spec names another
 * source than the request did was not tried.
 */
const observe = (stream: ImageStream, parts: readonly ImportPart[]): ImageStream =>
  parts.reduce((next, { tag, from, outcome }) => {
    const specTag = specTagOf(next, tag);
    const list = findTag(next.status, tag);
    if (specTag === undefined || list === undefined || specTag.from?.name !== from) return next;
    const observed = observeTag(next, specTag, { succeeded: outcome.ok });
    return { ...next, status: putTag(next.status ?? {}, { ...list, observed }) };
  }, stream);

/** A request for the repository that the spec follows answers for the spec too. */
const observeListing = (
  stream: ImageStream,
  { spec, repository }: FinishedImport,
  now: string,
): ImageStream => {
  const follows = stream.spec?.dockerImageRepository ?? '';
  if (repository === undefined || follows === '' || follows !== spec.repository?.from.name) return stream;
  const condition: TagEventCondition | undefined = repository.ok
    ? undefined
    : {
        type: importSuccess,
        status: 'False',
        lastTransitionTime: now,
        reason: repository.status.reason ?? 'InternalError',
        message: repository.status.message || 'unknown error prevented import',
        generation: stream.metadata.generation ?? 0,
      };
  const before = stream.status?.repository?.conditions?.[0];
  const kept = before !== undefined && condition?.reason === before.reason ? before : condition;
  const leftOut = repository.ok ? repository.additionalTags.length : stream.status?.repository?.leftOut;
  const observed = observeRepository(stream, {
    succeeded: repository.ok,
    ...(leftOut ? { leftOut } : {}),
    ...(kept === undefined ? {} : { conditions: [kept] }),
  });
  return { ...stream, status: { ...stream.status, repository: observed } };
};

const emptyStream = ({ namespace, name }: FinishedImport): ImageStream => ({
  apiVersion: 'image.openshift.io/v1',
  kind: 'ImageStream',
  metadata: { name, namespace, generation: 0 },
});

/** With the time of the check that changed the stream. */
const withCheck = (stream: ImageStream, now: string): ImageStream => ({
  ...stream,
  metadata: {
    ...stream.metadata,
    annotations: { ...stream.metadata.annotations, [repositoryCheckAnnotation]: now },
  },
});

/**
 * The stream after an import request with `import: true`: spec tags for what was imported, histories, conditions. A failure keeps the
 * last good image; a failed listing changes no tag. Nothing is to be written where the stream was checked before and nothing changed.
 *
 * @see openshift-apiserver `pkg/image/apiserver/registry/imagestreamimport/rest.go`
 */
export const applyImport = (
  stream: ImageStream | undefined,
  request: FinishedImport,
  context: ApplyContext,
): AppliedImport => {
  const { internalRegistry: internal, externalRegistry: external, now } = context;
  const old = decorateImageStream(applyImageStreamDefaults(stream ?? emptyStream(request)), {
    internal,
    external,
  });
  const parts = [...repositoryParts(request), ...imageParts(request)];
  const imported = parts.reduce((next, part) => applyPart(next, part, context), old);
  const { stream: prepared, errors } =
    stream === undefined
      ? prepareInternalCreate(imported, context)
      : prepareInternalUpdate(imported, old, context);
  const observed = observeListing(observe(prepared, parts), request, now);
  const { stream: fitted, refusedTags } = fitIntoBudget(observed, old, { ...context, now });
  const next = withStreamConditions(fitted, now);
  if (stream === undefined) return { change: 'created', stream: withCheck(next, now), errors, refusedTags };
  const wasChecked = stream.metadata.annotations?.[repositoryCheckAnnotation] !== undefined;
  return wasChecked && isDeepStrictEqual(next, old)
    ? { change: 'unchanged', stream, errors, refusedTags }
    : { change: 'updated', stream: withCheck(next, now), errors, refusedTags };
};
