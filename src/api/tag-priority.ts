import semver from 'semver';

/** How much a tag matters when not all of a repository can be imported; smaller goes first. */
const ranks = { latest: 0, minor: 1, full: 2, other: 3 } as const;

type RankedTag = {
  readonly tag: string;
  readonly rank: number;
  readonly version: semver.SemVer | undefined;
  readonly hasPrefix: boolean;
};

const versionOf = (text: string): { readonly rank: number; readonly version: semver.SemVer } | undefined => {
  // The package also accepts a leading `v`, which the caller has taken off once already.
  if (!/^\d/.test(text)) return undefined;
  const full = semver.parse(text);
  if (full !== null) return { rank: ranks.full, version: full };
  const match = /^(\d+\.\d+)(-\w+)?$/.exec(text);
  const minor = match === null ? null : semver.parse(`${match[1]}.0${match[2] ?? ''}`);
  return minor === null ? undefined : { rank: ranks.minor, version: minor };
};

const rank = (tag: string): RankedTag => {
  const hasPrefix = tag.startsWith('v');
  if (tag === 'latest') return { tag, rank: ranks.latest, version: undefined, hasPrefix };
  const found = versionOf(hasPrefix ? tag.slice(1) : tag);
  return { tag, hasPrefix, rank: found?.rank ?? ranks.other, version: found?.version };
};

const compare = (a: RankedTag, b: RankedTag): number => {
  if (a.rank !== b.rank) return a.rank - b.rank;
  if (a.version !== undefined && b.version !== undefined) {
    const byVersion = semver.compare(b.version, a.version);
    if (byVersion !== 0) return byVersion;
    if (a.hasPrefix !== b.hasPrefix) return a.hasPrefix ? 1 : -1;
  }
  return a.tag < b.tag ? -1 : a.tag > b.tag ? 1 : 0;
};

/**
 * Orders tags by how much they matter: `latest`, minor versions (`5.1`, `v5.1`, `5.1-rc1`), full versions, then all others by name.
 * Versions go from new to old; one without `v` goes before the same with it.
 *
 * @see openshift/library-go `pkg/image/imageutil/helpers.go` PrioritizeTags
 */
export const prioritizeTags = (tags: readonly string[]): readonly string[] =>
  tags
    .map(rank)
    .toSorted(compare)
    .map(({ tag }) => tag);
