// The moments at which a killer strikes: each brings the market to where something is on its way, and says when.

import fs from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { setTimeout as sleep } from 'node:timers/promises'
import { STORE_FILE } from '@scratchless/terminal/config'
import { type HttpPerson, httpPerson } from '../demo/http-person.ts'
import { OPERATORS, productsOf } from '../demo/parties.ts'
import { STAFF } from '../demo/start-market.ts'
import type { Seeded } from '../forgeries/seeded.ts'
import type { MarketRun } from './run-market.ts'

export interface Moment {
  /** What is on its way. */
  readonly name: string
  /** Where it is told: the story's folder, or one of its own. */
  readonly dataDir: string
  /** What it leaves on the disk, beside the story's folder. */
  readonly leaves: string | null
  /** Who is killed, round after round: `all`, or a kind of process that has a hand in it. */
  readonly victims: readonly string[]
  /** Options of `npm start --once`, without the folder. */
  readonly options: readonly string[]
  /** Those that the next start has too. */
  readonly kept: readonly string[]
  /** Resolves when it is on its way; the killer waits up to `withinMs` more. */
  readonly reached: (run: MarketRun) => Promise<void>
  readonly withinMs: number
  /** Whether it still is on its way. */
  readonly underWay: (run: MarketRun) => Promise<boolean>
}

interface Story {
  readonly dataDir: string
  readonly seeded: Seeded
  /** Different for each moment of a story. */
  readonly number: number
}

export const MOMENTS: readonly ((story: Story) => Moment)[] = [
  opening,
  importing,
  restocking,
  supplying,
  receipting,
  selling,
]

/** Longer than a first start takes to its first import. */
const OPENED_WITHIN_MS = 6_000

/** A market's very first start: database, keys and programs are being made, in a folder of its own. */
function opening({ dataDir, number }: Story): Moment {
  const own = `${dataDir}-opened-${number}`
  return {
    name: 'opening',
    ...{ dataDir: own, leaves: own, victims: ['all', 'market'] },
    options: ['--sell', '5'],
    kept: [],
    reached: async () => undefined,
    withinMs: OPENED_WITHIN_MS,
    underWay: async ({ output }) => !output.stderr.includes('first ticket'),
  }
}

const IMPORTED_CODES = 20_000
const FIRST_IMPORTED_SERIAL = 700_000_000_000

/** An operator's clerk loads a stock file. */
function importing({ dataDir, number }: Story): Moment {
  const file = path.join(path.dirname(dataDir), `${path.basename(dataDir)}-stock-${number}.csv`)
  const firstSerial = FIRST_IMPORTED_SERIAL + number * IMPORTED_CODES
  const rows = Array.from({ length: IMPORTED_CODES }, (_, i) => {
    const serial = firstSerial + i
    // Codes of this file are made up from the serials: nobody refills a phone with them.
    return `${serial},${String((serial * 7_919) % 1e14).padStart(14, '0')},ATLAS-5,2030-01-31`
  })
  fs.writeFileSync(file, `serial,code,product,expires\n${rows.join('\n')}\n`)
  const kept = ['--stock', file]
  return {
    name: 'import',
    ...{ dataDir, leaves: file },
    victims: ['all', 'atlas/vault', 'atlas/api', 'atlas/main', 'postgres'],
    options: ['--sell', '5', ...kept],
    kept,
    reached: (run) => run.tells('is being read'),
    withinMs: 600,
    underWay: async ({ output }) => !output.stderr.includes(`codes from ${path.basename(file)}`),
  }
}

const RESTOCKED_CODES = 700

/** The centre's clerk orders of both operators; orders and parts are on their way both ways. */
function restocking({ dataDir }: Story): Moment {
  let staff: HttpPerson
  const waiting = new Set(OPERATORS)
  return {
    name: 'restock',
    ...{ dataDir, leaves: null },
    victims: ['sahel/vault', 'centre/vault', 'all', 'sahel/api', 'sahel/main'],
    options: ['--sell', '5'],
    kept: [],
    async reached(run) {
      await until(run, async () => {
        const { centre } = JSON.parse(fs.readFileSync(path.join(dataDir, 'ports.json'), 'utf8'))
        staff = httpPerson(`http://127.0.0.1:${centre.staff}`)
        await staff.post('/api/sign-in', { signInName: STAFF.signInName, password: STAFF.password })
        for (const operator of waiting) {
          const lines = productsOf(operator).map(({ id }) => ({ product: id, quantity: RESTOCKED_CODES }))
          const { status } = await staff.tryPost('/api/restock/orders', { operator: operator.party, lines })
          if (status === 201) waiting.delete(operator)
        }
        return waiting.size === 0
      })
    },
    withinMs: 500,
    async underWay() {
      const { orders } = await staff.get<{ orders: readonly { state: string }[] }>('/api/restock/orders')
      return orders.some(({ state }) => state !== 'received')
    },
  }
}

