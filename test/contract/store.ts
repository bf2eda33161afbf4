import fc from 'fast-check';
import { describe, it } from 'vitest';
import { testDeletes } from './store/deletes.ts';
import { testLists } from './store/lists.ts';
import { checkProgram, storePrograms } from './store/model.ts';
import { testOddObjects } from './store/odd-objects.ts';
import { createStoreScene, type StoreCapabilities, type StoreUnderTest, signal } from './store/scene.ts';
import { testWatches } from './store/watches.ts';
import { testWrites } from './store/writes.ts';

export { aStream, type StoreUnderTest } from './store/scene.ts';

/**
 * What every driver of the `Store` port does, whatever it stands on.
 *
 * Called by the test of each driver; `createStore` gives a fresh one.
 */
export const testStore = (
  name: string,
  createStore: () => Promise<StoreUnderTest>,
  capabilities: StoreCapabilities,
): void => {
  describe(`${name} as a store`, () => {
    const scene = createStoreScene(createStore);

    testWrites(scene, capabilities);
    testDeletes(scene, capabilities);
    testLists(scene, capabilities);
    testWatches(scene, capabilities);
    testOddObjects(scene, capabilities);

    it('agrees with a simple model about any program of writes', async () => {
      let run = 0;
      await fc.assert(
        fc.asyncProperty(storePrograms, async (program) => {
          run += 1;
          const options = { namespace: `run${run}`, isAtomic: capabilities.createKeepsStatus };
          await checkProgram(scene.store, program, options, signal);
        }),
        { numRuns: 30 },
      );
    });
  });
};
