import type { Image } from '../../api/image.ts';
import { images } from '../../api/resources.ts';
import type { Strategy } from '../strategy.ts';
import { imageColumns } from './image-columns.ts';
import { withoutGeneration } from './without-generation.ts';

/** Images, which nobody has to write by hand. */
export const imageStrategy: Strategy<Image> = {
  resource: images,
  columns: imageColumns,
  allowUnconditionalUpdate: false,
  decorate: withoutGeneration,
};
