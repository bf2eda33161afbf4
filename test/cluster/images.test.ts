import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { imageStreams, images } from '../../src/api/resources.ts';
import { anImage, push } from '../fakes/registry/index.ts';
import { type DockerRegistry, startDockerRegistry } from '../setup/docker-registry.ts';
import {
  administer,
  digestsOf,
  ensureNamespace,
  eventually,
  install,
  type RunningController,
  startController,
  streamOf,
} from './harness.ts';

const signal = AbortSignal.timeout(600_000);
const namespace = 'pruning';
const { store, client } = administer(inject('kubeconfig'));

describe('pruning of images', () => {
  let registry: DockerRegistry;
  let account: ReturnType<typeof install>;
  let running: RunningController;

  beforeAll(async () => {
    registry = await startDockerRegistry();
    account = install(inject('kubeconfig'));
    await ensureNamespace(store, namespace, signal);
    running = await startController(account.kubeconfig, ['--prune-images-after', '2s']);
  });
  afterAll(async () => {
    await running?.stop();
    await registry?.stop();
    account?.remove();
    await client.close();
  });

  it('deletes the images of a stream that is gone, and no others', async () => {
    const imported = async (name: string): Promise<string> => {
      const image = anImage({ name: `pruning ${name}` });
      await push({ url: `http://${registry.host}` }, name, image, 'main');
      await store.create(
        imageStreams,
        streamOf({ namespace, name }, `${registry.host}/${name}:main`),
        {},
        signal,
      );
      const key = { namespace, name };
      await eventually(
        async () => digestsOf(await store.get(imageStreams, key, signal)).length === 1,
        `the import of ${name}`,
      );
      return image.manifest.digest;
    };
    const isThere = async (name: string): Promise<boolean> =>
      (await store.get(images, { namespace: '', name }, signal)) !== undefined;

    const [stays, goes] = [await imported('stays'), await imported('goes')];
    expect([await isThere(stays), await isThere(goes)]).toEqual([true, true]);
    await store.delete(imageStreams, { namespace, name: 'goes' }, {}, signal);
    await eventually(async () => !(await isThere(goes)), 'the deletion of the image');
    expect(await isThere(stays)).toBe(true);
    expect(await (await fetch(`${running.metricsUrl()}/metrics`)).text()).toMatch(
      /^imagestreams_images_pruned_total [1-9]/m,
    );
  });
});
