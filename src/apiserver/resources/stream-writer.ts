import type { ImageStream } from '../../api/image-stream.ts';
import type { Stored } from '../../api/meta.ts';
import { qualifiedName, type Resource } from '../../api/resource.ts';
import { imageStreams } from '../../api/resources.ts';
import { failure, StatusError } from '../../api/status.ts';
import { StoreError } from '../../store/errors.ts';
import type { Store } from '../../store/store.ts';
import { fromStoreError } from '../errors.ts';
import { assertValid } from '../metadata.ts';
import type { RestContext } from '../rest-storage.ts';
import type { StreamRules } from './stream-rules.ts';

/**
 * Writes spec and status of a stream together, by the rules that hold for every write of a stream. Both reject with a StatusError for
 * what the client is told, and with the StoreError `already-exists` or `conflict` when somebody else was faster.
 */
export type StreamWriter = {
  readonly create: (stream: ImageStream, context: RestContext) => Promise<Stored<ImageStream>>;
  readonly replace: (
    next: ImageStream,
    old: Stored<ImageStream>,
    context: RestContext,
  ) => Promise<Stored<ImageStream>>;
};

/** True for the refusals after which reading again and deciding anew may help. */
export const isRace = (error: unknown): error is StoreError =>
  error instanceof StoreError && (error.code === 'conflict' || error.code === 'already-exists');

/**
 * Stores a stream that is ready to be stored, in the place of `old` where there is one; rejects like {@link StreamWriter}.
 */
export const storeStream = async (
  store: Store,
  stream: ImageStream,
  old: Stored<ImageStream> | undefined,
  { dryRun, signal }: RestContext,
): Promise<Stored<ImageStream>> => {
  try {
    return old === undefined
      ? await store.create(imageStreams, stream, { dryRun }, signal)
      : await store.replace(imageStreams, stream, { dryRun }, signal);
  } catch (error) {
    if (!(error instanceof StoreError) || isRace(error)) throw error;
    throw fromStoreError(error, imageStreams, stream.metadata.name);
  }
};

/** Writes streams for requests that change spec and status together. */
export const createStreamWriter = ({
  store,
  rules,
}: {
  readonly store: Store;
  readonly rules: StreamRules;
}): StreamWriter => {
  const write = async (
    next: ImageStream,
    old: Stored<ImageStream> | undefined,
    context: RestContext,
  ): Promise<Stored<ImageStream>> => {
    const { stream, errors } = await rules.prepareInternally(next, old, context);
    assertValid(imageStreams, next.metadata.name, errors);
    return storeStream(store, stream, old, context);
  };
  return {
    create: (stream, context) => write(stream, undefined, context),
    replace: write,
  };
};

/** Does `work` until nobody else writes in between; after `attempts` rejects with what `exhausted` makes of the last refusal. */
export const untilNoRace = async <Result>(
  attempts: number,
  work: () => Promise<Result>,
  exhausted: (cause: StoreError) => Error,
): Promise<Result> => {
  for (let left = attempts; ; left -= 1) {
    try {
      return await work();
    } catch (error) {
      if (!isRace(error)) throw error;
      if (left === 1) throw exhausted(error);
    }
  }
};

/** How a request is answered that lost every race: later it may win. */
export const tryAgainError = ({ group, plural }: Resource, verb: string): StatusError =>
  new StatusError(
    failure(
      'ServerTimeout',
      `The ${verb} operation against ${qualifiedName({ group, plural })} could not be completed at this time, please try again.`,
      { group, kind: plural, name: verb, retryAfterSeconds: 2 },
    ),
  );
