import { emptyDockerImageMetadata } from '../../api/defaults.ts';
import type { Image } from '../../api/image.ts';
import type { ImageStreamTag } from '../../api/image-stream-tag.ts';
import { withoutGeneration } from './without-generation.ts';

/** An Image inside another object. */
export type EmbeddedImage = NonNullable<ImageStreamTag['image']>;

/** An image of which only the name and the pull spec are known, as OpenShift writes one inside another object. */
export const bareImage = (name: string, dockerImageReference: string): EmbeddedImage => ({
  metadata: name === '' ? {} : { name },
  ...(dockerImageReference === '' ? {} : { dockerImageReference }),
  dockerImageMetadata: emptyDockerImageMetadata,
  dockerImageMetadataVersion: '1.0',
});

/** The image as it stands inside another object: without its kind and without the raw manifest and config. */
export const embedImage = (image: Image): EmbeddedImage => {
  const {
    apiVersion: _apiVersion,
    kind: _kind,
    dockerImageManifest: _manifest,
    dockerImageConfig: _config,
    ...rest
  } = withoutGeneration(image);
  return rest;
};
