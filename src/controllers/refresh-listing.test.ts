import { describe, expect, it } from 'vitest';
import { createManualClock } from '../../test/fakes/clock.ts';
import { createFakeRegistry } from '../../test/fakes/registry-client.ts';
import type { ImageStream } from '../api/image-stream.ts';
import type { Stored } from '../api/meta.ts';
import { createImporter } from '../importer/index.ts';
import { createDueTags } from './due-tags.ts';
import { createListing } from './refresh-listing.ts';

const never = new AbortController().signal;
const repository = 'quay.example/team/app';
const key = { namespace: 'team', name: 'app' };

const stream: Stored<ImageStream> = {
  apiVersion: 'image.openshift.io/v1',
  kind: 'ImageStream',
  metadata: {
    ...key,
    uid: 'u',
    resourceVersion: '1',
    creationTimestamp: '2026-01-01T00:00:00Z',
    annotations: { 'imagestreams.dev/scheduled': 'true' },
  },
  spec: { dockerImageRepository: repository },
  status: { repository: { fingerprint: 'x', imported: true }, tags: [{ tag: '1.0', items: [] }] },
};

const setUp = (maxTagsPerRepository = 500) => {
  const clock = createManualClock();
  const registry = createFakeRegistry();
  const dueTags = createDueTags();
  for (const tag of ['1.0', '1.1', '1.2']) registry.addImage(repository, {}, tag);
  const listing = createListing({
    streams: { get: () => stream, list: () => [stream] },
    importer: createImporter({ client: registry, clock }),
    keychains: async () => () => [],
    clock,
    dueTags,
    retries: { awaits: () => false },
    enqueue: () => undefined,
    settings: { maxTagsPerRepository },
  });
  const member = { key, tag: '' };
  const refresh = {
    reference: repository,
    importMode: 'Legacy',
    credentialClass: '',
    intervalMs: 1,
  } as const;
  const group = { refresh, request: { from: repository, insecure: false }, members: [member] };
  /** Asks; what the stream is told of. */
  const ask = async () => {
    const listener = { member, stream };
    const { tell } = await listing.ask(group, [listener], never);
    const isNews = tell(listener, clock.now());
    const due = dueTags.take(key).get('');
    return { isNews, listed: due?.listed };
  };
  return { registry, listing, ask };
};

describe('a listing', () => {
  it('tells a stream of the tags that it has not seen', async () => {
    const { ask } = setUp();
    expect(await ask()).toEqual({ isNews: true, listed: { tags: ['1.2', '1.1'], additionalTags: [] } });
  });

  it('offers what a stream has no room for once, and again when the stream has changed or there is more', async () => {
    const { ask, listing, registry } = setUp();
    expect((await ask()).isNews).toBe(true);
    expect(await ask()).toEqual({ isNews: false, listed: undefined });
    listing.changed(key);
    expect((await ask()).isNews).toBe(true);
    expect((await ask()).isNews).toBe(false);
    registry.addImage(repository, {}, '1.3');
    expect((await ask()).listed).toEqual({ tags: ['1.3', '1.2', '1.1'], additionalTags: [] });
  });

  it('counts the limit over all tags that pass, not over those that are new', async () => {
    const { ask } = setUp(2);
    expect((await ask()).listed).toEqual({ tags: ['1.2', '1.1'], additionalTags: ['1.0'] });
  });
});
