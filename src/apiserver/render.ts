import type { KubernetesObject } from '../api/meta.ts';
import { apiVersionOf } from '../api/resource.ts';
import type { Status } from '../api/status.ts';
import type { ApiRequest } from './request.ts';
import type { RestList } from './rest-storage.ts';
import { parseIncludeObject, partialMetadata, tableOf } from './table.ts';

const isStatus = (object: KubernetesObject | Status): object is Status =>
  !('metadata' in object) || object.kind === 'Status';

/** A Status with the fields that every answer of that kind has on the wire. */
export const statusBody = (status: Status) => ({
  kind: 'Status',
  apiVersion: 'v1',
  metadata: {},
  ...status,
});

const tableOptions = (request: ApiRequest) => ({
  storage: request.storage,
  include: parseIncludeObject(request.query.get('includeObject')),
  now: request.clock.now(),
  headers: true,
});

/** One object in the form that the client asked for. */
export const renderObject = (object: KubernetesObject | Status, request: ApiRequest): unknown => {
  if (isStatus(object)) return statusBody(object);
  switch (request.form) {
    case 'object':
      return object;
    case 'metadata':
      return partialMetadata(object);
    case 'table': {
      const { resourceVersion } = object.metadata;
      return tableOf(
        [object],
        resourceVersion === undefined ? {} : { resourceVersion },
        tableOptions(request),
      );
    }
  }
};

/** A computed list has no resourceVersion (it is empty), and then says none. */
const listMeta = (list: RestList<KubernetesObject>) => ({
  ...(list.resourceVersion === '' ? {} : { resourceVersion: list.resourceVersion }),
  ...(list.continueToken === undefined ? {} : { continue: list.continueToken }),
  ...(list.remainingItemCount === undefined ? {} : { remainingItemCount: list.remainingItemCount }),
});

/** The items of a typed list do not repeat their kind: the list's says it. */
const withoutKind = ({ apiVersion: _apiVersion, kind: _kind, ...rest }: KubernetesObject) => rest;

/** A list in the form that the client asked for. */
export const renderList = (list: RestList<KubernetesObject>, request: ApiRequest): unknown => {
  const { resource } = request.storage;
  const metadata = listMeta(list);
  switch (request.form) {
    case 'object':
      return {
        kind: `${resource.kind}List`,
        apiVersion: apiVersionOf(resource),
        metadata,
        items: list.items.map(withoutKind),
      };
    case 'metadata':
      return {
        kind: 'PartialObjectMetadataList',
        apiVersion: 'meta.k8s.io/v1',
        metadata,
        items: list.items.map(partialMetadata),
      };
    case 'table':
      return tableOf(list.items, metadata, tableOptions(request));
  }
};
