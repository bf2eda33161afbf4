import { defineConfig } from 'vitest/config';

/** What needs a real kube-apiserver: `npm run test:cluster`. */
export default defineConfig({
  test: {
    setupFiles: ['test/setup/seed.ts'],
    include: ['test/cluster/**/*.test.ts'],
    exclude: ['**/*.full.test.ts'],
    globalSetup: ['test/cluster/setup.ts'],
    // One server for all files, whose contents they count.
    fileParallelism: false,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
});
