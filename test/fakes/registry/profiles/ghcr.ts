import type { Profile } from './profile.ts';

export const ghcr: Profile = {
  name: 'GitHub (GHCR)',
  registry: 'ghcr.io',
  repository: 'team/app',
  hosts: ['ghcr.io', 'pkg-containers.githubusercontent.com'],
  tags: 1_200,
  options: {
    auth: {
      kind: 'bearer',
      users: {},
      isPublic: () => true,
      realm: 'https://ghcr.io/token',
      service: 'ghcr.io',
    },
    order: 'as-added',
    defaultPageSize: 100,
    maxPageSize: 1_000,
    redirect: { kinds: ['blobs'], status: 307, host: 'pkg-containers.githubusercontent.com' },
  },
  quirks: [
    {
      what: 'Public packages want a token too, which whoever asks gets',
      evidence: 'verified',
      source: 'getwud/wud app/registries/providers/ghcr/Ghcr.ts',
    },
    {
      what: 'Pages hold 100 tags, and up to 1,000 where `n` asks for them; oldest first',
      evidence: 'verified',
      source: 'renovatebot/renovate lib/modules/datasource/docker',
    },
    {
      what: 'Blobs are kept at pkg-containers.githubusercontent.com, which must not see the token',
      evidence: 'assumed',
      source: '-',
    },
  ],
  requests: {
    tag: [
      'GET ghcr.io/v2/team/app/manifests/v1 (none)',
      'GET ghcr.io/token?service=ghcr.io&scope=repository:team/app:pull (none)',
      'GET ghcr.io/v2/team/app/manifests/v1 (bearer)',
      'GET ghcr.io/v2/team/app/blobs/<config of v1> (bearer)',
      'GET pkg-containers.githubusercontent.com/v2/team/app/blobs/<config of v1> (none)',
    ],
    repository: [
      'GET ghcr.io/v2/team/app/tags/list?n=1000 (bearer)',
      'GET ghcr.io/v2/team/app/tags/list?last=build-01000&n=1000 (bearer)',
      'GET ghcr.io/v2/team/app/manifests/latest (bearer)',
      'GET ghcr.io/v2/team/app/blobs/<config of latest> (bearer)',
      'GET pkg-containers.githubusercontent.com/v2/team/app/blobs/<config of latest> (none)',
    ],
    refresh: ['HEAD ghcr.io/v2/team/app/manifests/v1 (bearer)'],
  },
};
