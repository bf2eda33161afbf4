import type { Profile } from './profile.ts';

export const artifactory: Profile = {
  name: 'JFrog Artifactory',
  registry: 'team.jfrog.io',
  repository: 'docker-virtual/app',
  hosts: ['team.jfrog.io'],
  login: { username: 'ci', password: 'jfrog-secret' },
  tags: 2_300,
  options: {
    auth: {
      kind: 'bearer',
      users: { ci: 'jfrog-secret' },
      realm: 'https://team.jfrog.io/artifactory/api/docker/null/v2/token',
      service: 'team.jfrog.io',
      challenges: 'Basic realm="Artifactory Realm", $',
    },
    linkPath: (path) => path.replace('/docker-virtual/', '/'),
    cursor: 'page-size',
  },
  quirks: [
    {
      what: 'Basic and Bearer are offered side by side',
      evidence: 'assumed',
      source: '-',
    },
    {
      what: 'The link to the next page has lost the name of the virtual repository',
      evidence: 'verified',
      source: 'JFrog RTFACT-18971',
    },
    {
      what: '`last` in that link may be the size of the page instead of a tag',
      evidence: 'verified',
      source: 'renovatebot/renovate#15080',
    },
  ],
  requests: {
    tag: [
      'GET team.jfrog.io/v2/docker-virtual/app/manifests/v1 (none)',
      'GET team.jfrog.io/artifactory/api/docker/null/v2/token?service=team.jfrog.io&scope=repository:docker-virtual/app:pull&account=ci (basic)',
      'GET team.jfrog.io/v2/docker-virtual/app/manifests/v1 (bearer)',
      'GET team.jfrog.io/v2/docker-virtual/app/blobs/<config of v1> (bearer)',
    ],
    repository: [
      'GET team.jfrog.io/v2/docker-virtual/app/tags/list?n=1000 (bearer)',
      'GET team.jfrog.io/v2/docker-virtual/app/tags/list?last=build-01001&n=1000 (bearer)',
      'GET team.jfrog.io/v2/docker-virtual/app/tags/list?last=build-02001&n=1000 (bearer)',
      'GET team.jfrog.io/v2/docker-virtual/app/manifests/latest (bearer)',
      'GET team.jfrog.io/v2/docker-virtual/app/blobs/<config of latest> (bearer)',
    ],
    refresh: ['HEAD team.jfrog.io/v2/docker-virtual/app/manifests/v1 (bearer)'],
  },
};
