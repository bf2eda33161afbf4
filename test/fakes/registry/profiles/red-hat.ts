import type { Profile } from './profile.ts';

export const redHat: Profile = {
  name: 'Red Hat (registry.redhat.io)',
  registry: 'registry.redhat.io',
  repository: 'ubi9/app',
  hosts: ['registry.redhat.io', 'sso.redhat.com', 'cdn.example.net'],
  login: { username: '12345678|puller', password: 'service-account-token' },
  tags: 300,
  options: {
    auth: {
      kind: 'bearer',
      users: { '12345678|puller': 'service-account-token' },
      realm: 'https://sso.redhat.com/auth/realms/rhcc/protocol/redhat-docker-v2/auth',
      service: 'docker-registry',
    },
    digestHeader: 'never',
    etag: 'opaque',
    insistsOnAccept: true,
    neverPages: true,
    redirect: { kinds: ['blobs'], status: 302, host: 'cdn.example.net' },
  },
  quirks: [
    {
      what: 'No answer states the digest of a manifest: it is computed, so a refresh costs a GET',
      evidence: 'verified',
      source: 'containerd/containerd#3238; crazy-max/diun#550, #591',
    },
    {
      what: 'Names of service accounts hold `|`',
      evidence: 'assumed',
      source: '-',
    },
    {
      what: 'Without the types of current manifests in `Accept` it sends schema 1',
      evidence: 'verified',
      source: 'goharbor/harbor#16075',
    },
    { what: 'The token server stands on another host, sso.redhat.com', evidence: 'assumed', source: '-' },
    { what: 'Blobs are kept at a CDN, reached by 302', evidence: 'assumed', source: '-' },
  ],
  requests: {
    tag: [
      'GET registry.redhat.io/v2/ubi9/app/manifests/v1 (none)',
      'GET sso.redhat.com/auth/realms/rhcc/protocol/redhat-docker-v2/auth?service=docker-registry&scope=repository:ubi9/app:pull&account=12345678|puller (basic)',
      'GET registry.redhat.io/v2/ubi9/app/manifests/v1 (bearer)',
      'GET registry.redhat.io/v2/ubi9/app/blobs/<config of v1> (bearer)',
      'GET cdn.example.net/v2/ubi9/app/blobs/<config of v1> (none)',
    ],
    repository: [
      'GET registry.redhat.io/v2/ubi9/app/tags/list?n=1000 (bearer)',
      'GET registry.redhat.io/v2/ubi9/app/manifests/latest (bearer)',
      'GET registry.redhat.io/v2/ubi9/app/blobs/<config of latest> (bearer)',
      'GET cdn.example.net/v2/ubi9/app/blobs/<config of latest> (none)',
    ],
    refresh: [
      'HEAD registry.redhat.io/v2/ubi9/app/manifests/v1 (bearer)',
      'GET registry.redhat.io/v2/ubi9/app/manifests/v1 (bearer)',
    ],
  },
};
