// npm run bench -- NAME --json: one figure a line, each a ratio against something else measured in the same run.

import { parseArgs } from 'node:util'

/** One figure. `ratio` is value ÷ reference in the sense that the figure's target is stated in. */
export interface BenchLine {
  readonly bench: string
  readonly value: number
  readonly unit: string
  /** What the reference is. */
  readonly against: string
  readonly reference: number
  readonly ratio: number
  readonly [detail: string]: string | number | readonly number[]
}

export interface BenchOptions {
  readonly databaseUrl: string | null
}

export type Bench = (options: BenchOptions) => AsyncIterable<BenchLine>

/** The name on the command line is the file's. */
const BENCHES = ['restock', 'sale', 'line', 'supply', 'growth', 'console'] as const

if (import.meta.main) {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { json: { type: 'boolean' }, 'database-url': { type: 'string' } },
  })
  const name = BENCHES.find((bench) => bench === positionals[0])
  if (!name) {
    process.stderr.write(`Say which: npm run bench -- ${BENCHES.join('|')} --json\n`)
    process.exit(1)
  }
  const { bench } = (await import(`./${name}.ts`)) as { bench: Bench }
  for await (const line of bench({ databaseUrl: values['database-url'] ?? null })) {
    process.stdout.write(
      values.json
        ? `${JSON.stringify(line)}\n`
        : `${line.bench}: ${line.value} ${line.unit}, ${line.ratio} of ${line.against} (${line.reference})\n`,
    )
  }
  process.exit(0)
}
