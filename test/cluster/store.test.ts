import { afterAll, describe, expect, inject, it } from 'vitest';
import { configMaps, namespaces } from '../../src/api/core.ts';
import type { KubernetesObject } from '../../src/api/meta.ts';
import type { Resource } from '../../src/api/resource.ts';
import { imageStreams, images } from '../../src/api/resources.ts';
import { createApiClient } from '../../src/kube/api-client.ts';
import { createClusterStore } from '../../src/kube/cluster-store.ts';
import { loadConnection } from '../../src/kube/connection.ts';
import { createThrottle } from '../../src/kube/throttle.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { isStoreError } from '../../src/store/errors.ts';
import { parseFieldSelector } from '../../src/store/field-selector.ts';
import type { Store } from '../../src/store/store.ts';
import { aStream, type StoreUnderTest, testStore } from '../contract/store.ts';

const signal = AbortSignal.timeout(600_000);
const client = createApiClient({
  connection: loadConnection(inject('kubeconfig')),
  throttle: createThrottle({ perSecond: 10_000, concurrency: 100 }),
  clock: systemClock,
  userAgent: 'test',
});
const store = createClusterStore({ client, clock: systemClock });
afterAll(() => client.close());

/** Removes every object of a resource, whatever holds it. */
const clear = async (resource: Resource): Promise<void> => {
  const { items } = await store.list(resource, {}, signal);
  for (const { metadata } of items.filter(({ metadata: { name } }) => name !== 'kube-root-ca.crt')) {
    const key = { namespace: metadata.namespace ?? '', name: metadata.name };
    const left = await store.delete(resource, key, {}, signal);
    if (left.metadata.finalizers !== undefined)
      await store.update(resource, { ...left, metadata: { ...left.metadata, finalizers: [] } }, {}, signal);
  }
};

/** A cluster has namespaces before it has objects in them; the suite writes wherever it likes. */
const withNamespaces = (inner: Store): Store => {
  const known = new Set<string>();
  const ensure = async (name: string): Promise<void> => {
    if (known.has(name) || name === '') return;
    const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name } };
    await inner.create(namespaces, object, {}, signal).catch((error: unknown) => {
      if (!isStoreError(error, 'already-exists')) throw error;
    });
    known.add(name);
  };
  return {
    ...inner,
    create: async (resource, object, options, stop) => {
      await ensure(object.metadata.namespace ?? '');
      return inner.create(resource, object, options, stop);
    },
  };
};

const shared = withNamespaces(store);

testStore(
  'the cluster driver',
  async (): Promise<StoreUnderTest> => {
    for (const resource of [imageStreams, images, configMaps])
      await clear(resource as Resource<KubernetesObject>);
    return { store: shared, close: () => Promise.resolve() };
  },
  {
    createKeepsStatus: false,
    takesAnyName: false,
    compacts: false,
    isOnlyWriter: false,
    watchesAsAsked: false,
  },
);

describe('the cluster driver', () => {
  const image = `sha256:${'a1'.repeat(32)}`;
  const raw = async (path: string): Promise<unknown> => client.request({ method: 'GET', path }, signal);

  it('names images in the cluster without a colon, and selects them by digest', async () => {
    const object = { apiVersion: 'image.openshift.io/v1', kind: 'Image', metadata: { name: image } };
    await store.create(images, object, {}, signal);
    const path = `/apis/image.openshift.io/v1/images/${image.replace(':', '-')}`;
    expect(await raw(path)).toMatchObject({ metadata: { name: image.replace(':', '-') } });
    const fields = parseFieldSelector(`metadata.name=${image}`);
    const { items } = await store.list(images, { fields }, signal);
    expect(items.map(({ metadata }) => metadata.name)).toEqual([image]);
    await store.delete(images, { namespace: '', name: image }, {}, signal);
    expect(await store.get(images, { namespace: '', name: image }, signal)).toBeUndefined();
  });

  it('says which objects are too large for etcd alone', async () => {
    const large = aStream('large', {
      spec: { tags: [{ name: 'a', annotations: { text: 'x'.repeat(2_000_000) } }] },
    });
    await expect(shared.create(imageStreams, large, {}, signal)).rejects.toMatchObject({
      name: 'StoreError',
      code: 'too-large',
    });
  });

  it('tells a resource that the cluster does not serve from an object that is missing', async () => {
    const unknown = { ...imageStreams, group: 'nobody.example', plural: 'things' };
    for (const read of [
      () => store.list(unknown, {}, signal),
      () => store.get(unknown, { namespace: 'shop', name: 'a' }, signal),
    ])
      await expect(read()).rejects.toMatchObject({
        code: 'unavailable',
        message: 'the cluster does not serve things.nobody.example',
      });
  });

  it('refuses keys that name nothing of the resource', async () => {
    await expect(store.get(imageStreams, { namespace: '', name: 'a' }, signal)).rejects.toMatchObject({
      code: 'invalid',
    });
    await expect(store.get(images, { namespace: 'shop', name: 'a' }, signal)).rejects.toMatchObject({
      code: 'invalid',
    });
  });

  it('keeps to its namespace where a selection names none', async () => {
    await shared.create(imageStreams, aStream('a'), {}, signal);
    await shared.create(imageStreams, aStream('b', { metadata: { namespace: 'other' } }), {}, signal);
    const only = createClusterStore({ client, clock: systemClock, namespace: 'other' });
    const { items, resourceVersion } = await only.list(imageStreams, {}, signal);
    expect(items.map(({ metadata }) => metadata.name)).toEqual(['b']);
    await shared.create(imageStreams, aStream('c'), {}, signal);
    await shared.create(imageStreams, aStream('d', { metadata: { namespace: 'other' } }), {}, signal);
    const stop = new AbortController();
    for await (const event of only.watch(imageStreams, { fromRevision: resourceVersion }, stop.signal)) {
      expect(event).toMatchObject({ type: 'ADDED', object: { metadata: { name: 'd' } } });
      stop.abort();
    }
  });
});
