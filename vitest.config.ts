import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: { environment: 'happy-dom', include: ['{extension,packages,examples}/**/*.test.{ts,tsx}'] },
});
