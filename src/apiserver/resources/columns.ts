import type { KubernetesObject } from '../../api/meta.ts';
import { approximateDuration, shortDuration } from '../../lib/human-duration.ts';
import type { Column } from '../rest-storage.ts';

/** The column that names the object; clients recognise it by its format. */
export const nameColumn: Column<KubernetesObject> = {
  name: 'Name',
  type: 'string',
  format: 'name',
  description: 'Name of the object, unique within its namespace.',
  priority: 0,
  cell: (object) => object.metadata.name,
};

/** `3d4h`, or what kubectl prints for a time that is missing. */
export const formatAge = (time: string | null | undefined, now: number): string =>
  time === undefined || time === null ? '<unknown>' : shortDuration(now - Date.parse(time));

/** Kubernetes' own column of the time since the object was created. */
export const ageColumn: Column<KubernetesObject> = {
  name: 'Age',
  type: 'string',
  description: 'Time since the object was created.',
  priority: 0,
  cell: (object, now) => formatAge(object.metadata.creationTimestamp, now),
};

/** `5 seconds ago`; empty for a time that is missing. */
export const formatAgo = (time: string | null | undefined, now: number): string =>
  time === undefined || time === null ? '' : `${approximateDuration(now - Date.parse(time))} ago`;
