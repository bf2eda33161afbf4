import { CustomObjectsApi, KubeConfig, type KubernetesObject, makeInformer } from '@kubernetes/client-node';
import type { Change } from './changes.ts';
import type { Reader, ReaderOptions } from './reader.ts';

const group = 'image.openshift.io';
const version = 'v1';
const plural = 'imagestreams';

/** Follows the streams of a namespace with an informer of `@kubernetes/client-node`, started again whenever it gives up. */
export const startClientNode = async ({ place, namespace }: ReaderOptions): Promise<Reader> => {
  const config = new KubeConfig();
  config.loadFromClusterAndUser(
    { name: 'server', server: place.url, skipTLSVerify: true },
    { name: 'user', token: place.token },
  );
  const api = config.makeApiClient(CustomObjectsApi);
  const informer = makeInformer<KubernetesObject>(
    config,
    `/apis/${group}/${version}/namespaces/${namespace}/${plural}`,
    () => api.listNamespacedCustomObject({ group, version, namespace, plural }),
  );
  const told: Change[] = [];
  const tell =
    (type: string) =>
    ({ metadata = {} }: KubernetesObject): void => {
      const { name = '', uid = '', resourceVersion = '' } = metadata;
      told.push({ type, name, uid, revision: resourceVersion });
    };
  informer.on('add', tell('ADDED'));
  informer.on('update', tell('MODIFIED'));
  informer.on('delete', tell('DELETED'));
  let isOver = false;
  const start = async (): Promise<void> => {
    try {
      await informer.start();
    } catch {
      // Cut off while it listed; that is what is tested.
      again();
    }
  };
  const again = (): void => {
    if (!isOver) setTimeout(() => void start(), 20);
  };
  informer.on('error', again);
  await informer.start();
  return {
    told: () => told,
    stop: async () => {
      isOver = true;
      await informer.stop();
    },
  };
};
