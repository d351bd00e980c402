import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['**/*.test.ts'],
    exclude: ['**/node_modules/**', 'data/**'],
    globalSetup: ['market/testing/test-postgres.ts'],
    // Two cores: more workers would only wait for one another, and for the one PostgreSQL server.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 120_000,
  },
})