const ASKED = `SELECT 1 AS found FROM request WHERE kind = 'supply-order' AND state = 'asked'`
const DELIVERED = `SELECT 1 AS found FROM supply_order WHERE state = 'delivered'`

/** The terminal has asked for codes. */
function supplying(story: Story): Moment {
  return {
    name: 'supply',
    ...{ dataDir: story.dataDir, leaves: null },
    victims: ['centre/api', 'all', 'terminal/main', 'centre/main', 'postgres backend'],
    options: ['--sell', String(moreThanOnBoard(story))],
    kept: [],
    reached: (run) => untilStore(run, story, ASKED),
    withinMs: 30,
    underWay: async () => look(story, ASKED) !== null,
  }
}

/** The codes have come, their receipt is on its way. */
function receipting(story: Story): Moment {
  return {
    name: 'receipt',
    ...{ dataDir: story.dataDir, leaves: null },
    victims: ['terminal/api', 'postgres keeper', 'all', 'centre/api', 'terminal/main'],
    options: ['--sell', String(moreThanOnBoard(story))],
    kept: [],
    reached: (run) => untilStore(run, story, DELIVERED),
    withinMs: 4,
    underWay: async () => look(story, DELIVERED) !== null,
  }
}

const SOLD = 200
const MOST_SOLD_BEFORE = 120
const LAST_SALE = 'SELECT coalesce(max(number), 0) AS found FROM sale'

/** One ticket after the other comes out. */
function selling(story: Story): Moment {
  const before = look(story, LAST_SALE) ?? 0
  const sold = before + 1 + story.seeded.below(MOST_SOLD_BEFORE)
  return {
    name: 'sale',
    ...{ dataDir: story.dataDir, leaves: null },
    victims: ['printer', 'terminal/card', 'terminal/api', 'all', 'postgres'],
    options: ['--sell', String(SOLD)],
    kept: [],
    reached: (run) => untilStore(run, story, `SELECT 1 FROM sale WHERE number >= ${sold}`),
    withinMs: 25,
    // The first ticket counts beside those that are asked for.
    underWay: async () => (look(story, LAST_SALE) ?? 0) < before + 1 + SOLD,
  }
}

/** So many sales that the start must order codes before the first of them. */
function moreThanOnBoard(story: Story): number {
  const products = OPERATORS.flatMap(productsOf).length
  const least = look(
    story,
    `SELECT min(stock) AS found FROM (SELECT sum(count - next_index) AS stock FROM safe_run GROUP BY product)`,
  )
  return products * ((least ?? 0) + 1)
}

export const storeFileOf = (dataDir: string) => path.join(dataDir, 'terminal', STORE_FILE)

function look({ dataDir }: Story, sql: string): number | null {
  const file = storeFileOf(dataDir)
  if (!fs.existsSync(file)) return null
  const store = new DatabaseSync(file, { readOnly: true })
  try {
    return (store.prepare(sql).get()?.found as number | null | undefined) ?? null
  } finally {
    store.close()
  }
}

/** Resolves when the terminal's store answers with a row. */
async function untilStore(run: MarketRun, { dataDir }: Story, sql: string): Promise<void> {
  const file = storeFileOf(dataDir)
  let store: DatabaseSync | null = null
  try {
    await until(run, async () => {
      if (!fs.existsSync(file)) return false
      store ??= new DatabaseSync(file, { readOnly: true })
      return store.prepare(sql).get() !== undefined
    })
  } finally {
    ;(store as DatabaseSync | null)?.close()
  }
}

const LOOK_EVERY_MS = 2

/** Asks until the answer is yes; what is not there yet is no fault. Ends with the market, too. */
async function until(run: MarketRun, holds: () => Promise<boolean>): Promise<void> {
  let ended = false
  void run.ended.then(() => {
    ended = true
  })
  while (!ended) {
    try {
      if (await holds()) return
    } catch {
      // A store without its tables, an office that does not listen yet: asked again.
    }
    await sleep(LOOK_EVERY_MS)
  }
}
