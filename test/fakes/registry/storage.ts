import type { Digest } from '../../../src/oci/types.ts';
import type { Blob, Content } from './content.ts';

type StoredRepository = {
  readonly manifests: Map<Digest, Blob>;
  readonly blobs: Map<Digest, Blob>;
  readonly tags: Map<string, Digest>;
};

/** What a fake registry holds. */
export type Storage = {
  readonly repository: (name: string) => StoredRepository | undefined;
  readonly putBlob: (repository: string, blob: Blob) => void;
  readonly putManifest: (repository: string, manifest: Blob, tag?: string) => void;
  /** Stores an image or index with all it refers to. */
  readonly add: (repository: string, content: Content, tag?: string) => void;
};

export const createStorage = (): Storage => {
  const repositories = new Map<string, StoredRepository>();
  const at = (name: string): StoredRepository => {
    const known = repositories.get(name) ?? { manifests: new Map(), blobs: new Map(), tags: new Map() };
    repositories.set(name, known);
    return known;
  };
  const putBlob: Storage['putBlob'] = (repository, blob) => {
    at(repository).blobs.set(blob.digest, blob);
  };
  const putManifest: Storage['putManifest'] = (repository, manifest, tag) => {
    at(repository).manifests.set(manifest.digest, manifest);
    if (tag !== undefined) at(repository).tags.set(tag, manifest.digest);
  };
  const add: Storage['add'] = (repository, content, tag) => {
    for (const blob of content.blobs) putBlob(repository, blob);
    for (const child of content.children) add(repository, child);
    putManifest(repository, content.manifest, tag);
  };
  return { repository: (name) => repositories.get(name), putBlob, putManifest, add };
};
