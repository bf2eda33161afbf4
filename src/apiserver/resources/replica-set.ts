import { type ReplicaSet, replicaSets } from '../../api/core.ts';
import type { Store } from '../../store/store.ts';
import { createGenericStorage } from '../generic-storage.ts';
import type { RestStorage } from '../rest-storage.ts';
import { ageColumn, nameColumn } from './columns.ts';

/** ReplicaSets, read only and always empty: `kubectl describe deployment` lists them. */
export const createReplicaSetStorage = ({ store }: { readonly store: Store }): RestStorage<ReplicaSet> => {
  const all = createGenericStorage<ReplicaSet>(store, {
    resource: replicaSets,
    columns: [nameColumn, ageColumn],
  });
  return {
    resource: all.resource,
    columns: all.columns,
    get: (key, context) => all.get(key, context),
    list: (options, context) => all.list(options, context),
    watch: (options, context) => all.watch(options, context),
  };
};
