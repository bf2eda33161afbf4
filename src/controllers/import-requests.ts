import { applyImport, type FinishedImport } from '../api/apply-import.ts';
import { type Condition, setCondition } from '../api/condition.ts';
import { applyImageStreamImportDefaults } from '../api/defaults.ts';
import { formatFieldError } from '../api/field-error.ts';
import type { Image } from '../api/image.ts';
import type { ImageStream } from '../api/image-stream.ts';
import type { ImageImportStatus, ImageStreamImport } from '../api/image-stream-import.ts';
import type { Stored } from '../api/meta.ts';
import { defaultMaxBytes } from '../api/object-budget.ts';
import { imageStreamImports, imageStreams } from '../api/resources.ts';
import { validateImageStream } from '../api/validation/image-stream.ts';
import { validateImageStreamImport } from '../api/validation/image-stream-import.ts';
import { type ImageOutcome, type Importer, type Keychains, runImportRequest } from '../importer/index.ts';
import { type Clock, formatTime } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import {
  Controller,
  createInformer,
  done,
  type Informer,
  type Lister,
  type OnRuntime,
  type Reconcile,
  reconcileChanges,
  requeue,
} from '../runtime/index.ts';
import { isStoreError } from '../store/errors.ts';
import type { ObjectKey, Store } from '../store/store.ts';
import type { ImageStreamSettings } from './image-stream.ts';
import type { KeepImage } from './keep-image.ts';

/** Type of the condition that ends a request. */
const complete = 'Complete';

export type ImportRequestPorts = {
  readonly store: Store;
  readonly keepImage: KeepImage;
  readonly importer: Importer;
  readonly keychains: Keychains;
  readonly clock: Clock;
  readonly settings: ImageStreamSettings & {
    /** How long a finished request is kept, in milliseconds. */
    readonly importRequestTtlMs: number;
  };
};

type Request = Stored<ImageStreamImport>;
type ImportStatus = NonNullable<ImageStreamImport['status']>;

/** How often results are applied anew when others write the stream in between. */
const attempts = 10;
/** Failures that a message names. */
const namedAtMost = 5;

const finishedAt = ({ status }: ImageStreamImport): number | undefined => {
  const ended = status?.conditions?.find(({ type }) => type === complete);
  return ended === undefined ? undefined : Date.parse(ended.lastTransitionTime);
};

/** Which stream a request imports into: the one that it names, or the one that is named like it. */
const targetOf = ({ metadata, spec }: ImageStreamImport): ObjectKey => ({
  namespace: metadata.namespace ?? '',
  name: spec?.stream || metadata.name,
});

/** Digest and pull spec of an image alone: a thousand whole ones would not fit into one object. */
type EmbeddedImage = NonNullable<ImageImportStatus['image']>;
const brief = (image: EmbeddedImage): EmbeddedImage => ({
  ...(image.metadata === undefined ? {} : { metadata: { name: image.metadata.name ?? '' } }),
  ...(image.dockerImageReference === undefined ? {} : { dockerImageReference: image.dockerImageReference }),
});
const briefly = ({ status, tag, image }: ImageImportStatus): ImageImportStatus => ({
  status,
  ...(tag === undefined ? {} : { tag }),
  ...(image === undefined ? {} : { image: brief(image) }),
});

const failuresOf = ({ images = [], repository }: ImportStatus): readonly string[] =>
  [
    { tag: '', status: repository?.images === undefined ? repository?.status : undefined },
    ...(repository?.images ?? []),
    ...images,
  ].flatMap(({ tag = '', status }) =>
    status?.status === 'Failure'
      ? [`${tag === '' ? '' : `${tag}: `}${status.message ?? status.reason ?? 'unknown'}`]
      : [],
  );

const verdictOf = (status: ImportStatus, problem: string | undefined, now: string): Condition => {
  const failures = problem === undefined ? failuresOf(status) : [problem];
  const more = failures.length > namedAtMost ? ` and ${failures.length - namedAtMost} more` : '';
  return {
    type: complete,
    status: 'True',
    lastTransitionTime: now,
    reason: failures.length === 0 ? 'Imported' : 'ImportFailed',
    message:
      failures.length === 0 ? 'everything was imported' : failures.slice(0, namedAtMost).join('; ') + more,
  };
};

/** An importer that stores the images it fetches: what a stream's history names must be there before it does. */
const storing = ({ importer, keepImage }: ImportRequestPorts): Importer => {
  const keep = async (outcome: ImageOutcome, signal: AbortSignal): Promise<ImageOutcome> => {
    if (!outcome.ok) return outcome;
    const whole: readonly Image[] = [...outcome.manifests, outcome.image];
    for (const image of whole) {
      const problem = await keepImage(image, signal);
      if (problem !== undefined) return { ok: false, status: problem, tag: outcome.tag };
    }
    return outcome;
  };
  return {
    ...importer,
    importImage: async (request, context, signal) =>
      keep(await importer.importImage(request, context, signal), signal),
    importRepository: async (request, context, signal) => {
      const outcome = await importer.importRepository(request, context, signal);
      if (!outcome.ok) return outcome;
      const images = await Promise.all(outcome.images.map((image) => keep(image, signal)));
      return { ...outcome, images };
    },
  };
};

