// npm run audit: the invariants over a whole market, running or stopped. One line each; exit 1 on any break.

import path from 'node:path'
import { parseArgs } from 'node:util'
import { auditMarket } from './audit/audit-market.ts'

process.exitCode = await main()

async function main(): Promise<number> {
  let options: { data?: string | undefined; json?: boolean | undefined }
  try {
    options = parseArgs({ options: { data: { type: 'string' }, json: { type: 'boolean' } } }).values
  } catch (error) {
    process.stderr.write(`${(error as Error).message.split('. ')[0]}. Options: --data DIR --json.\n`)
    return 1
  }
  try {
    const lines = await auditMarket(path.resolve(options.data ?? 'data'))
    for (const line of lines) {
      const { invariant, name, ok, detail } = line
      process.stdout.write(
        options.json
          ? `${JSON.stringify(line)}\n`
          : `${ok ? 'ok    ' : 'BROKEN'} ${String(invariant).padStart(2)}  ${name.padEnd(10)} ${detail}\n`,
      )
    }
    return lines.every(({ ok }) => ok) ? 0 : 1
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error)
    process.stderr.write(`${problem}\n`)
    if (options.json) process.stdout.write(`${JSON.stringify({ ok: false, problem })}\n`)
    return 1
  }
}
