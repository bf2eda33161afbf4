import { anImage, push } from '../test/fakes/registry/index.ts';
import { startDockerRegistry } from '../test/setup/docker-registry.ts';
import type { Bench } from './bench.ts';

/** Fills repositories `one` (1 tag), `fifty` (50 tags) and `app` (`tags` tags of `images` images) of a real registry. */
export const startFilledRegistry = async (
  bench: Bench,
  { tags, images }: { readonly tags: number; readonly images: number },
) => {
  const registry = await startDockerRegistry();
  bench.cleanup(registry.stop);
  const target = { url: `http://${registry.host}` };
  const fill = async (repository: string, tagCount: number, imageCount: number): Promise<void> => {
    for (let index = 0; index < tagCount; index += 1) {
      bench.signal.throwIfAborted();
      await push(target, repository, anImage({ name: `image${index % imageCount}` }), `v${index}`);
    }
  };
  await fill('one', 1, 1);
  await fill('fifty', bench.size === 'smoke' ? 2 : 50, 10);
  await fill('app', tags, images);
  return registry;
};

/** Waits for the access log to fall silent: it comes through a pipe, a little after the answers. */
export const settledLog = async (
  registry: Awaited<ReturnType<typeof startDockerRegistry>>,
): Promise<readonly string[]> => {
  for (let known = -1; known !== registry.log().length; ) {
    known = registry.log().length;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return registry.log();
};
