import { describe, expect, it } from 'vitest';
import { aRestContext } from '../../../test/fakes/rest-context.ts';
import { MemoryStore } from '../../../test/fakes/store.ts';
import { type Secret, secrets } from '../../api/core.ts';
import { createImageStreamSecretsStorage } from './image-stream-secrets.ts';

const aSecret = (name: string, type: string, parts: Partial<Secret['metadata']> = {}): Secret => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name, namespace: 'ns', ...parts },
  type,
  data: { k: 'eA==' },
});

describe('imagestreams/secrets', () => {
  it('lists the pull secrets of the namespace and no others', async () => {
    const store = new MemoryStore();
    const json = 'kubernetes.io/dockerconfigjson';
    for (const secret of [
      aSecret('a', json),
      aSecret('b', 'kubernetes.io/dockercfg'),
      aSecret('c', 'Opaque'),
      aSecret('d', json, { annotations: { 'openshift.io/image.excludeSecret': 'true' } }),
      aSecret('e', json, { namespace: 'other' }),
    ])
      await store.create(secrets, secret, {}, new AbortController().signal);
    const list = await createImageStreamSecretsStorage({ store }).get?.(
      { namespace: 'ns', name: 'any' },
      aRestContext(),
    );
    expect(list).toMatchObject({
      apiVersion: 'image.openshift.io/v1',
      kind: 'SecretList',
      metadata: { resourceVersion: '5' },
    });
    expect(list?.items.map(({ metadata }) => metadata?.name)).toEqual(['a', 'b']);
    expect(list?.items[0]).toMatchObject({ type: json, data: { k: 'eA==' } });
    expect(list?.items[0]).not.toHaveProperty('kind');
  });
});
