// The demo's clerks: the operators' load stock, the centre's orders it. Everything through the offices' own
// interfaces; what is there already from an earlier start is left alone.

import fs from 'node:fs/promises'
import path from 'node:path'
import { gunzipSync, constants as zlib } from 'node:zlib'
import type { ProductView, RestockOrderView } from '@scratchless/centre/staff-api'
import type { StockView as CentreStockView } from '@scratchless/centre/stock/stock-shapes'
import { postStockFile } from '@scratchless/operator/stock/post-stock-file'
import type { StockImport } from '@scratchless/operator/vault/import-stock-file'
import type { StockProblem } from '@scratchless/operator/vault/stock-file'
import { toDecimal } from '@scratchless/voucher/money'
import type { HttpPerson } from './http-person.ts'
import { type DemoOperator, OPERATORS, productsOf } from './parties.ts'
import type { Market } from './start-market.ts'
import { waitUntil } from './wait-until.ts'

/** Codes a product that the demo's generator makes. */
export const GENERATED_CODES = 10_000
/** Codes a product that the centre orders when it has fewer than half of them. */
const RESTOCK_CODES = 2_000

type Say = (progress: string) => void

/** A stock file that an operator's vault refused whole. */
export class StockRefused extends Error {
  readonly problems: readonly StockProblem[]
  constructor(file: string, problems: readonly StockProblem[]) {
    super(`${path.basename(file)} was refused: nothing of it was imported.`)
    this.problems = problems
  }
}

interface OperatorStock {
  readonly product: string
  readonly inStock: number
  readonly despatched: number
  readonly delivered: number
}

/** Each operator's products and stock. Returns the products that the given files name, in order of appearance. */
export async function loadOperators(
  market: Market,
  files: readonly string[],
  say: Say,
  generated = GENERATED_CODES,
): Promise<string[]> {
  for (const operator of OPERATORS) await enterProducts(market.offices.get(operator.party)!.staff, operator)
  const named = new Set<string>()
  for (const file of files) {
    const operator = await operatorOf(file)
    say(`${operator.name}: ${path.basename(file)} is being read`)
    const { lots, codes, alreadyKnown } = await importFile(
      market.offices.get(operator.party)!.staff,
      file,
      (percent) => say(`${operator.name}: ${path.basename(file)}, ${percent} %`),
    )
    for (const { product } of lots) named.add(product)
    say(
      alreadyKnown
        ? `${operator.name}: ${path.basename(file)} was imported before, ${codes} codes; nothing to do`
        : `${operator.name}: ${codes} codes from ${path.basename(file)} are closed in the vault`,
    )
  }
  await Promise.all(OPERATORS.map((operator) => generateMissing(market, operator, generated, say)))
  return [...named]
}

async function enterProducts(staff: HttpPerson, operator: DemoOperator): Promise<void> {
  const { products } = await staff.get<{ products: readonly { readonly id: string }[] }>('/api/products')
  const known = new Set(products.map(({ id }) => id))
  for (const product of productsOf(operator)) {
    if (!known.has(product.id)) await staff.post('/api/products', productBody(product))
  }
}

function productBody({ operator: _, ...product }: ReturnType<typeof productsOf>[number]) {
  return {
    ...product,
    faceValue: toDecimal(product.faceValue),
    publicPrice: toDecimal(product.publicPrice),
    tax: toDecimal(product.tax),
    netCredit: toDecimal(product.netCredit),
  }
}

async function generateMissing(
  market: Market,
  operator: DemoOperator,
  count: number,
  say: Say,
): Promise<void> {
  const { staff } = market.offices.get(operator.party)!
  const { stock } = await staff.get<{ stock: readonly OperatorStock[] }>('/api/stock')
  const total = new Map(stock.map((row) => [row.product, row.inStock + row.despatched + row.delivered]))
  for (const { id } of productsOf(operator)) {
    if ((total.get(id) ?? 0) > 0) continue
    await staff.post('/api/stock/generations', { product: id, count, activated: true })
    say(`${operator.name}: ${count} codes of ${id} are closed in the vault`)
  }
}

