import { qualifiedName, type Resource } from '../api/resource.ts';
import { failure, type Status, type StatusDetails, StatusError } from '../api/status.ts';
import { StoreError } from '../store/errors.ts';

/**
 * The failures of REST calls, worded as Kubernetes words them: clients and people match on these sentences.
 *
 * @see https://github.com/kubernetes/apimachinery/blob/master/pkg/api/errors/errors.go
 */

type Named = Pick<Resource, 'group' | 'plural'>;

const detailsOf = (resource: Named, name: string): StatusDetails => ({
  ...(name === '' ? {} : { name }),
  ...(resource.group === '' ? {} : { group: resource.group }),
  kind: resource.plural,
});

/** 404: no such object. */
export const notFoundError = (resource: Named, name: string, cause?: unknown): StatusError =>
  new StatusError(
    failure('NotFound', `${qualifiedName(resource)} "${name}" not found`, detailsOf(resource, name)),
    { cause },
  );

/** 409: the name is taken. */
export const alreadyExistsError = (resource: Named, name: string, cause?: unknown): StatusError =>
  new StatusError(
    failure(
      'AlreadyExists',
      `${qualifiedName(resource)} "${name}" already exists`,
      detailsOf(resource, name),
    ),
    { cause },
  );

/** What a conflict says when the object changed since it was read. */
export const modifiedMessage =
  'the object has been modified; please apply your changes to the latest version and try again';

/** 409: the object is not as the request assumes. */
export const conflictError = (
  resource: Named,
  name: string,
  detail: string = modifiedMessage,
  cause?: unknown,
): StatusError =>
  new StatusError(
    failure(
      'Conflict',
      `Operation cannot be fulfilled on ${qualifiedName(resource)} "${name}": ${detail}`,
      detailsOf(resource, name),
    ),
    { cause },
  );

/** 403: not now, or not by this user. */
export const forbiddenError = (resource: Named, name: string, detail: string): StatusError =>
  new StatusError(
    failure(
      'Forbidden',
      `${qualifiedName(resource)}${name === '' ? '' : ` "${name}"`} is forbidden: ${detail}`,
      detailsOf(resource, name),
    ),
  );

/** 400: the request makes no sense. */
export const badRequestError = (message: string, cause?: unknown): StatusError =>
  new StatusError(failure('BadRequest', message), { cause });

/** 405: the resource does not have that verb. */
export const verbNotSupportedError = (resource: Named, verb: string): StatusError =>
  new StatusError(
    failure(
      'MethodNotAllowed',
      `${verb} is not supported on resources of kind "${qualifiedName(resource)}"`,
      detailsOf(resource, ''),
    ),
  );

/** 405: no verb stands behind this method and path. */
export const methodNotAllowedError = (): StatusError =>
  new StatusError(
    failure('MethodNotAllowed', 'the server does not allow this method on the requested resource', {}),
  );

/** 404: nothing is served at that path. */
export const unknownPathError = (): StatusError =>
  new StatusError(failure('NotFound', 'the server could not find the requested resource', {}));

/** 401: who asks is not known. */
export const unauthorizedError = (): StatusError => new StatusError(failure('Unauthorized', 'Unauthorized'));

/** 413: more bytes than are taken. */
export const tooLargeError = (message: string, cause?: unknown): StatusError =>
  new StatusError(failure('RequestEntityTooLarge', message), { cause });

/** 415: the body is of a type that is not read here. */
export const unsupportedMediaTypeError = (accepted: readonly string[]): StatusError =>
  new StatusError(
    failure(
      'UnsupportedMediaType',
      `the body of the request was in an unknown format - accepted media types include: ${accepted.join(', ')}`,
    ),
  );

/** 406: the client takes none of the forms that there are. */
export const notAcceptableError = (accepted: readonly string[]): StatusError =>
  new StatusError(
    failure('NotAcceptable', `only the following media types are accepted: ${accepted.join(', ')}`),
  );

/** 410: that revision is forgotten; list again. */
export const expiredError = (message: string, cause?: unknown): StatusError =>
  new StatusError(failure('Expired', message), { cause });

/**
 * 410 for a page of a list whose snapshot is forgotten; the Status holds the token that goes on without it.
 *
 * @see https://github.com/kubernetes/apiserver/blob/master/pkg/storage/continue.go
 */
const expiredPageError = (continueToken: string, cause: unknown): StatusError =>
  new StatusError(
    {
      ...failure(
        'Expired',
        'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was returned and now may show up in the list.',
      ),
      metadata: { continue: continueToken },
    },
    { cause },
  );

/** 504: that revision is not reached yet. @see apiserver/pkg/storage/errors.go */
export const futureRevisionError = (cause?: unknown): StatusError =>
  new StatusError(
    failure('Timeout', 'Timeout: Too large resource version', {
      retryAfterSeconds: 1,
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
    }),
    { cause },
  );

/** 422 that names no field: its details are there, and empty. */
export const unprocessableError = (message: string, cause?: unknown): StatusError =>
  new StatusError(failure('Invalid', message, {}), { cause });

/** 500: a bug, or a part of the server that is broken. The message says so to whoever asked; the log has the stack. */
export const internalError = (cause: unknown): StatusError => {
  const message = cause instanceof Error ? cause.message : String(cause);
  return new StatusError(
    failure('InternalError', `Internal error occurred: ${message}`, { causes: [{ message }] }),
    { cause },
  );
};

/** What a refusal of the store means to whoever asked for `name` (empty for a collection). */
export const fromStoreError = (error: StoreError, resource: Named, name: string): StatusError => {
  switch (error.code) {
    case 'not-found':
      return notFoundError(resource, name, error);
    case 'already-exists':
      return alreadyExistsError(resource, name, error);
    case 'conflict':
      return conflictError(resource, name, modifiedMessage, error);
    case 'expired':
      return error.continueToken === undefined
        ? expiredError(error.message, error)
        : expiredPageError(error.continueToken, error);
    case 'future-revision':
      return futureRevisionError(error);
    case 'too-large':
      return tooLargeError(error.message, error);
    case 'invalid':
      return unprocessableError(error.message, error);
    case 'forbidden':
      return forbiddenError(resource, name, error.message);
    case 'unavailable':
      return new StatusError(failure('ServiceUnavailable', error.message), { cause: error });
  }
};

/** True for the 404 of an object (or of anything else). */
export const isNotFound = (error: unknown): boolean =>
  error instanceof StatusError && error.status.reason === 'NotFound';

/** True for the 409 of a name that is taken. */
export const isAlreadyExists = (error: unknown): boolean =>
  error instanceof StatusError && error.status.reason === 'AlreadyExists';

/** Makes `work` reject with what its StoreErrors mean; everything else passes untouched. */
export const withStoreErrors = async <Result>(
  resource: Named,
  name: string,
  work: () => Promise<Result>,
): Promise<Result> => {
  try {
    return await work();
  } catch (error) {
    throw error instanceof StoreError ? fromStoreError(error, resource, name) : error;
  }
};

/** The funnel: whatever was thrown, as the Status to answer. */
export const toStatus = (error: unknown): Status => {
  if (error instanceof StatusError) return error.status;
  if (error instanceof StoreError) return fromStoreError(error, { group: '', plural: 'objects' }, '').status;
  return internalError(error).status;
};
