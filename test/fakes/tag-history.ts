import type { ImageStream, TagEvent } from '../../src/api/image-stream.ts';
import type { Stored } from '../../src/api/meta.ts';

const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;
const created = '2026-01-01T00:00:00Z';

/** Pull specs of a repository, by a letter that stands for an image. */
export const imageRefOf =
  (repository: string) =>
  (letter: string): string =>
    `quay.io/demo/${repository}@${digest(letter)}`;

/** A stream in the namespace `ns` whose tag `latest` had these images, one letter each, the newest first. */
export const aTagHistory = (
  name: string,
  letters: string,
  imageRef: (letter: string) => string,
  uid = `uid-${name}`,
): Stored<ImageStream> => ({
  apiVersion: 'image.openshift.io/v1',
  kind: 'ImageStream',
  metadata: { namespace: 'ns', name, uid, resourceVersion: '1', creationTimestamp: created },
  status: {
    tags: [
      {
        tag: 'latest',
        items: letters.split('').map(
          (letter, index): TagEvent => ({
            created,
            dockerImageReference: imageRef(letter),
            image: digest(letter),
            generation: 1,
            revision: letters.length - index,
          }),
        ),
      },
    ],
  },
});
