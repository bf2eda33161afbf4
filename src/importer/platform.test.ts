import { describe, expect, it } from 'vitest';
import type { Digest, PlatformDescriptor } from '../oci/types.ts';
import { chooseManifest } from './platform.ts';

const entry = (os: string, architecture: string, variant?: string): PlatformDescriptor => ({
  mediaType: 'application/vnd.oci.image.manifest.v1+json',
  digest: `sha256:${os}-${architecture}-${variant ?? ''}` as Digest,
  size: 1,
  platform: { os, architecture, variant },
});
const chosen = (entries: readonly PlatformDescriptor[], preferred = {}) => {
  const platform = chooseManifest(entries, preferred)?.platform;
  return platform === undefined ? undefined : `${platform.os}/${platform.architecture}`;
};

const attestation = entry('unknown', 'unknown');
const all = [entry('linux', 's390x'), entry('linux', 'arm64', 'v8'), entry('linux', 'amd64')];

describe('chooseManifest', () => {
  it.each([
    { name: 'linux on amd64 by default, wherever it stands', entries: all, expected: 'linux/amd64' },
    {
      name: 'the preferred platform',
      entries: all,
      preferred: { architecture: 'arm64', os: 'linux' },
      expected: 'linux/arm64',
    },
    {
      name: 'the preferred architecture on linux, where no os is preferred',
      entries: [entry('windows', 'arm64'), ...all],
      preferred: { architecture: 'arm64' },
      expected: 'linux/arm64',
    },
    {
      name: 'the preferred os on amd64, where no architecture is preferred',
      entries: [...all, entry('windows', 'amd64')],
      preferred: { os: 'windows' },
      expected: 'windows/amd64',
    },
    {
      name: 'linux on amd64, where the preferred platform is missing',
      entries: all,
      preferred: { architecture: 'riscv64', os: 'linux' },
      expected: 'linux/amd64',
    },
    {
      name: 'the first, where neither is there',
      entries: [entry('linux', 's390x'), entry('linux', 'arm64')],
      expected: 'linux/s390x',
    },
    {
      name: 'the first image rather than the attestation before it',
      entries: [attestation, entry('linux', 'arm64')],
      expected: 'linux/arm64',
    },
    {
      name: 'an attestation, where there is nothing else',
      entries: [attestation],
      expected: 'unknown/unknown',
    },
    { name: 'nothing of an empty list', entries: [], expected: undefined },
  ])('takes $name', ({ entries, preferred, expected }) => {
    expect(chosen(entries, preferred)).toBe(expected);
  });

  it('takes an entry without a platform, where it is the only one', () => {
    const { platform: _, ...bare } = entry('linux', 'amd64');
    expect(chooseManifest([bare], {})).toBe(bare);
  });
});