/** Writes what came of a request into its stream; what keeps it from that, as a sentence. */
const applyResults = async (
  { store, clock, settings }: ImportRequestPorts,
  finished: FinishedImport,
  signal: AbortSignal,
): Promise<string | undefined> => {
  const key = { namespace: finished.namespace, name: finished.name };
  for (let left = attempts; ; left -= 1) {
    const old = await store.get(imageStreams, key, signal);
    const { change, stream, errors } = applyImport(old, finished, {
      sources: new Map(),
      now: formatTime(clock.now()),
      historyLimit: settings.historyLimit,
      maxBytes: defaultMaxBytes,
      cause: { type: 'Request' },
    });
    if (change === 'unchanged') return undefined;
    // Tags that point at other streams are settled by the stream's own controller: they are no fault of this request.
    const problems = validateImageStream(stream).filter((problem) => !errors.includes(problem));
    if (problems.length > 0) return problems.map(formatFieldError).join(', ');
    try {
      await (old === undefined
        ? createStream(store, stream, signal)
        : store.replace(imageStreams, stream, {}, signal));
      return undefined;
    } catch (error) {
      const isRace = isStoreError(error, 'conflict') || isStoreError(error, 'already-exists');
      if (isStoreError(error, 'invalid') || isStoreError(error, 'too-large')) return error.message;
      if (!isRace || left === 1) throw error;
    }
  }
};

/** A create over CRDs leaves the status out. */
const createStream = async (store: Store, stream: ImageStream, signal: AbortSignal): Promise<void> => {
  const made = await store.create(imageStreams, stream, {}, signal);
  const { status } = stream;
  if (status === undefined || made.status?.tags !== undefined) return;
  await store.updateStatus(imageStreams, { ...made, status }, {}, signal);
};

const run = async (
  ports: ImportRequestPorts,
  request: Request,
  signal: AbortSignal,
): Promise<{ readonly status: ImportStatus; readonly problem: string | undefined }> => {
  const { store, keychains, settings } = ports;
  const { spec = {}, ...rest } = applyImageStreamImportDefaults(request);
  const wrong = validateImageStreamImport({ ...rest, spec } as ImageStreamImport);
  if (wrong.length > 0) return { status: {}, problem: wrong.map(formatFieldError).join(', ') };
  const target = targetOf(request);
  const stream = await store.get(imageStreams, target, signal);
  const keychain = await keychains(target.namespace, signal);
  const importer = spec.import === true ? storing(ports) : ports.importer;
  const maxTags = settings.maxTagsPerRepository;
  const question = { spec, stream, keychain, caller: target.namespace, maxTags };
  const { status, images, repository } = await runImportRequest(importer, question, signal);
  const problem =
    spec.import === true
      ? await applyResults(ports, { ...target, spec, images, repository }, signal)
      : undefined;
  return { status, problem };
};

const briefStatus = ({ images, repository }: ImportStatus): ImportStatus => ({
  ...(images === undefined ? {} : { images: images.map(briefly) }),
  ...(repository === undefined
    ? {}
    : {
        repository: {
          ...repository,
          ...(repository.images === undefined ? {} : { images: repository.images.map(briefly) }),
        },
      }),
});

/**
 * Runs import requests where they are objects of a cluster: each once, with what came of it in its status. Finished ones are deleted
 * after a while. A request that was cut short by a crash runs again: to import twice does no harm.
 */
const createReconciler = (ports: ImportRequestPorts, requests: Lister<Request>): Reconcile => {
  const { store, clock, settings } = ports;
  return async (key, signal) => {
    const request = requests.get(key);
    if (request === undefined || request.metadata.deletionTimestamp !== undefined) return done;
    const endedMs = finishedAt(request);
    if (endedMs !== undefined) {
      const leftMs = endedMs + settings.importRequestTtlMs - clock.now();
      if (leftMs > 0) return requeue(leftMs);
      try {
        await store.delete(imageStreamImports, key, { uid: request.metadata.uid }, signal);
      } catch (error) {
        // Somebody else was quicker, and may have made another of that name.
        if (!isStoreError(error, 'not-found') && !isStoreError(error, 'conflict')) throw error;
      }
      return done;
    }
    const { status, problem } = await run(ports, request, signal);
    const verdict = verdictOf(status, problem, formatTime(clock.now()));
    const conditions = setCondition(request.status?.conditions ?? [], verdict);
    const next = { ...request, status: { ...briefStatus(status), conditions } };
    try {
      await store.updateStatus(imageStreamImports, next as Request, {}, signal);
    } catch (error) {
      if (!isStoreError(error, 'not-found')) throw error;
    }
    return done;
  };
};

/** Requests run at a time: each fetches many images at once. */
const workers = 4;

/** Runs import requests as they appear in the store; `serve` answers them at once and stores none. */
export const createImportRequestController = (
  ports: ImportRequestPorts & { readonly logger: Logger; readonly onRuntime: OnRuntime },
): { readonly source: Informer<ImageStreamImport>; readonly controller: Controller } => {
  const { store, clock, logger, onRuntime: onEvent } = ports;
  const shared = { store, clock, logger, onEvent };
  const requests = createInformer<ImageStreamImport>({ ...shared, resource: imageStreamImports });
  const reconcile = createReconciler(ports, requests);
  const controller = new Controller({ ...shared, name: 'import-request', reconcile, workers });
  requests.onChange(reconcileChanges(controller));
  return { source: requests, controller };
};
