import { namespaces } from '../api/core.ts';
import type { ToldRevision } from '../api/object-budget.ts';
import type { Importer, Keychains } from '../importer/types.ts';
import type { Clock } from '../lib/clock.ts';
import { isStoreError } from '../store/errors.ts';
import type { Store } from '../store/store.ts';
import { createGenericStorage } from './generic-storage.ts';
import { withContentsDeleted } from './namespaces.ts';
import { changeCursorStrategy } from './resources/change-cursor.ts';
import { configMapStrategy } from './resources/config-map.ts';
import { deploymentStrategy } from './resources/deployment.ts';
import { eventStrategy } from './resources/event.ts';
import { imageStrategy } from './resources/image.ts';
import { createImageStreamStorage } from './resources/image-stream.ts';
import { imageStreamGrantStrategy } from './resources/image-stream-grant.ts';
import { createImageStreamImageStorage } from './resources/image-stream-image.ts';
import { createImageStreamImportStorage } from './resources/image-stream-import.ts';
import { createImageStreamMappingStorage } from './resources/image-stream-mapping.ts';
import { createImageStreamTagStorage } from './resources/image-stream-tag.ts';
import { createImageTagStorage } from './resources/image-tag.ts';
import { namespaceStrategy, newNamespace } from './resources/namespace.ts';
import { createReplicaSetStorage } from './resources/replica-set.ts';
import { secretStrategy } from './resources/secret.ts';
import { createStreamRules } from './resources/stream-rules.ts';
import { createStreamWriter } from './resources/stream-writer.ts';
import { templatedStrategies } from './resources/templated-workload.ts';
import type { RestStorage } from './rest-storage.ts';
import { reviewStorages } from './reviews.ts';

/** What the served resources stand on. */
export type StoragePorts = {
  readonly store: Store;
  readonly importer: Importer;
  readonly keychains: Keychains;
  readonly clock: Clock;
  /** Entries that the history of one tag may hold. */
  readonly historyLimit: number;
  /** What sinks of change events were told. */
  readonly toldRevision?: ToldRevision | undefined;
  /** Tags of a repository to import at most; 0: all. */
  readonly maxTagsPerRepository: number;
};

/** Everything that standalone mode serves: the list that `createApiServer` takes. */
export const createStorages = (ports: StoragePorts): readonly RestStorage[] => {
  const { store } = ports;
  const rules = createStreamRules(ports);
  const tagPorts = { store, writer: createStreamWriter({ store, rules }) };
  const contents: readonly RestStorage[] = [
    createGenericStorage(store, secretStrategy),
    createGenericStorage(store, configMapStrategy),
    createGenericStorage(store, eventStrategy),
    createGenericStorage(store, deploymentStrategy),
    ...templatedStrategies.map((strategy) => createGenericStorage(store, strategy)),
    createReplicaSetStorage(ports),
    createImageStreamStorage({ store, rules }),
    createImageStreamTagStorage(tagPorts),
    createImageTagStorage(tagPorts),
    createImageStreamImageStorage(ports),
    createImageStreamImportStorage(ports),
    createImageStreamMappingStorage(ports),
    createGenericStorage(store, imageStreamGrantStrategy),
    createGenericStorage(store, changeCursorStrategy),
  ];
  return [
    withContentsDeleted(createGenericStorage(store, namespaceStrategy), contents),
    ...contents,
    createGenericStorage(store, imageStrategy),
    ...reviewStorages,
  ];
};

/** Makes the namespace `default`, which is always there, where it is missing. */
export const ensureDefaultNamespace = async (store: Store, signal: AbortSignal): Promise<void> => {
  try {
    await store.create(namespaces, newNamespace('default'), {}, signal);
  } catch (error) {
    if (!isStoreError(error, 'already-exists')) throw error;
  }
};
