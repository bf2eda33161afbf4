/**
 * Why a store refused.
 *
 * - `not-found`: no object of that name.
 * - `already-exists`: the name is taken.
 * - `conflict`: the object changed since it was read, or a precondition does not hold.
 * - `expired`: the revision asked for is no longer kept; list again.
 * - `future-revision`: the revision asked for does not exist yet.
 * - `too-large`: the object is bigger than the store takes.
 * - `invalid`: the backing API refused the object.
 * - `forbidden`: the backing API does not let us.
 * - `unavailable`: no answer; trying again later may help.
 */
export type StoreErrorCode =
  | 'not-found'
  | 'already-exists'
  | 'conflict'
  | 'expired'
  | 'future-revision'
  | 'too-large'
  | 'invalid'
  | 'forbidden'
  | 'unavailable';

/** A store could not do what it was asked. `message` names the resource and the object. */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: StoreErrorCode;
  /** With `expired`, where the page of a list was asked for: goes on behind the page before, in the newest state. */
  readonly continueToken: string | undefined;

  constructor(
    code: StoreErrorCode,
    message: string,
    options: { readonly cause?: unknown; readonly continueToken?: string } = {},
  ) {
    super(message, options);
    this.code = code;
    this.continueToken = options.continueToken;
  }
}

/** True when `error` is a {@link StoreError} with that code. */
export const isStoreError = (error: unknown, code: StoreErrorCode): error is StoreError =>
  error instanceof StoreError && error.code === code;
