// What may stand behind `npm start --`.

import path from 'node:path'
import { parseArgs } from 'node:util'

export interface DemoOptions {
  readonly dataDir: string
  /** Stop after the first ticket and the sales asked for; the printer is unpaced. */
  readonly once: boolean
  readonly json: boolean
  /** Stock files, each of one operator; then the only stock of the products they name. */
  readonly stockFiles: readonly string[]
  readonly terminals: number
  /** Further sales after the first ticket. */
  readonly sell: number
  readonly databaseUrl: string | null
  /** A terminal whose store was damaged keeps it aside and enrols as a new one. */
  readonly beginAnew: boolean
  /** Bring the offices' databases up to date, with what only a stopped market allows, and start nothing. */
  readonly migrateOnly: boolean
}

/** More terminals than this are a load test, not a demo. */
const MOST_TERMINALS = 20
const MOST_SALES = 10_000

/** Reads the command line, or says in one sentence what is wrong with it. */
export function readOptions(args: readonly string[]): DemoOptions | { readonly problem: string } {
  let values: ReturnType<typeof parse>
  try {
    values = parse(args)
  } catch (error) {
    return {
      problem: `${(error as Error).message.split('. ')[0]}. Options: --once --json --data DIR --stock FILE --terminals N --sell N --database-url URL --begin-anew --migrate-only.`,
    }
  }
  const terminals = wholeNumber(values.terminals ?? '1', 1, MOST_TERMINALS)
  if (terminals === null) return { problem: `--terminals takes a whole number from 1 to ${MOST_TERMINALS}.` }
  const sell = wholeNumber(values.sell ?? '0', 0, MOST_SALES)
  if (sell === null) return { problem: `--sell takes a whole number from 0 to ${MOST_SALES}.` }
  const databaseUrl = values['database-url'] ?? null
  if (databaseUrl !== null && !/^postgres(ql)?:\/\//.test(databaseUrl)) {
    return {
      problem: '--database-url takes an address of the form postgres://user:password@host:port/database.',
    }
  }
  return {
    dataDir: path.resolve(values.data ?? 'data'),
    once: values.once ?? false,
    json: values.json ?? false,
    stockFiles: (values.stock ?? []).map((file) => path.resolve(file)),
    terminals,
    sell,
    databaseUrl,
    beginAnew: values['begin-anew'] ?? false,
    migrateOnly: values['migrate-only'] ?? false,
  }
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    options: {
      data: { type: 'string' },
      once: { type: 'boolean' },
      json: { type: 'boolean' },
      stock: { type: 'string', multiple: true },
      terminals: { type: 'string' },
      sell: { type: 'string' },
      'database-url': { type: 'string' },
      'begin-anew': { type: 'boolean' },
      'migrate-only': { type: 'boolean' },
    },
  }).values
}

function wholeNumber(text: string, least: number, most: number): number | null {
  const value = Number(text)
  return /^\d+$/.test(text) && value >= least && value <= most ? value : null
}
