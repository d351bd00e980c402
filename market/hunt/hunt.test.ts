// No code is readable anywhere but on paper: a whole market runs with ten thousand codes that the test knows, and
// then everything that the market left behind is searched for them.

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import fs from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { packDigits, packedSize } from '@scratchless/voucher/packed-code'
import { systemRandom } from '@scratchless/voucher/random'
import pg from 'pg'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { claimDataFolder } from '../demo/data-folder.ts'
import { ensureStock, loadTills } from '../demo/fill-till.ts'
import { sellOne } from '../demo/sell.ts'
import type { Market } from '../demo/start-market.ts'
import { loadCentre, loadOperators } from '../demo/stock-market.ts'
import { descendants, filesBelow, memoryOf, type ProcessFacts, tablesOf } from './haystacks.ts'
import { drawCodes, KNOWN_LOTS, writeStockFile } from './known-codes.ts'
import { type ListenedMarket, startListenedMarket } from './listened-market.ts'
import { LOOKS, needlesOf } from './needles.ts'
import { createHunter, type Haystack, type Hit } from './scan.ts'

const MINUTE_MS = 60_000
/** Of each product on each till. */
const SALES = 5
/** So long after a sale nothing of its code may be left. */
const GONE_WITHIN_MS = 1_000

const codes = KNOWN_LOTS.map((lot) => drawCodes(systemRandom, lot))
const hunter = createHunter(needlesOf(codes.flat()))
let folder: string
let listened: ListenedMarket

beforeAll(async () => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), 'hunt-'))
  const data = claimDataFolder(path.join(folder, 'data'))
  if ('problem' in data) throw new Error(data.problem)
  listened = await startListenedMarket(data)
  await fillMarket(listened.market)
}, 3 * MINUTE_MS)

afterAll(async () => {
  await listened?.stop()
  fs.rmSync(folder, { recursive: true, force: true })
}, MINUTE_MS)

/** Every known code goes from the operator's file to the centre, some on to the terminals and into tickets. */
async function fillMarket(market: Market): Promise<void> {
  const clerk = fs.mkdtempSync(path.join(os.tmpdir(), 'clerk-'))
  try {
    const files = KNOWN_LOTS.map((lot, i) => writeStockFile(clerk, lot, codes[i]!))
    await loadOperators(market, files, () => {})
  } finally {
    fs.rmSync(clerk, { recursive: true })
  }
  await loadCentre(market, () => {})
  const { staff } = market.offices.get('centre')!
  // The demo orders two thousand of each; the rest follows.
  await staff.post('/api/restock/orders', {
    operator: 'sahel',
    lines: [{ product: 'SAHEL-1', quantity: 6_000 }],
  })
  await loadCentre(market, () => {})
  const products = KNOWN_LOTS.map(({ product }) => product)
  for (const till of await loadTills(market, () => {})) {
    await ensureStock(market, till, products, products.length * (SALES + 20))
    for (let i = 0; i < SALES; i++) for (const product of products) await sellOne(till.vendor, product)
  }
}

/** Everything that is no paper; memory first, while the second after the last sale is fresh. */
async function* places(): AsyncGenerator<Haystack> {
  yield* memories()
  yield* lines()
  yield* tables()
  yield* filesBelow(listened.market.data.dir, isPaper)
}

function* lines(): Generator<Haystack> {
  for (const [name, tap] of listened.taps)
    for (const bytes of tap.captured()) yield { place: `line: ${name}`, chunks: [bytes] }
}

async function* tables(): AsyncGenerator<Haystack> {
  yield* await tablesOf(listened.market.database.adminUrl)
}

/** The printers are the one place where a code is open; this process drew the codes. */
function* memories(which: (process: ProcessFacts) => boolean = isNoPrinter): Generator<Haystack> {
  for (const found of descendants().filter(which)) yield* memoryOf(found)
}

function isNoPrinter({ command }: ProcessFacts): boolean {
  return !command.includes('/market/printer/')
}

function isPaper(file: string): boolean {
  return file.startsWith(`${listened.market.data.path('tickets')}${path.sep}`)
}

async function hunt(haystacks: AsyncIterable<Haystack> | Iterable<Haystack>): Promise<Hit[]> {
  const hits: Hit[] = []
  for await (const haystack of haystacks) hits.push(...hunter.search(haystack))
  return hits
}

test('after stock, restock, supply and sales no known code is readable anywhere', {
  timeout: 5 * MINUTE_MS,
}, async () => {
  await sleep(GONE_WITHIN_MS)
  const began = performance.now()
  const hits = await hunt(places())
  process.stdout.write(
    `searched ${Math.round(hunter.searched / 1e6)} MB in ${Math.round((performance.now() - began) / 1000)} s\n`,
  )
  process.stdout.write(`plaintext hits: ${hits.length}\n`)
  expect(summary(hits)).toEqual([])
})

