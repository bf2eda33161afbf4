import type { Profile } from './profile.ts';

export const harbor: Profile = {
  name: 'Harbor',
  registry: 'harbor.example.com',
  repository: 'project/app',
  hosts: ['harbor.example.com'],
  login: { username: 'robot$project+ci', password: 'robot-secret' },
  tags: 1_200,
  options: {
    auth: {
      kind: 'bearer',
      users: { 'robot$project+ci': 'robot-secret' },
      realm: 'https://harbor.example.com/service/token',
      service: 'harbor-registry',
      expiresInSeconds: 1800,
    },
  },
  quirks: [
    {
      what: 'The token server is the registry itself, under /service/token',
      evidence: 'verified',
      source: 'goharbor/harbor src/core/service/token',
    },
    {
      what: 'Names of robots hold `$` and `+`',
      evidence: 'assumed',
      source: '-',
    },
    {
      what: 'Lists of tags are paged only where `n` is given; the relative link keeps only `n` and `last`',
      evidence: 'verified',
      source: 'goharbor/harbor src/server/registry/tag.go',
    },
    {
      what: 'Tokens last 30 minutes',
      evidence: 'verified',
      source: 'goharbor/harbor src/lib/config (TOKEN_EXPIRATION)',
    },
  ],
  requests: {
    tag: [
      'GET harbor.example.com/v2/project/app/manifests/v1 (none)',
      'GET harbor.example.com/service/token?service=harbor-registry&scope=repository:project/app:pull&account=robot$project+ci (basic)',
      'GET harbor.example.com/v2/project/app/manifests/v1 (bearer)',
      'GET harbor.example.com/v2/project/app/blobs/<config of v1> (bearer)',
    ],
    repository: [
      'GET harbor.example.com/v2/project/app/tags/list?n=1000 (bearer)',
      'GET harbor.example.com/v2/project/app/tags/list?last=build-01001&n=1000 (bearer)',
      'GET harbor.example.com/v2/project/app/manifests/latest (bearer)',
      'GET harbor.example.com/v2/project/app/blobs/<config of latest> (bearer)',
    ],
    refresh: ['HEAD harbor.example.com/v2/project/app/manifests/v1 (bearer)'],
  },
};
