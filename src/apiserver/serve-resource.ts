import { notSupported, rootPath } from '../api/field-error.ts';
import { failure, StatusError } from '../api/status.ts';
import type { Clock } from '../lib/clock.ts';
import { linkSignal } from '../lib/linked-signal.ts';
import { answerOf } from './answer.ts';
import type { Catalog } from './catalog.ts';
import { storageFor, verbFor } from './dispatch.ts';
import { parseGoDuration } from './go-duration.ts';
import { type HttpAnswer, type HttpRequest, headerOf, mediaTypeOf } from './http.ts';
import { createNamespaceCheck } from './namespaces.ts';
import { negotiate } from './negotiate.ts';
import type { ApiRequest } from './request.ts';
import { invalidOptionsError, optionsKindOf } from './request-options.ts';
import type { User } from './rest-storage.ts';
import type { ResourceTarget } from './router.ts';

const parseDryRun = ({ method, query }: HttpRequest): boolean => {
  const values = query.getAll('dryRun').filter((value) => value !== '');
  const unknown = values.find((value) => value !== 'All');
  if (unknown !== undefined)
    throw invalidOptionsError(
      optionsKindOf(method),
      notSupported(rootPath.child('dryRun'), unknown, ['All']),
    );
  return values.length > 0;
};

/** Kubernetes takes no longer names of field managers. */
const maxManagerNameLength = 128;

/** `fieldManager` of the query, else the program in front of the version in the User-Agent. */
const managerNameOf = (request: HttpRequest): string => {
  const given = request.query.get('fieldManager') ?? '';
  const program = headerOf(request, 'user-agent')?.split('/', 1)[0]?.trim() ?? '';
  return (given === '' ? program : given).slice(0, maxManagerNameLength);
};

const deadlineError = (): StatusError =>
  new StatusError(failure('Timeout', 'Timeout: request did not complete within the allotted timeout', {}));

/** The request's signal, also aborted (with the answer to give) when the time that the client gives it is over. */
const withDeadline = ({ query, signal }: HttpRequest, clock: Clock) => {
  const timeoutMs = query.has('watch') ? 0 : (parseGoDuration(query.get('timeout') ?? '') ?? 0);
  if (timeoutMs === 0) return { signal, release: () => undefined };
  const { signal: limited, abort, release } = linkSignal(signal);
  clock.sleep(timeoutMs, limited).then(
    () => abort(deadlineError()),
    () => undefined, // answered, or the client has gone
  );
  return {
    signal: limited,
    release: () => {
      release();
      abort(new Error('the request has ended'));
    },
  };
};

/** Answers one request to a resource. Rejects with a StatusError for what the client is told. */
export type ServeResource = (request: HttpRequest, target: ResourceTarget, user: User) => Promise<HttpAnswer>;

/** Makes the path that every request to a resource takes: storage, verb, form, answer. */
export const createServeResource = (catalog: Catalog, clock: Clock): ServeResource => {
  const namespaces = catalog.find({ group: '', version: 'v1', plural: 'namespaces' });
  const admitCreate = createNamespaceCheck(namespaces);
  return async (request, target, user) => {
    const storage = storageFor(catalog, target);
    const verb = verbFor(request.method, target, request.query, storage);
    const { form, encoding } = negotiate(headerOf(request, 'accept'));
    const warnings: string[] = [];
    const warn = (message: string): void => void warnings.push(message);
    const dryRun = parseDryRun(request);
    const deadline = withDeadline(request, clock);
    const apiRequest: ApiRequest = {
      target,
      storage,
      query: request.query,
      body: { mediaType: mediaTypeOf(headerOf(request, 'content-type')), bytes: request.body },
      form,
      fieldManager: managerNameOf(request),
      clock,
      context: { user, dryRun, signal: deadline.signal, warn },
      admitCreate,
    };
    try {
      return answerOf(await verb(apiRequest), apiRequest, encoding, warnings);
    } finally {
      deadline.release();
    }
  };
};
