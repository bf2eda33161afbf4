import type { Profile } from './profile.ts';

export const dockerHub: Profile = {
  name: 'Docker Hub',
  registry: 'docker.io',
  repository: 'library/app',
  hosts: ['registry-1.docker.io', 'auth.docker.io', 'production.cloudflare.docker.com'],
  login: { username: 'alice', password: 'dckr_pat_secret', server: 'https://index.docker.io/v1/' },
  tags: 1_500,
  options: {
    auth: {
      kind: 'bearer',
      users: { alice: 'dckr_pat_secret' },
      isPublic: () => true,
      realm: 'https://auth.docker.io/token',
      service: 'registry.docker.io',
    },
    neverPages: true,
    redirect: { kinds: ['blobs'], status: 307, host: 'production.cloudflare.docker.com' },
  },
  hook: ({ path }) =>
    path.includes('/manifests/')
      ? {
          kind: 'edit',
          headers: { 'ratelimit-limit': '100;w=21600', 'ratelimit-remaining': '76;w=21600' },
        }
      : undefined,
  quirks: [
    {
      what: 'References name docker.io, the registry answers at registry-1.docker.io and tokens come from auth.docker.io',
      evidence: 'verified',
      source: 'distribution/distribution docs/content/spec/auth/token.md',
    },
    {
      what: 'All tags come in one answer, whatever `n` asks for',
      evidence: 'verified',
      source: 'google/go-containerregistry#918',
    },
    {
      what: 'A GET of a manifest counts as a pull, a HEAD does not: a refresh is one HEAD',
      evidence: 'verified',
      source: 'containers/image#1078',
    },
    {
      what: '`ratelimit-limit` and `ratelimit-remaining` stand on answers about manifests',
      evidence: 'verified',
      source: 'docker/docs content/manuals/docker-hub/usage/pulls.md',
    },
    { what: 'Tokens last 300 s', evidence: 'assumed', source: '-' },
    { what: 'Blobs are kept at production.cloudflare.docker.com', evidence: 'assumed', source: '-' },
  ],
  requests: {
    tag: [
      'GET registry-1.docker.io/v2/library/app/manifests/v1 (none)',
      'GET auth.docker.io/token?service=registry.docker.io&scope=repository:library/app:pull&account=alice (basic)',
      'GET registry-1.docker.io/v2/library/app/manifests/v1 (bearer)',
      'GET registry-1.docker.io/v2/library/app/blobs/<config of v1> (bearer)',
      'GET production.cloudflare.docker.com/v2/library/app/blobs/<config of v1> (none)',
    ],
    repository: [
      'GET registry-1.docker.io/v2/library/app/tags/list?n=1000 (bearer)',
      'GET registry-1.docker.io/v2/library/app/manifests/latest (bearer)',
      'GET registry-1.docker.io/v2/library/app/blobs/<config of latest> (bearer)',
      'GET production.cloudflare.docker.com/v2/library/app/blobs/<config of latest> (none)',
    ],
    refresh: ['HEAD registry-1.docker.io/v2/library/app/manifests/v1 (bearer)'],
  },
};
