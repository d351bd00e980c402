// From the HTTP request of the press until "printed" is saved durably, on an unpaced printer, against the sum of
// what it cannot do without: two durable commits and one private operation of the card's RSA key.

import { constants, generateKeyPairSync, privateDecrypt, publicEncrypt, randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { ensureStock, loadTills } from '../demo/fill-till.ts'
import type { Market } from '../demo/open-market.ts'
import { sellOne } from '../demo/sell.ts'
import { loadCentre, loadOperators } from '../demo/stock-market.ts'
import { withBenchMarket } from './bench-market.ts'
import { median, quantile, rounded } from './figures.ts'
import type { BenchLine, BenchOptions } from './run.ts'

const WARM_UP_SALES = 50
const SALES = 400
const PRODUCT = 'ATLAS-1'

export async function* bench(options: BenchOptions): AsyncIterable<BenchLine> {
  const fast = async (settings: Market['settings']) => {
    // The card paces itself against misuse; a measurement presses faster than a vendor.
    for (const { config } of settings.terminals) {
      const known = JSON.parse(fs.readFileSync(config, 'utf8'))
      fs.writeFileSync(
        config,
        JSON.stringify({ ...known, card: { ...known.card, openingsPerSecond: 1_000 } }),
      )
    }
  }
  yield* await withBenchMarket(options, fast, measure)
}

async function* measure(market: Market): AsyncIterable<BenchLine> {
  await loadOperators(market, [], () => {})
  await loadCentre(market, () => {})
  const [till] = await loadTills(market, () => {})
  await ensureStock(market, till!, [PRODUCT], WARM_UP_SALES + SALES)
  const parts = makeParts(market.data.path('reference.sqlite'))

  for (let i = 0; i < WARM_UP_SALES; i++) {
    await sellOne(till!.vendor, PRODUCT)
    parts.commit()
    parts.unwrap()
  }
  const sales: number[] = []
  const commits: number[] = []
  const unwraps: number[] = []
  for (let i = 0; i < SALES; i++) {
    const began = performance.now()
    await sellOne(till!.vendor, PRODUCT)
    sales.push(performance.now() - began)
    commits.push(parts.commit() + parts.commit())
    unwraps.push(parts.unwrap())
  }
  const reference = median(commits) + median(unwraps)
  for (const [bench, value] of [
    ['sale p50', median(sales)],
    ['sale p99', quantile(sales, 0.99)],
  ] as const) {
    yield {
      bench,
      value: rounded(value),
      unit: 'ms',
      against: 'two durable commits and one RSA-2048 private operation, medians',
      reference: rounded(reference),
      ratio: rounded(value / reference),
      sales: SALES,
    }
  }
}

/** The parts by themselves, each returning the milliseconds it took. */
function makeParts(file: string) {
  fs.rmSync(file, { force: true })
  fs.mkdirSync(path.dirname(file), { recursive: true })
  const database = new DatabaseSync(file)
  database.exec(
    'PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE sale (id INTEGER PRIMARY KEY, row BLOB)',
  )
  const insert = database.prepare('INSERT INTO sale (row) VALUES (?)')
  const row = randomBytes(120)
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const padding = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' }
  const wrapped = publicEncrypt({ key: publicKey, ...padding }, randomBytes(32))
  const timed = (work: () => void) => {
    const began = performance.now()
    work()
    return performance.now() - began
  }
  return {
    commit: () => timed(() => insert.run(row)),
    unwrap: () => timed(() => privateDecrypt({ key: privateKey, ...padding }, wrapped)),
  }
}
