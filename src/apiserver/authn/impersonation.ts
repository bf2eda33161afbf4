import { badRequestError } from '../errors.ts';
import type { User } from '../rest-storage.ts';
import type { Credentials } from './token.ts';

const prefix = 'impersonate-';

/** Node joins what a repeated header says. */
const listOf = (value: string | string[] | undefined): readonly string[] =>
  (Array.isArray(value) ? value : (value ?? '').split(','))
    .map((item) => item.trim())
    .filter((item) => item !== '');

/** The groups of somebody of whom no groups are named. */
const known = 'system:authenticated';

/**
 * Who a request of `user` is to be answered for: `kubectl --as NAME --as-group GROUP`.
 *
 * Whoever may do everything may act for anybody; what that one may do is another question (`access.ts`). Uid and extra attributes say
 * nothing that anything here depends on.
 *
 * @throws {StatusError} 400 for groups, a uid or attributes of nobody.
 * @see https://kubernetes.io/docs/reference/access-authn-authz/authentication/#user-impersonation
 */
export const impersonated = (user: User, { headers }: Credentials): User => {
  const given = Object.keys(headers).filter((name) => name.startsWith(prefix));
  if (given.length === 0) return user;
  const [name = ''] = listOf(headers[`${prefix}user`]);
  if (name === '')
    throw badRequestError(
      `the header ${given[0]} needs the header ${prefix}user, which names the user to act for`,
    );
  const groups = listOf(headers[`${prefix}group`]);
  return { name, groups: groups.includes(known) ? groups : [...groups, known] };
};
