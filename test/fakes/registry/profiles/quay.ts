import type { Profile } from './profile.ts';

export const quay: Profile = {
  name: 'Quay',
  registry: 'quay.io',
  repository: 'team/app',
  hosts: ['quay.io', 'cdn01.quay.io'],
  login: { username: 'team+ci', password: 'ROBOTSECRET' },
  tags: 250,
  options: {
    auth: {
      kind: 'bearer',
      users: { 'team+ci': 'ROBOTSECRET' },
      realm: 'https://quay.io/v2/auth',
      service: 'quay.io',
      expiresInSeconds: 3600,
    },
    order: 'as-added',
    defaultPageSize: 100,
    maxPageSize: 100,
    link: 'absolute',
    redirect: { kinds: ['blobs'], status: 302, host: 'cdn01.quay.io' },
  },
  quirks: [
    {
      what: 'Pages hold 100 tags at most, whatever `n` asks for',
      evidence: 'verified',
      source: 'quay/quay endpoints/v2/__init__.py (V2_PAGINATION_SIZE, 100; 50 in older ones)',
    },
    {
      what: 'The link to the next page is absolute, built from the name of the server',
      evidence: 'verified',
      source: 'quay/quay endpoints/v2/__init__.py',
    },
    {
      what: 'Tags come oldest first',
      evidence: 'verified',
      source: 'renovatebot/renovate lib/modules/datasource/docker',
    },
    { what: 'Tokens last 3600 s', evidence: 'verified', source: 'quay/quay endpoints/v2/v2auth.py' },
    {
      what: 'Robots are called `namespace+name`',
      evidence: 'assumed',
      source: '-',
    },
    { what: 'Blobs are kept at cdn01.quay.io', evidence: 'assumed', source: '-' },
  ],
  requests: {
    tag: [
      'GET quay.io/v2/team/app/manifests/v1 (none)',
      'GET quay.io/v2/auth?service=quay.io&scope=repository:team/app:pull&account=team+ci (basic)',
      'GET quay.io/v2/team/app/manifests/v1 (bearer)',
      'GET quay.io/v2/team/app/blobs/<config of v1> (bearer)',
      'GET cdn01.quay.io/v2/team/app/blobs/<config of v1> (none)',
    ],
    repository: [
      'GET quay.io/v2/team/app/tags/list?n=1000 (bearer)',
      'GET quay.io/v2/team/app/tags/list?last=build-00100&n=100 (bearer)',
      'GET quay.io/v2/team/app/tags/list?last=build-00200&n=100 (bearer)',
      'GET quay.io/v2/team/app/manifests/latest (bearer)',
      'GET quay.io/v2/team/app/blobs/<config of latest> (bearer)',
      'GET cdn01.quay.io/v2/team/app/blobs/<config of latest> (none)',
    ],
    refresh: ['HEAD quay.io/v2/team/app/manifests/v1 (bearer)'],
  },
};
