import { excludeSecretAnnotation } from '../../api/annotations.ts';
import { type Secret, secrets } from '../../api/core.ts';
import type { ObjectMeta, Stored } from '../../api/meta.ts';
import { apiVersionOf } from '../../api/resource.ts';
import { imageStreamSecrets } from '../../api/resources.ts';
import type { SecretList } from '../../api/secret-list.ts';
import type { Store } from '../../store/store.ts';
import type { RestStorage } from '../rest-storage.ts';
import { nameColumn } from './columns.ts';
import { withoutGeneration } from './without-generation.ts';

const pullSecretTypes = ['kubernetes.io/dockercfg', 'kubernetes.io/dockerconfigjson'];

const isPullSecret = ({ type = '', metadata }: Secret): boolean =>
  pullSecretTypes.includes(type) && metadata.annotations?.[excludeSecretAnnotation] !== 'true';

/** The items of a list do not repeat its kind. */
const asItem = (secret: Stored<Secret>): SecretList['items'][number] => {
  const { apiVersion: _apiVersion, kind: _kind, ...item } = withoutGeneration(secret);
  return item;
};

/** The pull secrets of a stream's namespace (openshift-semantics §5.6); the stream itself does not matter. */
export const createImageStreamSecretsStorage = ({
  store,
}: {
  readonly store: Store;
}): RestStorage<SecretList> => ({
  resource: imageStreamSecrets,
  columns: [nameColumn],

  async get({ namespace }, { signal }) {
    const { items, resourceVersion } = await store.list(secrets, { namespace }, signal);
    return {
      apiVersion: apiVersionOf(imageStreamSecrets),
      kind: imageStreamSecrets.kind,
      // A list has no name of its own.
      metadata: { resourceVersion } as ObjectMeta,
      items: items.filter(isPullSecret).map(asItem),
    };
  },
});
