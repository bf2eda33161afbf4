import { defineConfig } from 'vitest/config';

/** The long tests, load and soak: `npm run test:full`. One file at a time, because they measure. */
export default defineConfig({
  test: {
    setupFiles: ['test/setup/seed.ts'],
    include: ['src/**/*.full.test.ts', 'test/**/*.full.test.ts'],
    passWithNoTests: true,
    fileParallelism: false,
    testTimeout: 300_000,
    hookTimeout: 120_000,
  },
});
