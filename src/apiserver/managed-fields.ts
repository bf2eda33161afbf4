import type { KubernetesObject, ManagedFieldsEntry } from '../api/meta.ts';
import { apiVersionOf, type Resource } from '../api/resource.ts';
import { formatTime } from '../lib/clock.ts';
import {
  difference,
  emptySet,
  equalSets,
  type FieldSet,
  fromFieldsV1,
  isEmptySet,
  toFieldsV1,
  union,
  without,
} from './field-set.ts';
import { schemaOf } from './json-schema.ts';
import { compareValues, fieldSetOf } from './typed-value.ts';

/**
 * Who manages which fields of an object, as `metadata.managedFields` keeps it.
 *
 * @see https://kubernetes.io/docs/reference/using-api/server-side-apply/#field-management
 */

export type Operation = 'Apply' | 'Update';

/** One manager in one role, and what it manages. */
export type Manager = {
  readonly name: string;
  readonly operation: Operation;
  readonly apiVersion: string;
  readonly subresource: string;
  readonly time: string | undefined;
  readonly fields: FieldSet;
};

/** Who writes, in which role. */
export type Writer = Pick<Manager, 'name' | 'operation' | 'subresource'>;

/** What one write is: by whom, of what, and when. */
export type Write = { readonly writer: Writer; readonly resource: Resource; readonly now: number };

/** Fields that belong to nobody: the server's own, and those that name the object. */
const unmanaged: readonly (readonly string[])[] = [
  ['f:apiVersion'],
  ['f:kind'],
  ...[
    'name',
    'namespace',
    'uid',
    'resourceVersion',
    'generation',
    'creationTimestamp',
    'deletionTimestamp',
    'deletionGracePeriodSeconds',
    'selfLink',
    'managedFields',
  ].map((field) => ['f:metadata', `f:${field}`]),
];

/** What of a set the writer can manage: the status through its subresource, all else not through it. */
export const manageable = (set: FieldSet, { resource, writer }: Write): FieldSet => {
  const own = unmanaged.reduce(without, set);
  if (!resource.hasStatus) return own;
  if (writer.subresource === '') return without(own, ['f:status']);
  const status = own.children.get('f:status');
  return status === undefined ? emptySet : { member: false, children: new Map([['f:status', status]]) };
};

/** The fields of an object that the writer can manage. */
export const manageableFields = (object: unknown, write: Write): FieldSet =>
  manageable(fieldSetOf(object, schemaOf(write.resource)), write);

const readEntry = (entry: ManagedFieldsEntry): Manager => ({
  name: entry.manager ?? '',
  operation: entry.operation === 'Apply' ? 'Apply' : 'Update',
  apiVersion: entry.apiVersion ?? '',
  subresource: entry.subresource ?? '',
  time: entry.time,
  fields: fromFieldsV1(entry.fieldsV1),
});

/** The managers of an object. */
export const managersOf = ({ metadata }: KubernetesObject): readonly Manager[] =>
  (metadata.managedFields ?? []).map(readEntry).filter(({ fields }) => !isEmptySet(fields));

const writeEntry = (manager: Manager): ManagedFieldsEntry => ({
  manager: manager.name,
  operation: manager.operation,
  apiVersion: manager.apiVersion,
  ...(manager.time === undefined ? {} : { time: manager.time }),
  fieldsType: 'FieldsV1',
  fieldsV1: toFieldsV1(manager.fields),
  ...(manager.subresource === '' ? {} : { subresource: manager.subresource }),
});

const compareTexts = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Appliers first, then by time and name: as Kubernetes lists them. */
const byRole = (a: Manager, b: Manager): number =>
  compareTexts(a.operation, b.operation) ||
  (a.time === undefined || b.time === undefined ? 0 : compareTexts(a.time, b.time)) ||
  compareTexts(a.name, b.name) ||
  compareTexts(a.apiVersion, b.apiVersion) ||
  compareTexts(a.subresource, b.subresource);

/** The object with these managers; those that manage nothing any more are left out. */
export const withManagers = <T extends KubernetesObject>(object: T, managers: readonly Manager[]): T => {
  const { managedFields: _managedFields, ...metadata } = object.metadata;
  const entries = managers
    .filter(({ fields }) => !isEmptySet(fields))
    .toSorted(byRole)
    .map(writeEntry);
  return {
    ...object,
    metadata: entries.length === 0 ? metadata : { ...metadata, managedFields: entries },
  };
};

/** True for the manager that the writer is. */
export const isWriter = (manager: Manager, { name, operation, subresource }: Writer): boolean =>
  manager.name === name && manager.operation === operation && manager.subresource === subresource;

/** The managers with the writer managing just `fields`; its time moves when they do. */
export const withFieldsOf = (
  managers: readonly Manager[],
  fields: FieldSet,
  { writer, resource, now }: Write,
): readonly Manager[] => {
  const old = managers.find((manager) => isWriter(manager, writer));
  if (old !== undefined && equalSets(old.fields, fields)) return managers;
  const next = { ...writer, apiVersion: apiVersionOf(resource), time: formatTime(now), fields };
  return old === undefined
    ? [...managers, next]
    : managers.map((manager) => (manager === old ? next : manager));
};

/**
 * The next version of an object with its managers: whoever changes a field manages it, alone. `asStored` makes of it what will be
 * stored: what that fills in is the writer's, and not what it leaves out.
 *
 * Objects that nobody ever applied have no managers: tracking begins with the first apply, so that the others stay small.
 */
export const trackUpdate = (
  old: KubernetesObject,
  next: KubernetesObject,
  write: Write,
  asStored: (object: KubernetesObject) => KubernetesObject,
): KubernetesObject => {
  const { managedFields = old.metadata.managedFields } = next.metadata;
  const given = { ...next, metadata: { ...next.metadata, managedFields: managedFields ?? [] } };
  const managers = managersOf(given);
  if (managers.length === 0) return withManagers(next, []);
  const { changed, removed } = compareValues(old, asStored(next), schemaOf(write.resource));
  const taken = manageable(changed, write);
  const gone = union(taken, manageable(removed, write));
  const left = managers.map((manager) =>
    isWriter(manager, write.writer) ? manager : { ...manager, fields: difference(manager.fields, gone) },
  );
  const own = managers.find((manager) => isWriter(manager, write.writer))?.fields ?? emptySet;
  return withManagers(
    next,
    withFieldsOf(left, difference(union(own, taken), manageable(removed, write)), write),
  );
};
