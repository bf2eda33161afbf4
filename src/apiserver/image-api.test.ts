import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startImageServer } from '../../test/fakes/image-server.ts';

describe('the image API over HTTP', () => {
  let api: Awaited<ReturnType<typeof startImageServer>>;
  beforeAll(async () => {
    api = await startImageServer();
  });
  afterAll(() => api.close());

  describe.each(['imagestreamtags', 'imagetags'])('a list of %s', (plural) => {
    it('has no resourceVersion of its own', async () => {
      const { body } = await api.call('GET', plural);
      expect(body['metadata']).toEqual({});
    });

    it('is answered whatever revision the client has seen', async () => {
      for (const query of ['resourceVersion=0', 'resourceVersion=1', 'resourceVersion=7&limit=5'])
        expect({ query, status: (await api.call('GET', `${plural}?${query}`)).status }).toEqual({
          query,
          status: 200,
        });
    });
  });
});
