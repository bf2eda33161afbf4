import type { RestStorage } from './rest-storage.ts';
import type { ResourceTarget } from './router.ts';

/** All resources of one group and version, in the order they were given. */
export type GroupVersion = {
  readonly group: string;
  readonly version: string;
  readonly storages: readonly RestStorage[];
};

/** What is served, found by name. */
export type Catalog = {
  readonly groupVersions: readonly GroupVersion[];
  readonly find: (target: Pick<ResourceTarget, 'group' | 'version' | 'plural'>) => RestStorage | undefined;
};

const keyOf = ({ group, version, plural }: Pick<ResourceTarget, 'group' | 'version' | 'plural'>): string =>
  `${group}/${version}/${plural}`;

/**
 * Indexes the storages that a server is made of.
 *
 * @throws {Error} when two of them serve the same resource.
 */
export const createCatalog = (storages: readonly RestStorage[]): Catalog => {
  const byKey = new Map<string, RestStorage>();
  const byGroupVersion = new Map<string, RestStorage[]>();
  for (const storage of storages) {
    const key = keyOf(storage.resource);
    if (byKey.has(key)) throw new Error(`two storages serve ${key}`);
    byKey.set(key, storage);
    const { group, version } = storage.resource;
    byGroupVersion.set(`${group}/${version}`, [
      ...(byGroupVersion.get(`${group}/${version}`) ?? []),
      storage,
    ]);
  }
  const groupVersions = [...byGroupVersion.values()].flatMap((members) => {
    const [first] = members;
    return first === undefined
      ? []
      : [{ group: first.resource.group, version: first.resource.version, storages: members }];
  });
  return { groupVersions, find: (target) => byKey.get(keyOf(target)) };
};
