import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

// Built once, at the first start or when a screen's source changed; the terminal's api serves the result.
// Packages are looked for beside the name by which the screen was found, and not beside its true one, which may have
// characters that a bundler takes for its own.
export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  resolve: { preserveSymlinks: true },
  build: { outDir: 'dist', emptyOutDir: true, target: 'es2022', chunkSizeWarningLimit: 1500 },
  logLevel: 'warn',
})
