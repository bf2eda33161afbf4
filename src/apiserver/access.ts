import { failure, StatusError } from '../api/status.ts';
import { forbiddenError } from './errors.ts';
import type { User } from './rest-storage.ts';
import type { RequestTarget, ResourceTarget } from './router.ts';

/**
 * Who may do what in a standalone server: whoever is in the group of administrators everything, anybody else ask what there is and what
 * they may. It has one user, who is in that group; others are those that this user acts for.
 */

const administrators = 'system:masters';

/** Whether a user may do everything. */
export const mayDoAll = ({ groups }: User): boolean => groups.includes(administrators);

/** Questions about oneself, by group. */
const selfReviews: Readonly<Record<string, readonly string[]>> = {
  'authentication.k8s.io': ['selfsubjectreviews'],
  'authorization.k8s.io': ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'],
};

/** What everybody may do, in the words of a rules review. */
export const rulesOfAll = {
  resourceRules: Object.entries(selfReviews).map(([group, resources]) => ({
    verbs: ['create'],
    apiGroups: [group],
    resources: [...resources],
  })),
  nonResourceRules: [
    {
      verbs: ['get'],
      nonResourceURLs: ['/api', '/api/*', '/apis', '/apis/*', '/openapi', '/openapi/*', '/version'],
    },
  ],
};

/** Whether everybody may do this with that resource. */
export const mayAnybody = (verb: unknown, group: unknown, plural: unknown): boolean =>
  verb === 'create' &&
  Object.entries(selfReviews).some(
    ([one, plurals]) => one === group && plurals.some((name) => name === plural),
  );

const isDocument = (path: string): boolean => /^\/(?:apis?|openapi|version)(?:\/|$)/.test(path);

const verbOf = (method: string, { name }: ResourceTarget, query: URLSearchParams): string => {
  switch (method) {
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'PATCH':
      return 'patch';
    case 'DELETE':
      return name === undefined ? 'deletecollection' : 'delete';
    default:
      if (name !== undefined) return 'get';
      return query.has('watch') ? 'watch' : 'list';
  }
};

const pathError = ({ name }: User, verb: string, path: string): StatusError =>
  new StatusError(failure('Forbidden', `forbidden: User "${name}" cannot ${verb} path "${path}"`, {}));

/** @throws {StatusError} 403, worded as by Kubernetes, when the user may not read a document of the server. */
export const assertMayRead = (user: User, path: string): void => {
  if (!mayDoAll(user) && !isDocument(path)) throw pathError(user, 'get', path);
};

/** @throws {StatusError} 403, worded as by Kubernetes, when the user may not do that. */
export const assertMay = (
  user: User,
  method: string,
  target: RequestTarget,
  query: URLSearchParams,
): void => {
  if (target.kind === 'path') return assertMayRead(user, target.path);
  const { group, plural, namespace, name = '', subresource } = target;
  const verb = verbOf(method, target, query);
  if (mayDoAll(user) || mayAnybody(verb, group, plural)) return;
  const resource = subresource === undefined ? plural : `${plural}/${subresource}`;
  const where = namespace === undefined ? 'at the cluster scope' : `in the namespace "${namespace}"`;
  throw forbiddenError(
    { group, plural },
    name,
    `User "${user.name}" cannot ${verb} resource "${resource}" in API group "${group}" ${where}`,
  );
};
