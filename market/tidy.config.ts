import { defineConfig } from 'vitest/config'

// The tidy test alone reads files and needs no database.
export default defineConfig({ test: { include: ['tidy.test.ts'] } })
