// npm run check: types, lint, tidy. Each prints what it found; the exit code says whether all hold.

import { spawnSync } from 'node:child_process'

/** The two checks that are programs of their own; tidy is a test. */
export const checks = [
  { name: 'types', command: ['tsc', '-p', '.'] },
  { name: 'lint', command: ['biome', 'check', '--error-on-warnings'] },
] as const

/** Runs one check with its output on this terminal. */
export function passes(check: { name: string; command: readonly string[] }): boolean {
  const [command, ...args] = check.command
  const { status, error } = spawnSync(command!, args, { stdio: 'inherit' })
  if (error) process.stderr.write(`${check.name}: ${error.message}\n`)
  const passed = status === 0
  process.stderr.write(`${passed ? 'ok' : 'FAILED'}  ${check.name}\n`)
  return passed
}

if (import.meta.main) {
  const tidy = { name: 'tidy', command: ['vitest', 'run', '--config', 'market/tidy.config.ts'] }
  const results = [...checks, tidy].map(passes)
  process.exitCode = results.every(Boolean) ? 0 : 1
}
