/** Media types of manifests that are read. */
export const mediaTypes = {
  dockerManifest: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerManifestList: 'application/vnd.docker.distribution.manifest.list.v2+json',
  ociManifest: 'application/vnd.oci.image.manifest.v1+json',
  ociIndex: 'application/vnd.oci.image.index.v1+json',
} as const;

/** Docker's schema 1, recognised in order to be refused with a clear sentence. */
export const schema1MediaTypes: readonly string[] = [
  'application/vnd.docker.distribution.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v1+prettyjws',
];

/** All of them in one header: registries answer 404, or schema 1, to clients that leave one out. */
export const acceptManifests: string = [
  mediaTypes.ociIndex,
  mediaTypes.dockerManifestList,
  mediaTypes.ociManifest,
  mediaTypes.dockerManifest,
].join(', ');

const mediaTypePattern = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,126}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}$/;

/**
 * The media type of a `Content-Type`, without parameters and in lower case; `undefined` where it is none.
 *
 * @see https://www.rfc-editor.org/rfc/rfc6838#section-4.2
 */
export const parseMediaType = (header: string): string | undefined => {
  const type = (header.split(';', 1)[0] ?? '').trim().toLowerCase();
  return mediaTypePattern.test(type) ? type : undefined;
};
