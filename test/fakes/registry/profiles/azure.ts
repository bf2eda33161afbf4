import type { Profile } from './profile.ts';

export const azure: Profile = {
  name: 'Azure (ACR)',
  registry: 'team.azurecr.io',
  repository: 'app',
  hosts: ['team.azurecr.io', 'weumanaged1.blob.core.windows.net'],
  login: { username: 'puller', password: 'an-admin-password' },
  tags: 150,
  options: {
    auth: {
      kind: 'bearer',
      users: { puller: 'an-admin-password' },
      realm: 'https://team.azurecr.io/oauth2/token',
      service: 'team.azurecr.io',
      tokenMember: 'access_token',
      expiresInSeconds: undefined,
    },
    insistsOnAccept: true,
    maxPageSize: 100,
    redirect: { kinds: ['blobs'], status: 307, host: 'weumanaged1.blob.core.windows.net' },
  },
  quirks: [
    {
      what: 'A manifest whose type is not in `Accept` is answered with 404 MANIFEST_UNKNOWN',
      evidence: 'verified',
      source: 'Azure/acr#764',
    },
    {
      what: 'Blobs are kept in Azure storage, which answers 400 or 403 to whoever brings the token along',
      evidence: 'verified',
      source: 'Azure/acr#217',
    },
    {
      what: 'The token is called `access_token`, and nothing says how long it lasts',
      evidence: 'assumed',
      source: '-',
    },
    { what: 'Pages hold 100 tags at most, with a relative link', evidence: 'assumed', source: '-' },
  ],
  requests: {
    tag: [
      'GET team.azurecr.io/v2/app/manifests/v1 (none)',
      'GET team.azurecr.io/oauth2/token?service=team.azurecr.io&scope=repository:app:pull&account=puller (basic)',
      'GET team.azurecr.io/v2/app/manifests/v1 (bearer)',
      'GET team.azurecr.io/v2/app/blobs/<config of v1> (bearer)',
      'GET weumanaged1.blob.core.windows.net/v2/app/blobs/<config of v1> (none)',
    ],
    repository: [
      'GET team.azurecr.io/v2/app/tags/list?n=1000 (bearer)',
      'GET team.azurecr.io/v2/app/tags/list?last=build-00101&n=100 (bearer)',
      'GET team.azurecr.io/v2/app/manifests/latest (bearer)',
      'GET team.azurecr.io/v2/app/blobs/<config of latest> (bearer)',
      'GET weumanaged1.blob.core.windows.net/v2/app/blobs/<config of latest> (none)',
    ],
    refresh: ['HEAD team.azurecr.io/v2/app/manifests/v1 (bearer)'],
  },
};
