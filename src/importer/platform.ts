import type { PlatformDescriptor } from '../oci/types.ts';

/** Which platform an import prefers; what is left out means linux on amd64. */
export type PreferredPlatform = {
  readonly architecture?: string | undefined;
  readonly os?: string | undefined;
};

/**
 * What a `Legacy` import takes where nothing else is asked for.
 *
 * The original takes the platform that its own binary was built for. The pods that will pull the image need not run on a machine
 * like ours, and the same stream must resolve alike wherever this program runs: so it is fixed.
 */
const fallback = { architecture: 'amd64', os: 'linux' } as const;

/** What a builder puts beside the images of an index: provenance, an SBOM. Nothing that runs. */
const isAttestation = ({ platform }: PlatformDescriptor): boolean =>
  platform?.architecture === 'unknown' && platform.os === 'unknown';

/**
 * The entry of a list or index that a `Legacy` import takes: the preferred platform, else linux on amd64, else the first image.
 * The variant does not count. Undefined for an empty list.
 *
 * @see openshift-semantics §3.9
 */
export const chooseManifest = (
  entries: readonly PlatformDescriptor[],
  preferred: PreferredPlatform,
): PlatformDescriptor | undefined => {
  const find = (architecture: string, os: string): PlatformDescriptor | undefined =>
    entries.find(({ platform }) => platform?.architecture === architecture && platform.os === os);
  return (
    find(preferred.architecture || fallback.architecture, preferred.os || fallback.os) ??
    find(fallback.architecture, fallback.os) ??
    entries.find((entry) => !isAttestation(entry)) ??
    entries[0]
  );
};
