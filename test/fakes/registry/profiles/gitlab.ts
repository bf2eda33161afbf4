import type { Profile } from './profile.ts';

export const gitlab: Profile = {
  name: 'GitLab',
  registry: 'registry.gitlab.com',
  repository: 'group/subgroup/project/app',
  hosts: ['registry.gitlab.com', 'gitlab.com', 'cdn.registry.gitlab-static.net'],
  login: { username: 'gitlab+deploy-token-1', password: 'gldt-secret' },
  tags: 1_200,
  options: {
    auth: {
      kind: 'bearer',
      users: { 'gitlab+deploy-token-1': 'gldt-secret' },
      realm: 'https://gitlab.com/jwt/auth',
      service: 'container_registry',
      expiresInSeconds: 300,
    },
    redirect: { kinds: ['blobs'], status: 307, host: 'cdn.registry.gitlab-static.net' },
  },
  quirks: [
    {
      what: 'The token server stands on another host than the registry, gitlab.com',
      evidence: 'verified',
      source: 'gitlab-org/gitlab-foss#26265',
    },
    {
      what: 'Names of repositories have more parts than two',
      evidence: 'assumed',
      source: '-',
    },
    {
      what: 'Tokens last 5 minutes; 15 at gitlab.com',
      evidence: 'verified',
      source: 'docs.gitlab.com user/packages/container_registry/authenticate_with_container_registry',
    },
    { what: 'Tags come in lexical order', evidence: 'assumed', source: '-' },
    { what: 'Blobs are kept at cdn.registry.gitlab-static.net', evidence: 'assumed', source: '-' },
  ],
  requests: {
    tag: [
      'GET registry.gitlab.com/v2/group/subgroup/project/app/manifests/v1 (none)',
      'GET gitlab.com/jwt/auth?service=container_registry&scope=repository:group/subgroup/project/app:pull&account=gitlab+deploy-token-1 (basic)',
      'GET registry.gitlab.com/v2/group/subgroup/project/app/manifests/v1 (bearer)',
      'GET registry.gitlab.com/v2/group/subgroup/project/app/blobs/<config of v1> (bearer)',
      'GET cdn.registry.gitlab-static.net/v2/group/subgroup/project/app/blobs/<config of v1> (none)',
    ],
    repository: [
      'GET registry.gitlab.com/v2/group/subgroup/project/app/tags/list?n=1000 (bearer)',
      'GET registry.gitlab.com/v2/group/subgroup/project/app/tags/list?last=build-01001&n=1000 (bearer)',
      'GET registry.gitlab.com/v2/group/subgroup/project/app/manifests/latest (bearer)',
      'GET registry.gitlab.com/v2/group/subgroup/project/app/blobs/<config of latest> (bearer)',
      'GET cdn.registry.gitlab-static.net/v2/group/subgroup/project/app/blobs/<config of latest> (none)',
    ],
    refresh: ['HEAD registry.gitlab.com/v2/group/subgroup/project/app/manifests/v1 (bearer)'],
  },
};
