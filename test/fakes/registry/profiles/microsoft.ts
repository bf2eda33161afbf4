import type { Profile } from './profile.ts';

export const microsoft: Profile = {
  name: 'Microsoft (MCR)',
  registry: 'mcr.microsoft.com',
  repository: 'dotnet/app',
  hosts: ['mcr.microsoft.com', 'westeurope.data.mcr.microsoft.com'],
  login: { username: '00000000-0000-0000-0000-000000000000', password: 'a-token-for-azure' },
  tags: 1_500,
  options: {
    neverPages: true,
    redirect: { kinds: ['blobs'], status: 307, host: 'westeurope.data.mcr.microsoft.com' },
  },
  quirks: [
    {
      what: 'It wants no login and breaks with one: a credential that matches it stays unused',
      evidence: 'verified',
      source: 'kyverno/kyverno#11479',
    },
    {
      what: 'Blobs are kept under *.data.mcr.microsoft.com',
      evidence: 'assumed',
      source: '-',
    },
    { what: 'All tags come in one answer', evidence: 'assumed', source: '-' },
  ],
  requests: {
    tag: [
      'GET mcr.microsoft.com/v2/dotnet/app/manifests/v1 (none)',
      'GET mcr.microsoft.com/v2/dotnet/app/blobs/<config of v1> (none)',
      'GET westeurope.data.mcr.microsoft.com/v2/dotnet/app/blobs/<config of v1> (none)',
    ],
    repository: [
      'GET mcr.microsoft.com/v2/dotnet/app/tags/list?n=1000 (none)',
      'GET mcr.microsoft.com/v2/dotnet/app/manifests/latest (none)',
      'GET mcr.microsoft.com/v2/dotnet/app/blobs/<config of latest> (none)',
      'GET westeurope.data.mcr.microsoft.com/v2/dotnet/app/blobs/<config of latest> (none)',
    ],
    refresh: ['HEAD mcr.microsoft.com/v2/dotnet/app/manifests/v1 (none)'],
  },
};
