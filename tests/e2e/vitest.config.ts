import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['tests/e2e/**/*.test.ts'],
    // Two browsers and a mixnet are enough for two cores.
    fileParallelism: false,
    // No test is about time. These end a run in which something waits for ever.
    testTimeout: 300_000,
    hookTimeout: 120_000,
  },
});
