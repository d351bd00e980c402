// npm run scenario: one story of market/scenarios, by the real processes. Progress on standard output, a line each;
// exit 1 where something does not hold.

import path from 'node:path'
import { parseArgs } from 'node:util'
import { runAYear, WHOLE_YEAR } from './scenarios/a-year-passes.ts'
import {
  ALL_MOMENTS,
  killAtAnyMoment,
  LEAST_UNDER_WAY,
  leftovers,
  type Strike,
} from './scenarios/killed-at-any-moment.ts'
import { runPriceOfTomorrow } from './scenarios/price-of-tomorrow.ts'
import { ALL_OF_TWO_CENTRES, runTwoCentres } from './scenarios/two-centres.ts'

interface Options {
  readonly dataDir: string
  /** Null: as many as the story has. */
  readonly moments: number | null
  readonly orders: number | null
  readonly days: number | null
  readonly terminals: number | null
}

/** Each tells its story and returns whether everything held. */
const STORIES: Readonly<Record<string, (options: Options) => Promise<boolean>>> = {
  'a-year-passes': aYearPasses,
  'killed-at-any-moment': killedAtAnyMoment,
  'price-of-tomorrow': priceOfTomorrow,
  'two-centres': twoCentres,
}

process.exitCode = await main()

async function main(): Promise<number> {
  try {
    const { values, positionals } = parseArgs({
      options: {
        data: { type: 'string' },
        moments: { type: 'string' },
        orders: { type: 'string' },
        days: { type: 'string' },
        terminals: { type: 'string' },
      },
      allowPositionals: true,
    })
    const [name = ''] = positionals
    const story = Object.hasOwn(STORIES, name) ? STORIES[name] : undefined
    if (!story)
      throw new Error(`There is no scenario "${name}". There is: ${Object.keys(STORIES).join(', ')}.`)
    const dataDir = path.resolve(values.data ?? 'data')
    const counts = {
      moments: countOf('--moments', values.moments),
      orders: countOf('--orders', values.orders),
      days: countOf('--days', values.days),
      terminals: countOf('--terminals', values.terminals),
    }
    return (await story({ dataDir, ...counts })) ? 0 : 1
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
    return 1
  }
}

function countOf(name: string, text: string | undefined): number | null {
  if (text === undefined) return null
  const count = Number(text)
  if (!(Number.isInteger(count) && count > 0)) throw new Error(`${name} takes a whole number above 0.`)
  return count
}

async function killedAtAnyMoment({ dataDir, moments }: Options): Promise<boolean> {
  const say = (line: Strike | object) => process.stdout.write(`${JSON.stringify(line)}\n`)
  const strikes = await killAtAnyMoment(dataDir, moments ?? ALL_MOMENTS, say)
  const left = await leftovers(dataDir)
  const problems = strikes.reduce((sum, strike) => sum + strike.problems.length, left.length)
  const kindOf = ({ killed }: Strike) => killed.replace(/^all .*/, 'all')
  const during = inTimeBy(strikes, (strike) => strike.during)
  const killed = inTimeBy(strikes, kindOf)
  const missed =
    strikes.length >= ALL_MOMENTS && Object.values(during).some((times) => times < LEAST_UNDER_WAY)
  const ok = problems === 0 && !missed
  say({ ok, moments: strikes.length, during, killed, problems, left })
  return ok
}

async function aYearPasses({ dataDir, days, terminals }: Options): Promise<boolean> {
  const size = { days: days ?? WHOLE_YEAR.days, terminals: terminals ?? WHOLE_YEAR.terminals }
  const result = await runAYear(dataDir, size, (progress) => process.stdout.write(`${progress}\n`))
  process.stdout.write(`${JSON.stringify(result)}\n`)
  return result.ok
}

async function priceOfTomorrow({ dataDir }: Options): Promise<boolean> {
  const result = await runPriceOfTomorrow(dataDir, (progress) => process.stdout.write(`${progress}\n`))
  process.stdout.write(`${JSON.stringify(result)}\n`)
  return result.ok
}

async function twoCentres({ dataDir, orders }: Options): Promise<boolean> {
  const size = { ...ALL_OF_TWO_CENTRES, ...(orders !== null && { orders }) }
  const result = await runTwoCentres(dataDir, size, (progress) => process.stdout.write(`${progress}\n`))
  process.stdout.write(`${JSON.stringify(result)}\n`)
  return result.ok
}

/** How many of each came while what they are about was under way. */
function inTimeBy(strikes: readonly Strike[], nameOf: (strike: Strike) => string): Record<string, number> {
  const named = [...Map.groupBy(strikes, nameOf)]
  return Object.fromEntries(named.map(([name, all]) => [name, all.filter(({ underWay }) => underWay).length]))
}
