import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { testStore } from '../../test/contract/store.ts';
import { systemClock } from '../lib/clock.ts';
import { openEmbeddedStore } from './index.ts';

testStore(
  'the embedded driver',
  async () => {
    const directory = mkdtempSync(join(tmpdir(), 'store-'));
    const store = openEmbeddedStore({ file: join(directory, 'store.db'), clock: systemClock });
    return {
      store,
      close: async () => {
        await store.close();
        rmSync(directory, { recursive: true });
      },
    };
  },
  { createKeepsStatus: true },
);
