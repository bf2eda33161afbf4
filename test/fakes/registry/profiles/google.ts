import { createHash } from 'node:crypto';
import type { Profile } from './profile.ts';

const manifestMap = (): Readonly<Record<string, unknown>> => ({
  child: [],
  manifest: {
    [`sha256:${createHash('sha256').update('an image').digest('hex')}`]: {
      imageSizeBytes: '1000',
      layerId: '',
      mediaType: 'application/vnd.docker.distribution.manifest.v2+json',
      tag: ['v1'],
      timeCreatedMs: '0',
      timeUploadedMs: '0',
    },
  },
});

export const google: Profile = {
  name: 'Google (Artifact Registry)',
  registry: 'europe-docker.pkg.dev',
  repository: 'project/repo/app',
  hosts: ['europe-docker.pkg.dev'],
  login: { username: '_json_key', password: '{"type": "service_account", "private_key": "secret"}' },
  tags: 1_500,
  options: {
    auth: {
      kind: 'bearer',
      users: { _json_key: '{"type": "service_account", "private_key": "secret"}' },
      realm: 'https://europe-docker.pkg.dev/v2/token',
      service: 'europe-docker.pkg.dev',
      expiresInSeconds: 3600,
    },
    neverPages: true,
    extra: manifestMap,
  },
  quirks: [
    {
      what: 'The list of tags has a member `manifest` with a record of every image, and comes whole',
      evidence: 'verified',
      source: 'google/go-containerregistry#897',
    },
    {
      what: 'Users are called `_json_key`, `_json_key_base64` or `oauth2accesstoken`; a password is a whole JSON document',
      evidence: 'assumed',
      source: '-',
    },
    { what: 'Artifact Registry pages lists of tags, GCR does not', evidence: 'assumed', source: '-' },
    { what: 'Tokens last 3600 s', evidence: 'assumed', source: '-' },
  ],
  requests: {
    tag: [
      'GET europe-docker.pkg.dev/v2/project/repo/app/manifests/v1 (none)',
      'GET europe-docker.pkg.dev/v2/token?service=europe-docker.pkg.dev&scope=repository:project/repo/app:pull&account=_json_key (basic)',
      'GET europe-docker.pkg.dev/v2/project/repo/app/manifests/v1 (bearer)',
      'GET europe-docker.pkg.dev/v2/project/repo/app/blobs/<config of v1> (bearer)',
    ],
    repository: [
      'GET europe-docker.pkg.dev/v2/project/repo/app/tags/list?n=1000 (bearer)',
      'GET europe-docker.pkg.dev/v2/project/repo/app/manifests/latest (bearer)',
      'GET europe-docker.pkg.dev/v2/project/repo/app/blobs/<config of latest> (bearer)',
    ],
    refresh: ['HEAD europe-docker.pkg.dev/v2/project/repo/app/manifests/v1 (bearer)'],
  },
};
