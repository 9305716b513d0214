import { defineConfig } from 'vitest/config';

// Tests that need no database: they run without starting one.
const unit = ['test/unit/**/*.test.ts', 'test/providers/**/*.test.ts', 'test/sandbox/**/*.test.ts'];

export default defineConfig({
  // Without the alias two copies of graphql meet: the ESM one of our imports and the CJS one of type-graphql.
  resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
  test: {
    testTimeout: 30_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    projects: [
      { extends: true, test: { name: 'unit', include: unit } },
      {
        extends: true,
        test: {
          name: 'full',
          include: ['test/**/*.test.ts'],
          exclude: unit,
          globalSetup: ['test/support/global-setup.ts'],
        },
      },
    ],
  },
});
