import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

const client = join(import.meta.dirname, 'packages/client/src');

export default defineConfig({
  resolve: {
    alias: [
      { find: /^sotto-client$/, replacement: join(client, 'index.ts') },
      { find: /^sotto-client\/testing$/, replacement: join(client, 'testing/index.ts') },
    ],
  },
  test: { environment: 'happy-dom', include: ['{extension,packages,examples}/**/*.test.{ts,tsx}'] },
});
