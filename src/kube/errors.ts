import type { Status } from '../api/status.ts';
import { StoreError, type StoreErrorCode } from '../store/errors.ts';

/** The API answered that it will not, with a `Status`. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly code: number;
  readonly status: Status;

  constructor(code: number, status: Status, message: string) {
    super(message);
    this.code = code;
    this.status = status;
  }
}

/** Cause by which an API server says that it has not heard of a revision yet. */
const futureRevision = 'ResourceVersionTooLarge';

const codes: Readonly<Record<number, StoreErrorCode>> = {
  400: 'invalid',
  401: 'forbidden',
  403: 'forbidden',
  404: 'not-found',
  405: 'invalid',
  409: 'conflict',
  410: 'expired',
  413: 'too-large',
  415: 'invalid',
  422: 'invalid',
};

/** What etcd says of an object beyond its limit: the API server passes it on as an internal error, with nothing but these words. */
const etcdTooLarge = /etcdserver: request is too large$/;

const codeOf = ({ code, status }: ApiError): StoreErrorCode => {
  if (code === 500 && etcdTooLarge.test(status.message ?? '')) return 'too-large';
  if (status.reason === 'AlreadyExists') return 'already-exists';
  if (status.details?.causes?.some(({ reason }) => reason === futureRevision) === true)
    return 'future-revision';
  return codes[code] ?? 'unavailable';
};

/** The error of the `Store` port that an answer of the API stands for; anything else is passed on as it is. */
export const toStoreError = (error: unknown): unknown => {
  if (!(error instanceof ApiError)) return error;
  const continueToken = error.status.metadata?.continue;
  return new StoreError(codeOf(error), error.message, {
    cause: error,
    ...(continueToken === undefined || continueToken === '' ? {} : { continueToken }),
  });
};
