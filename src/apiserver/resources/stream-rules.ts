import { isDeepStrictEqual } from 'node:util';
import type { FieldError } from '../../api/field-error.ts';
import type { ImageStream } from '../../api/image-stream.ts';
import {
  prepareImageStreamForCreate,
  prepareImageStreamForStatusUpdate,
  prepareImageStreamForUpdate,
  prepareInternalCreate,
  prepareInternalUpdate,
  type WriteContext,
} from '../../api/image-stream-strategy.ts';
import { defaultMaxBytes, fitIntoBudget, type ToldRevision } from '../../api/object-budget.ts';
import { imageStreams } from '../../api/resources.ts';
import { withStreamConditions } from '../../api/stream-conditions.ts';
import {
  foldTagErrors,
  type ResolvedStream,
  requiredSources,
  type SourceStreams,
  sourceKey,
} from '../../api/tag-resolution.ts';
import { validateImageStream, validateImageStreamStatusUpdate } from '../../api/validation/image-stream.ts';
import { type Clock, formatTime } from '../../lib/clock.ts';
import type { Store } from '../../store/store.ts';
import type { RestContext } from '../rest-storage.ts';

export type StreamRulesPorts = {
  readonly store: Store;
  readonly clock: Clock;
  /** Entries that the history of one tag may hold. */
  readonly historyLimit: number;
  readonly toldRevision?: ToldRevision | undefined;
};

type Old = ImageStream | undefined;
/** One of the two kinds of writers: see `api/image-stream-strategy.ts`. */
type Prepare = (next: ImageStream, old: Old, context: WriteContext) => ResolvedStream;

const asUser: Prepare = (next, old, context) =>
  old === undefined
    ? prepareImageStreamForCreate(next, context)
    : prepareImageStreamForUpdate(next, old, context);

const internally: Prepare = (next, old, context) =>
  old === undefined ? prepareInternalCreate(next, context) : prepareInternalUpdate(next, old, context);

/** What is stored for a write, and what is wrong with it. */
export type PreparedStream = { readonly stream: ImageStream; readonly errors: readonly FieldError[] };

/** Of a request, what the rules need. */
type Asker = Pick<RestContext, 'user' | 'signal'>;

/** The rules of every write to a stream, with what they need to know fetched. */
export type StreamRules = {
  readonly prepareForUser: (next: ImageStream, old: Old, asker: Asker) => Promise<PreparedStream>;
  /** For requests that change spec and status together. */
  readonly prepareInternally: (next: ImageStream, old: Old, asker: Asker) => Promise<PreparedStream>;
  readonly prepareStatus: (next: ImageStream, old: ImageStream) => PreparedStream;
};

/** Whether a write leaves spec and status as they are, whatever it does to the metadata. */
const isUnchanged = (next: ImageStream, old: Old): boolean =>
  old !== undefined && isDeepStrictEqual([next.spec, next.status], [old.spec, old.status]);

/** Applies the rules of streams, for which tags of other streams may have to be read. */
export const createStreamRules = ({
  store,
  clock,
  historyLimit,
  toldRevision,
}: StreamRulesPorts): StreamRules => {
  const fetchSources = async (next: ImageStream, old: Old, signal: AbortSignal): Promise<SourceStreams> => {
    const found = await Promise.all(
      requiredSources(next, old).map(async (key) => {
        const stream = await store.get(imageStreams, key, signal);
        return stream === undefined ? [] : [[sourceKey(key), stream] as const];
      }),
    );
    return new Map(found.flat());
  };

  const prepareBy =
    (prepare: Prepare) =>
    async (next: ImageStream, old: Old, { user, signal }: Asker): Promise<PreparedStream> => {
      const now = formatTime(clock.now());
      const sources = await fetchSources(next, old, signal);
      const { stream: resolved, errors } = prepare(next, old, { sources, now, by: user.name });
      const fitted = fitIntoBudget(resolved, old, {
        historyLimit,
        toldRevision,
        maxBytes: defaultMaxBytes,
        now,
      });
      // At once, so that nobody who waits for a condition sees that of the spec before; a write that changes nothing writes nothing.
      const stream = isUnchanged(fitted.stream, old)
        ? fitted.stream
        : withStreamConditions(fitted.stream, now);
      const { name } = next.metadata;
      return { stream, errors: [...foldTagErrors(name, errors), ...validateImageStream(stream)] };
    };

  return {
    prepareForUser: prepareBy(asUser),
    prepareInternally: prepareBy(internally),
    prepareStatus: (next, old) => {
      const now = formatTime(clock.now());
      const stream = prepareImageStreamForStatusUpdate(next, old, { sources: new Map(), now });
      return { stream, errors: validateImageStreamStatusUpdate(stream, old) };
    },
  };
};
