import type { ChangeCursor } from '../../api/change-cursor.ts';
import { changeCursors } from '../../api/resources.ts';
import type { Strategy } from '../strategy.ts';
import { ageColumn, nameColumn } from './columns.ts';
import { validateNamespacedMeta } from './object-rules.ts';

/** Cursors as a cluster with our CRDs serves them. */
export const changeCursorStrategy: Strategy<ChangeCursor> = {
  resource: changeCursors,
  columns: [
    nameColumn,
    {
      name: 'Stream',
      type: 'string',
      description: 'The stream whose history it is a place in.',
      priority: 0,
      cell: ({ stream }) => stream.name,
    },
    ageColumn,
  ],
  validate: validateNamespacedMeta,
  validateUpdate: validateNamespacedMeta,
  allowUnconditionalUpdate: false,
};
