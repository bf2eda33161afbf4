import type { Profile } from './profile.ts';

const regional = 'europe-west4-docker.pkg.dev';

export const kubernetes: Profile = {
  name: 'Kubernetes (registry.k8s.io)',
  registry: 'registry.k8s.io',
  repository: 'pause',
  storedAs: 'k8s-artifacts-prod/images/pause',
  hosts: ['registry.k8s.io', regional],
  tags: 30,
  options: {
    redirect: {
      kinds: ['manifests', 'blobs', 'tags'],
      status: 307,
      host: regional,
      pathOf: (path) => path.replace('/v2/', '/v2/k8s-artifacts-prod/images/'),
    },
  },
  quirks: [
    {
      what: 'Manifests, blobs and lists of tags are redirected to a registry or bucket nearby',
      evidence: 'verified',
      source: 'kubernetes/registry.k8s.io cmd/archeio/docs/request-handling.md',
    },
    { what: 'No login is wanted anywhere on the way', evidence: 'assumed', source: '-' },
  ],
  requests: {
    tag: [
      'GET registry.k8s.io/v2/pause/manifests/v1 (none)',
      'GET europe-west4-docker.pkg.dev/v2/k8s-artifacts-prod/images/pause/manifests/v1 (none)',
      'GET registry.k8s.io/v2/pause/blobs/<config of v1> (none)',
      'GET europe-west4-docker.pkg.dev/v2/k8s-artifacts-prod/images/pause/blobs/<config of v1> (none)',
    ],
    repository: [
      'GET registry.k8s.io/v2/pause/tags/list?n=1000 (none)',
      'GET europe-west4-docker.pkg.dev/v2/k8s-artifacts-prod/images/pause/tags/list?n=1000 (none)',
      'GET registry.k8s.io/v2/pause/manifests/latest (none)',
      'GET europe-west4-docker.pkg.dev/v2/k8s-artifacts-prod/images/pause/manifests/latest (none)',
      'GET registry.k8s.io/v2/pause/blobs/<config of latest> (none)',
      'GET europe-west4-docker.pkg.dev/v2/k8s-artifacts-prod/images/pause/blobs/<config of latest> (none)',
    ],
    refresh: [
      'HEAD registry.k8s.io/v2/pause/manifests/v1 (none)',
      'HEAD europe-west4-docker.pkg.dev/v2/k8s-artifacts-prod/images/pause/manifests/v1 (none)',
    ],
  },
};
