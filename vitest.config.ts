import { configDefaults, defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    setupFiles: ['test/setup/seed.ts'],
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    // Those in test/cluster need a kube-apiserver: `npm run test:cluster`.
    exclude: [...configDefaults.exclude, '**/*.full.test.ts', 'test/cluster/**'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
