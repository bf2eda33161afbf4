import { describe, expect, it } from 'vitest';
import { configMaps } from '../../../src/api/core.ts';
import type { ImageStream } from '../../../src/api/image-stream.ts';
import { imageStreams, images } from '../../../src/api/resources.ts';
import { parseLabelSelector } from '../../../src/store/label-selector.ts';
import {
  aConfigMap,
  aStream,
  refused,
  type StoreCapabilities,
  type StoreScene,
  signal,
  withText,
} from './scene.ts';

/** What every driver does about objects that are large or strange. */
export const testOddObjects = (scene: StoreScene, capabilities: StoreCapabilities): void => {
  const { create, get } = scene;

  describe('odd objects', () => {
    it('refuses an object that is too large, and keeps what was there', async () => {
      const created = await create(aStream('app'));
      const large = { ...created, spec: withText(4_000_000) };
      await expect(scene.store.update(imageStreams, large, {}, signal)).rejects.toEqual(refused('too-large'));
      await expect(create({ ...large, metadata: { ...large.metadata, name: 'other' } })).rejects.toEqual(
        refused('too-large'),
      );
      expect(await get('app')).toEqual(created);
    });

    it('takes an object of 1 MiB', async () => {
      const spec = withText(1024 * 1024);
      const created = await create(aStream('app', { spec }));
      expect((await get('app'))?.spec).toMatchObject(spec);
      expect(created.spec).toMatchObject(spec);
    });

    it('keeps texts of every kind', async () => {
      const annotations = {
        quotes: `'"\\`,
        controls: '\u0000\n\t',
        emoji: '🦭 naïve',
        sql: "'; DROP TABLE objects; --",
      };
      await create(aStream('app', { metadata: { annotations } }));
      expect((await get('app'))?.metadata.annotations).toEqual(annotations);
    });

    it('gives back what it was given when that is changed later', async () => {
      const labels = { a: '1' };
      const object = aStream('app', { metadata: { labels } });
      const created = await create(object);
      labels.a = '2';
      expect(created.metadata.labels).toEqual({ a: '1' });
      expect((await get('app'))?.metadata.labels).toEqual({ a: '1' });
    });

    it('drops members that are undefined', async () => {
      const created = await create({ ...aStream('app'), spec: undefined } as unknown as ImageStream);
      expect(created).not.toHaveProperty('spec');
    });

    it.runIf(capabilities.takesAnyName)('treats names of JavaScript as any other', async () => {
      const names = ['__proto__', 'constructor', 'toString', 'hasOwnProperty'];
      for (const name of names) {
        const data = JSON.parse(`{"${name}":"value"}`) as Record<string, string>;
        await scene.store.create(
          configMaps,
          { ...aConfigMap(name, data), metadata: { name, namespace: name, labels: data } },
          {},
          signal,
        );
      }
      const { items } = await scene.store.list(configMaps, {}, signal);
      expect(items.map(({ metadata }) => metadata.name)).toEqual(names.toSorted());
      for (const name of names) {
        const stored = await scene.store.get(configMaps, { namespace: name, name }, signal);
        expect(Object.entries(stored?.data ?? {})).toEqual([[name, 'value']]);
        const selected = await scene.store.list(
          configMaps,
          { labels: parseLabelSelector('constructor=value') },
          signal,
        );
        expect(selected.items.map(({ metadata }) => metadata.name)).toEqual(['constructor']);
      }
      expect(
        await scene.store.get(configMaps, { namespace: 'valueOf', name: 'valueOf' }, signal),
      ).toBeUndefined();
    });

    it('names images by their digest', async () => {
      const name = `sha256:${'0f'.repeat(32)}`;
      const image = { apiVersion: 'image.openshift.io/v1', kind: 'Image', metadata: { name } };
      const created = await scene.store.create(images, image, {}, signal);
      expect(created.metadata.name).toBe(name);
      expect((await scene.store.list(images, {}, signal)).items).toEqual([created]);
    });
  });
};
