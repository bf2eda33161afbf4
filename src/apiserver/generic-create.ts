import type { KubernetesObject } from '../api/meta.ts';
import { StoreError } from '../store/errors.ts';
import { fromStoreError } from './errors.ts';
import { decorated, type GenericParts, withDefaults } from './generic-parts.ts';
import { assertValid, metadataForCreate, validateName } from './metadata.ts';
import type { RestContext } from './rest-storage.ts';

/** How often a generated name is drawn again when it is taken, as in Kubernetes. */
const maxNameAttempts = 8;

const prepare = async <T extends KubernetesObject>(
  parts: GenericParts<T>,
  object: T,
  namespace: string,
  context: RestContext,
): Promise<T> => {
  const { strategy } = parts;
  const metadata = metadataForCreate(object, namespace);
  assertValid(strategy.resource, metadata.name, validateName(metadata.name));
  const defaulted = withDefaults(parts, { ...object, metadata });
  const prepared = (await strategy.prepareForCreate?.(defaulted, context)) ?? defaulted;
  const errors = (await strategy.validate?.(prepared, context)) ?? [];
  assertValid(strategy.resource, prepared.metadata.name, errors);
  return prepared;
};

/** What was not kept has no revision. */
const withoutRevision = <T extends KubernetesObject>(object: T): T => {
  const { resourceVersion: _resourceVersion, ...metadata } = object.metadata;
  return { ...object, metadata };
};

/** Stores a new object of `namespace`, under its own name or a generated one. */
export const createObject = async <T extends KubernetesObject>(
  parts: GenericParts<T>,
  object: T,
  namespace: string,
  context: RestContext,
): Promise<T> => {
  const { store, strategy } = parts;
  const { name: givenName = '' } = object.metadata as { readonly name?: string };
  for (let attempt = 1; ; attempt += 1) {
    const prepared = await prepare(parts, object, namespace, context);
    try {
      const options = { dryRun: context.dryRun };
      const created = await store.create(strategy.resource, prepared, options, context.signal);
      return decorated(parts, context.dryRun ? withoutRevision(created) : created);
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      const drawAgain = error.code === 'already-exists' && givenName === '' && attempt < maxNameAttempts;
      if (!drawAgain) throw fromStoreError(error, strategy.resource, prepared.metadata.name);
    }
  }
};
