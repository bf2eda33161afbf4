import { isTerminating, type Namespace, terminating } from '../api/core.ts';
import { failure, StatusError } from '../api/status.ts';
import { forbiddenError, isNotFound, notFoundError } from './errors.ts';
import type { GenericStorage } from './generic-storage.ts';
import type { RestContext, RestStorage } from './rest-storage.ts';

/**
 * Makes the check that comes before everything that creates an object in a namespace: the namespace must exist, and stay.
 *
 * @see https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#namespacelifecycle
 */
export const createNamespaceCheck =
  (namespaces: RestStorage | undefined) =>
  async (namespace: string, context: RestContext): Promise<void> => {
    if (namespace === '' || namespaces?.get === undefined) return;
    const found = await namespaces.get({ namespace: '', name: namespace }, context);
    if (isTerminating(found as Namespace))
      throw new StatusError(
        failure(
          'Forbidden',
          `unable to create new content in namespace ${namespace} because it is being terminated`,
          {
            name: namespace,
            kind: 'namespaces',
            causes: [
              {
                reason: 'NamespaceTerminating',
                message: `namespace ${namespace} is being terminated`,
                field: 'metadata.namespace',
              },
            ],
          },
        ),
      );
  };

/** The namespace that is always there. */
const permanent = 'default';

const holdsObjects = async (
  storage: RestStorage,
  namespace: string,
  context: RestContext,
): Promise<boolean> => {
  const left = await storage.list?.({ namespace, limit: 1 }, context);
  return left !== undefined && left.items.length > 0;
};

/**
 * Namespaces that take their contents with them: marked as terminating first, so that nothing new gets in, then emptied, then deleted.
 *
 * A deletion that was interrupted, or that finalizers of the contents hold up, leaves the mark, by which a controller completes it.
 */
export const withContentsDeleted = (
  namespaces: GenericStorage<Namespace>,
  contents: readonly RestStorage[],
): Omit<GenericStorage<Namespace>, 'deleteCollection'> => {
  const emptied = contents.filter(
    (storage) => storage.resource.namespaced && storage.deleteCollection !== undefined,
  );
  const remove: GenericStorage<Namespace>['delete'] = async (key, options, context) => {
    if (key.name === permanent)
      throw forbiddenError(namespaces.resource, key.name, 'this namespace may not be deleted');
    if (context.dryRun) return namespaces.delete(key, options, context);
    const { uid, resourceVersion } = options;
    const mark = await namespaces.subresources?.['status']?.update?.(
      key,
      (old) => {
        if (old === undefined) throw notFoundError(namespaces.resource, key.name);
        const expected = {
          ...(uid === undefined ? {} : { uid }),
          ...(resourceVersion === undefined ? {} : { resourceVersion }),
        };
        const terminated = {
          ...old,
          metadata: { ...old.metadata, ...expected },
          status: { phase: terminating },
        };
        return terminated;
      },
      context,
    );
    const marked = mark?.object as Namespace | undefined;
    for (const storage of emptied) await storage.deleteCollection?.({ namespace: key.name }, context);
    try {
      for (const storage of emptied)
        if (await holdsObjects(storage, key.name, context)) return await namespaces.get(key, context);
      return await namespaces.delete(key, { uid }, context);
    } catch (error) {
      // What completes interrupted deletions was faster.
      if (marked === undefined || !isNotFound(error)) throw error;
      return marked;
    }
  };
  // As in Kubernetes: nobody deletes all of them by one request.
  const verbs: RestStorage<Namespace> = { ...namespaces, delete: remove };
  delete verbs.deleteCollection;
  return verbs as Omit<GenericStorage<Namespace>, 'deleteCollection'>;
};
