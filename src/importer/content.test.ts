import { describe, expect, it } from 'vitest';
import { createFakeRegistry } from '../../test/fakes/registry-client.ts';
import { anonymous } from '../oci/index.ts';
import { createContentSource } from './content.ts';

const never = new AbortController().signal;
const repository = { registry: 'quay.example', repository: 'team/app' };
const scope = { repository, access: { keychain: anonymous, insecure: false } };

/** How often a config is fetched that is asked for twice, where 4 KiB are kept. */
const fetchesOf = async (config: Readonly<Record<string, unknown>>): Promise<number> => {
  const registry = createFakeRegistry();
  registry.addImage('quay.example/team/app', { config }, 'v1');
  const { manifest } = await registry.getManifest(
    { ...repository, target: { kind: 'tag', tag: 'v1' } },
    scope.access,
    never,
  );
  if (manifest.kind !== 'image') throw new Error('not an image');
  const content = createContentSource(registry, { maxBytes: 4_096 })(scope);
  await content.config(manifest.config, never);
  await content.config(manifest.config, never);
  return registry.asked().filter((what) => what.startsWith('GET config')).length;
};

describe('content that is kept', () => {
  it('counts by what it takes in memory, not by its text alone', async () => {
    const text = 'x'.repeat(600);
    const objects = Array.from({ length: 200 }, () => ({}));
    expect(JSON.stringify(objects).length).toBeLessThan(text.length + 10);
    expect(await fetchesOf({ text })).toBe(1);
    expect(await fetchesOf({ objects })).toBe(2);
  });
});
