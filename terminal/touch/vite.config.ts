import react from '@vitejs/plugin-react'
import { defineConfig } from 'vite'

// Built once, at the first start or when a screen's source changed; the terminal's api serves the result.
export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  build: { outDir: 'dist', emptyOutDir: true, target: 'es2022', chunkSizeWarningLimit: 1500 },
  logLevel: 'warn',
})
