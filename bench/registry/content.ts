import { anImage } from '../../test/fakes/registry/index.ts';

/** What a registry of the bench has in it: nothing is stored, everything follows from names. */
export type Shape = {
  /** Tags of a repository by its name. Default one. */
  readonly tagCounts: Readonly<Record<string, number>>;
  readonly defaultTagCount: number;
};

type Stored = { readonly bytes: Uint8Array; readonly mediaType: string; readonly digest: string };

const formats = new Map<number, readonly string[]>();

/** The tags of every repository that has so many, in the order of listings. They are versions, ten patches of ten minors each. */
export const tagsOf = (count: number): readonly string[] => {
  const known = formats.get(count);
  if (known !== undefined) return known;
  const tags = Array.from({ length: count }, (_, index) => {
    const [major, minor, patch] = [Math.floor(index / 100), Math.floor(index / 10) % 10, index % 10];
    return `${major}.${minor}.${patch}`;
  }).toSorted();
  formats.set(count, tags);
  return tags;
};

/** Makes the images of tags when they are asked for first. */
export const createContent = () => {
  const byTag = new Map<string, Stored>();
  const byDigest = new Map<string, Stored>();
  const versions = new Map<string, number>();
  const manifestOf = (repository: string, tag: string): Stored => {
    const name = `${repository}:${tag}`;
    const known = byTag.get(name);
    if (known !== undefined) return known;
    const { manifest, blobs } = anImage({ name: `${name}@${versions.get(name) ?? 0}` });
    byTag.set(name, manifest);
    for (const stored of [manifest, ...blobs]) byDigest.set(stored.digest, stored);
    return manifest;
  };
  return {
    manifest: (repository: string, reference: string): Stored | undefined =>
      reference.startsWith('sha256:') ? byDigest.get(reference) : manifestOf(repository, reference),
    blob: (digest: string): Stored | undefined => byDigest.get(digest),
    /** Gives a tag another image; its digest. */
    move: (repository: string, tag: string): string => {
      const name = `${repository}:${tag}`;
      versions.set(name, (versions.get(name) ?? 0) + 1);
      byTag.delete(name);
      return manifestOf(repository, tag).digest;
    },
  };
};
