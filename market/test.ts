// npm test: types, lint, then every test. The last line counts; each skip is named above it.
// PEERS=required makes a missing peer (xmlsec1, a JDK, SoftHSM2, chromium) fail instead of skip.

import { startVitest } from 'vitest/node'
import { checks, passes } from './check.ts'

const filters = process.argv.slice(2).filter((option) => !option.startsWith('-'))
let passed = 0
let failed = 0
const skipped: string[] = []

if (filters.length === 0) {
  for (const check of checks) {
    if (passes(check)) passed++
    else failed++
  }
}

const vitest = await startVitest('test', filters, { watch: false, run: true })
for (const module of vitest.state.getTestModules()) {
  // A file that does not even load has no tests to count: it counts as one failure.
  if (module.errors().length > 0) failed++
  for (const test of module.children.allTests()) {
    const { state } = test.result()
    if (state === 'passed') passed++
    else if (state === 'failed') failed++
    else skipped.push(`${module.relativeModuleId} > ${test.fullName}`)
  }
}
failed += vitest.state.getUnhandledErrors().length
await vitest.close()

for (const name of skipped) process.stdout.write(`skipped: ${name}\n`)
process.stdout.write(`${passed} passed, ${failed} failed\n`)
process.exit(failed > 0 || passed === 0 ? 1 : 0)
