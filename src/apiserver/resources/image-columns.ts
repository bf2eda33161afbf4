import type { Image } from '../../api/image.ts';
import type { ImageStreamImage, ImageStreamTag } from '../../api/image-stream-tag.ts';
import type { Column } from '../rest-storage.ts';
import { formatAgo, nameColumn } from './columns.ts';

const referenceDescription = 'The string that can be used to pull this image.';

/** NAME, IMAGE REFERENCE. */
export const imageColumns: readonly Column<Image>[] = [
  nameColumn,
  {
    name: 'Image Reference',
    type: 'string',
    description: referenceDescription,
    priority: 0,
    cell: (image) => image.dockerImageReference ?? '',
  },
];

/** When an object that shows one image was created: that is when the tag took the image. */
const updatedColumn: Column<ImageStreamTag | ImageStreamImage> = {
  name: 'Updated',
  type: 'string',
  description: 'Last update time.',
  priority: 0,
  cell: ({ metadata }, now) => formatAgo(metadata.creationTimestamp, now),
};

const imageReferenceColumn = (priority: 0 | 1): Column<ImageStreamTag | ImageStreamImage> => ({
  name: 'Image Reference',
  type: 'string',
  description: referenceDescription,
  priority,
  cell: ({ image }) => image?.dockerImageReference ?? '',
});

const imageNameColumn: Column<ImageStreamTag | ImageStreamImage> = {
  name: 'Image Name',
  type: 'string',
  description: 'The digest of the image.',
  priority: 1,
  cell: ({ image }) => image?.metadata?.name ?? '',
};

/** NAME, IMAGE REFERENCE, UPDATED; wide: IMAGE NAME. */
export const imageStreamTagColumns: readonly Column<ImageStreamTag>[] = [
  nameColumn,
  imageReferenceColumn(0),
  updatedColumn,
  imageNameColumn,
];

/** NAME, UPDATED; wide: IMAGE REFERENCE, IMAGE NAME. */
export const imageStreamImageColumns: readonly Column<ImageStreamImage>[] = [
  nameColumn,
  updatedColumn,
  imageReferenceColumn(1),
  imageNameColumn,
];
