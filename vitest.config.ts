import { configDefaults, defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    exclude: [...configDefaults.exclude, '**/*.full.test.ts'],
    testTimeout: 30_000,
    hookTimeout: 60_000,
  },
});
