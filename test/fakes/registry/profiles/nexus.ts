import type { Profile } from './profile.ts';

export const nexus: Profile = {
  name: 'Sonatype Nexus',
  registry: 'nexus.example.com:8083',
  repository: 'team/app',
  hosts: ['nexus.example.com:8083'],
  login: { username: 'ci', password: 'nexus-secret' },
  tags: 2_300,
  options: {
    auth: {
      kind: 'basic',
      users: { ci: 'nexus-secret' },
      basicChallenge: 'BASIC realm="Sonatype Nexus Repository Manager"',
    },
    linkPath: (path) => `/repository/docker-hosted${path}`,
  },
  hook: ({ path }) =>
    path.startsWith('/repository/')
      ? {
          kind: 'answer',
          status: 400,
          headers: { 'content-type': 'text/html' },
          body: '<html>Not a docker request</html>',
        }
      : undefined,
  quirks: [
    {
      what: 'On a port of its own (connector) the link to the next page has the path of the repository behind it, which is answered with 400',
      evidence: 'verified',
      source: 'sonatype/nexus-public#1011',
    },
    {
      what: 'The name of the scheme is written in capitals',
      evidence: 'verified',
      source: 'sonatype/nexus-public#921',
    },
  ],
  requests: {
    tag: [
      'GET nexus.example.com:8083/v2/team/app/manifests/v1 (none)',
      'GET nexus.example.com:8083/v2/team/app/manifests/v1 (basic)',
      'GET nexus.example.com:8083/v2/team/app/blobs/<config of v1> (basic)',
    ],
    repository: [
      'GET nexus.example.com:8083/v2/team/app/tags/list?n=1000 (basic)',
      'GET nexus.example.com:8083/v2/team/app/tags/list?last=build-01001&n=1000 (basic)',
      'GET nexus.example.com:8083/v2/team/app/tags/list?last=build-02001&n=1000 (basic)',
      'GET nexus.example.com:8083/v2/team/app/manifests/latest (basic)',
      'GET nexus.example.com:8083/v2/team/app/blobs/<config of latest> (basic)',
    ],
    refresh: ['HEAD nexus.example.com:8083/v2/team/app/manifests/v1 (basic)'],
  },
};

export const nexusGroup: Profile = {
  ...nexus,
  name: 'Sonatype Nexus, group',
  registry: 'group.example.com',
  hosts: ['group.example.com'],
  tags: 2_000,
  options: { ...nexus.options, link: 'none' },
  quirks: [
    {
      what: 'Groups of repositories page, and link to no next page: a full page is followed by a question for what comes after it',
      evidence: 'verified',
      source: 'sonatype/nexus-public#117, #209',
    },
  ],
  requests: {
    tag: [
      'GET group.example.com/v2/team/app/manifests/v1 (none)',
      'GET group.example.com/v2/team/app/manifests/v1 (basic)',
      'GET group.example.com/v2/team/app/blobs/<config of v1> (basic)',
    ],
    repository: [
      'GET group.example.com/v2/team/app/tags/list?n=1000 (basic)',
      'GET group.example.com/v2/team/app/tags/list?n=1000&last=build-01001 (basic)',
      'GET group.example.com/v2/team/app/tags/list?n=1000&last=v1 (basic)',
      'GET group.example.com/v2/team/app/manifests/latest (basic)',
      'GET group.example.com/v2/team/app/blobs/<config of latest> (basic)',
    ],
    refresh: ['HEAD group.example.com/v2/team/app/manifests/v1 (basic)'],
  },
};
