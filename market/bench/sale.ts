// From the HTTP request of the press until "printed" is saved durably, on an unpaced printer, against the sum of
// what it cannot do without: two durable commits and one private operation of the card's RSA key.

import {
  constants,
  generateKeyPairSync,
  privateDecrypt,
  publicEncrypt,
  randomBytes,
  randomUUID,
} from 'node:crypto'
import { once } from 'node:events'
import fs from 'node:fs'
import net from 'node:net'
import path from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { STORE_FILE } from '@scratchless/terminal/config'
import { moveCursor, nextCode } from '@scratchless/terminal/safe/safe-run.sql'
import { endIntent, type Intent, insertIntent, nextTicketNumber } from '@scratchless/terminal/sale/sale.sql'
import { connectStore } from '@scratchless/terminal/store/connect-store'
import type { SaleView } from '@scratchless/terminal/till/till-shapes'
import { cardId, vendorId } from '@scratchless/voucher/ids'
import { money } from '@scratchless/voucher/money'
import { productId } from '@scratchless/voucher/product'
import { ensureStock, loadTills, type OpenTill } from '../demo/fill-till.ts'
import { VENDOR } from '../demo/parties.ts'
import type { Market } from '../demo/start-market.ts'
import { loadCentre, loadOperators } from '../demo/stock-market.ts'
import { withBenchMarket } from './bench-market.ts'
import { median, quantile, rounded } from './figures.ts'
import type { BenchLine, BenchOptions } from './run.ts'

const WARM_UP_SALES = 100
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
  const press = await preparePress(till!)
  const parts = makeParts(till!.terminal.dataFolder, market.data.path('reference.sqlite'))

  for (let i = 0; i < WARM_UP_SALES; i++) {
    await press()
    parts.commits()
    parts.unwrap()
  }
  const sales: number[] = []
  const commits: number[] = []
  const unwraps: number[] = []
  for (let i = 0; i < SALES; i++) {
    const began = performance.now()
    await press()
    sales.push(performance.now() - began)
    commits.push(parts.commits())
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
      against: 'its two durable commits and one RSA-2048 private operation, medians',
      reference: rounded(reference),
      ratio: rounded(value / reference),
      sales: SALES,
    }
  }
}

/** A press without a browser's weight: the request's bytes on an open connection, the answer read to its end. */
async function preparePress(till: OpenTill): Promise<() => Promise<void>> {
  const { hostname, port, host } = new URL(till.terminal.address)
  const socket = net.connect({ host: hostname, port: Number(port), noDelay: true })
  await once(socket, 'connect')
  const cookie = till.vendor.cookie()
  return async () => {
    const body = JSON.stringify({ saleId: randomUUID(), product: PRODUCT })
    socket.write(
      `POST /api/sales HTTP/1.1\r\nHost: ${host}\r\nCookie: ${cookie}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    )
    let answer = ''
    let content: string | undefined
    while (content === undefined) {
      const [chunk] = (await once(socket, 'data')) as [Buffer]
      answer += chunk.toString('utf8')
      content = contentOf(answer)
    }
    const sale = JSON.parse(content) as SaleView
    if (sale.state !== 'printed') throw new Error(`the till answers ${content}`)
  }
}

/** The body of an HTTP/1.1 answer with a length, once all of it is here. */
function contentOf(answer: string): string | undefined {
  const head = answer.indexOf('\r\n\r\n')
  const length = Number(/^content-length: (\d+)/im.exec(answer)?.[1] ?? Number.NaN)
  const content = Buffer.from(answer.slice(head + 4))
  return head >= 0 && content.length >= length ? content.toString('utf8') : undefined
}

/** The parts by themselves, each returning the milliseconds it took. */
function makeParts(terminalFolder: string, file: string) {
  // A copy of the terminal's own store: the same two commits that a sale makes, rows and indexes included.
  const original = new DatabaseSync(path.join(terminalFolder, STORE_FILE), { readOnly: true })
  original.exec(`VACUUM INTO '${file}'`)
  original.close()
  const store = connectStore(file)
  const commitSale = () => {
    const code = nextCode(store, productId(PRODUCT), '2000-01-01')!
    const intent: Intent = {
      saleId: randomUUID(),
      run: code.run,
      runIndex: code.index,
      operator: code.operator,
      product: code.product,
      serial: code.serial,
      price: money(1_000n, 'TND'),
      priceId: 1,
      vendor: vendorId(VENDOR.id),
      card: cardId('C0000001'),
      leaseUntilMs: 2_000_000_000_000,
      atMs: 1_900_000_000_000,
      locale: 'fr',
    }
    const number = nextTicketNumber(store)
    const intentMs = timed(() =>
      store.transaction(() => {
        insertIntent(store, number, intent)
        moveCursor(store, intent.run, intent.runIndex)
      }),
    )
    return intentMs + timed(() => store.transaction(() => endIntent(store, number, 'printed', intent.atMs)))
  }
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const padding = { padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha256' }
  const wrapped = publicEncrypt({ key: publicKey, ...padding }, randomBytes(32))
  return {
    commits: commitSale,
    unwrap: () => timed(() => privateDecrypt({ key: privateKey, ...padding }, wrapped)),
  }
}

function timed(work: () => void): number {
  const began = performance.now()
  work()
  return performance.now() - began
}
