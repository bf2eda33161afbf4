import { qualifiedName, type Resource } from '../../api/resource.ts';
import { failure, StatusError, type StatusReason } from '../../api/status.ts';

type Named = Pick<Resource, 'group' | 'plural'>;

const failureOf = (reason: StatusReason, resource: Named, name: string, message: string): StatusError =>
  new StatusError(failure(reason, message, { name, group: resource.group, kind: resource.plural }));

/**
 * 404. `resource` is that of the request's URL, also where another object is missing: clients read it from `details.kind`
 * (openshift-semantics §5).
 */
export const notFoundError = (resource: Named, name: string): StatusError =>
  failureOf('NotFound', resource, name, `${qualifiedName(resource)} "${name}" not found`);

export const alreadyExistsError = (resource: Named, name: string): StatusError =>
  failureOf('AlreadyExists', resource, name, `${qualifiedName(resource)} "${name}" already exists`);

export const conflictError = (resource: Named, name: string, why: string): StatusError =>
  failureOf(
    'Conflict',
    resource,
    name,
    `Operation cannot be fulfilled on ${qualifiedName(resource)} "${name}": ${why}`,
  );

export const forbiddenError = (resource: Named, name: string, why: string): StatusError =>
  failureOf('Forbidden', resource, name, `${qualifiedName(resource)} "${name}" is forbidden: ${why}`);

export const badRequestError = (message: string): StatusError =>
  new StatusError(failure('BadRequest', message));

/** For the messages in which the original names a resource in the singular. */
export const inSingular = ({ group, singular }: Resource): Named => ({ group, plural: singular });
