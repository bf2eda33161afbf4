import type { Profile } from './profile.ts';

const host = '123456789012.dkr.ecr.eu-west-1.amazonaws.com';

export const ecrPrivate: Profile = {
  name: 'Amazon ECR',
  registry: host,
  repository: 'team/app',
  hosts: [host, 'prod-eu-west-1-starport-layer-bucket.s3.eu-west-1.amazonaws.com'],
  login: { username: 'AWS', password: 'a-token-of-12-hours' },
  tags: 1_200,
  options: {
    auth: {
      kind: 'basic',
      users: { AWS: 'a-token-of-12-hours' },
      basicChallenge: `Basic realm="https://${host}/",service="ecr.amazonaws.com"`,
    },
    digestHeader: 'head-only',
    etag: 'none',
    order: 'as-added',
    defaultPageSize: 100,
    maxPageSize: 1_000,
    refusesLargePages: true,
    link: 'absolute',
    cursor: 'sealed',
    redirect: {
      kinds: ['blobs'],
      status: 307,
      host: 'prod-eu-west-1-starport-layer-bucket.s3.eu-west-1.amazonaws.com',
    },
  },
  hook: ({ path }) =>
    path.includes('/tags/list')
      ? { kind: 'edit', headers: { 'content-type': 'text/plain; charset=utf-8' } }
      : undefined,
  quirks: [
    {
      what: 'The realm of its Basic challenge is a URL, and no token server',
      evidence: 'assumed',
      source: '-',
    },
    {
      what: 'HEAD states the digest, GET does not: it is computed',
      evidence: 'verified',
      source: 'mthalman/Docker.Registry.DotNet#34',
    },
    {
      what: '`n` above 1,000 is answered with 405',
      evidence: 'verified',
      source: 'google/go-containerregistry#681; renovatebot/renovate#3800',
    },
    {
      what: 'The link to the next page is absolute, and its `last` is sealed',
      evidence: 'verified',
      source: 'google/go-containerregistry#681',
    },
    { what: 'Lists of tags are sent as text/plain, unsorted', evidence: 'assumed', source: '-' },
    {
      what: 'Blobs are kept in S3, which refuses a second way of logging in',
      evidence: 'assumed',
      source: '-',
    },
  ],
  requests: {
    tag: [
      'GET 123456789012.dkr.ecr.eu-west-1.amazonaws.com/v2/team/app/manifests/v1 (none)',
      'GET 123456789012.dkr.ecr.eu-west-1.amazonaws.com/v2/team/app/manifests/v1 (basic)',
      'GET 123456789012.dkr.ecr.eu-west-1.amazonaws.com/v2/team/app/blobs/<config of v1> (basic)',
      'GET prod-eu-west-1-starport-layer-bucket.s3.eu-west-1.amazonaws.com/v2/team/app/blobs/<config of v1> (none)',
    ],
    repository: [
      'GET 123456789012.dkr.ecr.eu-west-1.amazonaws.com/v2/team/app/tags/list?n=1000 (basic)',
      'GET 123456789012.dkr.ecr.eu-west-1.amazonaws.com/v2/team/app/tags/list?last=bmV4dDpidWlsZC0wMTAwMA&n=1000 (basic)',
      'GET 123456789012.dkr.ecr.eu-west-1.amazonaws.com/v2/team/app/manifests/latest (basic)',
      'GET 123456789012.dkr.ecr.eu-west-1.amazonaws.com/v2/team/app/blobs/<config of latest> (basic)',
      'GET prod-eu-west-1-starport-layer-bucket.s3.eu-west-1.amazonaws.com/v2/team/app/blobs/<config of latest> (none)',
    ],
    refresh: ['HEAD 123456789012.dkr.ecr.eu-west-1.amazonaws.com/v2/team/app/manifests/v1 (basic)'],
  },
};

export const ecrPublic: Profile = {
  name: 'Amazon ECR Public',
  registry: 'public.ecr.aws',
  repository: 'team/app',
  hosts: ['public.ecr.aws', 'd2glxqk2uabbnd.cloudfront.net'],
  tags: 1_502,
  options: {
    auth: {
      kind: 'bearer',
      users: {},
      isPublic: () => true,
      realm: 'https://public.ecr.aws/token/',
      service: 'public.ecr.aws',
      scope: 'aws',
      expiresInSeconds: 43_200,
    },
    order: 'as-added',
    defaultPageSize: 100,
    maxPageSize: 1_000,
    refusesLargePages: true,
    cursor: 'sealed',
    redirect: { kinds: ['blobs'], status: 307, host: 'd2glxqk2uabbnd.cloudfront.net' },
  },
  quirks: [
    {
      what: '`last` is understood only as the registry wrote it; a tag there is answered with 405',
      evidence: 'verified',
      source: 'CodesWhat/drydock#927',
    },
    {
      what: '`n` above 1,000 is answered with 405',
      evidence: 'verified',
      source: 'renovatebot/renovate#3800',
    },
    { what: 'The challenge has the scope `aws`', evidence: 'assumed', source: '-' },
    { what: 'Anonymous tokens last 12 hours', evidence: 'assumed', source: '-' },
    { what: 'Blobs are kept at CloudFront', evidence: 'assumed', source: '-' },
  ],
  requests: {
    tag: [
      'GET public.ecr.aws/v2/team/app/manifests/v1 (none)',
      'GET public.ecr.aws/token/?service=public.ecr.aws&scope=repository:team/app:pull (none)',
      'GET public.ecr.aws/v2/team/app/manifests/v1 (bearer)',
      'GET public.ecr.aws/v2/team/app/blobs/<config of v1> (bearer)',
      'GET d2glxqk2uabbnd.cloudfront.net/v2/team/app/blobs/<config of v1> (none)',
    ],
    repository: [
      'GET public.ecr.aws/v2/team/app/tags/list?n=1000 (bearer)',
      'GET public.ecr.aws/v2/team/app/tags/list?last=bmV4dDpidWlsZC0wMTAwMA&n=1000 (bearer)',
      'GET public.ecr.aws/v2/team/app/manifests/latest (bearer)',
      'GET public.ecr.aws/v2/team/app/blobs/<config of latest> (bearer)',
      'GET d2glxqk2uabbnd.cloudfront.net/v2/team/app/blobs/<config of latest> (none)',
    ],
    refresh: ['HEAD public.ecr.aws/v2/team/app/manifests/v1 (bearer)'],
  },
};
