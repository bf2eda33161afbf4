import type { ImageStreamGrant } from '../../api/image-stream-grant.ts';
import { imageStreamGrants } from '../../api/resources.ts';
import { validateImageStreamGrant } from '../../api/validation/image-stream-grant.ts';
import type { Strategy } from '../strategy.ts';
import { ageColumn, nameColumn } from './columns.ts';

const listed = (names: readonly string[], all: string): string =>
  names.length === 0 ? all : names.join(',');

/** Grants as a cluster with our CRDs serves them. */
export const imageStreamGrantStrategy: Strategy<ImageStreamGrant> = {
  resource: imageStreamGrants,
  columns: [
    nameColumn,
    {
      name: 'From',
      type: 'string',
      description: 'Namespaces that may refer; * for every one.',
      priority: 0,
      cell: ({ spec }) =>
        listed(
          spec.from.map(({ namespace }) => namespace),
          '<none>',
        ),
    },
    {
      name: 'To',
      type: 'string',
      description: 'Streams that may be referred to.',
      priority: 0,
      cell: ({ spec }) =>
        listed(
          (spec.to ?? []).map(({ name }) => name),
          '<all>',
        ),
    },
    ageColumn,
  ],
  validate: validateImageStreamGrant,
  validateUpdate: validateImageStreamGrant,
};