/**
 * A leak of each kind, of one code each: the hunt must find what is there, where it is, in its look. Planted after
 * the hunt, in places that nothing but these tests looks at again.
 */
const code = () => codes[0]![0]!
const leaks: readonly {
  readonly kind: string
  readonly look: string
  readonly plant: () => Promise<() => void> | (() => void)
  readonly search: () => AsyncIterable<Haystack> | Iterable<Haystack>
}[] = [
  {
    kind: 'a log',
    look: 'groups of four',
    plant() {
      const line = code()
        .toString('latin1')
        .replace(/(.{4})(?=.)/g, '$1 ')
      fs.appendFileSync(listened.market.data.path('atlas', 'program.log'), `${line}\n`)
      return () => {}
    },
    search: () => filesBelow(listened.market.data.path('atlas'), isPaper),
  },
  {
    kind: 'a table',
    look: 'packed',
    plant: () => plantRow(),
    search: tables,
  },
  {
    kind: 'the write-ahead log',
    look: 'packed',
    plant: () => plantRow(),
    search: () => filesBelow(listened.market.data.path('postgres'), (file) => !file.includes('pg_wal')),
  },
  {
    kind: 'a line',
    look: 'base64 of the digits',
    async plant() {
      const { staff } = listened.market.offices.get('centre')!
      const base64 = Buffer.from(`a${code().toString('latin1')}`).toString('base64')
      await staff.tryPost('/api/sign-in', { signInName: 'nobody', password: base64 })
      return () => {}
    },
    search: lines,
  },
  {
    kind: 'a file of UTF-16',
    look: 'UTF-16',
    plant() {
      const file = listened.market.data.path('centre', 'planted.txt')
      fs.writeFileSync(file, code().toString('latin1'), 'utf16le')
      return () => fs.rmSync(file)
    },
    search: () => filesBelow(listened.market.data.path('centre'), isPaper),
  },
  {
    kind: "a process's memory",
    look: 'hex of the digits',
    async plant() {
      const idle = 'process.stdout.write("held"); setInterval(() => globalThis.held, 1000)'
      const child = spawn(process.execPath, ['-e', `globalThis.held = process.env.CODE; ${idle}`], {
        env: { CODE: code().toString('hex') },
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      await once(child.stdout, 'data')
      return () => child.kill('SIGKILL')
    },
    search: () => memories(({ command }) => command.includes('globalThis.held')),
  },
]

test.each(leaks)('a leak in $kind is found', async ({ look, plant, search }) => {
  const end = await plant()
  try {
    const hits = await hunt(search())
    expect(hits.map((hit) => ({ look: hit.look, code: hit.code }))).toContainEqual({ look, code: 0 })
  } finally {
    end()
  }
})

/** A code in a row, and so in the database's heap and in its write-ahead log. */
async function plantRow(): Promise<() => void> {
  const packed = Buffer.alloc(packedSize(code().length))
  packDigits(code(), packed)
  const client = new pg.Client({ connectionString: listened.market.database.adminUrl })
  await client.connect()
  await client.query('CREATE TABLE IF NOT EXISTS planted (code bytea)')
  await client.query('INSERT INTO planted VALUES ($1)', [packed])
  await client.end()
  return () => {}
}

test('every look is found wherever in a haystack it lies', () => {
  const few = KNOWN_LOTS.map((lot) => drawCodes(systemRandom, { ...lot, count: 1 })[0]!)
  const needles = needlesOf(few)
  const small = createHunter(needles)
  for (const look of LOOKS) expect(needles.some((needle) => needle.look === look)).toBe(true)
  for (const { bytes, look, code } of needles) {
    const straw = Buffer.alloc(400, '.')
    bytes.copy(straw, 190)
    // Cut at every place: a needle may lie across two chunks, or three.
    for (let cut = 180; cut < 240; cut++) {
      const chunks = [straw.subarray(0, cut), straw.subarray(cut, cut + 5), straw.subarray(cut + 5)]
      expect(small.search({ place: 'straw', chunks })).toContainEqual({
        place: 'straw',
        look,
        code,
        offset: 190,
      })
    }
  }
  expect(small.search({ place: 'straw', chunks: [Buffer.alloc(400, '.')] })).toEqual([])
})

/** Where, in what look, how often, and of how many codes: never which. */
function summary(hits: readonly Hit[]): string[] {
  const places = Map.groupBy(hits, ({ place, look }) => `${place}: ${look}`)
  return [...places].map(
    ([place, found]) =>
      `${place}, ${found.length} times, ${new Set(found.map(({ code }) => code)).size} codes`,
  )
}
