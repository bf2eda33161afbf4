import type { KubernetesObject, ListMeta } from '../api/meta.ts';
import { apiVersionOf } from '../api/resource.ts';
import { badRequestError } from './errors.ts';
import type { RestStorage } from './rest-storage.ts';

/** What each row carries besides its cells. */
export type IncludeObject = 'None' | 'Metadata' | 'Object';

/** @throws {StatusError} 400 for a policy that does not exist. */
export const parseIncludeObject = (value: string | null): IncludeObject => {
  if (value === null || value === '') return 'Metadata';
  if (value === 'None' || value === 'Metadata' || value === 'Object') return value;
  throw badRequestError(`unrecognized includeObject value: ${JSON.stringify(value)}`);
};

/** `meta.k8s.io/v1` PartialObjectMetadata of an object. */
export const partialMetadata = (object: KubernetesObject) => ({
  kind: 'PartialObjectMetadata',
  apiVersion: 'meta.k8s.io/v1',
  metadata: object.metadata,
});

const columnDefinitions = ({ columns }: RestStorage) =>
  columns.map(({ name, type, format, description, priority }) => ({
    name,
    type,
    format: format ?? '',
    description,
    priority,
  }));

export type TableOptions = {
  readonly storage: RestStorage;
  readonly include: IncludeObject;
  readonly now: number;
  /** Left out of every watch event but the first. */
  readonly headers: boolean;
};

/**
 * Objects as `kubectl get` prints them.
 *
 * @see https://kubernetes.io/docs/reference/using-api/api-concepts/#receiving-resources-as-tables
 */
export const tableOf = (objects: readonly KubernetesObject[], metadata: ListMeta, options: TableOptions) => {
  const { storage, include, now, headers } = options;
  const identified = (object: KubernetesObject): KubernetesObject => ({
    ...object,
    apiVersion: apiVersionOf(storage.resource),
    kind: storage.resource.kind,
  });
  const carried = (object: KubernetesObject) => {
    if (include === 'None') return {};
    return { object: include === 'Object' ? identified(object) : partialMetadata(object) };
  };
  return {
    kind: 'Table',
    apiVersion: 'meta.k8s.io/v1',
    metadata,
    columnDefinitions: headers ? columnDefinitions(storage) : null,
    rows: objects.map((object) => ({
      cells: storage.columns.map((column) => column.cell(object, now)),
      ...carried(object),
    })),
  };
};