/** The clerk's file goes straight to the vault's own listener, with the single-use token that the api handed out. */
async function importFile(
  staff: HttpPerson,
  file: string,
  onPercent: (percent: number) => void,
): Promise<Extract<StockImport, { lots: unknown }>> {
  const admitted = await fs.stat(file)
  const { url } = await staff.post<{ url: string }>('/api/stock/admissions', {
    fileName: path.basename(file),
    sizeBytes: admitted.size,
    activated: true,
  })
  let sent = 0
  let told = performance.now()
  const result = await postStockFile(url, file, admitted, (bytes) => {
    sent += bytes
    if (performance.now() - told < PROGRESS_EVERY_MS) return
    told = performance.now()
    onPercent(Math.floor((100 * sent) / admitted.size))
  })
  if ('problems' in result) throw new StockRefused(file, result.problems)
  return result
}

const PROGRESS_EVERY_MS = 2_000
const PEEK_BYTES = 1 << 16

/** Whose file it is, by the first product that its first bytes name. An unknown one goes to the first operator, who refuses it. */
async function operatorOf(file: string): Promise<DemoOperator> {
  const handle = await fs.open(file).catch((error: NodeJS.ErrnoException) => {
    throw new Error(
      `${file} cannot be read: ${error.code === 'ENOENT' ? 'there is no such file' : error.code}.`,
    )
  })
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(PEEK_BYTES), 0, PEEK_BYTES)
    const start = unpacked(buffer.subarray(0, bytesRead))
    const found = OPERATORS.find(({ party }) => start.includes(`${party.toUpperCase()}-`)) ?? OPERATORS[0]!
    start.fill(0)
    return found
  } finally {
    await handle.close()
  }
}

function unpacked(start: Buffer): Buffer {
  if (start[0] !== 0x1f || start[1] !== 0x8b) return start
  try {
    // The first bytes of a longer file: what of it can be unpacked is enough.
    return gunzipSync(start, { finishFlush: zlib.Z_SYNC_FLUSH })
  } catch {
    return start // no gzip after all: the vault will say what it is
  }
}

/** The centre's catalogue and its stock: orders what is short, and waits until it is received. */
export async function loadCentre(market: Market, say: Say): Promise<void> {
  const { staff } = market.offices.get('centre')!
  const { products } = await staff.get<{ products: readonly ProductView[] }>('/api/products')
  const known = new Set(products.map(({ id }) => id))
  for (const operator of OPERATORS) {
    for (const product of productsOf(operator)) {
      if (!known.has(product.id))
        await staff.post('/api/products', { ...productBody(product), operator: operator.party })
    }
  }
  const { orders: open } = await staff.get<{ orders: readonly RestockOrderView[] }>('/api/restock/orders')
  const onTheWay = new Set(
    open
      .filter(({ state }) => !['refused', 'received'].includes(state))
      .flatMap(({ lines }) => lines.map(({ product }) => product)),
  )
  const stock = await centreStock(staff)
  const ids: string[] = []
  for (const operator of OPERATORS) {
    const lines = productsOf(operator)
      .filter(({ id }) => (stock.get(id) ?? 0) < RESTOCK_CODES / 2 && !onTheWay.has(id))
      .map(({ id }) => ({ product: id, quantity: RESTOCK_CODES }))
    if (lines.length === 0) continue
    const { id } = await staff.post<{ id: string }>('/api/restock/orders', {
      operator: operator.party,
      lines,
    })
    say(`centre: restock order to ${operator.name}, ${lines.length} products`)
    ids.push(id)
  }
  const waiting = new Set([
    ...ids,
    ...open.filter(({ state }) => !['refused', 'received'].includes(state)).map(({ id }) => id),
  ])
  await waitUntil('The restock deliveries', async () => {
    if (waiting.size === 0) return true
    const { orders } = await staff.get<{ orders: readonly RestockOrderView[] }>('/api/restock/orders')
    for (const { id, state, operator, reason, lines } of orders) {
      if (!waiting.has(id)) continue
      if (state === 'refused') throw new Error(`${operator} refused the restock order: ${reason}.`)
      if (state !== 'received') continue
      waiting.delete(id)
      say(
        `centre: ${lines.reduce((sum, { received }) => sum + received, 0)} codes from ${operator} received, closed and receipted`,
      )
    }
    return waiting.size === 0 ? true : null
  })
}

export async function centreStock(staff: HttpPerson): Promise<ReadonlyMap<string, number>> {
  const { stock } = await staff.get<{ stock: readonly CentreStockView[] }>('/api/stock')
  return new Map(stock.map(({ product, inStock }) => [product, inStock]))
}
