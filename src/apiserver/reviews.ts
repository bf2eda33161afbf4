import {
  type SelfSubjectAccessReview,
  type SelfSubjectReview,
  type SelfSubjectRulesReview,
  selfSubjectAccessReviews,
  selfSubjectReviews,
  selfSubjectRulesReviews,
} from '../api/review.ts';
import { mayAnybody, mayDoAll, rulesOfAll } from './access.ts';
import { badRequestError } from './errors.ts';
import type { RestStorage } from './rest-storage.ts';

/** Everything that there is, in the words of a rules review. */
const everything = {
  resourceRules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
  nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
  incomplete: false,
} as const;

const accessReviews: RestStorage<SelfSubjectAccessReview> = {
  resource: selfSubjectAccessReviews,
  columns: [],
  create: async (review, _namespace, { user }) => {
    const { resourceAttributes, nonResourceAttributes } = review.spec;
    if ((resourceAttributes === undefined) === (nonResourceAttributes === undefined))
      throw badRequestError('spec needs one of resourceAttributes and nonResourceAttributes');
    const { verb, group, resource } = resourceAttributes ?? {};
    const status = mayDoAll(user)
      ? { allowed: true, reason: 'whoever holds the token of this server may do all' }
      : { allowed: mayAnybody(verb, group, resource) };
    return { ...review, status };
  },
};

const rulesReviews: RestStorage<SelfSubjectRulesReview> = {
  resource: selfSubjectRulesReviews,
  columns: [],
  create: async (review, _namespace, { user }) => ({
    ...review,
    status: mayDoAll(user) ? everything : { ...rulesOfAll, incomplete: false },
  }),
};

const userReviews: RestStorage<SelfSubjectReview> = {
  resource: selfSubjectReviews,
  columns: [],
  create: async (review, _namespace, { user }) => ({
    ...review,
    status: { userInfo: { username: user.name, groups: user.groups } },
  }),
};

/** What clients ask about themselves. A standalone server has no roles: `access.ts`. */
export const reviewStorages: readonly RestStorage[] = [accessReviews, rulesReviews, userReviews];
